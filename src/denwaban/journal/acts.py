"""Following the journal while it grows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

from denwaban.journal.model import Entry
from denwaban.journal.rows import PAGE, TOPIC, after, last_seq
from denwaban.store import Store, StoreError

POLL = 1.0
"""Seconds after which facts of other processes are looked for."""

BACKLOG = 5000
"""A follower further behind than this reads the rows again instead of keeping them in memory."""


class Journal:
    """One reader of the table for the whole process; `follow` hands every entry on, in order, without gaps."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: set[asyncio.Queue[Entry | None]] = set()

    async def run(self) -> None:
        """Reads new facts until cancelled. A database that is away is tried again every second."""
        signal = self._store.signal(TOPIC)
        seq: int | None = None
        while True:
            seen = signal.count
            try:
                if seq is None:
                    seq = await self._store.read(last_seq)
                    # Who joined before this may lack what was committed meanwhile.
                    for follower in list(self._followers):
                        self._resend(follower)
                entries = await self._store.read(partial(after, seq=seq))
            except StoreError:
                await asyncio.sleep(POLL)
                continue
            for entry in entries:
                seq = entry.seq
                self._hand_on(entry)
            if len(entries) < PAGE:
                # What was committed while we read has fired the signal, and this returns at once.
                await signal.wait(seen, POLL)

    def _hand_on(self, entry: Entry) -> None:
        for follower in list(self._followers):
            if follower.full():
                # Too slow: let it read the rows itself rather than lose one fact.
                self._resend(follower)
            else:
                follower.put_nowait(entry)

    def _resend(self, follower: asyncio.Queue[Entry | None]) -> None:
        self._followers.discard(follower)
        if follower.full():
            with suppress(asyncio.QueueEmpty):
                follower.get_nowait()
        follower.put_nowait(None)

    async def follow(self, seq: int | None = None) -> AsyncIterator[Entry]:
        """Every entry after `seq` (from now on when None), in order, each once, for ever."""
        if seq is None:
            seq = await self._store.read(last_seq)
        while True:
            mine: asyncio.Queue[Entry | None] = asyncio.Queue(BACKLOG)
            self._followers.add(mine)
            try:
                # What was committed before we joined comes from the rows, what comes later from the queue.
                while True:
                    old = await self._store.read(partial(after, seq=seq))
                    for entry in old:
                        seq = entry.seq
                        yield entry
                    if not old:
                        break
                while (new := await mine.get()) is not None:
                    if new.seq > seq:
                        seq = new.seq
                        yield new
            finally:
                self._followers.discard(mine)
