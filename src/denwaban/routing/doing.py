"""What the floor decided, done with calls in the engine, and the acts of a call's own line that follow.

Nothing here waits, except inside those acts.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog

from denwaban.calls import Offer, OfferResult, Outcome, changes
from denwaban.clock import Clock
from denwaban.journal import Fact
from denwaban.lines import SORRY, ServiceCache
from denwaban.outgoing import Outgoing
from denwaban.routing import model
from denwaban.routing.at_engine import AtEngine
from denwaban.routing.book import Book
from denwaban.routing.control import Control
from denwaban.routing.faults import Faults
from denwaban.routing.floor import Floor
from denwaban.routing.intake import Intake
from denwaban.routing.live import LiveCall, Person
from denwaban.routing.model import Miss, Stage
from denwaban.routing.parking import Parking
from denwaban.routing.places import Places
from denwaban.routing.recorder import Recorder
from denwaban.routing.regaining import Regaining
from denwaban.routing.rows import StateRow
from denwaban.routing.sound import Sound
from denwaban.routing.talk import Talk
from denwaban.store import new_id
from denwaban.telephony.port import Leg, LegGone, Phone, PhoneError, SeatName

log = structlog.get_logger(__name__)

_RESULTS = {
    Miss.NO_ANSWER: OfferResult.NO_ANSWER,
    Miss.REFUSED: OfferResult.REFUSED,
    Miss.FAILED: OfferResult.FAILED,
    Miss.UNREACHED: OfferResult.FAILED,
    None: OfferResult.WITHDRAWN,
}


class Doing:
    """The calls of one engine, and what is done with them. Methods are called from one task at a time of one event loop."""

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
        self.at_engine = AtEngine(clock, book, cache)
        self.recorder = recorder
        self.control = Control(clock, phone, floor, book, sound, outgoing, self.perform, changed)
        self.parking = Parking(clock, phone, book, self.control, park_seconds, changed)
        self._ring_seconds = ring_seconds
        self._ring_time = timedelta(seconds=ring_seconds)
        self._changed = changed
        self.people: dict[str, Person] = {}
        self.seats: dict[SeatName, str] = {}

    # What the floor decided

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

    def close(self, live: LiveCall) -> None:
        """Speaks the closed message, then hangs up."""
        live.line.do(lambda: self.sound.ring(live))
        live.line.do(lambda: self.sound.closed(live))

    # Acts, in a call's own line

    async def _to_message(self, live: LiveCall, words: str) -> None:
        wav = await self.sound.prompt(words)
        if live.gone:
            return
        call = live.call
        self.at_engine.leave(live)
        try:
            await self.phone.take_message(live.leg, words=wav)
        except LegGone:
            self.at_engine.gone([live.leg])
        except PhoneError as error:
            self.at_engine.take_back(live)
            log.warning("routing.no_message", call=call.id, error=type(error).__name__)
            live.message = words
            await self.sound.closed(live)

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
