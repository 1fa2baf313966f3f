"""Callers who press a key, hang up, and are called back when their turn comes: operator first, then the caller.

The place is a row before the caller is told so, and stays one until somebody talked with them: a program that dies in between
finds it again. Whom nobody reaches in several tries becomes a promise, of which the client is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial

import structlog

from denwaban.calls import Offer, Outcome
from denwaban.clock import Clock
from denwaban.lines import Service
from denwaban.outgoing import (
    Full,
    Line,
    MayNotCall,
    NotReached,
    NoWayOut,
    Outgoing,
    callable_number,
)
from denwaban.routing import keeping
from denwaban.routing.behind import Behind
from denwaban.routing.book import Book
from denwaban.routing.floor import Floor
from denwaban.routing.keeping import AGAIN, TRIES, Place, Result
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Impossible, Perform, Stage
from denwaban.routing.prompts import KEPT, KEY
from denwaban.routing.recorder import Recorder
from denwaban.routing.sound import Sound
from denwaban.store import Store, StoreError
from denwaban.telephony.port import Digit, LegState, Phone, PhoneError
from denwaban.vault import VaultError

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""Seconds that the database may take to keep a place; then the caller waits on."""

AGAIN_AFTER = 1.0
"""Seconds until a database that failed is tried again."""


class Places:
    """The kept places of one desk. `connect` joins caller and operator, in the call's own line."""

    def __init__(
        self,
        clock: Clock,
        phone: Phone,
        store: Store,
        floor: Floor,
        book: Book,
        recorder: Recorder,
        sound: Sound,
        outgoing: Outgoing | None,
        *,
        abroad: bool,
        perform: Perform,
        connect: Callable[[LiveCall, Offer], Awaitable[None]],
    ) -> None:
        """Without `outgoing` nobody can be called back, and nobody is offered it."""
        self._clock = clock
        self._phone = phone
        self._store = store
        self._floor = floor
        self._book = book
        self._recorder = recorder
        self._sound = sound
        self._outgoing = outgoing
        self._abroad = abroad
        self._perform = perform
        self._connect = connect
        book.ended = self._over_again
        self._reaching: dict[str, asyncio.Event] = {}
        """Set when the operator is not there any more."""
        self._kept: dict[tuple[str, str], str] = {}
        """The call whose place is kept, by client and number."""
        self._writes = Behind(store, book, "a kept place")

    # The caller's wish

    def offered(self, live: LiveCall) -> None:
        """From now on the caller may press the key; not if we could not call them."""
        if live.place is None and not live.may_press and self._number(live) is not None:
            live.may_press = True
            live.line.do(lambda: self._sound.offer_key(live))

    def pressed(self, event: Digit) -> None:
        """A key was pressed, by whomever."""
        live, operators = self._book.legs.get(event.leg, (None, False))
        if live is None or operators or event.digit != KEY or not live.may_press:
            return
        number, service = self._number(live), live.service
        if number is None or service is None:
            return
        try:
            actions = self._floor.keep_place(live.call.id, self._clock.now())
        except Impossible:
            return  # somebody has just answered them
        # From now on nobody is rung for them; also when they hang up at once, their wish is kept.
        live.may_press, live.keeping = False, live.again is None
        self._perform(actions)
        if live.again is None:
            live.line.do(lambda: self._keep(live, number, service))
        else:
            live.line.do(lambda: self.say_goodbye(live))  # their place is kept already

    def _number(self, live: LiveCall) -> str | None:
        """Whom to call (E.164), if we may and can."""
        if self._outgoing is None or live.service is None or live.call.practice:
            return None
        try:
            self._outgoing.trunk()
            return callable_number(live.call.caller, abroad=self._abroad)
        except (NoWayOut, MayNotCall):
            return None

    async def _keep(self, live: LiveCall, number: str, service: Service) -> None:
        call, client_id, shown = live.call.id, service.client_id, service.number
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    # The call's own row first.
                    await self._recorder.written()
                    kept = await self._store.write(
                        lambda tx: keeping.keep(tx, call, client_id, number, shown)
                    )
                break
            except (StoreError, TimeoutError, VaultError) as error:
                log.warning("routing.place_not_kept", call=call, error=type(error).__name__)
            if not live.gone:
                live.keeping, live.may_press = False, True
                self._perform(self._floor.keep_not(call, self._clock.now()))
                await self._sound.not_kept(live)
                return
            # Who has hung up already cannot be told to wait on.
            await asyncio.sleep(AGAIN_AFTER)
        live.keeping = False
        self.hold(live, kept)
        if live.gone:
            self.hung_up(live, self._clock.now())
        else:
            await self.say_goodbye(live)

    async def say_goodbye(self, live: LiveCall) -> None:
        """Tells them that they will be called, then hangs up."""
        live.message = KEPT
        await self._sound.closed(live)

    def hold(self, live: LiveCall, kept: Place) -> None:
        """This place is kept for the call."""
        live.place = kept
        live.title = f"折り返し {live.title}"
        for number in (*kept.also, kept.number):
            self._kept[kept.client_id, number] = live.call.id

    def hung_up(self, live: LiveCall, at: datetime) -> None:
        """The leg of somebody whose place is kept is over: they have put down the phone, or did not want to be put through."""
        live.gone, live.message = True, ""
        self._book.uncount(live)
        caller = self._floor.callers[live.call.id]
        if caller.seat is None:
            self._perform(self._floor.hung_up_to_be_called(live.call.id, at))
        elif live.offer is not None:
            live.line.do(partial(self._not_reached, live, live.offer, counts=True))

    def came_again(self, live: LiveCall) -> str | None:
        """The call whose place is kept for whoever calls now, from this or another of their numbers: they go on at their place
        themselves, and nobody calls them until this call is over. None for anybody else, and for whom we are joining to
        somebody just now."""
        kept = self._of(live.call.client_id, live.call.caller)
        if kept is None or not kept.gone or kept is live or self._on_the_line(kept):
            return None
        live.again = kept
        return kept.call.id

    def served(self, client_id: str, numbers: Iterable[str], since: datetime) -> None:
        """Somebody talks, or talked, with the person of these numbers, who called at `since`: a place that was kept for them
        before is not needed any more."""
        for kept in {id(one): one for n in numbers if (one := self._of(client_id, n))}.values():
            if kept.gone and kept.place is not None and kept.place.kept_at <= since:
                self._fulfil(kept)

    def _of(self, client_id: str | None, number: str) -> LiveCall | None:
        call_id = self._kept.get((client_id or "", number)) if number else None
        return self._book.calls.get(call_id) if call_id is not None else None

    def _on_the_line(self, kept: LiveCall) -> bool:
        return any(one.again is kept for one in self._book.calls.values())

    def _over_again(self, live: LiveCall) -> None:
        """A call is over. Who was not talked with although a place is kept for them is called back, in turn, after all."""
        kept, live.again = live.again, None
        if kept is not None and kept.place is not None and not kept.over:
            now = self._clock.now()
            self._perform(self._floor.hung_up_to_be_called(kept.call.id, now))

    def _fulfil(self, kept: LiveCall) -> None:
        now = self._clock.now()
        self._perform(self._floor.leave(kept.call.id, now))
        self._book.end(kept, Outcome.ABANDONED, now)
        self._over(kept, Result.CAME_AGAIN)

    # Calling them

    def reach(self, live: LiveCall, offer: Offer) -> None:
        """The operator is there: the caller is called."""
        self._reaching[live.call.id] = asyncio.Event()
        try:
            if self._outgoing is None:
                raise NoWayOut
            self._outgoing.do("place", self._reach(live, offer, self._outgoing))
        except NoWayOut:
            live.line.do(lambda: self._not_reached(live, offer, counts=True))

    def offer_over(self, live: LiveCall) -> None:
        """The operator is not there any more."""
        if (reaching := self._reaching.pop(live.call.id, None)) is not None:
            reaching.set()

    def joined(self, live: LiveCall) -> None:
        """Caller and operator talk."""
        self._reaching.pop(live.call.id, None)
        again, live.again = live.again, None
        if live.place is not None:
            self._over(live, Result.TALKED)
        elif again is not None and again.place is not None:
            self._fulfil(again)
        elif live.call.client_id is not None:
            self.served(live.call.client_id, [live.call.caller], live.call.arrived_at)

    async def _reach(self, live: LiveCall, offer: Offer, outgoing: Outgoing) -> None:
        kept, gave_up = live.place, self._reaching.get(live.call.id)
        if kept is None or gave_up is None:
            return
        try:
            line = await outgoing.call(kept.number, call=live.call.id, shown=kept.shown)
        except (Full, MayNotCall, NoWayOut, PhoneError) as error:
            log.warning("routing.place_not_called", call=live.call.id, error=type(error).__name__)
            # It is not the caller's doing that all our lines are taken, or the engine is away.
            unable = isinstance(error, (Full, PhoneError))
            await self._not_reached(live, offer, counts=not unable)
            return
        if live.operator_leg is not None:
            leg = live.operator_leg
            live.line.do(lambda: self._phone.ring(leg))
        reached = await self._answered(line, gave_up, outgoing.ring_seconds)
        if not reached or not live.holds(offer):
            await line.hang_up()
            if live.holds(offer) and not gave_up.is_set():
                await self._not_reached(live, offer, counts=True)
            return
        outgoing.hand_over(line)
        if line.is_over:
            await self._not_reached(live, offer, counts=True)
            return
        live.leg, live.gone, live.voice = line.leg, False, True
        self._book.legs[line.leg] = (live, False)
        self._book.count(live)
        live.line.do(lambda: self._join(live, offer))

    async def _join(self, live: LiveCall, offer: Offer) -> None:
        await self._connect(live, offer)
        if live.place is None or live.gone:
            return
        # The operator has gone meanwhile, or the engine could not join them: nobody is there for the caller.
        live.gone = True
        self._book.legs.pop(live.leg, None)
        self._book.uncount(live)
        await self._phone.hang_up(live.leg)
        await self._not_reached(live, offer, counts=True)

    async def _answered(self, line: Line, gave_up: asyncio.Event, seconds: int) -> bool:
        reaching = asyncio.create_task(line.answered(seconds))
        leaving = asyncio.create_task(gave_up.wait())
        try:
            await asyncio.wait((reaching, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not reaching.done():
                return False
            reaching.result()
            return True
        except (NotReached, PhoneError):
            return False
        finally:
            for task in (reaching, leaving):
                task.cancel()
            await asyncio.gather(reaching, leaving, return_exceptions=True)

    async def _not_reached(self, live: LiveCall, offer: Offer, *, counts: bool) -> None:
        """Tried again later, or given up. `counts`: it was tried; else it was not even possible."""
        kept = live.place
        if kept is None or not live.holds(offer):
            return
        now = self._clock.now()
        tries = kept.tries + counts
        again_at = now + AGAIN if tries < TRIES else None
        operator_id = offer.operator_id
        live.place = Place(
            kept.id,
            kept.client_id,
            kept.number,
            kept.shown,
            kept.kept_at,
            tries,
            again_at or now,
            operator_id,
            kept.also,
        )
        self._reaching.pop(live.call.id, None)
        if self._floor.seats[operator_id].stage is Stage.CONNECTING:
            self._perform(self._floor.not_reached(operator_id, again_at, now))
        if again_at is None:
            self._book.end(live, Outcome.NOT_REACHED, now)
            self._over(live, Result.GIVEN_UP, operator_id)
        else:
            later = again_at
            self._writes.put(lambda tx: keeping.tried(tx, kept.id, tries, later, operator_id))

    # After a restart

    def adopt(self, live: LiveCall, kept: Place, state: LegState | None) -> None:
        """A place that an earlier program kept, for a call that is on the floor; `state` of the leg by which they came, if it is
        still there: nobody told them yet, or they have not hung up."""
        self.hold(live, kept)
        if state is None:
            live.gone = True
            self._book.legs.pop(live.leg, None)
        else:
            live.line.do(lambda: self.say_goodbye(live))

    def settle(self, ended: Iterable[tuple[Place, Outcome | None]]) -> None:
        """Places whose calls are over although nobody wrote down what became of them. Of whom nothing better is known, somebody
        is told."""
        for kept, outcome in ended:
            result = {
                Outcome.ANSWERED: Result.TALKED,
                Outcome.ABANDONED: Result.CAME_AGAIN,
            }.get(outcome or Outcome.LOST, Result.GIVEN_UP)
            self._writes.put(partial(keeping.over, call_id=kept.id, result=result))

    def _over(self, live: LiveCall, result: Result, operator_id: str | None = None) -> None:
        kept, live.place = live.place, None
        if kept is None:
            return
        for number in (*kept.also, kept.number):
            if self._kept.get((kept.client_id, number)) == live.call.id:
                del self._kept[kept.client_id, number]
        self._writes.put(lambda tx: keeping.over(tx, kept.id, result, operator_id))
