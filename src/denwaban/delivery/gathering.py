"""What goes out in one message: a delivery by itself, or as the carrier of a digest with others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, Select, select, update

from denwaban.delivery.rows import acknowledgements, deliveries
from denwaban.delivery.telling import DIGEST
from denwaban.reports import listed_by_ids
from denwaban.store import Tx, among
from denwaban.vault import VaultError

MOST_TOGETHER = 50
"""Reports in one digest; more make another one."""

_RELEASED = update(deliveries).where(among(deliveries.c.id, "ids"))


@dataclass(slots=True)
class Begun:
    """One message being made."""

    row: RowMapping
    carried: list[RowMapping] = field(default_factory=list)

    @property
    def rows(self) -> list[RowMapping]:
        return [self.row, *self.carried]


def gather(tx: Tx, row: RowMapping) -> Begun | None:
    """What goes out with this delivery of a digest. None when there is nothing to send now, which is written down: another
    carries it, nothing of it is wanted any more, or it has to wait for itself. Raises `VaultError` when its own report cannot be
    opened.

    What a carrier carries is settled when it is first sent, so that a second copy under the same key is the same message.
    """
    if row["digest_id"] is None:
        return _settled(tx, row)
    if row["digest_id"] == row["id"]:
        return _once_more(tx, row)
    release(tx, [row["id"]], due_at=None)
    return None


def release(tx: Tx, ids: Iterable[str], **values: object) -> None:
    """Writes this to these deliveries; no worker has them any more."""
    wanted = list(ids)
    if wanted:
        tx.execute(_RELEASED, {"ids": wanted, "leased_until": None, **values})


def _waiting_beside(row: RowMapping) -> Select[tuple[Any, ...]]:
    return (
        select(deliveries)
        .where(deliveries.c.state == "pending", deliveries.c.id != row["id"])
        .order_by(deliveries.c.id)
    )


def _settled(tx: Tx, row: RowMapping) -> Begun:
    """From now on this delivery carries all that are due to the same person at the same address."""
    due = _waiting_beside(row).where(
        deliveries.c.staff_id == row["staff_id"],
        deliveries.c.channel == row["channel"],
        deliveries.c.held == DIGEST,
        deliveries.c.digest_id.is_(None),
        deliveries.c.due_at <= tx.now,
    )
    others = tx.all(due.limit(MOST_TOGETHER - 1))
    others = _opening(tx, row, [other for other in others if other["address"] == row["address"]])
    ids = [row["id"], *(other["id"] for other in others)]
    tx.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(digest_id=row["id"]))
    release(tx, ids[1:], due_at=None)
    return Begun(row, others)


def _once_more(tx: Tx, row: RowMapping) -> Begun | None:
    """What a carrier that was sent before carries still."""
    others = tx.all(_waiting_beside(row).where(deliveries.c.digest_id == row["id"]))
    try:
        there = _opening(tx, row, others)
    except VaultError:
        # The others do not wait for it: one of them carries them from now on.
        release(tx, (one["id"] for one in (row, *others)), digest_id=None, due_at=tx.now)
        return None
    # What cannot be opened any more is tried by itself, and waits by itself.
    closed = [other["id"] for other in others if other not in there]
    release(tx, closed, digest_id=None, due_at=tx.now)
    taken = acknowledgements.c.report_id == row["report_id"]
    if not there and tx.first(select(acknowledgements.c.report_id).where(taken)) is not None:
        release(tx, [row["id"]], state="cancelled", due_at=None)
        return None
    return Begun(row, there)


def _opening(tx: Tx, row: RowMapping, others: Sequence[RowMapping]) -> list[RowMapping]:
    """Those of the others whose reports can be opened: one that cannot keeps nobody else's back. Raises `VaultError` when that of
    the carrier cannot."""
    ids = sorted({row["report_id"], *(other["report_id"] for other in others)})
    closed = {one.id for one in listed_by_ids(tx, ids) if one.closed}
    if row["report_id"] in closed:
        raise VaultError(f"reports/{row['report_id']}")
    return [other for other in others if other["report_id"] not in closed]
