"""The worker."""

import asyncio
from datetime import timedelta

import structlog

from denwaban.clock import Clock
from denwaban.store import Store, StoreError
from denwaban.work.model import Duty
from denwaban.work.rows import any_due, lease, next_due

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=5)
"""Rows that another process made due are found at the latest after this long."""

GATHER = 0.01
"""Seconds that a busy worker waits for more room before it leases again."""


class Worker:
    """Does one duty until cancelled. Any number of workers in any number of processes may share the rows."""

    def __init__(self, store: Store, clock: Clock, duty: Duty) -> None:
        self._store = store
        self._clock = clock
        self._duty = duty
        self._done = asyncio.Event()
        self._running = 0

    async def run(self) -> None:
        """Leases and does rows for ever. On cancellation what is under way is cancelled; its lease brings it back."""
        signal = self._store.signal(self._duty.topic)
        async with asyncio.TaskGroup() as tasks:
            while True:
                seen = signal.count
                self._done.clear()
                room = self._duty.at_once - self._running
                for row_id in await self._lease(room) if room else []:
                    self._running += 1
                    tasks.create_task(self._do(row_id))
                if self._running >= self._duty.at_once:
                    await self._done.wait()
                    # What ends in the same moment makes room together: one lease for all of it.
                    await asyncio.sleep(GATHER)
                else:
                    await self._until_due(signal.count, seen)

    async def _lease(self, room: int) -> list[str]:
        table, lasting = self._duty.table, self._duty.lease
        try:
            if not await self._store.read(lambda tx: any_due(tx, table)):
                return []
            return await self._store.write(lambda tx: lease(tx, table, room, lasting))
        except StoreError:
            log.warning("work.store_away", duty=self._duty.name)
            await asyncio.sleep(1)
            return []

    async def _until_due(self, count: int, seen: int) -> None:
        """Waits for a touch, for a row to become due, for one to be done, or a while."""
        if count > seen:
            return
        try:
            due = await self._store.read(lambda tx: next_due(tx, self._duty.table))
        except StoreError:
            due = None
        now = self._clock.now()
        wake = min(due, now + LOOK_AGAIN) if due is not None else now + LOOK_AGAIN
        signal = self._store.signal(self._duty.topic)
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

    async def _do(self, row_id: str) -> None:
        try:
            await self._duty.do(row_id)
        except StoreError:
            # Nothing was kept; the row's lease brings it back.
            log.warning("work.store_away", duty=self._duty.name, row=row_id)
        except Exception as error:
            # The row stays leased and is tried again; the lateness shows in health.
            log.exception(
                "work.failed", duty=self._duty.name, row=row_id, error=type(error).__name__
            )
        finally:
            # Counted before the event: whoever it wakes must see the room (a task's done callback runs too late).
            self._running -= 1
            self._done.set()
