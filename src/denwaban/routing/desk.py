"""Calls in the engine and the floor's decisions about them: what an event changes, and which acts follow.

Nothing here waits, except inside the acts of a call's own line.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from denwaban.calls import CallState, Offer, OfferResult, Outcome, changes
from denwaban.clock import Clock
from denwaban.journal import Fact
from denwaban.lines import (
    SORRY,
    Mode,
    Service,
    ServiceCache,
    UnknownNumber,
)
from denwaban.outgoing import Outgoing
from denwaban.routing import model
from denwaban.routing.book import Book
from denwaban.routing.control import Control
from denwaban.routing.faults import Faults
from denwaban.routing.floor import Floor
from denwaban.routing.intake import NOTHING_KNOWN, Intake, Known, asks, terms
from denwaban.routing.live import LiveCall, Person
from denwaban.routing.model import Miss, Stage
from denwaban.routing.parking import Parking
from denwaban.routing.places import Places
from denwaban.routing.recorder import Recorder
from denwaban.routing.regaining import Regaining
from denwaban.routing.rows import StateRow
from denwaban.routing.sound import Sound
from denwaban.routing.talk import Talk
from denwaban.store import StoreError, new_id
from denwaban.telephony.port import (
    CallArrived,
    HangUp,
    Leg,
    LegAnswered,
    LegEnded,
    LegGone,
    LegHeld,
    LegRinging,
    Phone,
    PhoneError,
    Played,
    SeatName,
)

log = structlog.get_logger(__name__)

LOOK_UP_TRIES = 20
"""So many times, a second apart, a number that is not in memory is looked up while the database is away."""

_RESULTS = {
    Miss.NO_ANSWER: OfferResult.NO_ANSWER,
    Miss.REFUSED: OfferResult.REFUSED,
    Miss.FAILED: OfferResult.FAILED,
    Miss.UNREACHED: OfferResult.FAILED,
    None: OfferResult.WITHDRAWN,
}


class Desk:
    """The calls of one engine. Methods are called from one task at a time of one event loop."""

    def __init__(
        self,
        clock: Clock,
        phone: Phone,
        floor: Floor,
        cache: ServiceCache,
        sound: Sound,
        book: Book,
        recorder: Recorder,
        intake: Intake,
        outgoing: Outgoing,
        ring_seconds: int,
        park_seconds: int,
        changed: Callable[[], None],
    ) -> None:
        """Set `places` and `regaining` before anything else."""
        self.places: Places
        self.regaining: Regaining
        self.faults = Faults()
        self.intake = intake
        self.clock = clock
        self.phone = phone
        self.practice_for: str | None = None
        """The operator whom the next practice call is for."""
        self.floor = floor
        self.cache = cache
        self.sound = sound
        self.book = book
        self.recorder = recorder
        self.control = Control(clock, phone, floor, book, sound, outgoing, self.perform, changed)
        self.parking = Parking(clock, phone, book, self.control, park_seconds, changed)
        self._ring_seconds = ring_seconds
        self._ring_time = timedelta(seconds=ring_seconds)
        self._changed = changed
        self.people: dict[str, Person] = {}
        self.seats: dict[SeatName, str] = {}

    # What the engine tells

    def arrived(self, event: CallArrived, call_id: str | None = None) -> None:
        """A caller is at the door."""
        if event.leg in self.book.legs:
            return  # found by a snapshot before its event came
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

    # Decisions

    def admit(self, live: LiveCall, service: Service | UnknownNumber) -> None:
        """Applies what the number gets to a call that has just come."""
        if isinstance(service, UnknownNumber):
            self.book.record(live, changes.arrived(live.call))
            self.refuse(live, Outcome.REFUSED, HangUp.UNKNOWN_NUMBER)
            return
        self.book.describe(live, service)
        self.book.record(live, changes.arrived(live.call))
        used = self.book.lines_in_use(service.client_id)
        if service.limit is not None and used >= service.limit:
            self.refuse(live, Outcome.BLOCKED, HangUp.BUSY)
            return
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

    def close(self, live: LiveCall) -> None:
        """Speaks the closed message, then hangs up."""
        live.line.do(lambda: self.sound.ring(live))
        live.line.do(lambda: self.sound.closed(live))

    def refuse(self, live: LiveCall, outcome: Outcome, why: HangUp) -> None:
        """Ends a call that nobody is to answer."""
        self.book.end(live, outcome, self.clock.now())
        live.line.do(lambda: self.phone.hang_up(live.leg, why))

    def perform(self, actions: Iterable[model.Action]) -> None:
        """Does what the floor decided. A fault with one of them does not keep the others from being done."""
        for action in actions:
            with self.faults.survived("action", action=type(action).__name__):
                self._do(action)
        self._changed()

    def _do(self, action: model.Action) -> None:
        if isinstance(action, model.OfferOver):
            self._offer_over(action)
            return
        if isinstance(action, model.SeatIs):
            self._keep_seat(action)
            return
        live = self.book.calls[action.call_id]
        match action:
            case model.Offer():
                self._offer(live, self.people[action.operator_id], action.unread)
            case model.Instead():
                self._instead(self.book.calls[action.place_id], live, action.operator_id)
            case model.Connect():
                self._put_through(live)
            case model.Announce():
                live.line.do(lambda: self.sound.comfort(live))
            case model.OfferCallBack():
                self.places.offered(live)
            case model.Overflow():
                self._send_away(live, action.words)
            case model.Over():
                self._talk_over(live)
            case model.Lost():
                self.regaining.lost(live)
            case model.RingAgain():
                self.regaining.ring(live, self.people[action.operator_id])
            case model.Returned():
                self._returned(live)

    def _offer(self, live: LiveCall, person: Person, unread: bool) -> None:
        offer = Offer(new_id(), live.call.id, person.id, self.clock.now())
        live.offer = offer
        # Before all else: what is written about it can wait until the phone is told to ring. But one seat after the other:
        # whoever rang before is told to stop first.
        live.line.at_once(lambda: self._dial(live, offer, person.seat))
        self.book.record(live, changes.offered(live.call, offer))
        if unread:
            data = {"operator_id": person.id}
            fact = Fact("call.offered_unread", live.call.id, live.call.client_id, data)
            self.recorder.put(fact)

    def _instead(self, kept: LiveCall, live: LiveCall, operator_id: str) -> None:
        """The operator, who is rung or waits for whoever is called back, gets this call of theirs."""
        now = self.clock.now()
        self.places.offer_over(kept)
        before, kept.offer = kept.offer, None
        if before is not None:
            withdrawn = changes.offer_ended(kept.call, before, OfferResult.WITHDRAWN, now)
            self.book.record(kept, withdrawn)
        leg, kept.operator_leg = kept.operator_leg, None
        live.offer = offer = Offer(new_id(), live.call.id, operator_id, now)
        self.book.record(live, changes.offered(live.call, offer))
        if leg is None:
            live.line.at_once(lambda: self._dial(live, offer, self.people[operator_id].seat))
            return
        live.operator_leg, live.rang = leg, kept.rang
        self.book.legs[leg] = (live, True)
        if self.floor.seats[operator_id].stage is Stage.CONNECTING:
            live.line.do(lambda: self.connect(live, offer))

    def _dial(self, live: LiveCall, offer: Offer, seat: SeatName) -> None:
        if not live.holds(offer):
            return  # withdrawn before it began
        live.rang = False
        try:
            live.operator_leg = self.phone.dial(
                seat,
                call=live.call.id,
                caller=live.call.caller,
                title=live.title,
                seconds=self._ring_seconds,
            )
        except PhoneError as error:
            log.warning("routing.dial_failed", call=live.call.id, error=type(error).__name__)
            # Not now: the floor is in the middle of this offer, and may have another seat that fails as well.
            live.line.do(lambda: self._not_dialled(live, offer))
        else:
            self.book.legs[live.operator_leg] = (live, True)

    def _put_through(self, live: LiveCall) -> None:
        offer = live.offer
        if offer is not None and live.place is not None:
            self.places.reach(live, offer)
        elif offer is not None:
            live.line.do(lambda: self.connect(live, offer))

    def _offer_over(self, action: model.OfferOver) -> None:
        live = self.book.calls.get(action.call_id)
        if live is None or live.offer is None:
            return
        at = self.clock.now()
        self.places.offer_over(live)
        if not live.gone or live.place is not None:
            offer, live.offer = live.offer, None
            self.book.record(live, changes.offer_ended(live.call, offer, _RESULTS[action.why], at))
            if live.voice and action.why is Miss.FAILED and live.place is None:
                # Joining may have stopped the music.
                live.line.do(lambda: self.sound.music(live))
        self._end_leg(live, live.operator_leg)
        live.operator_leg = None

    def _send_away(self, live: LiveCall, words: str) -> None:
        """Nobody could take the call in the time agreed: the caller may leave a message, which is in the engine's hands then."""
        live.may_press = False
        if live.call.practice:
            live.message = words or SORRY
            self.close(live)
        else:
            live.line.do(lambda: self._to_message(live, words or SORRY))

    async def _to_message(self, live: LiveCall, words: str) -> None:
        wav = await self.sound.prompt(words)
        if live.gone:
            return
        call = live.call
        try:
            await self.phone.take_message(live.leg, words=wav)
        except LegGone:
            return
        except PhoneError as error:
            log.warning("routing.no_message", call=call.id, error=type(error).__name__)
            live.message = words
            await self.sound.closed(live)

    def _talk_over(self, live: LiveCall) -> None:
        self.control.let_go(live)
        operator_leg, live.operator_leg = live.operator_leg, None
        self._end_leg(live, operator_leg)
        at = self.clock.now()
        if not live.gone:
            self._end_leg(live, live.leg)
        elif live.gone_at is not None:
            at = live.gone_at
        self.book.end(live, Outcome.ANSWERED, at)

    def _returned(self, live: LiveCall) -> None:
        offer, live.offer = live.offer, None
        live.talk, live.room, live.music, live.muted = Talk(), frozenset(), None, False
        self.book.record(live, changes.returned(live.call, offer, self.clock.now()))
        self.regaining.given_up(live)

    def _keep_seat(self, action: model.SeatIs) -> None:
        seat = self.floor.seats.get(action.operator_id)
        if seat is None:
            return  # has left for good with what was just done
        self.recorder.put(
            StateRow(
                seat.operator_id,
                seat.chosen.value,
                seat.since,
                seat.idle_since,
                seat.after.value if seat.after else None,
                seat.until,
            )
        )
        if action.shown:
            self.tell_seat(seat.operator_id)

    def tell_seat(self, operator_id: str) -> None:
        """Appends the fact that an operator's state is another."""
        seat = self.floor.seats[operator_id]
        data = {"state": seat.chosen.value, "online": seat.online}
        if seat.reason:
            data["reason"] = seat.reason
        self.recorder.put(Fact("operator.state_changed", operator_id, None, data))

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

    async def _look_up_caller(self, live: LiveCall) -> None:
        """Finds out what is known of the caller, where that decides who takes the call and when."""
        known = await self.intake.known(live.service, live.call)
        if not live.over and not live.gone:
            self._put_in_line(live, known)

    async def _note(self, live: LiveCall) -> None:
        await self.phone.note(
            live.leg,
            call=live.call.id,
            client=live.call.client_id or "",
            at=live.call.arrived_at.isoformat(),
        )

    async def _not_dialled(self, live: LiveCall, offer: Offer) -> None:
        if live.holds(offer):
            now = self.clock.now()
            self.perform(self.floor.missed(offer.operator_id, Miss.FAILED, now))

    async def connect(self, live: LiveCall, offer: Offer) -> None:
        """Joins caller and operator."""
        if not live.holds(offer) or live.operator_leg is None:
            return
        if self.recorder.away:
            # What the database does not know, the engine keeps for the program after us.
            await self._note(live)
        # Sound may have to be made again if joining fails half way.
        live.voice, live.speaking = True, False
        try:
            record = live.record and not live.call.silenced
            await self.phone.connect(live.call.id, live.leg, live.operator_leg, record=record)
        except LegGone:
            return  # who it was is told by the leg's own end
        except PhoneError as error:
            log.warning("routing.connect_failed", call=live.call.id, error=type(error).__name__)
            if live.holds(offer) and not live.gone:
                now = self.clock.now()
                self.perform(self.floor.missed(offer.operator_id, Miss.FAILED, now))
            return
        # Who was called back and put down the phone meanwhile was not reached: what follows is in this line already.
        if live.holds(offer) and not live.gone:
            now = self.clock.now()
            self.floor.connected(offer.operator_id, now)
            self.control.joined(live)
            self.book.record(live, changes.answered(live.call, offer, now))
            self.sound.answers.answered(now)
            self.places.joined(live)
            self.regaining.taken(live)
            self._changed()

    # Small things

    def send_away(self, leg: Leg) -> None:
        """Ends a leg that is no call of ours."""
        self.book.line(leg).do(lambda: self.phone.hang_up(leg))

    def _end_leg(self, live: LiveCall, leg: Leg | None) -> None:
        if leg is not None and self.book.legs.pop(leg, None) is not None:
            live.line.do(lambda: self.phone.hang_up(leg))
