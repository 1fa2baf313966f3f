"""A client's conditions of transfers, kept whole."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import insert, select, update

from denwaban.journal import Fact, append
from denwaban.lines.rows import transfer_terms
from denwaban.lines.transfer.model import Condition, Matter, Verdict, decide, faults, tidy
from denwaban.people import Changed, staff_of
from denwaban.store import Tx


class WrongTransfers(ValueError):
    """They cannot be used; `faults` has a Japanese sentence by place."""

    def __init__(self, found: dict[int, str]) -> None:
        super().__init__(" ".join(found.values()))
        self.faults = found


def transfers_of(tx: Tx, client_id: str) -> tuple[Condition, ...]:
    """In the order in which they are asked; empty: everybody may be put through."""
    row = tx.first(select(transfer_terms.c.conditions).where(transfer_terms.c.id == client_id))
    return msgspec.convert(row["conditions"], tuple[Condition, ...]) if row is not None else ()


def transfers_changed_at(tx: Tx, client_id: str) -> datetime | None:
    """When they were last changed; None: never."""
    row = tx.first(select(transfer_terms.c.updated_at).where(transfer_terms.c.id == client_id))
    return row["updated_at"] if row is not None else None


def set_transfers(
    tx: Tx,
    client_id: str,
    conditions: Sequence[Condition],
    seen: datetime | None | msgspec.UnsetType = msgspec.UNSET,
) -> None:
    """Replaces all of them, from now on. `seen` is `transfers_changed_at` as it was shown (UNSET: whatever it is). Raises
    `WrongTransfers`, `Changed`."""
    before = transfers_changed_at(tx, client_id)
    if not isinstance(seen, msgspec.UnsetType) and seen != before:
        raise Changed
    wanted = tidy(conditions)
    if found := faults(wanted, [one.id for one in staff_of(tx, client_id)]):
        raise WrongTransfers(found)
    values = {
        "conditions": msgspec.to_builtins(wanted),
        "updated_at": tx.now if before is None else max(tx.now, before + before.resolution),
    }
    if before is None:
        tx.execute(insert(transfer_terms).values(id=client_id, **values))
    else:
        tx.execute(update(transfer_terms).where(transfer_terms.c.id == client_id).values(**values))
    append(tx, Fact("line.transfers_set", client_id, client_id))


def decided(tx: Tx, client_id: str | None, staff_id: str, matter: Matter) -> Verdict:
    """What holds for putting a caller of this client through to this member of its staff."""
    conditions = transfers_of(tx, client_id) if client_id is not None else ()
    return decide(conditions, staff_id, matter)
