"""Recordings at rest: the engine's plain file is sealed when the call is over, and erased when its time has come.

The order of steps is what makes a `kill -9` harmless: sealed beside, read again and compared, renamed, written down, and only
then is the plain file removed. Whoever comes after a death finds the row still due, and what was done is not done again.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import select

from denwaban import vault
from denwaban.calls import recording_states as states
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
from denwaban.calls.recordings import HEADER, State, sealed_name, sealed_path
from denwaban.calls.rows import recordings
from denwaban.calls.sealed_files import finished, seal
from denwaban.clock import Clock
from denwaban.store import Store, StoreError
from denwaban.work import Duty

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=20)
"""So often the engine's folder is looked through."""

AT_ONCE = 500
"""So many files are asked for in one transaction."""

AGAIN = timedelta(seconds=20)
"""A file that is still written is looked at again after this."""

GONE = timedelta(days=1)
"""A file that nobody has found so long after its call is not waited for."""


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
                    await self._store.write(states.make_sealed_due)
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
            if fresh := await self._store.read(partial(states.to_seal, call_ids=some)):
                await self._store.write(partial(states.make_due, call_ids=fresh, holder=me))
                taken += len(fresh)
        return taken

    async def claim(self) -> None:
        """Says of all sealed files that they lie here."""
        holder = await self._me()
        found = await asyncio.to_thread(sealed_ones, self._folder)
        for first in range(0, len(found), AT_ONCE):
            some = found[first : first + AT_ONCE]
            await self._store.write(partial(claim, call_ids=some, holder=holder))

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
            await self._store.write(lambda tx: states.erased(tx, call_id))
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
            target = sealed_path(self._folder, call_id)
            await asyncio.to_thread(seal, plain, target, call_id, client_id, size, *named)
            state = State.SEALED
        else:
            state = State.NOTHING
        # An erasure that came meanwhile is not taken back: the row stays due for it.
        me = await self._me()
        if not await self._store.write(lambda tx: states.kept(tx, call_id, state, size, me)):
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
        if await self._store.write(lambda tx: states.moved(tx, call_id)):
            await asyncio.to_thread(here.unlink, missing_ok=True)
            # From the bucket any machine can erase it.
            await self._store.write(lambda tx: unclaim(tx, call_id))
        else:
            # To be erased, or erased already: what has just arrived there would be known to nobody.
            await asyncio.to_thread(self._away.forget, sealed_name(call_id))
        await self._done(call_id)

    def _erase(self, call_id: str) -> None:
        target = sealed_path(self._folder, call_id)
        for path in (self._place(call_id), target, target.with_suffix(".making")):
            path.unlink(missing_ok=True)
        if self._away is not None:
            self._away.forget(sealed_name(call_id))

    async def _done(self, call_id: str) -> None:
        await self._store.write(lambda tx: states.due(tx, call_id, None))

    async def _later(self, call_id: str) -> None:
        await self._store.write(lambda tx: states.due(tx, call_id, tx.now + AGAIN))
