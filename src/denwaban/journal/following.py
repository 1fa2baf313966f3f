"""One reader's place in the journal while it grows."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from contextvars import copy_context
from functools import partial
from typing import Generic, TypeVar

from denwaban.journal.model import Entry
from denwaban.journal.rows import after, last_seq
from denwaban.store import Store

T = TypeVar("T")

BACKLOG = 5000
"""A reader further behind than this reads the rows again instead of keeping what it hears in memory."""

Hear = Callable[[Entry | None], None]
"""Takes each new entry, in order, on the event loop; None when some may have been missed. Must be quick and not raise."""


class Following(Generic[T]):
    """What `choose` makes of every entry after `seq` (from now on when None), in order, each once, without gaps.

    Entries that `choose` answers with None wake nobody: hundreds of screens cost little while others work. It is asked in
    the context in which this was made (the reader's language), and again about entries that had to be read a second time.
    """

    def __init__(
        self,
        store: Store,
        listen: Callable[[Hear], AbstractContextManager[None]],
        seq: int | None,
        choose: Callable[[Entry], T | None],
    ) -> None:
        self._store = store
        self._listen = listen
        self._seq = seq
        self._choose = choose
        self._context = copy_context()
        self._heard: deque[tuple[int, T]] = deque()
        self._passed = 0
        self._gap = True
        self._woken = False
        self._stopped = False
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Lets `items` say (seq, None) soon: something beside the journal is to be looked at."""
        self._woken = True
        self._event.set()

    def stop(self) -> None:
        """Ends `items`: nothing more comes, also of what was heard already. A reader who is slow may be here no more."""
        self._stopped = True
        self._heard.clear()
        self._event.set()

    async def items(self, beat: float | None = None) -> AsyncIterator[tuple[int, T | None]]:
        """(seq, what was chosen); None after `wake` and after `beat` seconds without anything, with the seq up to which
        everything has been considered."""
        with self._listen(self._hear):
            seq = await self._store.read(last_seq) if self._seq is None else self._seq
            while not self._stopped:
                self._event.clear()
                if self._gap:
                    # From here on what is new is heard; what was committed before comes from the rows.
                    self._gap = False
                    while not self._stopped and (
                        old := await self._store.read(partial(after, seq=seq))
                    ):
                        for entry in old:
                            seq = entry.seq
                            found = self._chosen(entry)
                            if found is not None and not self._stopped:
                                yield seq, found
                while self._heard and not self._gap and not self._stopped:
                    heard, item = self._heard.popleft()
                    if heard > seq:
                        seq = heard
                        yield seq, item
                if self._woken and not self._stopped:
                    self._woken = False
                    yield seq, None
                try:
                    async with asyncio.timeout(beat):
                        await self._event.wait()
                except TimeoutError:
                    seq = max(seq, self._passed)
                    yield seq, None

    def _hear(self, entry: Entry | None) -> None:
        if self._stopped:
            return
        if entry is None or len(self._heard) >= BACKLOG:
            self._heard.clear()
            self._gap = True
            self._event.set()
        elif not self._gap:
            self._passed = entry.seq
            found = self._chosen(entry)
            if found is not None:
                self._heard.append((entry.seq, found))
                self._event.set()

    def _chosen(self, entry: Entry) -> T | None:
        return self._context.run(self._choose, entry)
