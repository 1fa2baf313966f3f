"""Writes behind the calls: in order, in groups, without letting a call wait for the database."""

import asyncio
from collections import deque
from functools import partial
from itertools import islice

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from denwaban.calls import Change, write_rows
from denwaban.journal import Fact, append
from denwaban.routing.rows import StateRow, save_states
from denwaban.store import Store, StoreError, Tx
from denwaban.vault import VaultError

log = structlog.get_logger(__name__)

Item = Change | StateRow | Fact

ROOM = 200_000
"""So many items may wait for the database (some 40,000 calls, 200 MB); then callers are refused rather than forgotten."""

GROUP = 400
PACE = 0.2
"""Seconds from the begin of one write to the next: a lone event is written at once, many share a commit (each costs the
calls that ring just then some ms of the processor). Screens may be late by as much."""
AGAIN_AFTER = 0.5
"""Seconds until a database that failed is tried again."""
LAST_WORDS = 10.0
"""Seconds that are spent on writing what is left when the program ends."""


_AWAY = (StoreError, OperationalError, InterfaceError, VaultError)
"""What will be over: also a key that another machine has made, until it is copied here. A client whose key alone does not open
keeps nothing from being written (`seal_number` of calls)."""


class Recorder:
    """One ordered line of what is to be written. Exactly one task runs `run()`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._items: deque[Item] = deque()
        self._some = asyncio.Event()
        self._put = self._done = 0
        """How many items there were, and how many of them are over."""
        self._progress = asyncio.Event()
        self._unsure = False
        self._until: float | None = None
        self.away = False
        """The database did not take the last group: what happens now is known to this program alone."""
        self.unwritable = 0
        """Items that the database refused for what they are; each is in the log."""

    def put(self, item: Item) -> None:
        """To be written after everything put before."""
        self._items.append(item)
        self._put += 1
        self._some.set()

    @property
    def behind(self) -> int:
        """How many items are not written yet."""
        return len(self._items)

    @property
    def full(self) -> bool:
        """No new call should be begun."""
        return len(self._items) >= ROOM

    async def written(self) -> None:
        """Returns when everything put so far is on disk, whatever is put meanwhile."""
        so_far = self._put
        while self._done < so_far:
            self._progress.clear()
            await self._progress.wait()

    async def run(self) -> None:
        """Writes until told to stop, then what is left, for at most `LAST_WORDS`."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._items:
                if self._until is not None:
                    return
                await self._some.wait()
                continue
            began = loop.time()
            if await self._write_some():
                await asyncio.sleep(began + PACE - loop.time())
                continue
            if self._until is not None and loop.time() > self._until:
                log.error("routing.not_written", items=len(self._items))
                return
            await asyncio.sleep(AGAIN_AFTER)

    def stop(self) -> None:
        """Lets `run` come to its end."""
        self._until = asyncio.get_running_loop().time() + LAST_WORDS
        self._some.set()

    async def _write_some(self) -> bool:
        """Writes a group; False when the database is away (the group stays first in line)."""
        group = list(islice(self._items, GROUP))
        again = self._unsure
        # Until the answer is here it is not known whether the group was kept (the task may be cancelled).
        self._unsure = True
        try:
            await self._store.write(lambda tx: _write(tx, group, again))
        except _AWAY as error:
            log.warning("routing.store_away", behind=len(self._items), error=type(error).__name__)
            self.away = True
            return False
        except Exception:
            # One of them cannot be written: the others must not suffer for it.
            if not await self._write_singly(group):
                return False
        else:
            for _ in group:
                self._over()
        self._unsure = self.away = False
        if not self._items:
            self._some.clear()
        return True

    async def _write_singly(self, group: list[Item]) -> bool:
        for item in group:
            try:
                await self._store.write(partial(_write, items=[item], again=True))
            except _AWAY:
                return False
            except Exception as error:
                self.unwritable += 1
                # Without the traceback: what databases say of a refused row holds the row.
                log.error("routing.unwritable", item=_name(item), error=type(error).__name__)
            self._over()
        return True

    def _over(self) -> None:
        """The first in line is written, or never will be."""
        self._items.popleft()
        self._done += 1
        self._progress.set()


def _write(tx: Tx, items: list[Item], again: bool) -> None:
    changes = [item for item in items if isinstance(item, Change)]
    states = [item for item in items if isinstance(item, StateRow)]
    if changes:
        write_rows(tx, changes, again=again)
    if states:
        save_states(tx, states)
    append(
        tx,
        *(
            item.fact if isinstance(item, Change) else item
            for item in items
            if not isinstance(item, StateRow)
        ),
    )


def _name(item: Item) -> str:
    """An id for the log, without personal data."""
    if isinstance(item, Change):
        return item.call.id
    return item.operator_id if isinstance(item, StateRow) else item.kind
