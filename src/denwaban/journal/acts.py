"""Following the journal while it grows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from typing import TypeVar

from denwaban.journal.following import Following, Hear
from denwaban.journal.model import Entry
from denwaban.journal.rows import PAGE, TOPIC, after, last_seq
from denwaban.store import Store, StoreError

T = TypeVar("T")

POLL = 1.0
"""Seconds after which facts of other processes are looked for."""


class Journal:
    """One reader of the table for the whole process, which hands every entry on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: list[Hear] = []

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
                    self._tell(None)
                entries = await self._store.read(partial(after, seq=seq))
            except StoreError:
                await asyncio.sleep(POLL)
                continue
            for entry in entries:
                seq = entry.seq
                self._tell(entry)
            if len(entries) < PAGE:
                # What was committed while we read has fired the signal, and this returns at once.
                await signal.wait(seen, POLL)

    @contextmanager
    def listen(self, hear: Hear) -> Iterator[None]:
        """`hear` is called with every new entry meanwhile."""
        self._listeners.append(hear)
        try:
            yield
        finally:
            self._listeners.remove(hear)

    def following(self, seq: int | None, choose: Callable[[Entry], T | None]) -> Following[T]:
        """A reader's own place; see there."""
        return Following(self._store, self.listen, seq, choose)

    async def follow(self, seq: int | None = None) -> AsyncIterator[Entry]:
        """Every entry after `seq` (from now on when None), in order, each once, for ever."""
        async with aclosing(self.following(seq, lambda entry: entry).items()) as items:  # type: ignore[type-var]
            async for _seq, entry in items:
                if entry is not None:
                    yield entry

    def _tell(self, entry: Entry | None) -> None:
        for hear in list(self._listeners):
            hear(entry)
