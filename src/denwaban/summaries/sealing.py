"""The lists of calls in summaries are sealed: whom they are from and what they were about. So are the addresses of their mails; the
figures are not."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, cast, func, select, update

from denwaban import vault
from denwaban.store import Tx
from denwaban.summaries.model import CallLine, plain_calls, read_calls
from denwaban.summaries.rows import summaries, summary_mails

AT_ONCE = 20
"""So many old lists are looked at in one transaction; one of a month may have thousands of lines."""


def seal_calls(tx: Tx, client_id: str, summary_id: str, calls: Sequence[CallLine]) -> str:
    """As the column has them."""
    return vault.seal_value(tx, client_id, _place(summary_id), plain_calls(calls))


def open_calls(tx: Tx, client_id: str, summary_id: str, kept: Any) -> list[CallLine]:
    """The reverse; nothing when the client's key was destroyed. Raises `VaultError`."""
    if not isinstance(kept, str):
        return read_calls(kept or [])
    try:
        return read_calls(vault.open_value(tx, client_id, _place(summary_id), kept))
    except vault.KeyDestroyed:
        return []


def _plain(tx: Tx) -> int:
    text = func.ltrim(cast(summaries.c.calls, Text), '"')
    query = select(func.count()).select_from(summaries)
    return int(tx.scalar(query.where(summaries.c.made_at.is_not(None), ~text.startswith("dv1."))))


def _old_calls(tx: Tx, after: str) -> str | None:
    t = summaries
    rows = tx.all(
        select(t.c.id, t.c.client_id, t.c.calls)
        .where(t.c.id > after)
        .order_by(t.c.id)
        .limit(AT_ONCE)
    )
    for row in rows:
        if isinstance(row["calls"], list):
            with vault.alone(tx, "summaries", row["id"]):
                sealed = seal_calls(tx, row["client_id"], row["id"], read_calls(row["calls"]))
                tx.execute(update(t).where(t.c.id == row["id"]).values(calls=sealed))
    return rows[-1]["id"] if rows else None


def _place(summary_id: str) -> str:
    return f"summaries.calls/{summary_id}"


addresses = vault.Texts(summary_mails, "address")
"""Where the mails go."""

turnings = (vault.Turning("summaries.calls", _old_calls, _plain), addresses.turning)
