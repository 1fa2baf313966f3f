"""Supervisors at a call: they listen, speak into the operator's ear, join in, or take the call.

A supervisor is heard and hears through the telephone of a seat of their own, which is rung when they begin. The record is
written before anything is heard. What ends: the supervisor's wish or telephone, the operator's talk, the engine.
"""

import asyncio
from functools import partial

import structlog

from denwaban.access import user
from denwaban.calls import Offer, changes
from denwaban.care import (
    Mode,
    Rules,
    open_help,
    open_watches,
    rules_of,
    watch_began,
    watch_ended,
)
from denwaban.people import operator_of_user
from denwaban.routing.asking import PATIENCE, SeatError, ask
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Chosen, Impossible, Stage
from denwaban.routing.watch import RING_SECONDS, WATCH, NoPhone, Watch
from denwaban.routing.watches import Watches
from denwaban.store import StoreError, Tx, new_id
from denwaban.telephony.port import (
    EngineLost,
    Event,
    Leg,
    LegAnswered,
    LegEnded,
    LegGone,
    PhoneError,
    Snapshot,
)
from denwaban.web import _

log = structlog.get_logger(__name__)


class Supervision(Watches):
    """One for a switchboard. Methods are called from one task at a time of one event loop."""

    _new = True
    _lost = False

    # What supervisors want

    async def watch(
        self, user_id: str, own: str, operator_id: str, mode: Mode, call_id: str = ""
    ) -> None:
        """Rings the supervisor's telephone and does this with the operator's talk; who is at that talk already only changes
        the mode. `own` is the supervisor's seat; `call_id` the call that is meant, empty for whichever it is. Raises
        `SeatError`, also where the client's rules forbid it."""
        live = self._talk(operator_id)
        if call_id and live.call.id != call_id:
            # It ended while the supervisor made up their mind.
            raise _another()
        if own == operator_id:
            raise SeatError(_("ご自分の通話には使えません"))
        await self._check_rules(live, mode)
        if self._talk(operator_id) is not live:
            # The rules were those of another caller.
            raise _another()
        # Looked at only now: another page of theirs, or a key pressed twice, may have been first.
        watch = self._watches.get(user_id)
        if watch is not None and (watch.operator_id != operator_id or watch.live is not live):
            self._over(watch)
            watch = None
        if watch is None:
            self._dial(user_id, own, operator_id, live, mode)
        elif watch.answered and watch.mode is not mode:
            await ask(watch.line, lambda: self._do(watch, mode))
        else:
            watch.mode = mode
        self._changed()

    # What the engine tells

    def take(self, event: Event) -> bool:
        """Whether the event was about a supervisor's own leg."""
        if isinstance(event, EngineLost):
            self._lost = True
            return False
        if not isinstance(event, LegAnswered | LegEnded) or event.leg not in self._legs:
            return False
        watch = self._legs[event.leg]
        if isinstance(event, LegAnswered):
            watch.answered = True
            watch.line.do(lambda: self._begin(watch))
        else:
            watch.leg = None
            self._over(watch)
        return True

    async def go_on(self, snapshot: Snapshot) -> None:
        """The engine is there, or there again: whoever was at a call and still is stays there, also where an earlier program began
        it. What the record has open of others ends. Raises `StoreError`."""
        if self._lost:
            self._lost = False
            for watch in list(self._watches.values()):
                self._still(watch, snapshot)
        if not self._new:
            return
        found = await self._store.read(
            lambda tx: [(one, _own_seat(tx, one.user_id)) for one in open_watches(tx)]
        )
        for one, own in found:
            if own is None or not self._adopt(one, own, snapshot):
                await self._store.write(partial(watch_ended, watch_id=one.id))
        self._new = False

    # Inside

    def _still(self, watch: Watch, snapshot: Snapshot) -> None:
        state = snapshot.legs.get(watch.leg) if watch.leg is not None else None
        if state is None:
            watch.leg = None
        if state is None or watch.mode is Mode.TAKE_OVER:
            self._over(watch)
        elif watch.answered:
            watch.line.do(lambda: self._again(watch))
        elif state.answered:
            watch.answered = True
            watch.line.do(lambda: self._begin(watch))

    def _talk(self, operator_id: str) -> LiveCall:
        seat = self._desk.floor.seats.get(operator_id)
        if seat is None or seat.stage is not Stage.TALKING or seat.call_id is None:
            raise SeatError(_("この席は、いま通話していません"))
        return self._desk.book.calls[seat.call_id]

    async def _check_rules(self, live: LiveCall, mode: Mode) -> None:
        def read(tx: Tx) -> tuple[Rules, bool]:
            assert live.call.client_id is not None  # nobody talks on nobody's number
            asked = open_help(tx, live.call.id) is not None
            return rules_of(tx, live.call.client_id), asked

        try:
            rules, asked = await self._store.read(read)
        except StoreError as error:
            raise SeatError(_away()) from error
        # Who calls for help has agreed to be heard; and a call that is taken is not listened in to.
        if not rules.monitored and not asked and mode is not Mode.TAKE_OVER:
            raise SeatError(
                _(
                    "この顧客企業は、通話を聞くことを認めていません。オペレーターが SV を呼べば入れます"
                )
            )

    def _dial(self, user_id: str, own: str, operator_id: str, live: LiveCall, mode: Mode) -> None:
        seat, person = self._desk.floor.seats.get(own), self._desk.people.get(own)
        if seat is None or person is None or not seat.online:
            raise NoPhone(_("お手元の電話がつながっていません。「電話を使う」を押してください"))
        if seat.stage is not Stage.FREE:
            raise SeatError(_("お手元の電話は、いま通話中です"))
        assert live.operator_leg is not None  # they talk
        if seat.chosen is Chosen.READY:
            self._desk.perform(self._desk.floor.choose(own, Chosen.BREAK, self._clock.now()))
        # From the first ring on: wrap-up that ends, or a word of being ready, must not bring a caller into the listening.
        self._desk.perform(self._desk.floor.watch(own, self._clock.now()))
        line = self._desk.book.line(f"{WATCH}{live.call.id}")
        watch = Watch(user_id, own, operator_id, live, live.operator_leg, mode, line)
        try:
            watch.leg = self._desk.phone.dial(
                person.seat,
                call=f"{WATCH}{live.call.id}",
                caller="",
                title=f"SV {live.client_name}",
                seconds=RING_SECONDS,
            )
        except PhoneError as error:
            self._release(own)
            raise SeatError(
                _("電話の設備が応えませんでした。少し待ってからもう一度お試しください")
            ) from error
        self._watches[user_id] = self._legs[watch.leg] = watch

    async def _begin(self, watch: Watch) -> None:
        try:
            await self._do(watch, watch.mode)
        except SeatError as error:
            # Nobody waits for an answer any more; the board shows that nobody is at the call.
            log.info(
                "monitor.not_begun", call=watch.live.call.id, cause=type(error.__cause__).__name__
            )

    async def _do(self, watch: Watch, mode: Mode) -> None:
        """In the watch's own line. Raises `PhoneError`, `SeatError`."""
        if watch.leg is None or self._watches.get(watch.user_id) is not watch:
            return
        old, watch.mode, watch.joined = watch.record, mode, None
        try:
            # The row of a call that has just begun is written behind it.
            async with asyncio.timeout(PATIENCE):
                await self._desk.recorder.written()
            watch.record = await self._store.write(lambda tx: self._write(tx, watch, old))
        except (StoreError, TimeoutError) as error:
            # What cannot be recorded is not heard.
            self._over(watch)
            raise SeatError(_away()) from error
        leg = watch.leg
        if leg is None or self._watches.get(watch.user_id) is not watch:
            await self._close(watch)
            return
        try:
            if mode is Mode.TAKE_OVER:
                await ask(watch.live.line, lambda: self._take_over(watch, leg))
            else:
                await self._hear(watch, leg)
        except (PhoneError, SeatError):
            self._over(watch)
            raise
        self._changed()

    def _write(self, tx: Tx, watch: Watch, old: str) -> str:
        call = watch.live.call
        assert call.client_id is not None  # nobody talks on nobody's number
        if old:
            watch_ended(tx, old)
        # Who speaks is noticed anyhow.
        told = watch.mode is not Mode.LISTEN or rules_of(tx, call.client_id).told
        return watch_began(tx, call, watch.operator_id, watch.user_id, watch.mode, told=told)

    async def _take_over(self, watch: Watch, leg: Leg) -> None:
        """In the call's line. The supervisor's leg becomes the operator's, or all is as it was."""
        live, desk = watch.live, self._desk
        before = live.operator_leg
        if before is None or before != watch.heard or not desk.control.talking(live):
            raise SeatError(_("この席は、いま通話していません"))
        try:
            desk.floor.claim(live.call.id, watch.own, self._clock.now())
        except Impossible as error:
            raise SeatError(_("お手元の電話は、いま通話中です")) from error
        try:
            await self._take(watch, leg, before)
        except BaseException:
            desk.perform(desk.floor.unclaim(watch.own, self._clock.now()))
            raise
        await self._close(watch)

    async def _take(self, watch: Watch, leg: Leg, before: Leg) -> None:
        live, desk = watch.live, self._desk
        await desk.phone.unwatch(leg)
        desk.control.let_go(live)
        # From now on the operator's hanging up is not the end of the call.
        desk.book.legs.pop(before, None)
        try:
            # A pause of the recording stays one: the caller may be in the middle of a card number.
            record = live.record and not live.call.silenced
            await desk.phone.connect(live.call.id, live.leg, leg, record=record)
            if watch.leg is None:
                raise LegGone(leg)  # the supervisor has hung up in this moment
        except PhoneError:
            desk.book.legs[before] = (live, True)
            await self._give_back(live, before)
            raise
        if live.gone or live.over or not desk.control.talking(live):
            desk.send_away(before)
            raise SeatError(_("お客様が電話を切りました"))
        now = self._clock.now()
        # Both seats are theirs: that is sure before anything is written down.
        actions = desk.floor.take_over(live.call.id, watch.own, now)
        offer, before_it = Offer(new_id(), live.call.id, watch.own, now), live.offer
        for change in changes.taken_over(live.call, offer, before_it, now):
            desk.book.record(live, change)
            live.offer = change.offer
        live.operator_leg, live.muted = leg, False
        desk.control.joined(live)
        self._legs.pop(leg, None)
        self._watches.pop(watch.user_id, None)
        watch.leg, watch.took = None, True
        desk.book.legs[leg] = (live, True)
        desk.perform(actions)
        desk.send_away(before)

    async def _give_back(self, live: LiveCall, before: Leg) -> None:
        record = live.record and not live.call.silenced
        try:
            await self._desk.phone.connect(live.call.id, live.leg, before, record=record)
            self._desk.control.joined(live)
        except PhoneError:
            # One of the two is gone as well, and nobody else tells of the operator's end now.
            self._desk.leg_ended(LegEnded(before, self._clock.now()))
            self._desk.send_away(before)


def _own_seat(tx: Tx, user_id: str) -> str | None:
    """The seat (operator id) of a supervisor who may still sign in."""
    account, own = user(tx, user_id), operator_of_user(tx, user_id)
    return own.id if own is not None and account is not None and not account.disabled_at else None


def _away() -> str:
    return _("記録に残せないため、いまは通話に入れません。少し待ってからもう一度お試しください")


def _another() -> SeatError:
    """The operator talks, but with somebody else than the supervisor meant."""
    return SeatError(_("そのお電話は終わり、いまは別のお電話です。もう一度確かめてください"))
