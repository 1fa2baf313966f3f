"""What every telephone promises, the same for the fake and for Asterisk. With Asterisk all sound is measured."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fake_world import FakeWorld
from tests.phone_world import OUTSIDE, SEAT, TRUNK, OutsideSide, SeatSide, World
from tests.real_world import real_world

from denwaban.clock import MovedClock
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import (
    CallArrived,
    Digit,
    HangUp,
    Leg,
    LegAnswered,
    LegEnded,
    LegGone,
    LegHeld,
    LegRinging,
    PhoneError,
    Played,
    Referred,
    Resynced,
    SeatChanged,
    Unreached,
)


@pytest.fixture(params=["fake", pytest.param("asterisk", marks=pytest.mark.engine)])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, clock: MovedClock
) -> AsyncIterator[World]:
    if request.param == "fake":
        fake = FakeWorld(
            FakePhone(clock),
            lambda seconds: clock.advance(timedelta(seconds=seconds)),
            tmp_path / "prompt.wav",
        )
        resynced = await fake.listener.told(Resynced)
        assert resynced.snapshot.legs == {}
        yield fake
        await fake.listener.close()
        return
    async with real_world(request.getfixturevalue("engine"), tmp_path) as real:
        resynced = await real.listener.told(Resynced)
        assert resynced.snapshot.legs == {}
        yield real


async def until_nobody_is_there(world: World) -> None:
    """The engine tells the end of a leg a moment before it forgets it."""
    async with asyncio.timeout(20):
        while (await world.phone.snapshot()).legs != {}:
            await asyncio.sleep(0.05)


async def seat_online(world: World) -> SeatSide:
    seat = await world.seat_online()
    changed = await world.listener.told(SeatChanged)
    assert (changed.seat, changed.online) == (SEAT, True)
    return seat


async def dial(world: World, call: str = "call-1", seconds: int = 20) -> Leg:
    return world.phone.dial(
        SEAT, call=call, caller="09012345678", title="みどりクリニック", seconds=seconds
    )


async def talk(world: World, call: str = "call-1", *, record: bool = False):  # type: ignore[no-untyped-def]
    """A caller and a seat that talk: caller, seat, and their legs."""
    seat = await seat_online(world)
    caller = await world.dials("0312345678")
    arrived = await world.listener.told(CallArrived)
    leg = await dial(world, call)
    await seat.answers()
    await world.listener.told(LegAnswered)
    await world.phone.connect(call, arrived.leg, leg, record=record)
    await caller.hears("seat")
    await seat.hears("caller")
    return caller, seat, arrived.leg, leg


@pytest.mark.req("A2")
async def test_a_caller_arrives_with_number_and_line(world: World) -> None:
    await world.dials("0312345678", "09087654321")
    arrived = await world.listener.told(CallArrived)
    assert (arrived.dialled, arrived.caller) == ("0312345678", "09087654321")
    assert arrived.trunk in ("trunk", "test")
    state = (await world.phone.snapshot()).legs[arrived.leg]
    assert not state.answered
    assert state.seat is None
    assert state.notes["dialled"] == "0312345678"
    assert state.notes["caller"] == "09087654321"
    assert state.notes["trunk"] == arrived.trunk


async def test_a_withheld_number_is_empty(world: World) -> None:
    await world.dials("0312345678", "")
    assert (await world.listener.told(CallArrived)).caller == ""


async def test_the_caller_hears_ring_then_announcement_then_music_then_nothing(
    world: World,
) -> None:
    caller = await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    await world.phone.ring(leg)
    await caller.hears("ring")
    await world.phone.answer(leg)
    play = await world.phone.play(leg, world.prompt)
    await caller.hears("prompt")
    await world.phone.music(leg)
    assert await world.listener.told(Played) is not None
    await caller.hears("music")
    again = await world.phone.play(leg, world.prompt)
    assert again != play
    await caller.hears("prompt")
    assert (await world.phone.snapshot()).legs[leg].playing == again
    await world.phone.quiet(leg)
    assert (await world.phone.snapshot()).legs[leg].playing == ""
    assert (await world.listener.told(Played)).play == again
    await caller.hears("nothing")


async def test_a_seat_rings_answers_and_both_hear_each_other(world: World) -> None:
    seat = await seat_online(world)
    caller = await world.dials("0312345678")
    arrived = await world.listener.told(CallArrived)
    leg = await dial(world)
    ringing = await world.listener.told(LegRinging)
    assert ringing.leg == leg
    await seat.answers()
    assert (await world.listener.told(LegAnswered)).leg == leg
    await world.phone.connect("call-1", arrived.leg, leg, record=False)
    await caller.hears("seat")
    await seat.hears("caller")
    legs = (await world.phone.snapshot()).legs
    assert legs[leg].connected_to == arrived.leg
    assert legs[arrived.leg].connected_to == leg
    assert legs[leg].seat == SEAT
    assert legs[arrived.leg].answered

    await caller.hangs_up()
    assert (await world.listener.told(LegEnded)).leg == arrived.leg
    # The seat's leg stays: what becomes of it is the switchboard's to say.
    await seat.hears("nothing")
    assert (await world.phone.snapshot()).legs[leg].connected_to is None
    await world.phone.hang_up(leg)
    assert (await world.listener.told(LegEnded)).leg == leg
    await seat.is_over()
    await until_nobody_is_there(world)


async def test_a_waiting_caller_with_music_is_connected(world: World) -> None:
    seat = await seat_online(world)
    caller = await world.dials("0312345678")
    arrived = await world.listener.told(CallArrived)
    await world.phone.answer(arrived.leg)
    await world.phone.music(arrived.leg)
    await caller.hears("music")
    leg = await dial(world)
    await seat.answers()
    await world.listener.told(LegAnswered)
    await world.phone.connect("call-2", arrived.leg, leg, record=False)
    await caller.hears("seat")
    await seat.hears("caller")


async def test_an_announcement_is_cut_short_by_the_operator(world: World) -> None:
    seat = await seat_online(world)
    caller = await world.dials("0312345678")
    arrived = await world.listener.told(CallArrived)
    await world.phone.answer(arrived.leg)
    play = await world.phone.play(arrived.leg, world.prompt)
    await caller.hears("prompt")
    leg = await dial(world)
    await seat.answers()
    await world.listener.told(LegAnswered)
    async with asyncio.timeout(15):
        await world.phone.connect("call-3", arrived.leg, leg, record=False)
    await caller.hears("seat")
    await seat.hears("caller")
    assert (await world.listener.told(Played)).play == play


async def test_a_seat_that_refuses_is_busy(world: World) -> None:
    seat = await seat_online(world)
    leg = await dial(world)
    await world.listener.told(LegRinging)
    await seat.refuses()
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.busy) == (leg, True)
    with pytest.raises(LegGone):
        await world.phone.answer(leg)


async def test_a_seat_without_a_phone_ends_at_once_and_is_not_busy(world: World) -> None:
    leg = await dial(world)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.busy) == (leg, False)


async def test_a_seat_that_does_not_answer_rings_for_its_time(world: World) -> None:
    seat = await seat_online(world)
    leg = await dial(world, seconds=1)
    await seat.rings()
    await world.seconds_pass(1.0)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.busy) == (leg, False)
    world.listener.not_told(LegAnswered)


async def test_a_ringing_seat_can_be_given_up(world: World) -> None:
    seat = await seat_online(world)
    leg = await dial(world)
    await seat.rings()
    await world.listener.told(LegRinging)
    await world.phone.hang_up(leg)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.busy) == (leg, False)


async def test_hold_gives_the_caller_music_and_the_seat_silence(world: World) -> None:
    caller, seat, caller_leg, leg = await talk(world)
    await world.phone.hold(caller_leg)
    await world.phone.hold(caller_leg)
    await caller.hears("music")
    await seat.hears("nothing")
    assert (await world.phone.snapshot()).legs[caller_leg].connected_to == leg
    await world.phone.unhold(caller_leg)
    await world.phone.unhold(caller_leg)
    await caller.hears("seat")
    await seat.hears("caller")


async def test_a_muted_seat_is_not_heard(world: World) -> None:
    caller, seat, _, leg = await talk(world)
    await world.phone.mute(leg, True)
    await caller.hears("nothing")
    await seat.hears("caller")
    await world.phone.mute(leg, False)
    await caller.hears("seat")


async def test_the_phones_own_hold_key_is_told(world: World) -> None:
    _, seat, _, leg = await talk(world)
    await seat.holds(True)
    held = await world.listener.told(LegHeld)
    assert (held.leg, held.held) == (leg, True)
    await seat.holds(False)
    held = await world.listener.told(LegHeld)
    assert (held.leg, held.held) == (leg, False)


async def test_a_key_is_told_once(world: World) -> None:
    caller, _, caller_leg, _ = await talk(world)
    await caller.presses("5")
    digit = await world.listener.told(Digit)
    assert (digit.leg, digit.digit) == (caller_leg, "5")
    world.listener.not_told(Digit)


@pytest.mark.parametrize("why", list(HangUp))
async def test_a_caller_can_be_refused(world: World, why: HangUp) -> None:
    caller = await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    await world.phone.hang_up(leg, why)
    assert (await world.listener.told(LegEnded)).leg == leg
    await caller.is_over()
    await world.phone.hang_up(leg)
    with pytest.raises(LegGone):
        await world.phone.ring(leg)


async def test_a_leg_ends_once(world: World) -> None:
    caller, seat, caller_leg, leg = await talk(world)
    await seat.hangs_up()
    await caller.hangs_up()
    ended = {(await world.listener.told(LegEnded)).leg, (await world.listener.told(LegEnded)).leg}
    assert ended == {caller_leg, leg}
    # A busy engine lets go of a channel a moment after it has told of its end.
    async with asyncio.timeout(20):
        while (await world.phone.snapshot()).legs:
            await asyncio.sleep(0.02)
    world.listener.not_told(LegEnded)


async def test_an_act_on_a_caller_who_hangs_up_just_now_says_so_or_is_done(world: World) -> None:
    caller, _, caller_leg, leg = await talk(world)
    await caller.hangs_up()
    acts = [world.phone.hold(caller_leg), world.phone.note(caller_leg, state="late")]
    for done in await asyncio.gather(*acts, return_exceptions=True):
        assert done is None or isinstance(done, LegGone)
    assert (await world.listener.told(LegEnded)).leg == caller_leg
    with pytest.raises(LegGone):
        await world.phone.connect("call-1", caller_leg, leg, record=False)


async def test_who_is_connected_to_nobody_cannot_be_held(world: World) -> None:
    await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    with pytest.raises(PhoneError):
        await world.phone.hold(leg)


async def test_a_caller_goes_on_to_another_talk(world: World) -> None:
    caller, seat, caller_leg, _ = await talk(world)
    await seat.hangs_up()
    await world.listener.told(LegEnded)
    await caller.hears("nothing")
    leg = await dial(world)
    await seat.answers()
    await world.listener.told(LegAnswered)
    await world.phone.connect("call-1", caller_leg, leg, record=False)
    await caller.hears("seat")
    await seat.hears("caller")


async def test_seats_come_and_go(world: World) -> None:
    await seat_online(world)
    assert (await world.phone.snapshot()).online == {SEAT}
    await world.seat_offline()
    changed = await world.listener.told(SeatChanged)
    assert (changed.seat, changed.online) == (SEAT, False)
    assert (await world.phone.snapshot()).online == frozenset()


async def test_a_new_program_adopts_the_calls(world: World) -> None:
    caller, seat, caller_leg, leg = await talk(world)
    await world.phone.note(caller_leg, call="call-1", state="talking")
    await world.phone.note(caller_leg, state='たった今, "引用"')
    await world.phone.note(leg, call="call-1")
    await world.program_restarts()
    resynced = await world.listener.told(Resynced)
    assert not resynced.restarted
    legs = resynced.snapshot.legs
    assert set(legs) == {caller_leg, leg}
    assert legs[caller_leg].notes["call"] == "call-1"
    assert legs[caller_leg].notes["state"] == 'たった今, "引用"'
    assert legs[caller_leg].notes["dialled"] == "0312345678"
    assert legs[caller_leg].connected_to == leg
    assert legs[leg].notes["call"] == "call-1"
    assert (legs[leg].seat, legs[leg].answered) == (SEAT, True)
    assert resynced.snapshot.online == {SEAT}
    # The talk went on meanwhile, and obeys the new program.
    await caller.hears("seat")
    await seat.hears("caller")
    await world.phone.hold(caller_leg)
    await caller.hears("music")
    await world.phone.unhold(caller_leg)
    await caller.hears("seat")
    await caller.hangs_up()
    assert (await world.listener.told(LegEnded)).leg == caller_leg
    await world.phone.hang_up(leg)
    assert (await world.listener.told(LegEnded)).leg == leg
    await seat.is_over()


# --- calls that we make


async def call_out(world: World, seconds: int = 20) -> Leg:
    return await world.phone.call_out(
        OUTSIDE, call="call-9", trunk=TRUNK, shown="+81312345678", seconds=seconds
    )


async def reached(world: World) -> tuple[OutsideSide, Leg]:
    """Somebody outside who has answered our call."""
    outside = await world.outside()
    leg = await call_out(world)
    await outside.answers()
    assert (await world.listener.told(LegAnswered)).leg == leg
    return outside, leg


async def test_a_number_outside_rings_sees_ours_answers_hears_and_presses_keys(
    world: World,
) -> None:
    outside = await world.outside()
    leg = await call_out(world)
    assert (await world.listener.told(LegRinging)).leg == leg
    await outside.rings()
    await outside.sees("0312345678")
    state = (await world.phone.snapshot()).legs[leg]
    assert state.outgoing
    assert not state.answered
    with pytest.raises(PhoneError):
        await world.phone.play(leg, world.prompt)
    await outside.answers()
    assert (await world.listener.told(LegAnswered)).leg == leg
    play = await world.phone.play(leg, world.prompt)
    await outside.hears("prompt")
    await outside.presses("1")
    digit = await world.listener.told(Digit)
    assert (digit.leg, digit.digit) == (leg, "1")
    world.listener.not_told(Digit)
    await world.phone.quiet(leg)
    assert (await world.listener.told(Played)).play == play
    state = (await world.phone.snapshot()).legs[leg]
    assert state.answered
    assert (state.notes["number"], state.notes["call"]) == (OUTSIDE, "call-9")
    await world.phone.hang_up(leg)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.unreached) == (leg, None)
    await outside.is_over()
    assert (await world.phone.snapshot()).legs == {}


@pytest.mark.parametrize("why", list(Unreached))
async def test_why_nobody_could_be_reached(world: World, why: Unreached) -> None:
    outside = await world.outside()
    leg = await call_out(world)
    await world.listener.told(LegRinging)
    await outside.fails(why)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.unreached) == (leg, why)
    with pytest.raises(LegGone):
        await world.phone.quiet(leg)


async def test_a_number_outside_rings_for_its_time(world: World) -> None:
    outside = await world.outside()
    leg = await call_out(world, seconds=1)
    await world.listener.told(LegRinging)
    await outside.rings()
    await world.seconds_pass(1)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.unreached) == (leg, Unreached.NO_ANSWER)
    await outside.is_over()


async def test_a_call_out_can_be_given_up(world: World) -> None:
    outside = await world.outside()
    leg = await call_out(world)
    await world.listener.told(LegRinging)
    await outside.rings()
    await world.phone.hang_up(leg)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.unreached) == (leg, None)
    await outside.is_over()


async def test_a_seat_and_a_number_outside_are_joined_and_adopted(world: World) -> None:
    seat = await seat_online(world)
    own = await dial(world)
    await seat.answers()
    await world.listener.told(LegAnswered)
    outside, far = await reached(world)
    await world.phone.connect("call-9", far, own, record=False)
    await seat.hears("outside")
    await outside.hears("seat")
    await world.program_restarts()
    legs = (await world.listener.told(Resynced)).snapshot.legs
    assert legs[far].outgoing
    assert legs[far].connected_to == own
    assert legs[far].notes["call"] == "call-9"
    await outside.hangs_up()
    assert (await world.listener.told(LegEnded)).leg == far
    assert (await world.phone.snapshot()).legs[own].connected_to is None
    await seat.hangs_up()
    assert (await world.listener.told(LegEnded)).leg == own


# --- three parties


@pytest.mark.req("A1")
async def test_consult_talk_back_all_three_and_hand_over(world: World) -> None:
    caller, seat, caller_leg, own = await talk(world)
    phone = world.phone
    await phone.hold(caller_leg)
    outside, far = await reached(world)
    await phone.join("call-1", (own, far), record=False)
    await seat.hears("outside")
    await outside.hears("seat")
    await caller.hears("music")
    # Back to the caller, while the other waits.
    await phone.join("call-1", (caller_leg, own), record=False)
    await phone.music(far)
    await caller.hears("seat")
    await seat.hears("caller")
    await outside.hears("music")
    await phone.join("call-1", (caller_leg, own, far), record=False)
    await caller.hears("seat+outside")
    await seat.hears("caller+outside")
    await outside.hears("caller+seat")
    await phone.hold(caller_leg)
    await caller.hears("music")
    await seat.hears("outside")
    await outside.hears("seat")

    await world.program_restarts()
    legs = (await world.listener.told(Resynced)).snapshot.legs
    assert legs[caller_leg].together == {own, far}
    assert legs[own].together == {caller_leg, far}
    assert legs[far].together == {caller_leg, own}
    await world.phone.unhold(caller_leg)
    await caller.hears("seat+outside")

    await seat.hangs_up()
    assert (await world.listener.told(LegEnded)).leg == own
    await caller.hears("outside")
    await outside.hears("caller")
    assert (await world.phone.snapshot()).legs[caller_leg].together == {far}
    await outside.hangs_up()
    assert (await world.listener.told(LegEnded)).leg == far
    await caller.hears("nothing")
    assert (await world.phone.snapshot()).legs[caller_leg].connected_to is None


async def test_who_leaves_three_hears_nothing_and_the_others_talk_on(world: World) -> None:
    caller, seat, caller_leg, own = await talk(world)
    outside, far = await reached(world)
    await world.phone.join("call-1", (caller_leg, own, far), record=False)
    await caller.hears("seat+outside")
    await world.phone.part(far)
    await world.phone.part(far)
    await outside.hears("nothing")
    await caller.hears("seat")
    await seat.hears("caller")
    await world.phone.part(own)
    await caller.hears("nothing")
    await world.phone.music(caller_leg)
    await caller.hears("music")
    with pytest.raises(PhoneError):
        await world.phone.hold(caller_leg)
    await world.phone.join("call-1", (own, caller_leg), record=False)
    await caller.hears("seat")


async def test_a_consulting_pair_and_the_waiting_caller_are_found_again(world: World) -> None:
    caller, seat, caller_leg, own = await talk(world)
    await world.phone.hold(caller_leg)
    _outside, far = await reached(world)
    await world.phone.join("call-1", (own, far), record=False)
    await caller.hears("music")
    await world.program_restarts()
    legs = (await world.listener.told(Resynced)).snapshot.legs
    assert legs[own].together == {far}
    assert legs[far].together == {own}
    assert legs[caller_leg].together == frozenset()
    await world.phone.join("call-1", (caller_leg, own), record=False)
    await caller.hears("seat")
    await seat.hears("caller")


async def test_keys_are_pressed_for_the_operator(world: World) -> None:
    caller, _, caller_leg, _ = await talk(world)
    await world.phone.press(caller_leg, "12#")
    await caller.hears_keys("12#")
    with pytest.raises(ValueError, match="keys"):
        await world.phone.press(caller_leg, "1&x=2")
    await caller.hears("seat")
    await caller.hangs_up()
    assert (await world.listener.told(LegEnded)).leg == caller_leg


async def test_the_phones_own_transfer_key_is_told_and_answered(world: World) -> None:
    caller, seat, _, own = await talk(world)
    await seat.refers("201")
    asked = await world.listener.told(Referred)
    assert (asked.leg, asked.to) == (own, "201")
    world.listener.not_told(Referred)
    await world.phone.referred(own, False)
    await seat.was_referred(False)
    await seat.hears("caller")
    await seat.refers("09011112222")
    assert (await world.listener.told(Referred)).to == "09011112222"
    await world.phone.referred(own, True)
    await seat.was_referred(True)
    await caller.hears("seat")
