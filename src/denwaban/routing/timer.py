"""The floor's time: what is due on it is done when it is due."""

import asyncio
from datetime import datetime

from denwaban.clock import Clock
from denwaban.routing.faults import Faults
from denwaban.routing.floor import Floor
from denwaban.routing.model import Perform


class Timer:
    """Ticks one floor."""

    def __init__(self, clock: Clock, floor: Floor, perform: Perform, faults: Faults) -> None:
        self._clock = clock
        self._floor = floor
        self._perform = perform
        self._faults = faults
        self._woken = asyncio.Event()
        self._wakes_at: datetime | None = None

    def changed(self) -> None:
        """Something on the floor is another; it may be due earlier now."""
        due = self._floor.due()
        if due is not None and (self._wakes_at is None or due < self._wakes_at):
            self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._woken.clear()
            due = self._wakes_at = self._floor.due()
            if due is None:
                await self._woken.wait()
            else:
                await self._until(due)
            with self._faults.survived("timer"):
                if actions := self._floor.tick(self._clock.now()):
                    self._perform(actions)

    async def _until(self, due: datetime) -> None:
        waits = [
            asyncio.ensure_future(self._clock.sleep_until(due)),
            asyncio.ensure_future(self._woken.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
