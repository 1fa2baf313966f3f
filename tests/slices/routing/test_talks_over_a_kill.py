"""kill -9 of the program in the middle of a talk: who talks talks on, who waits is with somebody, and the record is right."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from tests.slices.routing.conftest import NUMBER, House
from tests.slices.routing.test_passing_on import STAFF, hears, staff, talk
from tests.some_people import an_operator
from tests.thorough import examples

from denwaban.calls import CallState, Outcome, open_offers
from denwaban.calls.story import story_of
from denwaban.routing import SeatError, SeatState
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg, Unreached

Pairs = set[tuple[Leg, str]]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens is written without a pause: these stories wait for it at every step."""
    monkeypatch.setattr("denwaban.routing.recorder.PACE", 0.0)


async def inside(house: House, moment: str) -> Leg:
    """Suzuki has asked Tanaka into a caller's talk, and so far it has come. The caller's leg."""
    caller = await talk(house)
    await house.comes("tanaka")
    suzuki = house.operators["suzuki"]
    await house.board.consult(suzuki, "operator", house.operators["tanaka"])
    if moment != "ringing":
        house.phone.seat_answers("seat-tanaka")
        await house.settled()
    if moment == "three":
        await house.board.all_three(suzuki)
    if moment == "waits":
        await house.board.unhold(suzuki)
    await house.settled()
    return caller


async def told(house: House, call_id: str) -> list[str]:
    """What the call's page tells, without what begins and ends each."""
    await house.settled()
    steps = await house.store.read(lambda tx: story_of(tx, call_id))
    return [step.kind for step in steps if step.kind not in ("arrived", "offered")]


@pytest.mark.req("A1", "A6")
@pytest.mark.parametrize("leaves", ["suzuki", "tanaka", "caller"])
async def test_three_talk_on_and_any_of_them_may_leave(house: House, leaves: str) -> None:
    async with house.open():
        caller = await inside(house, "three")
        await house.dies()
    async with house.open():
        await house.settled()
        assert hears(house, caller) == {"seat-suzuki", "seat-tanaka"}
        first, second = house.seat("suzuki"), house.seat("tanaka")
        assert first.state is second.state is SeatState.TALKING
        assert first.asked is not None
        assert (first.asked.id, first.asked.name) == (house.operators["tanaka"], "tanaka")
        assert second.helps == "suzuki"
        if leaves == "caller":
            house.phone.caller_hangs_up(caller)
        else:
            house.phone.seat_hangs_up(f"seat-{leaves}")
            stays = "tanaka" if leaves == "suzuki" else "suzuki"
            await house.until(lambda: hears(house, caller) == {f"seat-{stays}"})
            await house.settled()
            assert house.seat(stays).asked is None
            assert house.seat(leaves).state is SeatState.READY
            house.phone.seat_hangs_up(f"seat-{stays}")
            await house.until(lambda: house.phone.ended_with(caller) is not None)
        (call,) = await house.calls()
        assert call.outcome is Outcome.ANSWERED
        took = "tanaka" if leaves == "suzuki" else "suzuki"
        assert call.operator_id == house.operators[took]
        steps = await told(house, call.id)
        begin = ["answered", "asked", "third_answered", "three", "adopted"]
        end = {"suzuki": ["left", "taken_over"], "tanaka": ["third_gone"], "caller": []}[leaves]
        assert steps == [*begin, *end, "ended"]
        await house.passes(6)
        assert {house.seat(one).state for one in house.operators} == {SeatState.READY}
    assert await house.store.read(open_offers) == []


@pytest.mark.parametrize("then", ["three", "give", "back", "unhold"])
async def test_two_operators_talk_on_while_the_caller_waits(house: House, then: str) -> None:
    async with house.open():
        caller = await inside(house, "consulting")
        await house.dies()
    async with house.open() as board:
        await house.settled()
        suzuki, legs = house.operators["suzuki"], house.phone.leg_of
        one, other = legs("seat-suzuki"), legs("seat-tanaka")
        assert one is not None
        assert other is not None
        assert (hears(house, one), hears(house, other)) == ({"seat-tanaka"}, {"seat-suzuki"})
        assert hears(house, caller) == {"music"}
        assert house.seat("suzuki").held
        if then == "three":
            await board.all_three(suzuki)
            assert hears(house, caller) == {"seat-suzuki", "seat-tanaka"}
        elif then == "give":
            await board.give(suzuki)
            await house.until(lambda: hears(house, caller) == {"seat-tanaka"})
        else:
            await (board.back if then == "back" else board.unhold)(suzuki)
            assert hears(house, caller) == {"seat-suzuki"}
            await house.settled()
            assert (house.seat("tanaka").state is SeatState.TALKING) is (then == "unhold")


async def test_who_waits_for_the_operator_is_still_there(house: House) -> None:
    async with house.open():
        caller = await inside(house, "waits")
        await house.dies()
    async with house.open() as board:
        await house.settled()
        assert hears(house, caller) == {"seat-suzuki"}
        helper = house.phone.leg_of("seat-tanaka")
        assert helper is not None
        assert hears(house, helper) == {"music"}
        asked = house.seat("suzuki").asked
        assert asked is not None
        assert asked.waits
        await board.hold(house.operators["suzuki"])
        assert (hears(house, caller), hears(house, helper)) == ({"music"}, {"seat-suzuki"})


@pytest.mark.parametrize("meanwhile", ["rings", "refuses", "answers"])
async def test_who_waited_for_somebody_who_only_rang_is_back_by_themselves(
    house: House, meanwhile: str
) -> None:
    async with house.open():
        caller = await inside(house, "ringing")
        assert hears(house, caller) == {"music"}
        await house.dies()
    if meanwhile == "refuses":
        house.phone.seat_refuses("seat-tanaka")
    elif meanwhile == "answers":
        house.phone.seat_answers("seat-tanaka")
        house.phone.seat_hangs_up("seat-tanaka")
    async with house.open():
        await house.settled()
        assert hears(house, caller) == {"seat-suzuki"}
        seat = house.seat("suzuki")
        assert (seat.held, seat.asked) == (False, None)
        assert house.phone.leg_of("seat-tanaka") is None
        (call,) = await house.calls()
        assert call.state is CallState.TALKING
        last = (await house.store.read(lambda tx: story_of(tx, call.id)))[-1]
        assert (last.kind, last.whom, last.data["why"]) == ("third_gone", "tanaka", "away")
        # Tanaka is free for the next one.
        house.dials(NUMBER)
        await house.talks("tanaka")


@pytest.mark.req("A1", "A6")
@pytest.mark.parametrize("who", ["tanaka", "staff"])
@pytest.mark.parametrize("meanwhile", ["rings", "refuses", "answers"])
async def test_who_was_asked_in_in_the_last_moment_keeps_no_caller_on_hold(
    house: House, who: str, meanwhile: str
) -> None:
    """Nothing of it could be written any more: the engine alone knows that it is no hold that somebody pressed."""
    colleague = who == "tanaka"
    number = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        await house.comes("tanaka")
        suzuki = house.operators["suzuki"]
        # An earlier one is in the record, and over.
        await board.consult(suzuki, "staff", number)
        await board.back(suzuki)
        await house.settled()
        await house.dies()
        kind, whom = ("operator", house.operators["tanaka"]) if colleague else ("staff", number)
        await board.consult(suzuki, kind, whom)  # type: ignore[arg-type]
        assert hears(house, caller) == {"music"}
        if meanwhile == "refuses":
            if colleague:
                house.phone.seat_refuses("seat-tanaka")
            else:
                house.phone.outside_fails(STAFF, Unreached.BUSY)
    if meanwhile == "answers":
        if colleague:
            house.phone.seat_answers("seat-tanaka")
        else:
            house.phone.outside_answers(STAFF)
    async with house.open():
        await house.settled()
        seat = house.seat("suzuki")
        steps = await told(house, (await house.calls())[-1].id)
        if colleague and meanwhile == "answers":
            # They are there: the two talk, as it was meant.
            assert seat.asked is not None
            assert (seat.asked.name, hears(house, caller)) == ("tanaka", {"music"})
            helper = house.phone.leg_of("seat-tanaka")
            assert helper is not None
            assert hears(house, helper) == {"seat-suzuki"}
        else:
            assert (seat.held, seat.asked) == (False, None)
            assert steps[-3:] == ["adopted", "asked", "third_gone"]
            assert hears(house, caller) == {"seat-suzuki"}


@pytest.mark.parametrize("state", ["held", "muted"])
async def test_what_an_operator_has_pressed_stays_pressed(house: House, state: str) -> None:
    async with house.open() as board:
        caller = await talk(house)
        suzuki = house.operators["suzuki"]
        await (board.hold(suzuki) if state == "held" else board.mute(suzuki, True))
        await house.settled()
        await house.dies()
    async with house.open() as board:
        await house.settled()
        seat = house.seat("suzuki")
        assert (seat.held, seat.muted) == (state == "held", state == "muted")
        await (board.unhold(suzuki) if state == "held" else board.mute(suzuki, False))
        assert hears(house, caller) == {"seat-suzuki"}


@pytest.mark.parametrize("last", ["answers", "holds", "unholds", "three", "gives", "parked"])
async def test_the_engine_knows_what_could_not_be_written_any_more(house: House, last: str) -> None:
    async with house.open() as board:
        suzuki = house.operators["suzuki"]
        if last == "answers":
            await house.comes("suzuki")
            caller = house.dials()
            await house.rings("suzuki")
            await house.settled()
            await house.dies()
            house.phone.seat_answers("seat-suzuki")
            await house.until(lambda: hears(house, caller) == {"seat-suzuki"})
        elif last == "three":
            caller = await inside(house, "consulting")
            await house.dies()
            await board.all_three(suzuki)
        elif last == "gives":
            caller = await inside(house, "consulting")
            await house.dies()
            await board.give(suzuki)
            await house.until(lambda: hears(house, caller) == {"seat-tanaka"})
        elif last == "parked":
            caller = await talk(house)
            await board.park(suzuki)
            await house.comes("tanaka")
            await house.settled()
            await house.dies()
            await board.take_parked(house.operators["tanaka"], 1)
            await house.until(lambda: house.phone.seat_rings("seat-tanaka"))
            house.phone.seat_answers("seat-tanaka")
            await house.until(lambda: hears(house, caller) == {"seat-tanaka"})
        else:
            caller = await talk(house)
            if last == "unholds":
                await board.hold(suzuki)
            await house.settled()
            await house.dies()
            await (board.hold if last == "holds" else board.unhold)(suzuki)
        before = hears(house, caller)
    async with house.open():
        (call,) = await house.calls()
        assert hears(house, caller) == before
        took = "tanaka" if last in ("parked", "gives") else "suzuki"
        seat = house.seat(took)
        assert seat.state is SeatState.TALKING
        assert seat.held == (last == "holds")
        assert (seat.asked is not None) == (last == "three")
        assert call.state is (CallState.HELD if seat.held else CallState.TALKING)
        assert call.answered_at is not None
        assert "third_gone" not in await told(house, call.id)
        house.phone.caller_hangs_up(caller)
        (call,) = await house.calls()
        assert call.outcome is Outcome.ANSWERED
        assert call.operator_id == house.operators[took]
    assert await house.store.read(open_offers) == []


async def test_the_clients_staff_keep_the_caller_when_the_operator_went_meanwhile(
    house: House,
) -> None:
    who = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        suzuki = house.operators["suzuki"]
        await board.consult(suzuki, "staff", who)
        house.phone.outside_answers(STAFF)
        await house.settled()
        await board.all_three(suzuki)
        await house.settled()
        await house.dies()
    house.phone.seat_hangs_up("seat-suzuki")
    async with house.open():
        await house.settled()
        assert hears(house, caller) == {STAFF}
        assert house.seat("suzuki").state is SeatState.READY
        (call,) = await house.calls()
        assert (call.state, call.staff_id) == (CallState.PASSED, who)
        house.phone.outside_hangs_up(STAFF)
        await house.until(lambda: house.phone.ended_with(caller) is not None)
        (call,) = await house.calls()
        assert call.outcome is Outcome.ANSWERED
    assert await house.store.read(open_offers) == []


# --- whatever was pressed, in whatever order


class Shift:
    """A house at work: what people do is thrown by dice."""

    def __init__(self, house: House, dice: random.Random, who: str) -> None:
        self.house, self.dice, self.who = house, dice, who
        self.callers: list[Leg] = []
        self.pressed: list[str] = []

    @property
    def phone(self) -> FakePhone:
        return self.house.phone

    def heard(self) -> Pairs:
        """Who hears whom, of those who are there."""
        return {
            (leg, voice)
            for leg in self.phone._parties
            for voice in self.phone.voices(leg)
            if voice != "music"
        }

    def there(self) -> set[str]:
        return {party.name for party in self.phone._parties.values()}

    async def step(self) -> None:
        house, board, dice = self.house, self.house.board, self.dice
        seats = [f"seat-{name}" for name in house.operators]
        name = dice.choice(list(house.operators))
        one = house.operators[name]
        other = house.operators[dice.choice([it for it in house.operators if it != name])]
        verbs: list[Callable[[], Awaitable[object]]] = [
            lambda: board.consult(one, "operator", other, stay=dice.random() < 0.8),
            lambda: board.consult(one, "operator", other),
            lambda: board.consult(one, "staff", self.who, stay=dice.random() < 0.8),
            lambda: board.all_three(one),
            lambda: board.all_three(one),
            lambda: board.hold(one),
            lambda: board.unhold(one),
            lambda: board.give(one),
            lambda: board.back(one),
            lambda: board.park(one),
            lambda: board.hang_up(one),
        ]
        for seat in seats:
            if self.phone.seat_rings(seat) and dice.random() < 0.7:
                self.pressed.append(f"{seat} answers")
                self.phone.seat_answers(seat)
        if self.phone.outside_rings(STAFF) and dice.random() < 0.5:
            self.pressed.append("staff answers")
            self.phone.outside_answers(STAFF)
        with suppress(SeatError):
            verb = dice.choice(verbs)
            await verb()
            self.pressed.append(f"{name} {verbs.index(verb)}")
        if dice.random() < 0.7:
            await house.settled()

    async def somebody_goes(self) -> None:
        legs = [one for one in self.phone._parties.values() if one.answered and one.seat]
        if legs:
            gone = self.dice.choice(legs)
            self.pressed.append(f"{gone.name} goes")
            self.phone.seat_hangs_up(gone.name)

    async def everybody_is_somewhere(self) -> None:
        """Each caller talks, or is in line, parked, or on hold where a seat shows it."""
        view = self.house.view
        known: set[str | None] = {one.call_id for one in view.waiting}
        known |= {one.call_id for one in view.parked} | {one.call_id for one in view.seats}
        for leg in self.callers:
            if leg in self.phone._parties:
                live, _ = self.house.board._desk.book.legs[leg]
                talks = self.phone.voices(leg) - {"music"}
                assert talks or live.call.id in known, self.pressed


@pytest.mark.parametrize("seed", range(examples(4)))
async def test_whatever_was_pressed_who_talks_talks_on(house: House, seed: int) -> None:
    dice = random.Random(seed)
    who = await staff(house)
    house.operators["ito"] = await house.store.write(lambda tx: an_operator(tx, "ito"))
    shift = Shift(house, dice, who)
    async with house.open():
        for name in house.operators:
            await house.comes(name)
    for _ in range(3):
        async with house.open():
            await house.settled()
            assert house.board.trouble() is None
            for operator_id in house.operators.values():
                await house.board.set_state(operator_id, "ready")
            while len([one for one in shift.callers if one in house.phone._parties]) < 2:
                shift.callers.append(house.dials(from_=f"0901234{len(shift.callers):04}"))
            for _ in range(dice.randrange(3, 9)):
                await shift.step()
            before = shift.heard()
            shift.pressed.append("kill")
            if dice.random() < 0.7:
                await house.dies()
        if dice.random() < 0.3:
            await shift.somebody_goes()
        there = shift.there()
        still = {(leg, voice) for leg, voice in before if leg in house.phone._parties}
        still = {(leg, voice) for leg, voice in still if voice in there}
        async with house.open():
            await house.settled()
            assert still <= shift.heard(), (shift.pressed, still - shift.heard())
            await shift.everybody_is_somewhere()
    async with house.open():
        await house.settled()
        for leg in shift.callers:
            if leg in house.phone._parties:
                house.phone.caller_hangs_up(leg)
        await house.settled()
        assert house.board.trouble() is None
        assert (house.view.calls, house.view.waiting, house.view.parked) == (0, (), ())
        assert all(one.state in (SeatState.READY, SeatState.AWAY) for one in house.view.seats)
        assert all(one.outcome is not None for one in await house.calls())
        assert not house.phone._parties
    assert await house.store.read(open_offers) == []
