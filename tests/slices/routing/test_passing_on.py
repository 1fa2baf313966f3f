"""Stories of callers who are passed on: to the client's staff outside, to another operator, to a numbered place."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import Call, CallState, Outcome
from denwaban.lines import (
    Condition,
    Say,
    ServiceLevel,
    Step,
    StepKind,
    set_level,
    set_transfers,
)
from denwaban.oncall import add_contact
from denwaban.people import add_staff
from denwaban.routing import SeatError, SeatState
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg, PhoneError, Unreached

STAFF = "+819011112222"


async def staff(house: House, number: str = "090-1111-2222") -> str:
    def add(tx):  # type: ignore[no-untyped-def]
        who = add_staff(tx, house.client, "鈴木 一郎", "すずき いちろう", "修理")
        add_contact(tx, house.client, who, "phone", {"number": number})
        return who

    found: str = await house.store.write(add)
    return found


async def talk(house: House, name: str = "suzuki") -> Leg:
    await house.comes(name)
    caller = house.dials(NUMBER)
    await house.talks(name)
    return caller


async def the_call(house: House) -> Call:
    return (await house.calls())[-1]


def hears(house: House, leg: Leg) -> set[str]:
    return {one.removeprefix("voice of ") for one in house.phone.hears(leg).split(" + ")}


async def asked(house: House, who: str) -> tuple[str, Leg, Leg]:
    """Suzuki talks with one of the client's staff, and the caller waits: suzuki, the caller's leg, the other's."""
    caller = await talk(house)
    suzuki = house.operators["suzuki"]
    await house.board.consult(suzuki, "staff", who)
    far = house.phone.outside_answers(STAFF)
    await house.settled()
    return suzuki, caller, far


@pytest.mark.req("A1", "A12")
async def test_the_operator_asks_first_then_all_three_talk_then_hands_over(house: House) -> None:
    who = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        suzuki = house.operators["suzuki"]
        await board.consult(suzuki, "staff", who)
        assert house.phone.hears(caller) == "music"
        dial = next(act for act in house.phone.acts if act.verb == "call_out")
        assert (dial.given["number"], dial.given["shown"]) == (STAFF, "+81312345678")
        seen = house.seat("suzuki").asked
        assert seen is not None
        assert (seen.name, seen.up, house.seat("suzuki").held) == ("鈴木 一郎", False, True)
        with pytest.raises(SeatError, match="まだ呼び出しています"):
            await board.all_three(suzuki)
        own = house.phone.leg_of("seat-suzuki")
        assert own is not None
        far = house.phone.outside_answers(STAFF)
        await house.settled()
        assert (hears(house, own), hears(house, far)) == ({STAFF}, {"seat-suzuki"})
        assert house.phone.hears(caller) == "music"
        # Back to the caller for a moment, while the other waits.
        await board.unhold(suzuki)
        assert (hears(house, caller), house.phone.hears(far)) == ({"seat-suzuki"}, "music")
        await board.hold(suzuki)
        assert (house.phone.hears(caller), hears(house, far)) == ("music", {"seat-suzuki"})
        await board.all_three(suzuki)
        assert hears(house, caller) == {"seat-suzuki", STAFF}
        assert hears(house, own) == {"09012345678", STAFF}
        await board.give(suzuki)
        await house.settled()
        assert (hears(house, caller), hears(house, far)) == ({STAFF}, {"09012345678"})
        assert house.seat("suzuki").state is SeatState.READY
        call = await the_call(house)
        assert (call.state, call.staff_id, call.operator_id) == (CallState.PASSED, who, suzuki)
        assert call.holds == 2
        await house.passes(30)
        house.phone.outside_hangs_up(STAFF)
        await house.until(lambda: house.phone.ended_with(caller) is not None)
        call = await the_call(house)
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.ANSWERED)
        assert not house.view.calls
    assert await house.facts() == [
        "call.arrived", "call.offered", "call.answered", "call.asked", "call.third_answered", "call.swapped",
        "call.swapped", "call.three", "call.given", "call.ended",
    ]  # fmt: skip


@pytest.mark.req("A12")
@pytest.mark.parametrize("why", [Unreached.BUSY, Unreached.NO_ANSWER])
async def test_nobody_there_and_the_caller_is_taken_back(house: House, why: Unreached) -> None:
    who = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        suzuki = house.operators["suzuki"]
        await board.consult(suzuki, "staff", who)
        house.phone.outside_fails(STAFF, why)
        await house.settled()
        assert house.seat("suzuki").asked is None
        assert house.phone.hears(caller) == "music"
        await board.unhold(suzuki)
        assert hears(house, caller) == {"seat-suzuki"}
        # Once more, and now they hang up in the middle of the talk.
        await board.consult(suzuki, "staff", who)
        house.phone.outside_answers(STAFF)
        await house.settled()
        house.phone.outside_hangs_up(STAFF)
        await house.settled()
        assert house.phone.hears(caller) == "music"
        await board.unhold(suzuki)
        assert hears(house, caller) == {"seat-suzuki"}
        # And a third time: the operator thinks better of it.
        await board.consult(suzuki, "staff", who)
        with pytest.raises(SeatError, match="もう一人"):
            await board.consult(suzuki, "staff", who)
        await board.back(suzuki)
        await house.settled()
        assert hears(house, caller) == {"seat-suzuki"}
        assert not house.phone.outside_rings(STAFF)
        assert (await the_call(house)).state is CallState.TALKING


async def test_who_cannot_be_asked(house: House) -> None:
    who = await staff(house)

    async with house.open() as board:
        await talk(house)
        suzuki = house.operators["suzuki"]
        for kind, name in (("staff", "nobody"), ("operator", "nobody"), ("operator", suzuki)):
            with pytest.raises(SeatError):
                await board.consult(suzuki, kind, name)  # type: ignore[arg-type]
        with pytest.raises(SeatError, match="受けられません"):
            await board.consult(suzuki, "operator", house.operators["tanaka"])
        for wish in (board.back, board.give, board.all_three):
            with pytest.raises(SeatError, match="呼び出していません"):
                await wish(suzuki)
        house.phone.seat_hangs_up("seat-suzuki")
        await house.settled()
        house.dials(NUMBER, trunk="practice")
        await house.talks("suzuki")
        with pytest.raises(SeatError, match="練習"):
            await board.consult(suzuki, "staff", who)
    assert house.acts("call_out") == 0


@pytest.mark.req("A12")
async def test_sent_without_a_word_a_person_must_take_the_caller(house: House) -> None:
    who = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        await board.consult(house.operators["suzuki"], "staff", who, stay=False)
        await house.settled()
        assert house.seat("suzuki").state is SeatState.READY
        assert house.phone.hears(caller) == "music"
        assert (await the_call(house)).state is CallState.PASSING
        far = house.phone.outside_answers(STAFF)
        await house.until(lambda: house.phone.hears(far).startswith("prompt"))
        assert house.phone.hears(caller) == "music"
        house.phone.outside_presses(STAFF, "1")
        await house.until(lambda: hears(house, caller) == {STAFF})
        assert (await the_call(house)).state is CallState.PASSED
        house.phone.caller_hangs_up(caller)
        await house.until(lambda: not house.view.calls)
        assert (await the_call(house)).outcome is Outcome.ANSWERED
        await house.until(lambda: house.phone.ended_with(far) is not None)


@pytest.mark.req("A12")
async def test_an_answering_machine_does_not_swallow_the_caller(house: House) -> None:
    who = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        other = house.dials(NUMBER, "09022222222")
        await board.consult(house.operators["suzuki"], "staff", who, stay=False)
        await house.settled()
        house.phone.outside_answers(STAFF)
        far = next(leg for leg, party in house.phone._parties.items() if party.outside)
        for _ in range(2):
            await house.until(lambda: house.phone.hears(far).startswith("prompt"))
            house.phone.prompt_ends(far)
            await house.settled()
            await house.passes(5)
        # Meanwhile suzuki talks with the next caller; the first is back in line, before whoever came later.
        await house.until(lambda: house.phone.ended_with(far) is not None)
        assert [one.call_id for one in house.view.waiting][0] == (await house.calls())[0].id
        await house.talks("suzuki")
        assert hears(house, other) == {"seat-suzuki"} or hears(house, caller) == {"seat-suzuki"}
    assert "call.returned" in await house.facts()


async def test_hanging_up_in_a_consultation_leaves_the_two_to_each_other(house: House) -> None:
    who = await staff(house)
    async with house.open():
        _, caller, far = await asked(house, who)
        house.phone.seat_hangs_up("seat-suzuki")
        await house.settled()
        assert (hears(house, caller), hears(house, far)) == ({STAFF}, {"09012345678"})
        assert (await the_call(house)).state is CallState.PASSED


@pytest.mark.req("A12")
@pytest.mark.parametrize("say", [Say.ASK, Say.ALLOW])
async def test_hanging_up_does_not_pass_by_asking_them_first(house: House, say: Say) -> None:
    who = await staff(house)
    rule = [Condition(say, who)]
    await house.store.write(lambda tx: set_transfers(tx, house.client, rule))
    async with house.open() as board:
        caller = await talk(house)
        await board.consult(house.operators["suzuki"], "staff", who)
        house.phone.seat_hangs_up("seat-suzuki")
        await house.settled()
        if say is Say.ALLOW:
            assert (await the_call(house)).state is CallState.PASSING
            assert house.phone.outside_rings(STAFF)
            return
        # Back in line, not cut off: whoever hung up is rung for the caller again.
        await house.talks("suzuki")
        assert hears(house, caller) == {"seat-suzuki"}
        assert not house.phone.outside_rings(STAFF)


async def test_the_end_key_goes_back_and_from_three_leaves_two(house: House) -> None:
    who = await staff(house)
    async with house.open() as board:
        suzuki, caller, far = await asked(house, who)
        await board.hang_up(suzuki)
        await house.settled()
        assert hears(house, caller) == {"seat-suzuki"}
        assert house.phone.ended_with(far) is not None
        await board.consult(suzuki, "staff", who)
        house.phone.outside_answers(STAFF)
        await house.settled()
        await board.all_three(suzuki)
        await board.hang_up(suzuki)
        await house.settled()
        assert hears(house, caller) == {STAFF}
        assert house.seat("suzuki").state is SeatState.READY


async def test_a_telephone_that_dies_gives_the_caller_back_to_the_line(house: House) -> None:
    who = await staff(house)
    async with house.open():
        _, caller, far = await asked(house, who)
        house.phone.seat_offline("seat-suzuki")
        await house.until(lambda: not house.seat("suzuki").online)
        house.phone.seat_hangs_up("seat-suzuki")
        await house.until(lambda: house.phone.hears(caller).startswith("prompt"))
        await house.until(lambda: house.phone.ended_with(far) is not None)
        await house.comes("tanaka")
        await house.talks("tanaka")
        assert hears(house, caller) == {"seat-tanaka"}


async def test_a_caller_who_gives_up_ends_it_for_all(house: House) -> None:
    who = await staff(house)
    async with house.open():
        _, caller, far = await asked(house, who)
        house.phone.caller_hangs_up(caller)
        await house.until(lambda: house.phone.ended_with(far) is not None)
        await house.until(lambda: house.phone.leg_of("seat-suzuki") is None)
        assert (await the_call(house)).outcome is Outcome.ANSWERED
        assert house.seat("suzuki").state is SeatState.READY


@pytest.mark.req("A4")
async def test_another_operator_is_asked_and_takes_over(house: House) -> None:
    async with house.open() as board:
        await house.comes("tanaka")
        await board.set_state(house.operators["tanaka"], "break")
        caller = await talk(house)
        await board.set_state(house.operators["tanaka"], "ready")
        suzuki, tanaka = house.operators["suzuki"], house.operators["tanaka"]
        await board.consult(suzuki, "operator", tanaka)
        assert house.seat("tanaka").state is SeatState.OFFERED
        assert house.seat("tanaka").helps == house.seat("suzuki").name
        second = house.dials(NUMBER, "09022222222")
        await house.settled()
        helper = house.phone.seat_answers("seat-tanaka")
        await house.settled()
        assert house.seat("tanaka").state is SeatState.TALKING
        assert hears(house, helper) == {"seat-suzuki"}
        assert house.phone.hears(caller) == "music"
        await board.give(suzuki)
        await house.settled()
        assert hears(house, caller) == {"seat-tanaka"}
        call = (await house.calls())[0]
        assert (call.operator_id, call.state) == (tanaka, CallState.TALKING)
        # Who is free again gets the next caller.
        await house.talks("suzuki")
        assert hears(house, second) == {"seat-suzuki"}
        house.phone.seat_hangs_up("seat-tanaka")
        await house.until(lambda: house.phone.ended_with(caller) is not None)
        assert (await house.calls())[0].outcome is Outcome.ANSWERED
        assert house.seat("tanaka").state is SeatState.READY


async def test_an_operator_who_does_not_want_to_help_is_not_blamed(house: House) -> None:
    async with house.open() as board:
        caller = await talk(house)
        await house.comes("tanaka")
        suzuki, tanaka = house.operators["suzuki"], house.operators["tanaka"]
        await board.consult(suzuki, "operator", tanaka)
        house.phone.seat_refuses("seat-tanaka")
        await house.settled()
        assert house.seat("tanaka").state is SeatState.READY
        await board.unhold(suzuki)
        assert hears(house, caller) == {"seat-suzuki"}
        # Sent over without a word, the caller is offered like any other.
        await board.consult(suzuki, "operator", tanaka, stay=False)
        await house.settled()
        await house.talks("tanaka")
        assert hears(house, caller) == {"seat-tanaka"}
        assert house.seat("suzuki").state is SeatState.READY


async def test_parked_in_a_numbered_place_and_taken_by_another(house: House) -> None:
    async with house.open() as board:
        caller = await talk(house)
        await house.comes("tanaka", ready=False)
        suzuki, tanaka = house.operators["suzuki"], house.operators["tanaka"]
        await board.set_state(suzuki, "break")
        await board.park(suzuki)
        await house.settled()
        (parked,) = house.view.parked
        assert (parked.slot, parked.by) == (1, house.seat("suzuki").name)
        assert house.phone.hears(caller) == "music"
        assert house.seat("suzuki").state is SeatState.BREAK
        assert ((await the_call(house)).state, (await the_call(house)).slot) == (
            CallState.PARKED,
            1,
        )
        with pytest.raises(SeatError, match="受付中"):
            await board.take_parked(tanaka, 1)
        await board.set_state(tanaka, "ready")
        with pytest.raises(SeatError, match="もうほかの方"):
            await board.take_parked(tanaka, 2)
        await board.take_parked(tanaka, 1)
        await house.talks("tanaka")
        assert hears(house, caller) == {"seat-tanaka"}
        assert house.view.parked == ()
        assert (await the_call(house)).slot is None


class SlowToHold(FakePhone):
    """Whom it is told to hold next hears music only when `go_on` is set."""

    go_on: asyncio.Event | None = None
    held_first = False
    """Whether they hear music before, and only the answer is late."""

    async def hold(self, leg: Leg) -> None:
        waits, self.go_on = self.go_on, None
        if self.held_first or waits is None:
            await super().hold(leg)
        if waits is not None:
            await waits.wait()
            if not self.held_first:
                await super().hold(leg)


@pytest.mark.parametrize("held_first", [False, True])
async def test_who_hangs_up_while_being_parked_takes_nobody_elses_place(
    house: House, held_first: bool
) -> None:
    house.phone = phone = SlowToHold(house.clock)
    phone.held_first = held_first
    async with house.open() as board, asyncio.TaskGroup() as tasks:
        suzuki, tanaka = house.operators["suzuki"], house.operators["tanaka"]
        first = await talk(house)
        await house.comes("tanaka")
        second = house.dials(NUMBER)
        await house.talks("tanaka")
        phone.go_on = late = asyncio.Event()

        async def park() -> None:
            try:
                await board.park(suzuki)
            except SeatError:
                assert not held_first

        parking = tasks.create_task(park())
        await house.until(lambda: phone.go_on is None)
        phone.caller_hangs_up(first)
        await house.until(lambda: house.view.calls == 1)
        await board.park(tanaka)
        late.set()
        await parking
        await house.settled()
        assert [(one.slot, one.by) for one in house.view.parked] == [(1, house.seat("tanaka").name)]
        await board.set_state(suzuki, "ready")
        await board.take_parked(suzuki, 1)
        await house.talks("suzuki")
        assert hears(house, second) == {"seat-suzuki"}


async def test_nobody_is_forgotten_in_a_place(house: House) -> None:
    async with house.open() as board:
        await house.comes("tanaka")
        caller = house.dials(NUMBER)
        await house.talks("tanaka")
        await house.comes("suzuki")
        tanaka = house.operators["tanaka"]
        await board.park(tanaka)
        await house.passes(89)
        assert house.phone.hears(caller) == "music"
        await house.passes(1)
        # Suzuki has been idle for longer, but it was tanaka who parked the caller.
        await house.until(lambda: house.phone.seat_rings("seat-tanaka"))
        await house.passes(15)
        await house.talks("suzuki")
        assert hears(house, caller) == {"seat-suzuki"}
        await board.park(house.operators["suzuki"])
        await house.settled()
        house.phone.caller_hangs_up(caller)
        await house.until(lambda: house.view.parked == ())
        assert (await the_call(house)).cut_short
        await house.passes(100)


async def test_the_recording_pauses_by_key_and_not_for_the_next_operator(house: House) -> None:
    async with house.open() as board:
        await talk(house)
        suzuki = house.operators["suzuki"]
        assert house.seat("suzuki").recorded
        await board.pause_recording(suzuki, True)
        await board.pause_recording(suzuki, True)
        assert house.seat("suzuki").silenced
        # A scene of the script that is left does not end what the operator wanted.
        await board.pause_recording(suzuki, False, "left")
        assert (await the_call(house)).silenced
        await board.pause_recording(suzuki, False)
        await board.pause_recording(suzuki, True, "card")
        await board.pause_recording(suzuki, False, "left")
        assert not house.seat("suzuki").silenced
        pauses = [act.given["on"] for act in house.phone.acts if act.verb == "pause_recording"]
        assert pauses == [True, False, True, False]
        await board.pause_recording(suzuki, True, "card")
        await board.park(suzuki)
        await board.take_parked(suzuki, 1)
        await house.talks("suzuki")
        assert not house.seat("suzuki").silenced
    facts = await house.facts("call.recording")
    assert facts.count("call.recording_paused") == facts.count("call.recording_resumed") == 3


async def test_keys_are_pressed_and_not_kept(house: House) -> None:
    async with house.open() as board:
        caller = await talk(house)
        await board.press(house.operators["suzuki"], "4711#")
        press = next(act for act in house.phone.acts if act.verb == "press")
        assert (press.leg, press.given["digits"]) == (caller, "4711#")
        with pytest.raises(SeatError, match="数字"):
            await board.press(house.operators["suzuki"], "4a")
        # The engine presses five a second, and nobody hears the operator meanwhile: no hundreds on their way.
        await board.press(house.operators["suzuki"], "0" * 32)
        with pytest.raises(SeatError, match="まだ送っています"):
            await board.press(house.operators["suzuki"], "1")
        await house.passes(7)
        await board.press(house.operators["suzuki"], "1")


@pytest.mark.parametrize("to", ["090-1111-2222", "+819011112222"])
async def test_the_phones_own_transfer_key_sends_the_caller(house: House, to: str) -> None:
    who = await staff(house)
    async with house.open():
        caller = await talk(house)
        house.phone.seat_refers("seat-suzuki", "999")
        await house.until(lambda: house.acts("referred") == 1)
        assert hears(house, caller) == {"seat-suzuki"}
        # Who is to be asked first, or not at all, is not sent callers by the phone's key either.
        only = [Condition(Say.ASK, who)]
        await house.store.write(lambda tx: set_transfers(tx, house.client, only))
        house.phone.seat_refers("seat-suzuki", to)
        await house.until(lambda: house.acts("referred") == 2)
        await house.store.write(lambda tx: set_transfers(tx, house.client, []))
        house.phone.seat_refers("seat-suzuki", to)
        await house.until(lambda: house.phone.outside_rings(STAFF))
        await house.settled()
        assert [act.given["done"] for act in house.phone.acts if act.verb == "referred"] == [
            False,
            False,
            True,
        ]
        assert house.phone.hears(caller) == "music"
        far = house.phone.outside_answers(STAFF)
        await house.until(lambda: house.phone.hears(far).startswith("prompt"))
        house.phone.outside_presses(STAFF, "1")
        await house.until(lambda: hears(house, caller) == {STAFF})
        assert (await the_call(house)).staff_id == who


# --- the program goes away and comes back


@pytest.mark.parametrize("moment", ["ringing", "consulting", "three", "waits"])
async def test_after_a_restart_the_operator_has_the_caller_and_whoever_was_asked(
    house: House, moment: str
) -> None:
    who = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        suzuki = house.operators["suzuki"]
        await board.consult(suzuki, "staff", who)
        if moment != "ringing":
            house.phone.outside_answers(STAFF)
            await house.settled()
        if moment == "three":
            await board.all_three(suzuki)
        if moment == "waits":
            await board.unhold(suzuki)
        await house.settled()
    async with house.open() as board:
        await house.settled()
        seat = house.seat("suzuki")
        assert seat.state is SeatState.TALKING
        if moment == "ringing":
            # Nobody has to press anything: the caller is back by themselves.
            assert (seat.asked, seat.held) == (None, False)
            assert hears(house, caller) == {"seat-suzuki"}
            await house.until(lambda: not house.phone.outside_rings(STAFF))
            return
        assert seat.asked is not None
        assert (seat.asked.id, seat.asked.name) == (who, "鈴木 一郎")
        assert (seat.asked.up, seat.asked.waits) == (True, moment == "waits")
        expected = {
            "three": {"seat-suzuki", STAFF},
            "waits": {"seat-suzuki"},
            "consulting": {"music"},
        }
        assert hears(house, caller) == expected[moment]
        await board.give(suzuki)
        await house.settled()
        assert hears(house, caller) == {STAFF}
        house.phone.outside_hangs_up(STAFF)
        await house.until(lambda: house.phone.ended_with(caller) is not None)


@pytest.mark.parametrize("moment", ["passing", "passed", "parked"])
async def test_after_a_restart_no_caller_is_without_somebody(house: House, moment: str) -> None:
    who = await staff(house)
    async with house.open() as board:
        caller = await talk(house)
        suzuki = house.operators["suzuki"]
        if moment == "parked":
            await board.park(suzuki)
        else:
            await board.consult(suzuki, "staff", who, stay=False)
            await house.settled()
        if moment == "passed":
            far = house.phone.outside_answers(STAFF)
            await house.until(lambda: house.phone.hears(far).startswith("prompt"))
            house.phone.outside_presses(STAFF, "1")
            await house.until(lambda: hears(house, caller) == {STAFF})
        await house.settled()
    async with house.open():
        await house.settled()
        if moment == "passing":
            await house.talks("suzuki")
            assert hears(house, caller) == {"seat-suzuki"}
        elif moment == "passed":
            assert hears(house, caller) == {STAFF}
            house.phone.outside_hangs_up(STAFF)
            await house.until(lambda: house.phone.ended_with(caller) is not None)
            assert (await the_call(house)).outcome is Outcome.ANSWERED
        else:
            assert [one.slot for one in house.view.parked] == [1]
            await house.passes(90)
            await house.talks("suzuki")
            assert hears(house, caller) == {"seat-suzuki"}


async def test_after_a_restart_who_has_talked_is_not_sent_away(house: House) -> None:
    who = await staff(house)
    level = ServiceLevel(ladder=(Step(20, StepKind.MESSAGE),))
    await house.store.write(lambda tx: set_level(tx, house.client, level))
    async with house.open() as board:
        caller = await talk(house)
        await board.consult(house.operators["suzuki"], "staff", who, stay=False)
        await house.settled()
    house.clock.advance(timedelta(seconds=30))
    async with house.open():
        await house.passes(3)
        assert house.phone.ended_with(caller) is None
        await house.talks("suzuki")
        assert hears(house, caller) == {"seat-suzuki"}


async def test_the_connection_breaks_while_somebody_is_asked(house: House) -> None:
    who = await staff(house)
    async with house.open() as board:
        suzuki, caller, far = await asked(house, who)
        house.phone.connection_lost()
        with pytest.raises(SeatError, match="応えません"):
            await board.all_three(suzuki)
        house.phone.connection_back()
        await house.until(lambda: hears(house, caller) == {"seat-suzuki", STAFF})
        house.phone.outside_hangs_up(STAFF)
        await house.settled()
        assert hears(house, caller) == {"seat-suzuki"}
        assert far not in (await house.phone.snapshot()).legs


class Reluctant(FakePhone):
    """So many joinings to come are refused."""

    refuses = 0

    async def join(self, call: str, legs: Sequence[Leg], *, record: bool) -> None:
        if self.refuses:
            self.refuses -= 1
            raise PhoneError("not now")
        await super().join(call, legs, record=record)


async def test_who_could_not_be_joined_is_joined_again_or_the_seat_is_told(house: House) -> None:
    who = await staff(house)
    house.phone = phone = Reluctant(house.clock)
    async with house.open() as board:
        caller = await talk(house)
        suzuki = house.operators["suzuki"]
        await board.consult(suzuki, "staff", who)
        phone.refuses = 1
        far = phone.outside_answers(STAFF)
        await house.until(lambda: hears(house, far) == {"seat-suzuki"})
        phone.refuses = 10
        with pytest.raises(SeatError, match="応えません"):
            await board.all_three(suzuki)
        phone.refuses = 0
        await board.back(suzuki)
        assert hears(house, caller) == {"seat-suzuki"}


@pytest.mark.req("A12")
async def test_a_leave_that_comes_while_they_ring_lets_the_caller_be_given_at_once(
    house: House,
) -> None:
    who = await staff(house)
    rule = [Condition(Say.ASK, who)]
    await house.store.write(lambda tx: set_transfers(tx, house.client, rule))
    suzuki = house.operators["suzuki"]
    async with house.open() as board:
        await talk(house)
        await board.consult(suzuki, "staff", who)
        seen = house.seat("suzuki").asked
        assert seen is not None
        assert seen.ask_first
        with pytest.raises(SeatError, match="先にご本人に"):
            await board.give(suzuki)
        call = await the_call(house)
        await board.deciding.let_through("s" * 32, suzuki, call.id, "鈴木さんのご要望")
        seen = house.seat("suzuki").asked
        assert seen is not None
        assert not seen.ask_first, "the key is on the screen again"
        await board.give(suzuki)
        await house.settled()
        assert (await the_call(house)).state is CallState.PASSING
        assert house.phone.outside_rings(STAFF)
