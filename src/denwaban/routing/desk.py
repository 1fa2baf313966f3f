"""Calls in the engine: what an event changes."""

from datetime import datetime

from denwaban.calls import CallState, Outcome, changes
from denwaban.lines import Mode
from denwaban.routing.entrance import Entrance
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Miss, Stage
from denwaban.telephony.port import (
    Leg,
    LegAnswered,
    LegEnded,
    LegHeld,
    LegRinging,
    Played,
)


class Desk(Entrance):
    """The calls of one engine."""

    def leg_ringing(self, event: LegRinging) -> None:
        """An operator's phone rings."""
        live, operators = self.book.legs.get(event.leg, (None, False))
        if live is not None and operators:
            live.rang = True

    def leg_answered(self, event: LegAnswered) -> None:
        """An operator's phone was answered."""
        helped = self.control.legs.get(event.leg)
        if helped is not None and helped.asked is not None:
            self.control.third_up(helped, helped.asked)
            return
        live, operators = self.book.legs.get(event.leg, (None, False))
        if live is None or not operators or live.offer is None:
            return
        stage = self.floor.seats[live.offer.operator_id].stage
        if stage is Stage.OFFERED:
            self.perform(self.floor.answered(live.offer.operator_id))
        elif stage is Stage.LOST:
            self.regaining.answered(live, event.leg)

    def leg_ended(self, event: LegEnded) -> None:
        """A leg is over, whoever ended it."""
        helped = self.control.legs.get(event.leg)
        if helped is not None and helped.asked is not None:
            self.control.third_gone(helped, helped.asked, "busy" if event.busy else "")
            return
        found = self.book.legs.pop(event.leg, None)
        if found is None:
            return  # we have let it go already
        live, operators = found
        if operators:
            live.operator_leg = None
            self._operator_left(live, event)
        else:
            self.caller_left(live, event.at)

    def caller_left(self, live: LiveCall, at: datetime) -> None:
        """The caller's leg is over."""
        live.gone, live.gone_at = True, at
        passed = live.call.state is CallState.PASSED
        self.control.let_go(live)
        self.parking.leave(live)
        if live.keeping:
            return  # what becomes of the call is known when the place is written
        if live.place is not None:
            self.places.hung_up(live, at)
            return
        self.perform(self.floor.leave(live.call.id, at))
        if not live.over:
            if not live.recorded:  # hung up while it was looked up whose number it is
                self.book.record(live, changes.arrived(live.call))
            closed = live.call.mode == Mode.CLOSED
            unheard = Outcome.OUT_OF_HOURS if closed else Outcome.ABANDONED
            self.book.end(live, Outcome.ANSWERED if passed else unheard, at)

    def operator_lost(self, live: LiveCall, at: datetime) -> None:
        """The operator who talks has no leg any more, and nobody knows why."""
        self._operator_left(live, LegEnded(Leg(""), at, page=True))

    def _operator_left(self, live: LiveCall, event: LegEnded) -> None:
        if live.offer is None:
            return
        operator_id = live.offer.operator_id
        stage = self.floor.seats[operator_id].stage
        if stage is Stage.OFFERED:
            # A phone that never rang was not let ring: nobody is to blame.
            rang = live.rang or event.at >= live.offer.offered_at + self._ring_time
            why = Miss.REFUSED if event.busy else Miss.NO_ANSWER if rang else Miss.FAILED
            self.perform(self.floor.missed(operator_id, why, event.at))
        elif stage is Stage.CONNECTING:
            self.perform(self.floor.missed(operator_id, Miss.FAILED, event.at))
        elif stage is Stage.TALKING:
            # Whoever means to end the talk in a page says so by the program, which ends the leg itself.
            meant = self.floor.seats[operator_id].online and not event.page
            if self.control.operator_gone(live, meant=meant):
                return
            verb = self.floor.lost if event.page else self.floor.seat_hung_up
            self.perform(verb(operator_id, event.at))
        elif stage is Stage.LOST:
            self.floor.ring_failed(operator_id, event.at)
            self._changed()

    def leg_held(self, event: LegHeld) -> None:
        """The operator's phone put the caller on hold by itself."""
        live, operators = self.book.legs.get(event.leg, (None, False))
        if live is not None and operators and self.control.talking(live):
            live.line.do(lambda: self.control.hold(live, event.held))

    def played(self, event: Played) -> None:
        """A prompt ended: closed calls end with it, waiting callers hear music."""
        live, _ = self.book.legs.get(event.leg, (None, False))
        if live is None or not live.speaking or event.play == live.earlier:
            return
        live.speaking = False
        if live.message:
            live.line.do(lambda: self.phone.hang_up(live.leg))
        elif self.sound.waits(live):
            live.line.do(lambda: self.sound.go_on(live))
