"""On which machine the files of a recording lie: only there can they be erased.

Machines that share a database each have a folder of sealed recordings; the folder has an id, and so it is one holder for all
machines that share the folder too.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, or_, select, update

from denwaban.calls.recordings import SEALED, State
from denwaban.calls.rows import recordings
from denwaban.store import Tx, among_these, new_id

_NAME = "holder"

LATER = timedelta(minutes=1)
"""A machine that does not hold a file leaves its row alone for so long."""

LEASE = timedelta(minutes=10)


def holder_of(folder: Path) -> str:
    """The id of a folder of sealed recordings, made the first time. Blocks."""
    path = folder / _NAME
    with suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder / f"{_NAME}.{new_id()}"
    fresh.write_text(new_id(), "ascii")
    try:
        # Of two programs that begin at once one is first: a link fails where there is a file.
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    return path.read_text("ascii").strip()


def sealed_ones(folder: Path) -> list[str]:
    """The calls whose sealed recordings lie here. Blocks."""
    return sorted(path.stem for path in folder.rglob(f"*{SEALED}"))


def claim(tx: Tx, call_ids: Sequence[str], holder: str) -> None:
    """Files of these calls lie at this holder. What was erased meanwhile elsewhere, or came back with a copy, is erased here."""
    mine = among_these(recordings.c.id, call_ids)
    unknown = or_(recordings.c.holder.is_(None), recordings.c.holder != holder)
    tx.execute(update(recordings).where(mine, unknown).values(holder=holder))
    gone = recordings.c.state == State.ERASED.value
    tx.execute(
        update(recordings).where(mine, gone).values(state=State.ERASING.value, due_at=tx.now)
    )
    tx.touch("work:recordings")


def unclaim(tx: Tx, call_id: str) -> None:
    """Nothing of it lies on any machine's disk."""
    tx.execute(update(recordings).where(recordings.c.id == call_id).values(holder=None))


def any_erasing(tx: Tx, holder: str) -> bool:
    """Whether something that lies here is to be erased."""
    return tx.first(select(recordings.c.id).where(_to_erase(holder)).limit(1)) is not None


def _to_erase(holder: str) -> ColumnElement[bool]:
    # Few are ever due: the index finds them.
    due = recordings.c.due_at.is_not(None)
    return due & (recordings.c.state == State.ERASING.value) & (recordings.c.holder == holder)


def take_erasing(tx: Tx, holder: str) -> list[str]:
    """Leases those that are to be erased and lie here, also those that another machine has put off."""
    free = or_(recordings.c.leased_until.is_(None), recordings.c.leased_until <= tx.now)
    mine = select(recordings.c.id).where(_to_erase(holder), free).limit(100)
    found = [row["id"] for row in tx.all(mine)]
    lasting = {"leased_until": tx.now + LEASE}
    tx.execute(update(recordings).where(among_these(recordings.c.id, found)).values(**lasting))
    return found


def leave(tx: Tx, call_id: str) -> None:
    """It is to be erased by the machine that has it."""
    tx.execute(
        update(recordings)
        .where(recordings.c.id == call_id)
        .values(due_at=tx.now + LATER, leased_until=None)
    )
