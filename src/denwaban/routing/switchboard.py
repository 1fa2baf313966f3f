"""The switchboard: runs the desk, and is what the operators' screens act on."""

import asyncio
import gc
from collections.abc import Collection, Mapping

from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.journal import Journal, last_seq
from denwaban.lines import ServiceCache
from denwaban.outgoing import Outgoing
from denwaban.routing.book import Book
from denwaban.routing.deciding import Deciding
from denwaban.routing.desk import Desk
from denwaban.routing.floor import Floor
from denwaban.routing.following import Following
from denwaban.routing.gate import Gate, ReadChanges, nothing_unread
from denwaban.routing.intake import Intake
from denwaban.routing.looking import helping, look, near, seat_of
from denwaban.routing.permitted import Conditions, by_time_alone
from denwaban.routing.places import Places
from denwaban.routing.prompts import Prompts, Speech
from denwaban.routing.recorder import Recorder
from denwaban.routing.regaining import Regaining
from denwaban.routing.rejoining import Rejoining
from denwaban.routing.roster import Roster
from denwaban.routing.seats import Care
from denwaban.routing.sound import Sound
from denwaban.routing.supervision import Supervision
from denwaban.routing.timer import Timer
from denwaban.routing.view import FloorView, NearView, SeatView
from denwaban.routing.wishes import Wishes
from denwaban.store import Store
from denwaban.telephony.engine import Ledger
from denwaban.telephony.port import (
    CallArrived,
    Digit,
    EngineLost,
    Event,
    Leg,
    LegAnswered,
    LegEnded,
    LegHeld,
    LegRinging,
    Phone,
    Played,
    Referred,
    Resynced,
    SeatChanged,
)


class Switchboard(Wishes):
    """One for an installation's engine. `run()` until cancelled; the other methods are for the same event loop."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        phone: Phone,
        settings: Settings,
        speech: Speech,
        journal: Journal,
        changes: ReadChanges = nothing_unread,
        *,
        outgoing: Outgoing | None = None,
        conditions: Conditions = by_time_alone,
        ledger: Ledger | None = None,
    ) -> None:
        """`conditions` says whom of the client's staff a caller may be put through to. `outgoing` is shown every event of the
        telephone first; what is about a call of ours concerns nobody else. Without it nobody outside is called, nor offered to be
        called back. Without `ledger` callers who went away unseen have left when they are missed."""
        self._store = store
        self._clock = clock
        self._phone = phone
        self._conditions = conditions
        self._calls_out = outgoing is not None
        self._outgoing = outgoing or Outgoing(phone, clock, settings)
        self._gate = Gate()
        self._floor = Floor(
            settings.ring_seconds,
            settings.ringback_seconds,
            settings.wrapup_seconds,
            self._gate,
            Care(settings.calls_in_a_row, settings.minutes_in_a_row * 60, settings.rest_seconds),
            settings.return_seconds,
        )
        self._cache = ServiceCache(store)
        self._prompts = Prompts(speech)
        self._recorder = Recorder(store)
        self._book = Book(phone, self._recorder)
        self._desk = Desk(
            clock,
            phone,
            self._floor,
            self._cache,
            sound := Sound(clock, phone, self._floor, self._prompts),
            self._book,
            self._recorder,
            Intake(store),
            self._outgoing,
            settings.ring_seconds,
            settings.park_seconds,
            self._changed,
        )
        self._desk.places = Places(
            clock,
            phone,
            store,
            self._floor,
            self._book,
            self._recorder,
            sound,
            outgoing,
            abroad=settings.outbound_abroad,
            perform=self._desk.perform,
            connect=self._desk.connect,
        )
        self._desk.regaining = Regaining(
            clock,
            phone,
            store,
            self._floor,
            self._book,
            self._desk.control,
            self._desk.perform,
            self._changed,
        )
        self._faults = self._desk.faults
        self.supervision = Supervision(store, clock, self._desk, self._changed)
        self.deciding = Deciding(store, clock, self._desk, self._recorder, self._changed)
        roster = Roster(store, self._desk)
        self._following = Following(
            store,
            journal,
            self._desk,
            self._gate,
            roster,
            changes,
            self._changed,
            self.supervision.stop,
        )
        self._rejoining = Rejoining(
            store,
            clock,
            self._desk,
            self._outgoing,
            roster,
            self._following,
            self.supervision,
            ledger,
        )
        self._timer = Timer(clock, self._floor, self._desk.perform, self._faults)
        self._view: FloorView | None = None

    async def run(self) -> None:
        """Takes calls until cancelled. What is not written then is written first, for a few seconds."""
        since = await self._store.read(last_seq)
        await self._prompts.begin()
        await self._following.read_seats()
        await self._following.read_unread(None)
        messages = {line.service(self._clock.now()).message for line in await self._cache.warm()}
        self._floor.pause(True, self._clock.now())
        # Ten thousand clients' plans are here to stay: a collector that walks them would hold up calls for tens of ms.
        gc.collect()
        gc.freeze()
        writer = asyncio.create_task(self._recorder.run())
        try:
            async with asyncio.TaskGroup() as tasks:
                self._book.tasks = tasks
                tasks.create_task(_must_go_on(writer))
                tasks.create_task(self._timer.run())
                tasks.create_task(self._following.run(since))
                tasks.create_task(self._prompts.prepare(messages))
                tasks.create_task(self._rejoining.mend())
                tasks.create_task(self._take_events())
        finally:
            self._recorder.stop()
            await writer

    async def ready(self) -> None:
        """Returns when the engine's first snapshot is worked in and calls are taken."""
        await self._rejoining.ready.wait()

    async def written(self) -> None:
        """Returns when everything that happened so far is in the database."""
        await self._recorder.written()

    def has(self, leg: Leg) -> bool:
        """Whether this leg is one of a call that goes on."""
        return leg in self._book.legs

    def gone(self, legs: Collection[Leg]) -> None:
        """These callers are over, as the engine wrote it: whoever spoke to it alone takes no line any more."""
        self._desk.at_engine.gone(legs)

    @property
    def connected(self) -> bool:
        """Whether the engine is there, so that every leg in it is known."""
        return self._rejoining.connected

    @property
    def behind(self) -> int:
        """Changes not yet written to the database."""
        return self._recorder.behind

    @property
    def unwritable(self) -> int:
        """Changes that the database refused since the start: a fault of ours, to be looked up in the log."""
        return self._recorder.unwritable

    def trouble(self) -> str | None:
        """What keeps calls from being taken as they should, in an English word or two; None when nothing does."""
        if not self.connected:
            return "away"
        return f"{self._faults.open} faults on the floor" if self._faults.open else None

    # What the screens ask and want

    def view(self) -> FloorView:
        """The floor now."""
        if self._view is None:
            self._view = look(self._desk, engine=self.connected)
        return self._view

    def near(self, operator_id: str, most: int) -> NearView:
        """What one operator's screen shows of it, with at most so many others who are free."""
        return near(self._desk, operator_id, most, engine=self.connected)

    def seat(self, operator_id: str) -> SeatView | None:
        """One operator's seat; None before it is on the floor."""
        return seat_of(self._desk, operator_id)

    def helping(self) -> Mapping[str, str]:
        """The calls of others that operators are asked into, by operator."""
        return helping(self._desk)

    def lines_in_use(self) -> Mapping[str, int]:
        """How many of their lines clients' callers take now, as the line limit counts them: also who speaks to the engine alone."""
        return self._book.taken()

    def practice_for(self, operator_id: str | None) -> None:
        """The next practice call rings this operator, if free then; otherwise, or with None, whoever is next."""
        self._desk.practice_for = operator_id

    # Tasks

    async def _take_events(self) -> None:
        async for event in self._phone.events():
            # A fault with one call must not end all the others.
            with self._faults.survived("event", event_kind=type(event).__name__):
                ours = self._calls_out and self._outgoing.take(event)
                if not ours and not self.supervision.take(event):
                    async with self._rejoining.one_at_a_time:
                        await self._take(event)

    async def _take(self, event: Event) -> None:
        match event:
            case CallArrived():
                self._desk.arrived(event)
            case LegEnded():
                self._desk.leg_ended(event)
            case LegAnswered():
                self._desk.leg_answered(event)
            case LegRinging():
                self._desk.leg_ringing(event)
            case Played():
                self._desk.played(event)
            case LegHeld():
                self._desk.leg_held(event)
            case Referred():
                self._referred(event)
            case SeatChanged():
                self._seat_changed(event)
            case EngineLost():
                self._rejoining.lost()
            case Resynced():
                await self._rejoining.resynced(event)
            case Digit():
                self._desk.places.pressed(event)

    def _seat_changed(self, event: SeatChanged) -> None:
        operator_id = self._desk.seats.get(event.seat)
        if operator_id is None or self._floor.seats[operator_id].online == event.online:
            return
        self._desk.perform(self._floor.online(operator_id, event.online, self._clock.now()))
        self._desk.tell_seat(operator_id)

    def _changed(self) -> None:
        self._view = None
        self.supervision.look()
        self._timer.changed()


async def _must_go_on(task: asyncio.Task[None]) -> None:
    """Raises what the task raises, so that its end is the end of all."""
    await asyncio.shield(task)
