"""Who hears whom in a talk, made so in the engine.

What is decided stands in `LiveCall.talk` (see `talk`) before the engine is asked; `_arrange` makes the engine what was decided,
so that whatever came between two acts is taken in.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from denwaban.calls import CallState, changes
from denwaban.clock import Clock
from denwaban.outgoing import Outgoing
from denwaban.routing import model
from denwaban.routing.book import Book
from denwaban.routing.floor import Floor
from denwaban.routing.live import Asked, LiveCall
from denwaban.routing.model import Stage
from denwaban.routing.sound import Sound
from denwaban.routing.talk import Side, Talk, Third
from denwaban.telephony.port import Leg, LegGone, Phone, PhoneError

log = structlog.get_logger(__name__)

AGAIN_AFTER = (0.1, 0.3)
"""Seconds until who could not be joined is joined again: nobody must be left in silence for what the engine refused once."""


class Arranging:
    """The talks of one engine, and how an operator leaves one."""

    def __init__(
        self,
        clock: Clock,
        phone: Phone,
        floor: Floor,
        book: Book,
        sound: Sound,
        outgoing: Outgoing,
        perform: model.Perform,
        changed: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._phone = phone
        self._floor = floor
        self._book = book
        self._sound = sound
        self._outgoing = outgoing
        self._perform = perform
        self._changed = changed
        self.legs: dict[Leg, LiveCall] = {}
        """Operators who were asked in."""

    def talking(self, live: LiveCall) -> bool:
        """Whether an operator has the call (also while the caller is on hold)."""
        caller = self._floor.callers.get(live.call.id)
        if caller is None or caller.seat is None:
            return False
        return self._floor.seats[caller.seat].stage is Stage.TALKING

    def joined(self, live: LiveCall) -> None:
        """Operator and caller were joined by somebody else: nobody else is in the talk."""
        live.talk, live.music = Talk(), None
        live.room = frozenset({Side.CALLER, Side.OPERATOR})

    async def change(self, live: LiveCall, talk: Talk, kind: str, **data: object) -> None:
        """The talk is now this one: written down, then made so in the engine."""
        self._decide(live, talk, kind, **data)
        await self._arrange(live)

    async def asks(self, live: LiveCall, talk: Talk, asked: Asked, how: str) -> None:
        """Somebody is asked in, and the talk is now this one."""
        self._decide(live, talk, "asked", how=how, leg=asked.leg, **asked.data)
        try:
            # Before the caller waits: the next program must not take that for a hold, also where nothing is written any more.
            await self._phone.note(live.leg, asked=asked.note)
        except LegGone:
            pass  # who hangs up is told by events
        except PhoneError as error:
            log.warning("routing.not_noted", call=live.call.id, error=type(error).__name__)
        await self._arrange(live)

    def _decide(self, live: LiveCall, talk: Talk, kind: str, **data: object) -> None:
        leaves = live.talk.operator and not talk.operator
        asked = live.asked
        took = (
            asked.id if asked is not None and asked.kind == "staff" and not talk.operator else None
        )
        live.talk = talk
        self._book.record(
            live,
            changes.moved(
                live.call,
                kind,
                self._clock.now(),
                state=_state(talk),
                offer=live.offer if leaves else None,
                took=took if talk.third is Third.UP else None,
                told=data,
            ),
        )
        if leaves:
            # The leg is hung up behind what is asked of the engine now: the caller must not be left in silence.
            self.leave(live)
        self._changed()

    async def _arrange(self, live: LiveCall) -> None:
        """Makes the engine what `live.talk` says; tries a few times. Raises `PhoneError` for who asked."""
        for pause in (*AGAIN_AFTER, None):
            try:
                await self._ask_engine(live)
            except PhoneError as error:
                # Not known what was done: all of it is done again, now, when the event of a leg that is gone comes, when the
                # engine is back, or at the next wish.
                live.room, live.music = frozenset(), None
                live.unsettled = not isinstance(error, LegGone)
                if not live.unsettled or pause is None:
                    raise
                log.warning("routing.not_arranged", call=live.call.id, error=type(error).__name__)
                await asyncio.sleep(pause)
                if live.gone or live.over:
                    return
            else:
                live.unsettled = False
                return

    def settle(self) -> None:
        """The engine is back: what could not be done is done now."""
        for live in self._book.calls.values():
            if live.unsettled:
                live.line.do(partial(self._arrange, live))

    async def _ask_engine(self, live: LiveCall) -> None:
        talk, legs = live.talk, self._legs(live)
        sides = talk.talking()
        if len(sides) > 1:
            if sides == live.room:
                await self._phone.unhold(live.leg)
            else:
                live.room = sides
                if live.music in sides:
                    live.music = None
                record = live.record and Side.CALLER in sides and not live.call.silenced
                await self._phone.join(
                    live.call.id, [legs[side] for side in Side if side in sides], record=record
                )
        if talk.waits is not live.music:
            live.music = talk.waits
            if talk.waits is not None:
                leg = legs[talk.waits]
                held = talk.waits in live.room and len(live.room) > 1
                await (self._phone.hold(leg) if held else self._phone.music(leg))

    def _legs(self, live: LiveCall) -> dict[Side, Leg]:
        legs = {Side.CALLER: live.leg}
        if live.operator_leg is not None:
            legs[Side.OPERATOR] = live.operator_leg
        if live.asked is not None:
            legs[Side.THIRD] = live.asked.leg
        return legs

    # The operator leaves

    def leave(self, live: LiveCall) -> None:
        """The operator's part is over; the caller goes on without."""
        operator_id = live.call.operator_id
        if live.call.silenced:
            # Whoever asked for it is gone; the next piece of the recording begins unpaused.
            live.silenced_by = ""
            self._book.record(live, changes.silenced(live.call, False, "left"))
        if (caller := self._floor.callers.get(live.call.id)) is not None:
            live.terms = caller.terms
        live.offer = None
        live.muted = False
        self._hang_up(live)
        if operator_id is not None and self.talking(live):
            self._perform(self._floor.hand_over(operator_id, None, self._clock.now()))

    def _hang_up(self, live: LiveCall) -> None:
        leg, live.operator_leg = live.operator_leg, None
        if leg is not None and self._book.legs.pop(leg, None) is not None:
            live.line.do(lambda: self._hung_up(live, leg))

    async def _hung_up(self, live: LiveCall, leg: Leg) -> None:
        if not live.talk.operator:
            live.room -= {Side.OPERATOR}
        await self._phone.hang_up(leg)

    def to_line(self, live: LiveCall, wants: str | None, **data: object) -> None:
        """The caller waits in line again, at the old place; this operator is rung first, if free."""
        offer, live.offer = live.offer, None
        live.talk, live.room, live.music, live.muted = Talk(), frozenset(), None, False
        now = self._clock.now()
        self._book.record(live, changes.returned(live.call, offer, now, **data))
        call = live.call
        waiting = self._floor.adopt_waiting(
            call.id, call.arrived_at, now, live.terms, wants, stays=True
        )
        self._perform(waiting)


def _state(talk: Talk) -> CallState:
    if talk.operator:
        return CallState.HELD if talk.waits is Side.CALLER else CallState.TALKING
    return CallState.PASSED if talk.third is Third.UP else CallState.PASSING
