"""The switchboard: runs the desk, and is what the operators' screens act on."""

import asyncio
import gc
from collections.abc import Collection, Mapping
from datetime import datetime

import structlog

from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.journal import Fact, Journal, last_seq
from denwaban.lines import ServiceCache
from denwaban.outgoing import Outgoing
from denwaban.routing.adoption import NOTHING_HELD, Held, is_caller, read_held, resync, sweep
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
from denwaban.routing.roster import Roster
from denwaban.routing.seats import Care
from denwaban.routing.sound import Sound
from denwaban.routing.supervision import Supervision
from denwaban.routing.view import FloorView, NearView, SeatView
from denwaban.routing.wishes import Wishes
from denwaban.store import Store, StoreError
from denwaban.telephony.engine import Entry, Ledger
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
    PhoneError,
    Played,
    Referred,
    Resynced,
    SeatChanged,
)

log = structlog.get_logger(__name__)

ENGINE = "engine"
"""Subject of the facts `engine.lost` and `engine.back`."""

MEND_AFTER, MEND_AT_MOST = 1.0, 30.0
"""Seconds from a fault to the comparison with the engine; twice as long after each that failed."""


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
        self._ledger = ledger
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
        if ledger is not None:
            self._desk.at_engine.ledger = self._written_down
        self._faults = self._desk.faults
        self._one_at_a_time = asyncio.Lock()
        """Events, and the comparison with the engine after a fault."""
        self.supervision = Supervision(store, clock, self._desk, self._changed)
        self.deciding = Deciding(store, clock, self._desk, self._recorder, self._changed)
        self._roster = Roster(store, self._desk)
        self._following = Following(
            store,
            journal,
            self._desk,
            self._gate,
            self._roster,
            changes,
            self._changed,
            self.supervision.stop,
        )
        self._engine = False
        self._new = True
        self._view: FloorView | None = None
        self._timer = asyncio.Event()
        self._wakes_at: datetime | None = None
        self._ready = asyncio.Event()

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
                tasks.create_task(self._keep_time())
                tasks.create_task(self._following.run(since))
                tasks.create_task(self._prompts.prepare(messages))
                tasks.create_task(self._mend())
                tasks.create_task(self._take_events())
        finally:
            self._recorder.stop()
            await writer

    async def ready(self) -> None:
        """Returns when the engine's first snapshot is worked in and calls are taken."""
        await self._ready.wait()

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
        return self._engine

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
        if not self._engine:
            return "away"
        return f"{self._faults.open} faults on the floor" if self._faults.open else None

    # What the screens ask and want

    def view(self) -> FloorView:
        """The floor now."""
        if self._view is None:
            self._view = look(self._desk, engine=self._engine)
        return self._view

    def near(self, operator_id: str, most: int) -> NearView:
        """What one operator's screen shows of it, with at most so many others who are free."""
        return near(self._desk, operator_id, most, engine=self._engine)

    def seat(self, operator_id: str) -> SeatView | None:
        """One operator's seat; None before it is on the floor."""
        return seat_of(self._desk, operator_id)

    def helping(self) -> Mapping[str, str]:
        """The calls of others that operators are asked into, by operator."""
        return helping(self._desk)

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
                    async with self._one_at_a_time:
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
                self._engine_lost()
            case Resynced():
                await self._resynced(event)
            case Digit():
                self._desk.places.pressed(event)

    def _seat_changed(self, event: SeatChanged) -> None:
        operator_id = self._desk.seats.get(event.seat)
        if operator_id is None or self._floor.seats[operator_id].online == event.online:
            return
        self._desk.perform(self._floor.online(operator_id, event.online, self._clock.now()))
        self._desk.tell_seat(operator_id)

    def _engine_lost(self) -> None:
        self._engine = False
        self._desk.perform(self._floor.pause(True, self._clock.now()))
        self._recorder.put(Fact("engine.lost", ENGINE))

    async def _resynced(self, event: Resynced) -> None:
        self._floor.pause(True, self._clock.now())
        new = self._new
        # Whatever fails, the floor goes on; `_mend` takes up what was left.
        with self._faults.survived("resync"):
            await self._take_in(event)
        if new or event.restarted:
            with self._faults.survived("seats"):
                await self._roster.give()
        self._engine = True
        self._recorder.put(Fact("engine.back", ENGINE, None, {"restarted": event.restarted}))
        self._desk.perform(self._floor.pause(False, self._clock.now()))
        self._ready.set()

    async def _take_in(self, event: Resynced, known: frozenset[Leg] | None = None) -> None:
        """What the snapshot and the rows say. Done again, it takes up what a fault left."""
        strays = [
            leg
            for leg, state in event.snapshot.legs.items()
            if is_caller(state) and leg not in self._book.legs
        ]
        held = await self._held(strays, everything=self._new)
        ledger = await self._written_down()
        if event.restarted:
            self._desk.at_engine.all_gone()
        await resync(self._desk, event, held, self._outgoing, ledger, known)
        await self._desk.at_engine.find(ledger, event.snapshot.legs)
        await self.supervision.go_on(event.snapshot)
        sweep(self._desk, event.snapshot, self.supervision.has)
        self._outgoing.sweep()
        self._desk.control.settle()
        self._new = False

    async def _mend(self) -> None:
        """After a fault, compares what the engine and the rows have with what is known here, until nothing fails."""
        pause = MEND_AFTER
        while True:
            await self._faults.some.wait()
            await asyncio.sleep(pause)
            before = self._faults.count
            with self._faults.survived("mend"):
                if await self._compare():
                    self._faults.mended(before)
            pause = min(pause * 2, MEND_AT_MOST) if self._faults.open else MEND_AFTER

    async def _compare(self) -> bool:
        """False: the engine is away; what comes when it is back does the same."""
        await self._following.read_seats()
        await self._following.read_unread(None)
        async with self._one_at_a_time:
            if not self._engine:
                return False
            self._floor.pause(True, self._clock.now())
            try:
                known = frozenset(self._book.legs) | frozenset(self._desk.control.legs)
                snapshot = await self._phone.snapshot()
                await self._take_in(Resynced(snapshot, False, self._clock.now()), known)
                await self._roster.give()
            except PhoneError:
                return False
            finally:
                if self._engine:
                    self._desk.perform(self._floor.pause(False, self._clock.now()))
        return True

    async def _written_down(self) -> Mapping[Leg, Entry]:
        """What the engine wrote of callers whose end was not told."""
        if self._ledger is None:
            return {}
        try:
            return await asyncio.to_thread(self._ledger.read, self._clock.now())
        except OSError as error:
            log.warning("routing.ledger_unread", error=type(error).__name__)
            return {}

    async def _held(self, strays: list[Leg], *, everything: bool) -> Held:
        """What the database knows of them. A new program has to wait for it; one that only lost the engine for a moment knows its
        own calls, and must not keep everybody waiting for the database."""
        while everything or strays:
            try:
                return await self._store.read(
                    lambda tx: read_held(tx, strays, everything=everything)
                )
            except StoreError:
                log.warning("routing.store_away")
                if not everything:
                    break
                await asyncio.sleep(1)
        return NOTHING_HELD

    async def _keep_time(self) -> None:
        while True:
            self._timer.clear()
            due = self._wakes_at = self._floor.due()
            if due is None:
                await self._timer.wait()
            else:
                await self._until(due)
            with self._faults.survived("timer"):
                if actions := self._floor.tick(self._clock.now()):
                    self._desk.perform(actions)

    async def _until(self, due: datetime) -> None:
        waits = [
            asyncio.ensure_future(self._clock.sleep_until(due)),
            asyncio.ensure_future(self._timer.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _changed(self) -> None:
        self._view = None
        self.supervision.look()
        due = self._floor.due()
        if due is not None and (self._wakes_at is None or due < self._wakes_at):
            self._timer.set()


async def _must_go_on(task: asyncio.Task[None]) -> None:
    """Raises what the task raises, so that its end is the end of all."""
    await asyncio.shield(task)
