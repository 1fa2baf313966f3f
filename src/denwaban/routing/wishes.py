"""What operators ask of the switchboard, with the sentences that tell why something cannot be done."""

from __future__ import annotations

from typing import Literal

from denwaban.clock import Clock
from denwaban.lines import Say
from denwaban.outgoing import Full, MayNotCall, NoWayOut, Outgoing
from denwaban.routing.asking import SeatError, ask
from denwaban.routing.desk import Desk
from denwaban.routing.floor import Floor
from denwaban.routing.live import Act, LiveCall
from denwaban.routing.model import Chosen, Impossible, Seat, Stage
from denwaban.routing.permitted import Conditions, refuse, verdict
from denwaban.routing.reaching import Way, operator_by_key, way_to, who_has
from denwaban.routing.talk import Third
from denwaban.store import Store, Tx
from denwaban.telephony.port import Referred
from denwaban.web import _


class Wishes:
    """The verbs of a seat. All raise `SeatError`."""

    _store: Store
    _clock: Clock
    _floor: Floor
    _desk: Desk
    _outgoing: Outgoing
    _conditions: Conditions

    async def set_state(self, operator_id: str, state: Literal["ready", "break"]) -> None:
        """Ready for calls, or on a break; while talking a break begins after the call."""
        self._seat(operator_id)
        self._desk.perform(self._floor.choose(operator_id, Chosen(state), self._clock.now()))

    async def hold(self, operator_id: str) -> None:
        """The caller hears music. Held already: nothing. With somebody asked in, the other of the two waits."""
        live = self._talk(operator_id)
        await self._ask(live, lambda: self._desk.control.hold(live, True))

    async def unhold(self, operator_id: str) -> None:
        """Talks on with the caller; whoever was asked in waits."""
        live = self._talk(operator_id)
        await self._ask(live, lambda: self._desk.control.hold(live, False))

    async def mute(self, operator_id: str, on: bool) -> None:
        """The caller does not hear the operator, or hears them again."""
        live = self._talk(operator_id)
        await self._ask(live, lambda: self._desk.control.mute(live, on))

    async def press(self, operator_id: str, digits: str) -> None:
        """Whoever talks with the operator hears these keys, one after another: not before most of what was pressed is through."""
        live = self._talk(operator_id)
        control = self._desk.control

        async def act() -> None:
            if control.pressing(live):
                raise SeatError(
                    _("前に押したボタンを、まだ送っています。少し待ってからもう一度お試しください")
                )
            await control.press(live, digits)

        try:
            await self._ask(live, act)
        except ValueError as error:
            raise SeatError(_("送れるのは、数字と * と # です")) from error

    async def pause_recording(
        self, operator_id: str, on: bool, why: Literal["key", "card", "left"] = "key"
    ) -> None:
        """What is said is not recorded, or is again."""
        live = self._talk(operator_id)
        if why == "key" and not live.record:
            raise SeatError(_("この顧客企業の通話は、録音していません"))
        await self._ask(live, lambda: self._desk.control.silence(live, on, why))

    async def consult(
        self, operator_id: str, kind: Literal["staff", "operator"], who: str, *, stay: bool = True
    ) -> None:
        """Asks somebody in: one of the client's staff by their telephone, or another operator. `stay`: the operator talks with
        them first, while the caller waits; else the caller goes straight to them, and comes back if they do not take it."""
        live = self._talk(operator_id)
        if live.asked is not None:
            raise SeatError(_("もう一人を呼び出しています。先に「戻る」を押してください"))
        if kind == "operator":
            await self._inside(live, operator_id, who, stay)
            return
        call = live.call
        way, found = await self._store.read(
            lambda tx: (
                way_to(tx, call.client_id, who),
                verdict(tx, self._conditions, call, who),
            )
        )
        if way is None:
            raise SeatError(_("この担当者の電話番号が登録されていません"))
        refuse(found, stay=stay)
        await self._outside(live, way, stay, ask_first=found.say is Say.ASK)

    async def _outside(self, live: LiveCall, way: Way, stay: bool, *, ask_first: bool) -> None:
        if live.call.practice:
            raise SeatError(_("練習のお電話では、外へはおかけしません"))
        control = self._desk.control
        try:
            self._outgoing.trunk()
            await self._ask(
                live,
                lambda: control.ask_outside(
                    live, way.staff_id, way.name, way.number, stay=stay, ask_first=ask_first
                ),
            )
        except (NoWayOut, Full, MayNotCall) as error:
            raise SeatError(str(error)) from error

    async def _inside(self, live: LiveCall, operator_id: str, who: str, stay: bool) -> None:
        person, seat = self._desk.people.get(who), self._floor.seats.get(who)
        if person is None or seat is None or who == operator_id or not seat.available:
            raise SeatError(_("そのオペレーターは、いま受けられません"))
        by = self._desk.people[operator_id].name
        control = self._desk.control
        if stay:
            await self._ask(live, lambda: control.ask_inside(live, person, by))
        else:
            await self._ask(live, lambda: control.send_inside(live, person))

    async def back(self, operator_id: str) -> None:
        """Whoever was asked in goes; operator and caller talk."""
        live = self._asked(operator_id)
        await self._ask(live, lambda: self._desk.control.back(live))

    async def all_three(self, operator_id: str) -> None:
        """Caller, operator and whoever was asked in talk together."""
        live = self._there(operator_id)
        await self._ask(live, lambda: self._desk.control.all_three(live))

    async def give(self, operator_id: str) -> None:
        """The caller goes on with whoever was asked in; the operator leaves. Who must be asked first has to be there."""
        live = self._asked(operator_id)
        control = self._desk.control

        async def act() -> None:
            if control.must_wait(live):
                raise SeatError(_("先にご本人に聞く決まりです。お出になってから、おつなぎください"))
            await control.give(live)

        await self._ask(live, act)

    def page_opened(self, operator_id: str) -> None:
        """The seat is in a page that was loaded just now: what a page before it talked about goes on here."""
        self._desk.regaining.page_gone(operator_id)

    async def park(self, operator_id: str) -> None:
        """The caller waits in a numbered place, from where any operator takes them."""
        live = self._talk(operator_id)
        if live.asked is not None:
            raise SeatError(_("もう一人を呼び出しています。先に「戻る」を押してください"))
        await self._ask(live, lambda: self._desk.parking.park(live))

    async def take_parked(self, operator_id: str, slot: int) -> None:
        """Rings this operator for whoever is parked there."""
        seat = self._seat(operator_id)
        if not seat.available:
            raise SeatError(_("受付中にしてから、お取りください"))
        try:
            self._desk.parking.take(slot, operator_id)
        except Impossible as error:
            raise SeatError(_("そのお電話は、もうほかの方が取りました")) from error

    async def hang_up(self, operator_id: str) -> None:
        """Ends the talk, or declines the caller who is offered. With somebody asked in: goes back to the caller, or leaves
        the two of them where all three talk. A caller who is kept for a page that is gone is let go."""
        seat = self._seat(operator_id)
        if seat.stage is Stage.FREE:
            raise SeatError(_("いまは通話していません"))
        if seat.stage is Stage.CONNECTING:
            raise SeatError(_("つないでいるところです。少し待ってからもう一度お試しください"))
        live = self._desk.book.calls.get(seat.call_id or "")
        if live is not None and live.asked is not None:
            control, asked = self._desk.control, live.asked
            if seat.stage is Stage.HELPING:
                control.third_gone(live, asked, "refused")
            else:
                act = control.give if live.talk.all_three else control.back
                await self._ask(live, lambda: act(live))
            return
        self._desk.perform(self._floor.hang_up(operator_id, self._clock.now()))

    # What a SIP phone's own transfer key asks for

    def _referred(self, event: Referred) -> None:
        live, operators = self._desk.book.legs.get(event.leg, (None, False))
        if live is not None and operators:
            live.line.do(lambda: self._refer(live, event))

    async def _refer(self, live: LiveCall, event: Referred) -> None:
        """Sends the caller to whom the number belongs: one of the client's staff, or a free operator by the number of the seat."""
        done, control = False, self._desk.control
        if control.talking(live) and live.asked is None:
            person = operator_by_key(self._desk.people.values(), event.to)
            seat = self._floor.seats.get(person.id) if person is not None else None
            try:
                if person is not None and seat is not None and seat.available:
                    await control.send_inside(live, person)
                    done = True
                elif not live.call.practice:
                    way = await self._store.read(lambda tx: self._may_have(tx, live, event.to))
                    if way is not None:
                        await control.ask_outside(
                            live, way.staff_id, way.name, way.number, stay=False
                        )
                        done = True
            except (NoWayOut, Full, MayNotCall, Impossible):
                done = False
        await self._desk.phone.referred(event.leg, done)

    def _may_have(self, tx: Tx, live: LiveCall, number: str) -> Way | None:
        """Whose number it is, if callers may be sent there without a word."""
        way = who_has(tx, live.call.client_id, number)
        if way is None:
            return None
        found = verdict(tx, self._conditions, live.call, way.staff_id)
        return way if found.say is Say.ALLOW else None

    # How

    def _seat(self, operator_id: str) -> Seat:
        seat = self._floor.seats.get(operator_id)
        if seat is None:
            raise SeatError(_("この席はまだ使えません。運用管理の担当者に確かめてください"))
        return seat

    def _talk(self, operator_id: str) -> LiveCall:
        seat = self._seat(operator_id)
        if seat.stage is Stage.LOST:
            raise SeatError(_("お電話につなぎ直しています。少し待ってからもう一度お試しください"))
        if seat.stage is not Stage.TALKING or seat.call_id is None:
            raise SeatError(_("いまは通話していません"))
        return self._desk.book.calls[seat.call_id]

    def _asked(self, operator_id: str) -> LiveCall:
        live = self._talk(operator_id)
        if live.asked is None:
            raise SeatError(_("ほかの方は呼び出していません"))
        return live

    def _there(self, operator_id: str) -> LiveCall:
        live = self._asked(operator_id)
        if live.talk.third is not Third.UP:
            raise SeatError(_("まだ呼び出しています。お出になってからお試しください"))
        return live

    async def _ask(self, live: LiveCall, act: Act) -> None:
        try:
            await ask(live.line, act)
        except Impossible as error:
            raise SeatError(_("いまはできません。画面の様子を確かめてください")) from error
