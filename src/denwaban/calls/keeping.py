"""Recordings at rest: the engine's plain file is sealed when the call is over, and erased when its time has come.

The order of steps is what makes a `kill -9` harmless: sealed beside, read again and compared, renamed, written down, and only
then is the plain file removed. Whoever comes after a death finds the row still due, and what was done is not done again.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import delete, insert, select, update

from denwaban import vault
from denwaban.calls.away import Away
from denwaban.calls.holding import (
    any_erasing,
    claim,
    holder_of,
    leave,
    sealed_ones,
    take_erasing,
    unclaim,
)
from denwaban.calls.recordings import (
    HEADER,
    State,
    bound_to,
    opener_of,
    sealed_name,
    sealed_path,
)
from denwaban.calls.rows import calls, recordings
from denwaban.calls.waveform import recording_peaks
from denwaban.clock import Clock
from denwaban.journal import Fact, append
from denwaban.store import Store, StoreError, Tx
from denwaban.telephony.recording import NotAWav, is_closed, repair_wav
from denwaban.work import Duty

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=20)
"""So often the engine's folder is looked through."""

AT_ONCE = 500
"""So many files are asked for in one transaction."""

CLOSED = 3.0
"""Seconds without a change after which a file with its lengths written is finished."""

GIVEN_UP = 600.0
"""Seconds without a change after which nobody will write the lengths any more: the engine was killed."""

AGAIN = timedelta(seconds=20)
"""A file that is still written is looked at again after this."""

GONE = timedelta(days=1)
"""A file that nobody has found so long after its call is not waited for."""

OLD = (State.PLAIN.value, State.SEALED.value, State.AWAY.value)
"""States of recordings that can be heard."""

_GOING = (State.ERASING.value, State.ERASED.value)

_BLOCK = 1024 * 1024


class Keeper:
    """Finds plain recordings of calls that are over, seals them, and erases those whose time has come.

    `place` tells where the engine writes the recording of a call, `folder` is where sealed ones go, and from there `away`, when
    there is one. Files are on one machine: on several that share a database each seals its own.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        place: Callable[[str], Path],
        folder: Path,
        away: Away | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._place = place
        self._folder = folder
        self._away = away
        self._holder = ""

    def duty(self) -> Duty:
        """What is done with a row of `recordings`."""
        return Duty("recordings", recordings, self.do, lease=timedelta(minutes=10), at_once=2)

    async def run(self) -> None:
        """Looks through the engine's folder now and then until cancelled."""
        moved = self._away is None
        claimed = False
        while True:
            try:
                if not claimed:
                    await self.claim()
                    claimed = True
                if not moved:
                    await self._store.write(_make_sealed_due)
                    moved = True
                await self.sweep()
                await self.erase_here()
            except (StoreError, OSError) as error:
                log.warning("calls.recordings_not_swept", error=type(error).__name__)
            await self._clock.sleep_until(self._clock.now() + EVERY)

    async def sweep(self) -> int:
        """Makes the rows of plain files whose calls are over due, also of those that an older version left; how many."""
        found = await asyncio.to_thread(self._plain_ones)
        taken, me = 0, await self._me()
        for first in range(0, len(found), AT_ONCE):
            some = found[first : first + AT_ONCE]
            if fresh := await self._store.read(lambda tx, some=some: _to_seal(tx, some)):  # type: ignore[misc]
                await self._store.write(lambda tx, fresh=fresh: _make_due(tx, fresh, me))  # type: ignore[misc]
                taken += len(fresh)
        return taken

    async def claim(self) -> None:
        """Says of all sealed files that they lie here."""
        holder = await self._me()
        found = await asyncio.to_thread(sealed_ones, self._folder)
        for first in range(0, len(found), AT_ONCE):
            some = found[first : first + AT_ONCE]
            await self._store.write(lambda tx, some=some: claim(tx, some, holder))  # type: ignore[misc]

    async def erase_here(self) -> None:
        """Erases what lies here and is to be erased, whichever machine has looked at it before."""
        holder = await self._me()
        if await self._store.read(lambda tx: any_erasing(tx, holder)):
            for call_id in await self._store.write(lambda tx: take_erasing(tx, holder)):
                await self.do(call_id)

    async def _me(self) -> str:
        if not self._holder:
            self._holder = await asyncio.to_thread(holder_of, self._folder)
        return self._holder

    def _plain_ones(self) -> list[str]:
        folder = self._place("any").parent
        if not folder.exists():
            return []
        return sorted(file.stem for file in folder.iterdir() if file.suffix == ".wav")

    async def do(self, call_id: str) -> None:
        """Seals or erases one recording, as its row says. Idempotent."""
        row = await self._store.read(
            lambda tx: tx.first(select(recordings).where(recordings.c.id == call_id))
        )
        if row is None or row["state"] == State.ERASED:
            await self._done(call_id)
        elif row["state"] == State.ERASING and row["holder"] not in (None, await self._me()):
            await self._store.write(lambda tx: leave(tx, call_id))
        elif row["state"] == State.ERASING:
            await asyncio.to_thread(self._erase, call_id)
            await self._store.write(lambda tx: _erased(tx, call_id))
        elif await asyncio.to_thread(self._place(call_id).exists):
            await self._seal(call_id, row["client_id"])
        elif await self._is_to_move(call_id, row["state"]):
            await self._move(call_id)
        elif row["state"] == State.PLAIN and row["ended_at"] > self._clock.now() - GONE:
            # It lies on another machine, which is to find the row due.
            await self._later(call_id)
        else:
            await self._done(call_id)

    async def _seal(self, call_id: str, client_id: str | None) -> None:
        plain = self._place(call_id)
        if not await asyncio.to_thread(finished, plain):
            await self._later(call_id)
            return
        size = (await asyncio.to_thread(plain.stat)).st_size
        if size > HEADER:
            named = await self._store.write(lambda tx: vault.file_key(tx, client_id))
            await asyncio.to_thread(self._turn_over, call_id, client_id, plain, size, *named)
            state = State.SEALED
        else:
            state = State.NOTHING
        # An erasure that came meanwhile is not taken back: the row stays due for it.
        me = await self._me()
        if not await self._store.write(lambda tx: _kept(tx, call_id, state, size, me)):
            await self._done(call_id)
            return
        await asyncio.to_thread(plain.unlink, missing_ok=True)
        if await self._is_to_move(call_id, state):
            await self._move(call_id)
        else:
            await self._done(call_id)

    async def _is_to_move(self, call_id: str, state: str) -> bool:
        if self._away is None or state not in (State.SEALED, State.AWAY):
            return False
        return await asyncio.to_thread(sealed_path(self._folder, call_id).exists)

    async def _move(self, call_id: str) -> None:
        """To the bucket: there and read again, written down, and only then removed here."""
        assert self._away is not None  # there is one to move to
        here = sealed_path(self._folder, call_id)
        await asyncio.to_thread(self._away.keep, sealed_name(call_id), here)
        if await self._store.write(lambda tx: _moved(tx, call_id)):
            await asyncio.to_thread(here.unlink, missing_ok=True)
            # From the bucket any machine can erase it.
            await self._store.write(lambda tx: unclaim(tx, call_id))
        else:
            # To be erased, or erased already: what has just arrived there would be known to nobody.
            await asyncio.to_thread(self._away.forget, sealed_name(call_id))
        await self._done(call_id)

    def _turn_over(
        self, call_id: str, client_id: str | None, plain: Path, size: int, key_id: str, key: bytes
    ) -> None:
        target = sealed_path(self._folder, call_id)
        wanted = _sum_of(plain)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        making = target.with_suffix(".making")
        owner, bound = bound_to(client_id, call_id)
        with plain.open("rb") as source, making.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            vault.seal_file(source, file, size, key_id, key, owner, bound)
            file.flush()
            os.fsync(file.fileno())
        if _opened_sum(making, key, client_id, call_id) != wanted:
            raise OSError("what was sealed does not open to what was recorded")
        making.rename(target)
        _settle(target.parent)

    def _erase(self, call_id: str) -> None:
        target = sealed_path(self._folder, call_id)
        for path in (self._place(call_id), target, target.with_suffix(".making")):
            path.unlink(missing_ok=True)
        if self._away is not None:
            self._away.forget(sealed_name(call_id))

    async def _done(self, call_id: str) -> None:
        await self._store.write(lambda tx: _due(tx, call_id, None))

    async def _later(self, call_id: str) -> None:
        await self._store.write(lambda tx: _due(tx, call_id, tx.now + AGAIN))


def finished(plain: Path) -> bool:
    """Whether nobody writes this file any more; the lengths in its header are mended when the engine could not. Blocks."""
    still = time.time() - plain.stat().st_mtime
    if still < CLOSED:
        return False
    if is_closed(plain):
        return True
    if still < GIVEN_UP:
        return False
    try:
        repair_wav(plain)
    except NotAWav:
        log.warning("calls.recording_is_no_wav", call=plain.stem)
    return True


def erase_recordings(tx: Tx, call_ids: Sequence[str]) -> int:
    """From the commit on nobody hears the recordings of these calls, and their files go as soon as nobody else is at work on
    them. How many there were, of those that are not erased yet. Recordings of calls that are not over are left alone."""
    over = tx.all(
        select(calls.c.id, calls.c.client_id, calls.c.ended_at).where(
            calls.c.id.in_(list(call_ids)),
            calls.c.ended_at.is_not(None),
            (calls.c.recording.is_not(None) | calls.c.answered_at.is_not(None)),
        )
    )
    known = {
        row["id"]: State(row["state"])
        for row in tx.all(
            select(recordings.c.id, recordings.c.state).where(
                recordings.c.id.in_([row["id"] for row in over])
            )
        )
    }
    gone = (State.ERASING, State.ERASED, State.NOTHING)
    wanted = [row for row in over if known.get(row["id"]) not in gone]
    fresh = [row for row in wanted if row["id"] not in known]
    if fresh:
        tx.execute(insert(recordings), [_values(row, State.ERASING, tx.now) for row in fresh])
    if old := [row["id"] for row in wanted if row["id"] in known]:
        tx.execute(
            update(recordings)
            .where(recordings.c.id.in_(old))
            # Not taken from whoever is at it: two at once could leave a copy behind.
            .values(state=State.ERASING.value, due_at=tx.now)
        )
    tx.execute(
        delete(recording_peaks).where(recording_peaks.c.call_id.in_([row["id"] for row in wanted]))
    )
    tx.touch("work:recordings")
    return len(wanted)


def _to_seal(tx: Tx, call_ids: Sequence[str]) -> list[str]:
    """Those whose call is over and for which nothing is due."""
    return [
        row["id"]
        for row in tx.all(
            select(calls.c.id)
            .outerjoin(recordings, recordings.c.id == calls.c.id)
            .where(
                calls.c.id.in_(list(call_ids)),
                calls.c.ended_at.is_not(None),
                recordings.c.due_at.is_(None),
            )
        )
    ]


def _make_due(tx: Tx, call_ids: Sequence[str], holder: str) -> None:
    known = {
        row["id"]
        for row in tx.all(select(recordings.c.id).where(recordings.c.id.in_(list(call_ids))))
    }
    rows = tx.all(
        select(calls.c.id, calls.c.client_id, calls.c.ended_at).where(
            calls.c.id.in_(set(call_ids) - known)
        )
    )
    if rows:
        tx.execute(
            insert(recordings),
            [{**_values(row, State.PLAIN, tx.now), "holder": holder} for row in rows],
        )
    # A plain file beside a row that was done: it was not removed any more, or came back from a copy.
    tx.execute(
        update(recordings).where(recordings.c.id.in_(known)).values(due_at=tx.now, holder=holder)
    )
    again = recordings.c.id.in_(known) & (recordings.c.state == State.ERASED.value)
    tx.execute(update(recordings).where(again).values(state=State.ERASING.value))
    tx.touch("work:recordings")


def _values(row: object, state: State, now: datetime) -> dict[str, object]:
    found = dict(row)  # type: ignore[call-overload]
    return {**found, "state": state.value, "due_at": now}


def _kept(tx: Tx, call_id: str, state: State, size: int, holder: str) -> bool:
    """Writes down that it is sealed; False when it is to be erased."""
    return bool(
        tx.execute(
            update(recordings)
            .where(recordings.c.id == call_id, recordings.c.state.not_in(_GOING))
            .values(state=state.value, size=size, sealed_at=tx.now, holder=holder)
        ).rowcount
    )


def _moved(tx: Tx, call_id: str) -> bool:
    """Writes down that it is in the bucket; False when it is to be erased."""
    return bool(
        tx.execute(
            update(recordings)
            .where(recordings.c.id == call_id, recordings.c.state.not_in(_GOING))
            .values(state=State.AWAY.value)
        ).rowcount
    )


def _make_sealed_due(tx: Tx) -> None:
    """Recordings from before there was a bucket, and those whose removal here was cut off, go there too."""
    tx.execute(
        update(recordings)
        .where(recordings.c.state == State.SEALED.value, recordings.c.due_at.is_(None))
        .values(due_at=tx.now)
    )
    tx.touch("work:recordings")


def _erased(tx: Tx, call_id: str) -> None:
    row = tx.first(select(recordings.c.client_id).where(recordings.c.id == call_id))
    tx.execute(
        update(recordings)
        .where(recordings.c.id == call_id)
        .values(
            state=State.ERASED.value, erased_at=tx.now, size=None, due_at=None, leased_until=None
        )
    )
    append(tx, Fact("recording.erased", call_id, row["client_id"] if row is not None else None))


def _due(tx: Tx, call_id: str, at: datetime | None) -> None:
    """When there is more to do. An erasure that came meanwhile stays due, for the next who looks."""
    mine = recordings.c.id == call_id
    tx.execute(update(recordings).where(mine).values(leased_until=None))
    to_erase = recordings.c.state == State.ERASING.value
    tx.execute(update(recordings).where(mine, ~to_erase).values(due_at=at))
    tx.touch("work:recordings")


def _sum_of(path: Path) -> bytes:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.digest()


def _opened_sum(path: Path, key: bytes, client_id: str | None, call_id: str) -> bytes:
    """Of what the sealed file opens to, read again from the disk."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        head = vault.read_head(file.read(vault.HEAD))
        opener = opener_of(head, key, client_id, call_id)
        for one in vault.parts(range(head.size)):
            span = head.span(one)
            found.update(opener.open(os.pread(file.fileno(), len(span), span.start), one))
    return found.digest()


def _settle(folder: Path) -> None:
    """What was renamed in the folder survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
