"""Supervisors at calls on the floor: rules, record, take-over."""

import asyncio
import threading

import pytest
from tests.slices.routing.conftest import House
from tests.web_fixtures import add_account

from denwaban import care
from denwaban.access import Role, disable_user
from denwaban.audit import Wanted, listed
from denwaban.care import Mode, Rules, ask_help, set_rules, watches_of
from denwaban.journal import after
from denwaban.people import add_operator
from denwaban.routing import SeatError, SeatState
from denwaban.store import Tx
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg, PhoneError


class Floor:
    """A house in which suzuki talks, and a supervisor with a telephone."""

    def __init__(self, house: House, user_id: str, own: str, seat: str) -> None:
        self.house, self.user_id, self.own, self.seat = house, user_id, own, seat
        self.caller = Leg("")

    @property
    def call_id(self) -> str:
        found = self.house.seat("suzuki").call_id
        assert found is not None
        return found

    async def wants(self, mode: Mode) -> None:
        suzuki = self.house.operators["suzuki"]
        await self.house.board.supervision.watch(self.user_id, self.own, suzuki, mode)

    async def answers(self) -> Leg:
        leg = self.house.phone.seat_answers(self.seat)
        await self.house.until(lambda: self.house.phone.voices(leg))
        return leg

    def heard(self, leg: Leg) -> set[str]:
        return self.house.phone.voices(leg)

    async def recorded(self, call_id: str, *expected: tuple[str, bool]) -> None:
        """Waits until the record has these modes, each ended (True) or not."""
        async with asyncio.timeout(20):
            while True:
                rows = await self.house.store.read(lambda tx: watches_of(tx, call_id))
                if [(one.mode.value, one.ended_at is not None) for one in rows] == [*expected]:
                    return
                await asyncio.sleep(0.005)


async def _floor(house: House) -> Floor:
    """To be called while the house is open."""

    def make(tx: Tx) -> tuple[str, str]:
        user_id = add_account(tx, Role.SUPERVISOR)
        return user_id, add_operator(tx, user_id, "木村")

    user_id, own = await house.store.write(make)
    await house.until(lambda: house.view.seat(own) is not None)
    shown = house.view.seat(own)
    assert shown is not None
    house.phone.seat_online(shown.seat)
    await house.comes("suzuki")
    floor = Floor(house, user_id, own, shown.seat)
    floor.caller = house.dials()
    await house.talks("suzuki")
    await house.until(lambda: house.view.seat(own).online)  # type: ignore[union-attr]
    return floor


@pytest.mark.req("I4", "F3")
async def test_each_mode_is_heard_as_it_should_be_and_stands_in_the_record(house: House) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id = floor.call_id
        suzuki = house.phone.leg_of("seat-suzuki")
        assert suzuki is not None
        await floor.wants(Mode.LISTEN)
        assert house.phone.seat_rings(floor.seat)
        await floor.recorded(call_id)
        own = await floor.answers()
        assert floor.heard(own) == {"seat-suzuki", "09012345678"}
        assert floor.heard(suzuki) == {"09012345678"}
        await floor.wants(Mode.WHISPER)
        assert floor.heard(suzuki) == {"09012345678", floor.seat}
        assert floor.heard(floor.caller) == {"seat-suzuki"}
        await floor.wants(Mode.BARGE)
        assert floor.heard(floor.caller) == {"seat-suzuki", floor.seat}
        house.board.supervision.stop(floor.user_id)
        await floor.recorded(call_id, ("listen", True), ("whisper", True), ("barge", True))
        assert not house.board.supervision.watches()
        assert house.phone.leg_of(floor.seat) is None
        entries = await house.store.read(lambda tx: after(tx, 0))
        told = [e.fact for e in entries if e.fact.kind.startswith("monitor.")]
        assert [fact.kind for fact in told] == ["monitor.began", "monitor.ended"] * 3
        assert all(fact.subject == call_id for fact in told)
        assert {fact.data["user_id"] for fact in told} == {floor.user_id}
        seen = await house.store.read(lambda tx: listed(tx, Wanted(client_id=house.client)))
        kinds = [one.kind for one in seen if one.kind.startswith("monitor.")]
        assert kinds == ["monitor.ended", "monitor.began"] * 3
        # The talk went on all the time.
        assert house.seat("suzuki").state is SeatState.TALKING


async def test_who_has_joined_stays_in_when_the_talk_is_arranged_anew(house: House) -> None:
    async with house.open() as board:
        floor = await _floor(house)
        suzuki = house.operators["suzuki"]
        await floor.wants(Mode.BARGE)
        await floor.answers()
        before = house.acts("barge")
        await board.hold(suzuki)
        await board.unhold(suzuki)
        await house.until(lambda: house.acts("barge") == before + 2)
        assert floor.heard(floor.caller) == {"seat-suzuki", floor.seat}
        await floor.wants(Mode.LISTEN)
        await board.hold(suzuki)
        await house.settled()
        assert house.acts("barge") == before + 2


async def test_a_key_pressed_twice_rings_the_supervisor_once(house: House) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id, before = floor.call_id, house.acts("dial")
        await asyncio.gather(floor.wants(Mode.LISTEN), floor.wants(Mode.LISTEN))
        assert house.acts("dial") == before + 1
        own = await floor.answers()
        await floor.recorded(call_id, ("listen", False))
        assert [one.answered for one in house.board.supervision.watches()] == [True]
        house.board.supervision.stop(floor.user_id)
        await floor.recorded(call_id, ("listen", True))
        await house.until(lambda: house.phone.leg_of(floor.seat) is None)
        assert own not in (await house.phone.snapshot()).legs


async def test_a_supervisor_whose_account_is_closed_hears_no_more(house: House) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id = floor.call_id
        await floor.wants(Mode.LISTEN)
        await floor.answers()
        await floor.recorded(call_id, ("listen", False))
        await house.store.write(lambda tx: disable_user(tx, floor.user_id))
        await floor.recorded(call_id, ("listen", True))
        assert not house.board.supervision.watches()
        assert house.seat("suzuki").state is SeatState.TALKING


async def test_a_talk_that_ends_while_the_rules_are_looked_up_is_not_listened_to(
    house: House,
) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id, go_on = floor.call_id, threading.Event()
        busy = [asyncio.create_task(house.store.read(lambda _tx: go_on.wait(20))) for _ in range(4)]
        wish = asyncio.create_task(floor.wants(Mode.LISTEN))
        await asyncio.sleep(0)
        house.phone.caller_hangs_up(floor.caller)
        try:
            await house.until(lambda: house.seat("suzuki").state is not SeatState.TALKING)
        finally:
            go_on.set()
        with pytest.raises(SeatError, match="通話していません"):
            await wish
        await asyncio.gather(*busy)
        assert not house.phone.seat_rings(floor.seat)
        assert not house.board.supervision.watches()
        await floor.recorded(call_id)


async def test_the_end_of_the_call_ends_the_listening(house: House) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id = floor.call_id
        await floor.wants(Mode.LISTEN)
        await floor.answers()
        house.phone.caller_hangs_up(floor.caller)
        await house.settled()
        await floor.recorded(call_id, ("listen", True))
        assert house.phone.leg_of(floor.seat) is None
        assert not house.board.supervision.watches()


async def test_a_supervisor_who_hangs_up_or_does_not_answer_is_at_no_call(house: House) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id = floor.call_id
        await floor.wants(Mode.LISTEN)
        house.phone.seat_refuses(floor.seat)
        await house.settled()
        assert not house.board.supervision.watches()
        await floor.wants(Mode.LISTEN)
        await floor.answers()
        house.phone.seat_hangs_up(floor.seat)
        await floor.recorded(call_id, ("listen", True))
        assert house.seat("suzuki").state is SeatState.TALKING


async def test_a_client_that_does_not_allow_it_is_listened_to_only_when_called(
    house: House,
) -> None:
    async with house.open():
        floor = await _floor(house)
        rules = Rules(monitored=False)
        await house.store.write(lambda tx: set_rules(tx, house.client, rules, floor.user_id))
        for mode in (Mode.LISTEN, Mode.WHISPER, Mode.BARGE):
            with pytest.raises(SeatError, match="認めていません"):
                await floor.wants(mode)
        assert not house.phone.seat_rings(floor.seat)
        call = (await house.calls())[-1]
        await house.store.write(lambda tx: ask_help(tx, call, house.operators["suzuki"]))
        await floor.wants(Mode.WHISPER)
        await floor.answers()
        await floor.recorded(call.id, ("whisper", False))


@pytest.mark.parametrize("told", [True, False])
async def test_the_operator_is_told_where_the_client_wants_it(house: House, told: bool) -> None:
    async with house.open():
        floor = await _floor(house)
        rules = Rules(told=told)
        await house.store.write(lambda tx: set_rules(tx, house.client, rules, floor.user_id))
        await floor.wants(Mode.LISTEN)
        await floor.answers()
        call = (await house.calls())[-1]
        seen = await house.store.read(lambda tx: care.seat_care(tx, call))
        assert seen.watched == (Mode.LISTEN if told else None)
        entries = await house.store.read(lambda tx: after(tx, 0))
        began = next(e.fact for e in entries if e.fact.kind == "monitor.began")
        assert ("operator_id" in began.data) is told


@pytest.mark.req("I4")
async def test_the_supervisor_takes_the_call_and_owns_it(house: House) -> None:
    async with house.open():
        floor = await _floor(house)
        call = (await house.calls())[-1]
        await house.store.write(lambda tx: ask_help(tx, call, house.operators["suzuki"]))
        await floor.wants(Mode.TAKE_OVER)
        own = await floor.answers()
        await house.until(lambda: house.seat("suzuki").state is not SeatState.TALKING)
        await house.settled()
        assert floor.heard(floor.caller) == {floor.seat}
        assert floor.heard(own) == {"09012345678"}
        assert house.phone.leg_of("seat-suzuki") is None
        shown = house.view.seat(floor.own)
        assert shown is not None
        assert (shown.state, shown.call_id) == (SeatState.TALKING, call.id)
        now = (await house.calls())[-1]
        assert (now.operator_id, now.state.value) == (floor.own, "talking")
        assert await house.store.read(lambda tx: care.open_help(tx, call.id)) is None
        await floor.recorded(call.id, ("take_over", True))
        facts = await house.facts()
        assert facts[-2:] == ["call.left", "call.taken_over"]
        # The supervisor ends it like any operator, and is offered nothing afterwards.
        await house.board.hang_up(floor.own)
        ended = (await house.calls())[-1]
        assert (ended.outcome, ended.operator_id) == ("answered", floor.own)
        await house.passes(1)
        shown = house.view.seat(floor.own)
        assert shown is not None
        assert shown.state is SeatState.BREAK


async def test_a_held_call_whose_recording_pauses_is_taken_as_it_is(house: House) -> None:
    async with house.open() as board:
        floor = await _floor(house)
        suzuki = house.operators["suzuki"]
        await board.pause_recording(suzuki, True)
        await board.hold(suzuki)
        assert floor.heard(floor.caller) == {"music"}
        await floor.wants(Mode.TAKE_OVER)
        await floor.answers()
        await house.until(lambda: house.seat("suzuki").state is not SeatState.TALKING)
        assert floor.heard(floor.caller) == {floor.seat}
        made = [act for act in house.phone.acts if act.verb == "connect"]
        assert not made[-1].given["record"]
        shown = house.view.seat(floor.own)
        assert shown is not None
        assert (shown.held, shown.silenced) == (False, True)
        # The supervisor's keys are an operator's.
        await board.hold(floor.own)
        assert floor.heard(floor.caller) == {"music"}
        await board.unhold(floor.own)
        assert floor.heard(floor.caller) == {floor.seat}
        await board.pause_recording(floor.own, False)
        assert (await house.calls())[-1].silenced is False


async def test_a_caller_who_hangs_up_during_the_take_over_leaves_nobody_on_the_line(
    house: House,
) -> None:
    async with house.open():
        floor = await _floor(house)
        await floor.wants(Mode.TAKE_OVER)
        house.phone.caller_hangs_up(floor.caller)
        house.phone.seat_answers(floor.seat)
        await house.settled()
        await house.settled()
        assert (await house.phone.snapshot()).legs == {}
        assert (await house.calls())[-1].outcome == "answered"
        assert not house.board.supervision.watches()


def _own(house: House, floor: Floor) -> SeatState:
    shown = house.view.seat(floor.own)
    assert shown is not None
    return shown.state


async def test_a_supervisor_at_a_call_is_rung_for_nobody_else(house: House) -> None:
    async with house.open() as board:
        floor = await _floor(house)
        await floor.wants(Mode.LISTEN)
        own = await floor.answers()
        await board.set_state(floor.own, "ready")
        waits = house.dials(from_="09087654321")
        await house.settled()
        assert not house.phone.seat_rings(floor.seat)
        await floor.wants(Mode.TAKE_OVER)
        await house.until(lambda: _own(house, floor) is SeatState.TALKING)
        assert floor.heard(own) == {"09012345678"}
        # Suzuki, who is free now, takes who waits; and the supervisor is there again afterwards.
        await house.talks("suzuki")
        assert floor.heard(waits) == {"seat-suzuki"}
        await board.hang_up(floor.own)
        house.dials(from_="09011110000")
        await house.until(lambda: house.phone.seat_rings(floor.seat))


async def test_who_has_listened_is_rung_when_it_is_over(house: House) -> None:
    async with house.open() as board:
        floor = await _floor(house)
        await floor.wants(Mode.LISTEN)
        await floor.answers()
        await board.set_state(floor.own, "ready")
        house.dials(from_="09087654321")
        await house.settled()
        assert not house.phone.seat_rings(floor.seat)
        board.supervision.stop(floor.user_id)
        await house.until(lambda: house.phone.seat_rings(floor.seat))


class Refusing(FakePhone):
    """The next joining to this leg is refused."""

    refuses: Leg | None = None

    async def connect(self, call: str, caller: Leg, operator: Leg, *, record: bool) -> None:
        if operator == self.refuses:
            raise PhoneError("not now")
        await super().connect(call, caller, operator, record=record)


async def test_a_take_over_that_the_engine_refuses_leaves_all_as_it_was(house: House) -> None:
    house.phone = phone = Refusing(house.clock)
    async with house.open() as board:
        floor = await _floor(house)
        await floor.wants(Mode.LISTEN)
        phone.refuses = await floor.answers()
        await board.set_state(floor.own, "ready")
        with pytest.raises(SeatError, match="応えません"):
            await floor.wants(Mode.TAKE_OVER)
        await house.settled()
        assert floor.heard(floor.caller) == {"seat-suzuki"}
        assert house.seat("suzuki").state is SeatState.TALKING
        assert _own(house, floor) is SeatState.READY
        assert (await house.calls())[-1].operator_id == house.operators["suzuki"]
        house.dials(from_="09087654321")
        await house.until(lambda: phone.seat_rings(floor.seat))


async def test_it_needs_a_telephone_and_a_talk(house: House) -> None:
    async with house.open() as board:
        floor = await _floor(house)
        house.phone.seat_offline(floor.seat)
        await house.until(lambda: not house.view.seat(floor.own).online)  # type: ignore[union-attr]
        with pytest.raises(SeatError, match="電話がつながっていません"):
            await floor.wants(Mode.LISTEN)
        with pytest.raises(SeatError, match="通話していません"):
            await board.supervision.watch(
                floor.user_id, floor.own, house.operators["tanaka"], Mode.LISTEN
            )


@pytest.mark.parametrize("mode", [Mode.LISTEN, Mode.WHISPER, Mode.BARGE])
@pytest.mark.parametrize("how", ["killed", "line"])
async def test_who_is_at_a_call_stays_there_when_the_program_is_killed_or_its_line_breaks(
    house: House, mode: Mode, how: str
) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id = floor.call_id
        await floor.wants(mode)
        own = await floor.answers()
        await floor.recorded(call_id, (mode.value, False))
        before = {leg: floor.heard(leg) for leg in (own, floor.caller)}
        if how == "line":
            house.phone.connection_lost()
            house.phone.connection_back()
            await _goes_on(floor, call_id, mode, own, before)
            return
        await house.dies()
    async with house.open():
        await _goes_on(floor, call_id, mode, own, before)


async def _goes_on(
    floor: Floor, call_id: str, mode: Mode, own: Leg, before: dict[Leg, set[str]]
) -> None:
    house = floor.house
    await house.until(lambda: house.acts(mode.value) == 2)
    await house.settled()
    assert {leg: floor.heard(leg) for leg in before} == before
    await floor.recorded(call_id, (mode.value, False))
    (seen,) = house.board.supervision.watches()
    assert (seen.user_id, seen.mode, seen.answered) == (floor.user_id, mode, True)
    # A fault that is mended meanwhile takes nobody's ear away.
    house.board._desk.faults.note("action", RuntimeError("in a test"))
    await house.until(lambda: house.board.trouble() is None)
    assert house.phone.leg_of(floor.seat) == own
    # No caller comes into the listening, and the keys work on.
    waiting = house.dials(from_="09087654321")
    await house.settled()
    assert house.phone.hears(waiting) == "ring"
    then = Mode.WHISPER if mode is not Mode.WHISPER else Mode.LISTEN
    await floor.wants(then)
    house.phone.seat_hangs_up(floor.seat)
    await floor.recorded(call_id, (mode.value, True), (then.value, True))
    assert house.seat("suzuki").state is SeatState.TALKING


@pytest.mark.parametrize("gone", ["supervisor", "caller", "rung"])
async def test_what_a_program_left_open_is_ended_by_the_next(house: House, gone: str) -> None:
    async with house.open():
        floor = await _floor(house)
        call_id = floor.call_id
        await floor.wants(Mode.LISTEN)
        if gone != "rung":
            await floor.answers()
            await floor.recorded(call_id, ("listen", False))
    if gone == "supervisor":
        house.phone.seat_hangs_up(floor.seat)
    elif gone == "caller":
        house.phone.caller_hangs_up(floor.caller)
    async with house.open():
        await house.settled()
        await floor.recorded(call_id, *([] if gone == "rung" else [("listen", True)]))
        assert house.phone.leg_of(floor.seat) is None
        assert not house.board.supervision.watches()
        if gone != "caller":
            assert house.seat("suzuki").state is SeatState.TALKING
            # It also goes on under the owner's keys.
            house.phone.caller_hangs_up(floor.caller)
            await house.settled()
        assert (await house.calls())[-1].outcome == "answered"
