"""The worker."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from denwaban.clock import Clock
from denwaban.store import Signal, Store, StoreError
from denwaban.vault import VaultError
from denwaban.work.model import Duty
from denwaban.work.rows import lease, next_due

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=5)
"""Rows that another process made due are found at the latest after this long."""

GATHER = 0.05
"""Seconds that a busy worker waits at most until half of its rows are done, to lease again for all of them at once."""

BEATEN = 0.1
"""Seconds after which a row that somebody else was quicker to take is looked for again."""


class Worker:
    """Does one duty until cancelled. Any number of workers in any number of processes may share the rows."""

    def __init__(self, store: Store, clock: Clock, duty: Duty) -> None:
        self._store = store
        self._clock = clock
        self._duty = duty
        self._done = asyncio.Event()
        self._half = asyncio.Event()
        self._running = 0

    async def run(self) -> None:
        """Leases and does rows for ever. On cancellation what is under way is cancelled; its lease brings it back."""
        away = False
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    taken = await self._next()
                except StoreError as error:
                    # Once: a full disk may be what it is written to.
                    if not away:
                        log.warning("work.store_away", duty=self._duty.name, error=str(error))
                    away = True
                    await asyncio.sleep(1)
                    continue
                away = False
                for row_id in taken:
                    self._running += 1
                    tasks.create_task(self._do(row_id))
                if self._running >= self._duty.at_once:
                    await self._room()

    async def _next(self) -> list[str]:
        """Waits until something is due, and takes as much of it as there is room for."""
        signal, table = self._store.signal(self._duty.topic), self._duty.table
        seen = signal.count
        self._done.clear()
        due = await self._store.read(lambda tx: next_due(tx, table))
        if due is None or due > self._clock.now():
            await self._until(due, signal, seen)
            return []
        room, lasting = self._duty.at_once - self._running, self._duty.lease
        taken = await self._store.write(lambda tx: lease(tx, table, room, lasting))
        if not taken:
            await asyncio.sleep(BEATEN)
        return taken

    async def _until(self, due: datetime | None, signal: Signal, seen: int) -> None:
        """Waits for a touch, for a row to become due, for one to be done, or a while."""
        now = self._clock.now()
        wake = min(due, now + LOOK_AGAIN) if due is not None else now + LOOK_AGAIN
        waits = [
            asyncio.ensure_future(self._clock.sleep_until(wake)),
            asyncio.ensure_future(signal.wait(seen, LOOK_AGAIN.total_seconds())),
            asyncio.ensure_future(self._done.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _room(self) -> None:
        """Waits until a row is done, and a moment longer for the others that end with it."""
        while self._running >= self._duty.at_once:
            self._done.clear()
            await self._done.wait()
        self._half.clear()
        if self._running > self._duty.at_once // 2:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER):
                    await self._half.wait()

    async def _do(self, row_id: str) -> None:
        try:
            await self._duty.do(row_id)
        except StoreError:
            # Nothing was kept; the row's lease brings it back.
            log.warning("work.store_away", duty=self._duty.name, row=row_id)
        except VaultError as error:
            # As below, and no fault of ours: the row waits for its key or its contents.
            log.error(
                "work.not_opened", duty=self._duty.name, row=row_id, error=type(error).__name__
            )
        except Exception as error:
            # The row stays leased and is tried again; the lateness shows in health.
            log.exception(
                "work.failed", duty=self._duty.name, row=row_id, error=type(error).__name__
            )
        finally:
            # Counted before the event: whoever it wakes must see the room (a task's done callback runs too late).
            self._running -= 1
            self._done.set()
            if self._running <= self._duty.at_once // 2:
                self._half.set()
