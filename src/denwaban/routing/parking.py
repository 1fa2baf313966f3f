"""Parked callers: in a numbered place, from where any operator takes them. Nobody is forgotten there: after a while whoever
parked the caller is rung, and then whoever is next."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from denwaban.calls import CallState, changes
from denwaban.clock import Clock
from denwaban.routing.book import Book
from denwaban.routing.control import Control
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Impossible
from denwaban.routing.talk import Third
from denwaban.telephony.port import Phone

SLOTS = range(1, 10)


class Parking:
    """The places of one engine."""

    def __init__(
        self,
        clock: Clock,
        phone: Phone,
        book: Book,
        control: Control,
        seconds: int,
        changed: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._phone = phone
        self._book = book
        self._control = control
        self._time = timedelta(seconds=seconds)
        self._changed = changed
        self.slots: dict[int, LiveCall] = {}

    def until(self, live: LiveCall) -> datetime:
        """When somebody is rung for a parked caller."""
        return (live.parked_at or self._clock.now()) + self._time

    async def park(self, live: LiveCall) -> None:
        """Into the first free place; for the call's own line. Raises `Impossible` when there is none, or somebody is asked in."""
        if not self._control.talking(live):
            return
        slot = next((slot for slot in SLOTS if slot not in self.slots), None)
        if slot is None or live.talk.third is not Third.NONE:
            raise Impossible("no place")
        self.slots[slot] = live  # before the engine is asked: two park at once
        try:
            await self._phone.hold(live.leg)
        except BaseException:
            self._free(slot, live)
            raise
        if not self._control.talking(live):
            self._free(slot, live)
            return
        now = self._clock.now()
        moved = changes.moved(
            live.call, "parked", now, state=CallState.PARKED, offer=live.offer, slot=slot
        )
        self._book.record(live, moved)
        self._control.leave(live)
        self._wait(live, now)

    def adopt(self, live: LiveCall, at: datetime) -> bool:
        """A caller who was parked when the program ended; False when the place is taken."""
        slot = live.call.slot
        if slot is None or slot in self.slots:
            return False
        self.slots[slot] = live
        self._wait(live, at)
        return True

    def take(self, slot: int, operator_id: str) -> None:
        """This operator is rung for the caller. Raises `Impossible` when the place is empty."""
        live = self.slots.get(slot)
        if live is None:
            raise Impossible(str(slot))
        self.leave(live)
        self._control.to_line(live, operator_id, slot=slot)

    def leave(self, live: LiveCall) -> None:
        """The caller is not parked any more; one who was not is no error."""
        for slot, parked in list(self.slots.items()):
            if parked is live:
                del self.slots[slot]
        task, live.parked = live.parked, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _free(self, slot: int, live: LiveCall) -> None:
        # Who hung up meanwhile has left it already, and another may be there now.
        if self.slots.get(slot) is live:
            del self.slots[slot]

    def _wait(self, live: LiveCall, now: datetime) -> None:
        live.parked_at = now
        assert self._book.tasks is not None  # calls are only there while the switchboard runs
        live.parked = self._book.tasks.create_task(self._ring_back(live, now + self._time))
        self._changed()

    async def _ring_back(self, live: LiveCall, at: datetime) -> None:
        await self._clock.sleep_until(at)
        if live.over or live.gone:
            return
        slot, by = live.call.slot, live.call.operator_id
        self.leave(live)
        self._control.to_line(live, by, slot=slot, reason="time")
