"""The floor, the rows and the engine brought together: when the engine is there, or there again, and after a fault."""

import asyncio
from collections.abc import Mapping

import structlog

from denwaban.clock import Clock
from denwaban.journal import Fact
from denwaban.outgoing import Outgoing
from denwaban.routing.adoption import NOTHING_HELD, Held, is_caller, read_held, resync, sweep
from denwaban.routing.desk import Desk
from denwaban.routing.following import Following
from denwaban.routing.roster import Roster
from denwaban.routing.supervision import Supervision
from denwaban.store import Store, StoreError
from denwaban.telephony.engine import Entry, Ledger
from denwaban.telephony.port import Leg, PhoneError, Resynced

log = structlog.get_logger(__name__)

ENGINE = "engine"
"""Subject of the facts `engine.lost` and `engine.back`."""

MEND_AFTER, MEND_AT_MOST = 1.0, 30.0
"""Seconds from a fault to the comparison with the engine; twice as long after each that failed."""


class Rejoining:
    """For one desk. The floor is paused while the engine is away, and while they are compared."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        desk: Desk,
        outgoing: Outgoing,
        roster: Roster,
        following: Following,
        supervision: Supervision,
        ledger: Ledger | None,
    ) -> None:
        """Without `ledger` callers who went away unseen have left when they are missed."""
        self._store = store
        self._clock = clock
        self._desk = desk
        self._outgoing = outgoing
        self._roster = roster
        self._following = following
        self._supervision = supervision
        self._ledger = ledger
        if ledger is not None:
            desk.at_engine.ledger = self._written_down
        self.connected = False
        """The engine is there, so that every leg in it is known."""
        self.ready = asyncio.Event()
        """Set when the engine's first snapshot is worked in and calls are taken."""
        self.one_at_a_time = asyncio.Lock()
        """To be held while an event is taken: none comes into the middle of a comparison."""
        self._new = True

    def lost(self) -> None:
        """The engine is away."""
        self.connected = False
        self._desk.perform(self._desk.floor.pause(True, self._clock.now()))
        self._desk.recorder.put(Fact("engine.lost", ENGINE))

    async def resynced(self, event: Resynced) -> None:
        """The engine is there: calls are taken, whatever fails with some of those that it has."""
        floor, faults = self._desk.floor, self._desk.faults
        floor.pause(True, self._clock.now())
        new = self._new
        # Whatever fails, the floor goes on; `mend` takes up what was left.
        with faults.survived("resync"):
            await self._take_in(event)
        if new or event.restarted:
            with faults.survived("seats"):
                await self._roster.give()
        self.connected = True
        self._desk.recorder.put(Fact("engine.back", ENGINE, None, {"restarted": event.restarted}))
        self._desk.perform(floor.pause(False, self._clock.now()))
        self.ready.set()

    async def mend(self) -> None:
        """Until cancelled: after a fault, compares what the engine and the rows have with what is known here, until nothing
        fails."""
        faults, pause = self._desk.faults, MEND_AFTER
        while True:
            await faults.some.wait()
            await asyncio.sleep(pause)
            before = faults.count
            with faults.survived("mend"):
                if await self._compare():
                    faults.mended(before)
            pause = min(pause * 2, MEND_AT_MOST) if faults.open else MEND_AFTER

    async def _compare(self) -> bool:
        """False: the engine is away; what comes when it is back does the same."""
        desk = self._desk
        await self._following.read_seats()
        await self._following.read_unread(None)
        async with self.one_at_a_time:
            if not self.connected:
                return False
            desk.floor.pause(True, self._clock.now())
            try:
                known = frozenset(desk.book.legs) | frozenset(desk.control.legs)
                snapshot = await desk.phone.snapshot()
                await self._take_in(Resynced(snapshot, False, self._clock.now()), known)
                await self._roster.give()
            except PhoneError:
                return False
            finally:
                if self.connected:
                    desk.perform(desk.floor.pause(False, self._clock.now()))
        return True

    async def _take_in(self, event: Resynced, known: frozenset[Leg] | None = None) -> None:
        """What the snapshot and the rows say. Done again, it takes up what a fault left."""
        desk, snapshot = self._desk, event.snapshot
        strays = [
            leg
            for leg, state in snapshot.legs.items()
            if is_caller(state) and leg not in desk.book.legs
        ]
        held = await self._held(strays, everything=self._new)
        ledger = await self._written_down()
        if event.restarted:
            desk.at_engine.all_gone()
        await resync(desk, event, held, self._outgoing, ledger, known)
        await desk.at_engine.find(ledger, snapshot.legs)
        await self._supervision.go_on(snapshot)
        sweep(desk, snapshot, self._supervision.has)
        self._outgoing.sweep()
        desk.control.settle()
        self._new = False

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
