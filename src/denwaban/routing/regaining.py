"""Callers whose operator's page is gone in the talk: they hear music, the seat is rung, and the two talk on.

A page takes its telephone with it when it is loaded again, closed or crashes; nobody has hung up then. Who hangs up says so
by the program (`Wishes.hang_up`), or at a telephone of their own.
"""

from collections.abc import Callable

import structlog

from denwaban.calls import CallState, changes
from denwaban.care import ask_help, end_help
from denwaban.clock import Clock
from denwaban.routing.behind import Behind
from denwaban.routing.book import Book
from denwaban.routing.control import Control
from denwaban.routing.floor import Floor
from denwaban.routing.live import LiveCall, Person
from denwaban.routing.model import Perform, Stage
from denwaban.routing.talk import Talk
from denwaban.store import Store
from denwaban.telephony.port import Leg, LegGone, Phone, PhoneError

log = structlog.get_logger(__name__)

ON = "on-"
"""What the page's telephone sees as the call (`X-Call`) begins with this when the talk goes on: it answers by itself."""

RING_SECONDS = 20


class Regaining:
    """The lost talks of one desk."""

    def __init__(
        self,
        clock: Clock,
        phone: Phone,
        store: Store,
        floor: Floor,
        book: Book,
        control: Control,
        perform: Perform,
        changed: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._phone = phone
        self._floor = floor
        self._book = book
        self._control = control
        self._perform = perform
        self._changed = changed
        self._writes = Behind(store, book, "a call for a supervisor")

    def page_gone(self, operator_id: str) -> None:
        """The seat has a new page: what the one before talked about, if it did, is not heard there any more."""
        seat = self._floor.seats.get(operator_id)
        live = self._book.calls.get(seat.call_id or "") if seat is not None else None
        if seat is None or live is None or live.operator_leg is None:
            return
        leg = live.operator_leg
        if seat.stage is not Stage.TALKING or not self._phone.in_page(leg):
            return
        self._drop(live)
        if not self._control.operator_gone(live, meant=False):
            self._perform(self._floor.lost(operator_id, self._clock.now()))

    def lost(self, live: LiveCall) -> None:
        """The caller hears music. The call stays the operator's."""
        now = self._clock.now()
        live.talk, live.room, live.music = Talk(), frozenset(), None
        live.unsettled = False
        if live.muted:
            live.muted = False
            self._book.record(live, changes.muted(live.call, False))
        self._book.record(live, changes.moved(live.call, "seat_lost", now, state=CallState.TALKING))
        live.line.do(lambda: self._music(live))
        self._changed()

    def ring(self, live: LiveCall, person: Person) -> None:
        """Rings the seat, anew if it is rung already."""
        self._drop(live)
        live.line.do(lambda: self._dial(live, person))

    def answered(self, live: LiveCall, leg: Leg) -> None:
        """The seat is there again."""
        live.line.do(lambda: self._join(live, leg))

    def given_up(self, live: LiveCall) -> None:
        """Nobody came back: somebody else is offered the caller, and a supervisor is called until they are taken."""
        self._drop(live)
        call, operator_id = live.call, live.call.operator_id
        if call.client_id is not None and operator_id is not None:
            live.helped = True
            self._writes.put(lambda tx: ask_help(tx, call, operator_id, lost=True))

    def taken(self, live: LiveCall) -> None:
        """Somebody talks with the caller again."""
        if live.helped:
            live.helped = False
            self._writes.put(lambda tx: end_help(tx, live.call.id))

    def _lost(self, live: LiveCall) -> bool:
        caller = self._floor.callers.get(live.call.id)
        if caller is None or caller.seat is None or live.gone:
            return False
        return self._floor.seats[caller.seat].stage is Stage.LOST

    async def _music(self, live: LiveCall) -> None:
        if self._lost(live):
            await self._phone.music(live.leg)

    async def _dial(self, live: LiveCall, person: Person) -> None:
        if not self._lost(live) or live.operator_leg is not None:
            return
        try:
            leg = self._phone.dial(
                person.seat,
                call=f"{ON}{live.call.id}",
                caller=live.call.caller,
                title=live.title,
                seconds=RING_SECONDS,
            )
        except PhoneError as error:
            log.warning("routing.dial_failed", call=live.call.id, error=type(error).__name__)
            self._floor.ring_failed(person.id, self._clock.now())
            self._changed()
            return
        live.operator_leg = leg
        self._book.legs[leg] = (live, True)

    async def _join(self, live: LiveCall, leg: Leg) -> None:
        if not self._lost(live) or live.operator_leg != leg or live.offer is None:
            return
        operator_id = live.offer.operator_id
        try:
            record = live.record and not live.call.silenced
            await self._phone.connect(live.call.id, live.leg, leg, record=record)
        except LegGone:
            return  # who it was is told by the leg's own end
        except PhoneError as error:
            log.warning("routing.connect_failed", call=live.call.id, error=type(error).__name__)
            self._drop(live)
            self._floor.ring_failed(operator_id, self._clock.now())
            live.line.do(lambda: self._music(live))
            self._changed()
            return
        if self._lost(live) and live.operator_leg == leg:
            self._floor.regained(operator_id)
            self._control.joined(live)
            self._book.record(live, changes.moved(live.call, "seat_back", self._clock.now()))
            self._changed()

    def _drop(self, live: LiveCall) -> None:
        leg, live.operator_leg = live.operator_leg, None
        if leg is not None and self._book.legs.pop(leg, None) is not None:
            live.line.do(lambda: self._phone.hang_up(leg))
