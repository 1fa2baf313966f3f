"""A page that is loaded again, closed or crashes in a talk: the caller is kept for the operator; both databases, as stories."""

import pytest
from msgspec.structs import replace
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import CallState, Outcome
from denwaban.care import open_helps
from denwaban.people import leave_operator
from denwaban.routing import SeatError, SeatState
from denwaban.store import Tx
from denwaban.telephony.port import HangUp, Leg


async def talks_in_a_page(house: House) -> Leg:
    """Suzuki talks in a page; nobody else is ready."""
    await house.comes("suzuki")
    caller = house.dials(NUMBER)
    await house.rings("suzuki")
    house.phone.seat_answers("seat-suzuki", page=True)
    await house.until(lambda: house.phone.hears(caller) == "voice of seat-suzuki")
    await house.settled()
    return caller


async def page_goes(house: House, caller: Leg) -> None:
    """The page says goodbye by its telephone, as pages do, and is gone."""
    house.phone.seat_hangs_up("seat-suzuki")
    house.phone.seat_offline("seat-suzuki")
    await house.until(lambda: house.phone.hears(caller) == "music")


def rung_for(house: House) -> str:
    return str([act for act in house.phone.acts if act.verb == "dial"][-1].given["call"])


@pytest.mark.req("A2")
async def test_a_page_loaded_again_goes_on_with_the_talk(house: House) -> None:
    async with house.open() as board:
        caller = await talks_in_a_page(house)
        suzuki = house.operators["suzuki"]
        await board.mute(suzuki, True)
        await page_goes(house, caller)
        # The screen stays at the call; who else is ready is not offered it.
        await house.comes("tanaka")
        await house.passes(3)
        seat = house.seat("suzuki")
        assert (seat.state, seat.call_id is not None) == (SeatState.TALKING, True)
        assert seat.lost_until is not None
        assert house.view.waiting == ()
        assert not house.phone.seat_rings("seat-tanaka")
        with pytest.raises(SeatError, match="つなぎ直して"):
            await board.hold(suzuki)
        house.phone.seat_online("seat-suzuki")
        await house.rings("suzuki")
        assert rung_for(house) == f"on-{seat.call_id}"
        house.phone.seat_answers("seat-suzuki", page=True)
        await house.until(lambda: house.phone.hears(caller) == "voice of seat-suzuki")
        await house.settled()
        seat = house.seat("suzuki")
        assert (seat.lost_until, seat.muted) == (None, False)
        # Long after, they still talk; the end is the operator's wish.
        await house.passes(30)
        assert house.phone.hears(caller) == "voice of seat-suzuki"
        await board.hang_up(suzuki)
        await house.until(lambda: house.phone.ended_with(caller) is HangUp.NORMAL)
        (call,) = await house.calls()
        assert (call.outcome, call.operator_id) == (Outcome.ANSWERED, suzuki)
    facts = await house.facts()
    assert facts.count("call.seat_lost") == facts.count("call.seat_back") == 1
    assert facts.count("call.offered") == 1


async def test_nobody_comes_back_and_the_next_operator_is_rung_first_for_it(house: House) -> None:
    async with house.open() as board:
        caller = await talks_in_a_page(house)
        other = house.dials(NUMBER, "09099999999")
        await page_goes(house, caller)
        await house.passes(19)
        assert house.phone.hears(caller) == "music"
        assert await house.store.read(open_helps) == []
        await house.passes(1)
        # The caller waits, and the supervisors know.
        (asked,) = await house.store.read(open_helps)
        assert asked.help.operator_id == house.operators["suzuki"]
        assert asked.help.lost, "the floor says why"
        await house.comes("tanaka")
        await house.talks("tanaka")
        assert house.phone.hears(caller) == "voice of seat-tanaka"
        assert not house.phone.hears(other).startswith("voice")
        await house.until_written(lambda tx: open_helps(tx) == [])
        await board.hang_up(house.operators["tanaka"])
        assert (await house.calls())[0].outcome is Outcome.ANSWERED


async def test_a_seat_that_is_there_but_does_not_answer_is_rung_anew_and_then_away(
    house: House,
) -> None:
    async with house.open():
        caller = await talks_in_a_page(house)
        house.phone.seat_hangs_up("seat-suzuki")
        await house.passes(1)
        first = house.phone.leg_of("seat-suzuki")
        assert first is not None
        # A page that is gone may still be registered: what rings there rings nowhere.
        await house.passes(7)
        second = house.phone.leg_of("seat-suzuki")
        assert second not in (None, first)
        house.phone.seat_refuses("seat-suzuki")
        await house.passes(1)
        await house.rings("suzuki")
        await house.passes(12)
        assert house.seat("suzuki").state is SeatState.AWAY
        assert house.phone.leg_of("seat-suzuki") is None
        assert [one.call_id is not None for one in house.view.waiting] == [True]
        assert house.phone.hears(caller).startswith("prompt")


@pytest.mark.parametrize("how", ["telephone", "key", "caller"])
async def test_what_is_meant_ends_the_call_at_once(house: House, how: str) -> None:
    async with house.open() as board:
        if how == "telephone":
            # Who puts down the receiver of a telephone has hung up.
            await house.comes("suzuki")
            caller = house.dials(NUMBER)
            await house.talks("suzuki")
            house.phone.seat_hangs_up("seat-suzuki")
        else:
            caller = await talks_in_a_page(house)
            await page_goes(house, caller)
            if how == "key":
                await board.hang_up(house.operators["suzuki"])
            else:
                house.phone.caller_hangs_up(caller)
        await house.settled()
        assert caller not in (await house.phone.snapshot()).legs
        (call,) = await house.calls()
        assert (call.state, call.outcome) == (CallState.ENDED, Outcome.ANSWERED)
        assert house.phone.leg_of("seat-suzuki") is None
        await house.passes(25)
        assert await house.store.read(open_helps) == []


async def test_a_crashed_page_is_known_by_the_next_one(house: House) -> None:
    async with house.open() as board:
        caller = await talks_in_a_page(house)
        dead = house.phone.leg_of("seat-suzuki")
        # The engine has not noticed; the page that is opened now says so.
        board.page_opened(house.operators["suzuki"])
        await house.until(lambda: house.phone.hears(caller) == "music")
        assert house.phone.leg_of("seat-suzuki") != dead
        await house.passes(1)
        house.phone.seat_answers("seat-suzuki", page=True)
        await house.until(lambda: house.phone.hears(caller) == "voice of seat-suzuki")
        # A page beside a telephone that talks changes nothing.
        house.phone.caller_hangs_up(caller)
        other = house.dials(NUMBER)
        await house.talks("suzuki")
        board.page_opened(house.operators["suzuki"])
        await house.settled()
        assert house.phone.hears(other) == "voice of seat-suzuki"


async def test_without_a_time_agreed_the_next_operator_is_rung_at_once(house: House) -> None:
    house.settings = replace(house.settings, return_seconds=0)
    async with house.open():
        caller = await talks_in_a_page(house)
        await house.comes("tanaka")
        house.phone.seat_hangs_up("seat-suzuki")
        await house.talks("tanaka")
        assert house.phone.hears(caller) == "voice of seat-tanaka"


async def test_the_program_restarts_while_the_page_is_gone(house: House) -> None:
    async with house.open():
        caller = await talks_in_a_page(house)
        await page_goes(house, caller)
        await house.settled()
    async with house.open():
        await house.comes("tanaka")
        await house.talks("tanaka")
        assert house.phone.hears(caller) == "voice of seat-tanaka"


async def test_an_operator_who_leaves_for_good_ends_their_talk_and_nothing_else(
    house: House,
) -> None:
    async with house.open():
        await house.comes("suzuki")
        await house.comes("tanaka")
        caller = house.dials(NUMBER)
        await house.talks("suzuki")

        def both(tx: Tx) -> None:
            for operator_id in house.operators.values():
                leave_operator(tx, operator_id)

        await house.store.write(both)
        # Who was ready is gone at once, who talks when the talk is over.
        tanaka, suzuki = house.operators["tanaka"], house.operators["suzuki"]
        await house.until(lambda: house.view.seat(tanaka) is None)
        assert house.seat("suzuki").state is SeatState.TALKING
        waiting = house.dials(NUMBER, "09099999999")
        house.phone.seat_hangs_up("seat-suzuki")
        await house.until(lambda: house.view.seat(suzuki) is None)
        await house.settled()
        assert caller not in (await house.phone.snapshot()).legs
        assert not house.phone.seat_rings("seat-suzuki")
        assert house.board.trouble() is None
        # Back again, they are rung.
        await house.store.write(lambda tx: leave_operator(tx, tanaka, left=False))
        await house.until(lambda: house.view.seat(tanaka) is not None)
        house.phone.seat_offline("seat-tanaka")
        await house.comes("tanaka")
        await house.talks("tanaka")
        assert house.phone.hears(waiting) == "voice of seat-tanaka"
