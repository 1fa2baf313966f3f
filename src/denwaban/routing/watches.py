"""Who is at whose call: what the engine does for them, and how it ends."""

from collections.abc import Callable
from functools import partial

import structlog

from denwaban.care import Mode, OpenWatch, end_help, taken_over, watch_ended
from denwaban.clock import Clock
from denwaban.routing.asking import SeatError, ask
from denwaban.routing.desk import Desk
from denwaban.routing.model import Stage
from denwaban.routing.watch import WATCH, Watch, WatchView
from denwaban.store import Store, StoreError, Tx
from denwaban.telephony.port import Leg, PhoneError, Snapshot

log = structlog.get_logger(__name__)


class Watches:
    """The supervisors at the calls of one desk."""

    def __init__(self, store: Store, clock: Clock, desk: Desk, changed: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk
        self._changed = changed
        self._watches: dict[str, Watch] = {}
        """By the supervisor's user id."""
        self._legs: dict[Leg, Watch] = {}

    def has(self, leg: Leg) -> bool:
        """Whether this is the telephone of a supervisor at a call."""
        return leg in self._legs

    def watches(self) -> list[WatchView]:
        """Who is at whose call."""
        return [
            WatchView(one.user_id, one.operator_id, one.mode, one.answered)
            for one in self._watches.values()
        ]

    def stop(self, user_id: str) -> bool:
        """Leaves the call. False: this supervisor was at none."""
        watch = self._watches.get(user_id)
        if watch is not None:
            self._over(watch)
        return watch is not None

    def look(self) -> None:
        """Ends what has nothing to listen to any more: called whenever something on the floor has changed."""
        for watch in list(self._watches.values()):
            if watch.live.operator_leg != watch.heard or not self._desk.control.talking(watch.live):
                self._over(watch)
            elif watch.joined is not None and watch.joined != watch.live.talk:
                # Somebody is asked in, or goes: the engine joins them anew, behind what it does just now.
                watch.joined = watch.live.talk
                watch.live.line.do(partial(self._join, watch))

    # In the engine

    async def _hear(self, watch: Watch, leg: Leg) -> None:
        """Makes the engine what the mode says. Raises `PhoneError`, `SeatError`."""
        if watch.mode is Mode.BARGE:
            watch.joined = watch.live.talk
            await ask(watch.live.line, lambda: self._join(watch))
        elif watch.mode is Mode.WHISPER:
            await self._desk.phone.whisper(leg, watch.heard)
        else:
            await self._desk.phone.listen(leg, watch.heard)

    async def _again(self, watch: Watch) -> None:
        """The ear does not outlive the connection, the supervisor does."""
        leg = watch.leg
        if leg is None or self._watches.get(watch.user_id) is not watch:
            return
        try:
            await self._hear(watch, leg)
        except (PhoneError, SeatError):
            self._over(watch)

    async def _join(self, watch: Watch) -> None:
        if watch.leg is not None and watch.joined is not None:
            await self._desk.phone.barge(watch.leg, watch.heard)

    # After a restart

    def _adopt(self, one: OpenWatch, own: str, snapshot: Snapshot) -> bool:
        """Goes on with what an earlier program began. False: one of the two is not there any more."""
        desk = self._desk
        live, seat = desk.book.calls.get(one.call_id), desk.floor.seats.get(own)
        if live is None or live.operator_leg is None or not desk.control.talking(live):
            return False
        theirs = live.call.operator_id == one.operator_id and one.mode is not Mode.TAKE_OVER
        if seat is None or seat.stage is not Stage.FREE or not theirs:
            return False
        name = desk.people[own].seat
        legs = (
            state.leg
            for state in snapshot.legs.values()
            if state.seat == name and state.answered and not state.together
        )
        leg = next(legs, None)
        if leg is None or leg in self._legs:
            return False
        desk.perform(desk.floor.watch(own, self._clock.now()))
        watch = Watch(
            one.user_id,
            own,
            one.operator_id,
            live,
            live.operator_leg,
            one.mode,
            desk.book.line(f"{WATCH}{live.call.id}"),
            leg,
            answered=True,
            record=one.id,
        )
        self._watches[one.user_id] = self._legs[leg] = watch
        watch.line.do(lambda: self._again(watch))
        return True

    # The end

    def _over(self, watch: Watch) -> None:
        """The supervisor is at this call no more."""
        if self._watches.get(watch.user_id) is watch:
            del self._watches[watch.user_id]
        leg, watch.leg = watch.leg, None
        if leg is not None and self._legs.pop(leg, None) is not None:
            watch.line.do(lambda: self._desk.phone.hang_up(leg))
        for known, one in list(self._legs.items()):
            if one is watch:
                del self._legs[known]
        watch.line.do(lambda: self._free(watch))
        watch.line.do(lambda: self._close(watch))
        self._changed()

    async def _free(self, watch: Watch) -> None:
        # Behind the hanging up: the telephone must be free to ring.
        self._release(watch.own)

    def _release(self, own: str) -> None:
        """The seat may get callers again, unless its supervisor is at the next call already."""
        if not any(one.own == own for one in self._watches.values()):
            self._desk.perform(self._desk.floor.watch_over(own, self._clock.now()))

    async def _close(self, watch: Watch) -> None:
        """Writes the end into the record. A database that is away is asked by the next program (`begin`)."""
        record, watch.record = watch.record, ""
        if not record:
            return

        def write(tx: Tx) -> None:
            watch_ended(tx, record)
            if watch.took:
                taken_over(tx, watch.live.call.id, watch.user_id)
                end_help(tx, watch.live.call.id)

        try:
            await self._store.write(write)
        except StoreError as error:
            log.warning("monitor.end_not_written", error=type(error).__name__)
