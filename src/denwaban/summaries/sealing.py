"""The lists of calls in summaries are sealed: whom they are from and what they were about. So are the addresses of their mails; the
figures are not."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Text, cast, func, select

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


def _turned(tx: Tx, row: RowMapping) -> dict[str, Any]:
    return {"calls": seal_calls(tx, row["client_id"], row["id"], read_calls(row["calls"]))}


def _place(summary_id: str) -> str:
    return f"summaries.calls/{summary_id}"


addresses = vault.Texts(summary_mails, "address")
"""Where the mails go."""

_JSON = func.ltrim(cast(summaries.c.calls, Text), '"')

turnings = (
    vault.row_by_row(
        "summaries.calls",
        summaries,
        _turned,
        rows=select(summaries.c.id, summaries.c.client_id, summaries.c.calls),
        is_old=lambda row: isinstance(row["calls"], list),
        plain=summaries.c.made_at.is_not(None) & ~_JSON.startswith("dv1."),
        at_once=AT_ONCE,
    ),
    addresses.turning,
)
