"""Callers at the door: whose number it is, whether they are let in, and where in line they go."""

import asyncio

import structlog

from denwaban.calls import Outcome, changes
from denwaban.lines import (
    Mode,
    Service,
    UnknownNumber,
)
from denwaban.routing.doing import Doing
from denwaban.routing.intake import NOTHING_KNOWN, Known, asks, terms
from denwaban.routing.live import LiveCall
from denwaban.store import StoreError
from denwaban.telephony.port import (
    CallArrived,
    HangUp,
)

log = structlog.get_logger(__name__)

LOOK_UP_TRIES = 20
"""So many times, a second apart, a number that is not in memory is looked up while the database is away."""


class Entrance(Doing):
    """What becomes of a call that has just come, until it is in line."""

    def arrived(self, event: CallArrived, call_id: str | None = None) -> None:
        """A caller is at the door."""
        if event.leg in self.book.legs:
            return  # found by a snapshot before its event came
        self.at_engine.gone((event.leg,))  # the engine offers them again
        if self.recorder.full:
            # Too much is unwritten already: a call that could not be recorded is not taken.
            log.error("routing.refused_unrecordable", leg=event.leg)
            line = self.book.line(event.leg)
            line.do(lambda: self.phone.hang_up(event.leg, HangUp.CONGESTION))
            return
        live = self.book.found(event, call_id)
        service = self.cache.known(event.dialled, event.at)
        if service is not None:
            self.admit(live, service)
        else:
            live.line.do(lambda: self._look_up(live, event.dialled))

    def admit(self, live: LiveCall, service: Service | UnknownNumber) -> None:
        """Applies what the number gets to a call that has just come."""
        if isinstance(service, UnknownNumber):
            self.book.record(live, changes.arrived(live.call))
            self.refuse(live, Outcome.REFUSED, HangUp.UNKNOWN_NUMBER)
            return
        self.book.describe(live, service)
        self.book.record(live, changes.arrived(live.call))
        if not self._full(service):
            self._let_in(live, service)
        elif self.at_engine.holds_line(service.client_id):
            live.line.do(lambda: self._look_for_a_line(live, service))
        else:
            self.refuse(live, Outcome.BLOCKED, HangUp.BUSY)

    def _full(self, service: Service) -> bool:
        used = self.book.lines_in_use(service.client_id)
        return service.limit is not None and used >= service.limit

    def _let_in(self, live: LiveCall, service: Service) -> None:
        self.book.count(live)
        if service.mode is Mode.CLOSED:
            self.close(live)
            return
        if asks(service):
            live.line.do(lambda: self._look_up_caller(live))
        else:
            self._put_in_line(live, NOTHING_KNOWN)

    def _put_in_line(self, live: LiveCall, known: Known) -> None:
        call = live.call
        now = self.clock.now()
        wants: str | None = None
        if call.practice:
            wants, self.practice_for = self.practice_for, None
        holds, place = terms(live.service, known), self.places.came_again(live)
        if place is not None:
            self.perform(self.floor.come_again(place, call.id, now, holds))
        else:
            self.perform(self.floor.arrive(call.id, call.arrived_at, now, holds, wants))
        # After the dialling: the operator's phone should not wait for the caller's tone.
        live.line.do(lambda: self.sound.ring(live))

    def refuse(self, live: LiveCall, outcome: Outcome, why: HangUp) -> None:
        """Ends a call that nobody is to answer."""
        self.book.end(live, outcome, self.clock.now())
        live.line.do(lambda: self.phone.hang_up(live.leg, why))

    # Acts, in a call's own line

    async def _look_up(self, live: LiveCall, dialled: str) -> None:
        """Finds out whose number it is when that is not in memory."""
        for _ in range(LOOK_UP_TRIES):
            if live.over:
                return
            try:
                service = await self.cache.find(dialled, live.call.arrived_at)
            except StoreError:
                log.warning("routing.store_away", call=live.call.id)
                await self.sound.ring(live)
                await asyncio.sleep(1)
                continue
            if not live.over:
                self.admit(live, service)
            return
        self.book.record(live, changes.arrived(live.call))
        self.refuse(live, Outcome.LOST, HangUp.CONGESTION)

    async def _look_for_a_line(self, live: LiveCall, service: Service) -> None:
        """All are taken, perhaps by somebody who has finished speaking to the engine."""
        await self.at_engine.look()
        if live.over or live.gone:
            return
        if self._full(service):
            self.refuse(live, Outcome.BLOCKED, HangUp.BUSY)
        else:
            self._let_in(live, service)

    async def _look_up_caller(self, live: LiveCall) -> None:
        """Finds out what is known of the caller, where that decides who takes the call and when."""
        known = await self.intake.known(live.service, live.call)
        if not live.over and not live.gone:
            self._put_in_line(live, known)
