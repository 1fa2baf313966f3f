"""What came in is a row before it is answered; the same again is no second row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import RowMapping, insert, select, update

from denwaban.delivery.inbound.rows import inbound
from denwaban.store import Tx, new_id
from denwaban.vault import open_value, seal_value


class Meaning(StrEnum):
    """What became of something that came in."""

    TAKEN = "taken"
    """It took the report, or told who had."""
    RESULT = "result"
    COMMENT = "comment"
    AWAY = "away"
    """An automatic answer."""
    BOUNCE = "bounce"
    ANSWERED = "answered"
    """It asked something of us."""
    NOTHING = "nothing"
    """It is about nothing we know, or may do nothing."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something to keep. `seen_key` (at most 100 characters) is the same whenever the same thing is told again."""

    source: str
    seen_key: str
    payload: dict[str, Any] = field(repr=False)


def keep(tx: Tx, kept: Sequence[Kept]) -> int:
    """Writes what is new and makes it due; returns how many were."""
    keys = [one.seen_key for one in kept]
    known = {
        row["seen_key"]
        for row in tx.all(select(inbound.c.seen_key).where(inbound.c.seen_key.in_(keys)))
    }
    fresh = {one.seen_key: one for one in kept if one.seen_key not in known}
    if fresh:
        tx.execute(
            insert(inbound),
            [
                {
                    "id": made,
                    "source": one.source,
                    "seen_key": one.seen_key,
                    # Whose it is comes out only when it is read.
                    "payload": seal_value(tx, None, f"inbound.payload/{made}", one.payload),
                    "received_at": tx.now,
                    "due_at": tx.now,
                }
                for made, one in ((new_id(), one) for one in fresh.values())
            ],
        )
        tx.touch("work:inbound")
    return len(fresh)


def payload_of(tx: Tx, row: RowMapping) -> dict[str, Any] | None:
    """What came in; None once it is done. Raises `VaultError`."""
    kept = row["payload"]
    if not isinstance(kept, str):
        return cast("dict[str, Any] | None", kept)  # from before this was sealed
    return cast("dict[str, Any]", open_value(tx, None, f"inbound.payload/{row['id']}", kept))


def done(tx: Tx, row_id: str, meaning: Meaning) -> None:
    """It is done: what it held is forgotten."""
    tx.execute(
        update(inbound)
        .where(inbound.c.id == row_id)
        .values(payload=None, outcome=meaning.value, due_at=None, leased_until=None)
    )
