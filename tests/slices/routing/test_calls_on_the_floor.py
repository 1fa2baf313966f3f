"""Stories of calls from the door to the record."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import CallState, Outcome, missed
from denwaban.lines import DEFAULT_CLOSED, EVERY_DAY, Mode, PlanWindow, set_plan
from denwaban.people import set_recorded
from denwaban.routing import IN_LINE, SeatError, SeatState
from denwaban.telephony.port import HangUp


@pytest.mark.req("A2")
async def test_a_caller_is_put_through_and_everything_is_recorded(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        caller = house.dials("+81312345678", "sip:09012345678@trunk")
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
        dial = next(act for act in house.phone.acts if act.verb == "dial")
        assert (dial.given["caller"], dial.given["title"]) == ("+819012345678", "yamada社 代表")
        await house.passes(4)
        assert house.phone.heard(caller) == ["ring"]
        assert house.seat("suzuki").state is SeatState.OFFERED
        await house.talks("suzuki")
        assert house.phone.hears(caller) == "voice of seat-suzuki"
        assert house.seat("suzuki").client_name == "yamada社"
        await house.passes(60)
        house.phone.caller_hangs_up(caller)
        await house.until(lambda: house.phone.leg_of("seat-suzuki") is None)
        (call,) = await house.calls()
    assert (call.client_id, call.caller, call.dialled) == (
        house.client,
        "+819012345678",
        "+81312345678",
    )
    assert (call.plan, call.mode, call.state) == ("24時間", "full", CallState.ENDED)
    assert (call.outcome, call.wait_ms, call.recording) == (
        Outcome.ANSWERED,
        4000,
        f"{call.id}.wav",
    )
    assert call.operator_id == house.operators["suzuki"]
    assert await house.facts() == ["call.arrived", "call.offered", "call.answered", "call.ended"]


@pytest.mark.req("C9")
async def test_nobody_free_ring_back_then_words_then_music_and_strict_order(house: House) -> None:
    async with house.open():
        first = house.dials(NUMBER, "09011111111")
        await house.passes(1)
        second = house.dials(NUMBER, "09022222222")
        third = house.dials(NUMBER, "")
        await house.passes(5)
        words = f"prompt /spoken/{IN_LINE}"
        assert house.phone.heard(first) == ["ring", words]
        assert house.phone.heard(second) == ["ring"]
        house.phone.prompt_ends(first)
        await house.until(lambda: house.phone.hears(first) == "music")
        await house.passes(60)
        assert house.phone.hears(first) == words
        assert len(house.view.waiting) == 3
        house.phone.caller_hangs_up(second)
        await house.comes("suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(first) == "voice of seat-suzuki"
        await house.passes(120)
        assert house.phone.hears(first) == "voice of seat-suzuki"
        house.phone.seat_hangs_up("seat-suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(third) == "voice of seat-suzuki"
        assert house.phone.ended_with(first) is HangUp.NORMAL
        found = await house.calls()
        assert [call.outcome for call in found] == [Outcome.ANSWERED, Outcome.ABANDONED, None]
        (gave_up,) = await house.store.read(
            lambda tx: missed(tx, house.client, found[0].arrived_at)
        )
    assert (gave_up.number, gave_up.wait_ms // 1000) == ("+819022222222", 65)


async def test_who_does_not_answer_is_away_until_ready_again(house: House) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        await house.comes("tanaka")
        caller = house.dials(NUMBER)
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
        await house.passes(14)
        assert house.phone.heard(caller) == ["ring"], "the first operator's phone is what is heard"
        await house.passes(1)
        await house.until(lambda: house.phone.seat_rings("seat-tanaka"))
        assert not house.phone.seat_rings("seat-suzuki")
        assert (house.seat("suzuki").state, house.seat("suzuki").reason) == (
            SeatState.AWAY,
            "no_answer",
        )
        house.phone.seat_refuses("seat-tanaka")
        await house.until(lambda: house.seat("tanaka").reason == "refused")
        assert house.phone.hears(caller).startswith("prompt")
        await board.set_state(house.operators["suzuki"], "ready")
        await house.talks("suzuki")
        assert (await house.facts("operator.state_changed")) != []


async def test_the_caller_who_gives_up_while_an_operator_is_rung_stops_the_ringing(
    house: House,
) -> None:
    async with house.open():
        await house.comes("suzuki")
        caller = house.dials(NUMBER)
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
        house.phone.caller_hangs_up(caller)
        await house.until(lambda: not house.phone.seat_rings("seat-suzuki"))
        await house.settled()
        assert house.seat("suzuki").state is SeatState.READY
        (call,) = await house.calls()
    assert call.outcome is Outcome.ABANDONED
    rows = await house.store.read(lambda tx: tx.all(text("SELECT result FROM call_legs")))
    assert [row["result"] for row in rows] == ["withdrawn"]


async def test_a_caller_who_is_gone_at_once_leaves_nothing_behind(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        caller = house.dials(NUMBER)
        house.phone.caller_hangs_up(caller)
        (call,) = await house.calls()
        assert call.outcome is Outcome.ABANDONED
        assert house.view.calls == 0
        assert house.seat("suzuki").state is SeatState.READY
        assert house.phone.leg_of("seat-suzuki") is None


@pytest.mark.req("A6")
async def test_beyond_the_limit_callers_hear_busy_and_are_recorded(
    house: House, limited: Callable[[int], Awaitable[None]]
) -> None:
    await limited(1)
    async with house.open():
        first = house.dials(NUMBER)
        second = house.dials(NUMBER, "09022222222")
        await house.until(lambda: house.phone.ended_with(second) is HangUp.BUSY)
        house.phone.caller_hangs_up(first)
        await house.settled()
        house.dials(NUMBER)
        await house.settled()
        # More lines from now on, without a restart.
        await limited(2)
        await house.forgotten(NUMBER)
        house.dials(NUMBER)
        await house.until(lambda: len(house.view.waiting) == 2)
        found = await house.calls()
    assert [call.outcome for call in found] == [Outcome.ABANDONED, Outcome.BLOCKED, None, None]


@pytest.mark.req("A10", "A11", "C9")
async def test_out_of_hours_the_caller_hears_why_and_is_recorded(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        caller = house.dials("0312345679")
        await house.until(
            lambda: house.phone.heard(caller)[-1:] != ["ring"] and house.phone.heard(caller)
        )
        assert house.phone.heard(caller) == ["ring", f"prompt /spoken/{DEFAULT_CLOSED}"]
        house.phone.prompt_ends(caller)
        await house.until(lambda: house.phone.ended_with(caller) is HangUp.NORMAL)
        (call,) = await house.calls()
        assert (call.outcome, call.mode) == (Outcome.OUT_OF_HOURS, "closed")
        assert not house.phone.seat_rings("seat-suzuki")


async def test_a_message_that_cannot_be_spoken_is_replaced(house: House) -> None:
    odd = PlanWindow("休", EVERY_DAY, 0, 1440, Mode.CLOSED, None, "…")
    await house.store.write(lambda tx: set_plan(tx, house.client, [odd]))
    async with house.open():
        caller = house.dials(NUMBER)
        await house.until(lambda: house.phone.hears(caller) == f"prompt /spoken/{DEFAULT_CLOSED}")


async def test_a_plan_changed_while_running_holds_from_the_next_call_on(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        await house.store.write(lambda tx: set_plan(tx, house.client, []))
        await house.forgotten(NUMBER)
        caller = house.dials(NUMBER)
        await house.until(lambda: house.phone.hears(caller).startswith("prompt"))
        assert not house.phone.seat_rings("seat-suzuki")


@pytest.mark.parametrize("number", ["0399999999", "110", "anonymous", "", "';--", "９" * 300])
async def test_nobodys_number_is_refused_and_recorded(house: House, number: str) -> None:
    async with house.open():
        caller = house.dials(number)
        await house.until(lambda: house.phone.ended_with(caller) is HangUp.UNKNOWN_NUMBER)
        (call,) = await house.calls()
    assert (call.client_id, call.outcome) == (None, Outcome.REFUSED)


@pytest.mark.parametrize("caller", ["", "anonymous", "x" * 500, "123", "☎", "\x00\x01"])
async def test_odd_caller_ids_are_put_through(house: House, caller: str) -> None:
    async with house.open():
        await house.comes("suzuki")
        house.dials(NUMBER, caller)
        await house.talks("suzuki")
        (call,) = await house.calls()
    assert len(call.caller) <= 100


async def test_what_an_operator_can_do_while_talking(house: House) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        suzuki = house.operators["suzuki"]
        for wish in (board.hold, board.unhold, board.hang_up):
            with pytest.raises(SeatError, match="通話していません"):
                await wish(suzuki)
        caller = house.dials(NUMBER)
        await house.talks("suzuki")
        await board.hold(suzuki)
        assert house.phone.hears(caller) == "music"
        assert house.seat("suzuki").held
        await board.hold(suzuki)
        await board.unhold(suzuki)
        assert house.phone.hears(caller) == "voice of seat-suzuki"
        await board.mute(suzuki, True)
        assert (house.phone.hears(caller), house.seat("suzuki").muted) == ("silence", True)
        await board.mute(suzuki, False)
        house.phone.seat_holds("seat-suzuki")
        await house.until(lambda: house.seat("suzuki").held)
        house.phone.seat_holds("seat-suzuki", False)
        await house.until(lambda: not house.seat("suzuki").held)
        await board.set_state(suzuki, "break")
        assert house.seat("suzuki").after == "break"
        await board.hang_up(suzuki)
        await house.until(lambda: house.phone.ended_with(caller) is HangUp.NORMAL)
        assert house.seat("suzuki").state is SeatState.BREAK
        with pytest.raises(SeatError, match="席"):
            await board.hold("nobody")
    assert await house.facts() == [
        "call.arrived", "call.offered", "call.answered", "call.held", "call.unheld", "call.muted",
        "call.muted", "call.held", "call.unheld", "call.ended",
    ]  # fmt: skip


async def test_an_operator_can_decline_from_the_screen(house: House) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        await house.comes("tanaka")
        house.dials(NUMBER)
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
        await board.hang_up(house.operators["suzuki"])
        await house.until(lambda: house.phone.seat_rings("seat-tanaka"))
        assert not house.phone.seat_rings("seat-suzuki")


async def test_two_operators_answering_at_once_the_first_wins(house: House) -> None:
    """The second seat rings only when the first has been told to stop; whoever answers too late hears nobody."""
    async with house.open() as board:
        await house.comes("suzuki")
        await house.comes("tanaka")
        caller = house.dials(NUMBER)
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
        # The answer is on its way while the call is already taken back.
        late = house.phone.seat_answers("seat-suzuki")
        await board.hang_up(house.operators["suzuki"])
        await house.talks("tanaka")
        await house.settled()
        assert house.phone.hears(caller) == "voice of seat-tanaka"
        assert house.phone.ended_with(late) is HangUp.NORMAL
        (call,) = await house.calls()
    assert call.operator_id == house.operators["tanaka"]


async def test_a_browser_that_dies_in_a_talk_gives_the_caller_to_the_next(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        caller = house.dials(NUMBER)
        await house.talks("suzuki")
        await house.comes("tanaka", ready=False)
        house.phone.seat_offline("seat-suzuki")
        await house.until(lambda: not house.seat("suzuki").online)
        house.phone.seat_hangs_up("seat-suzuki")
        await house.until(lambda: house.phone.hears(caller).startswith("prompt"))
        await house.board.set_state(house.operators["tanaka"], "ready")
        await house.talks("tanaka")
        assert house.phone.hears(caller) == "voice of seat-tanaka"
    assert "call.returned" in await house.facts()


async def test_a_practice_call_is_known_as_such(house: House) -> None:
    async with house.open():
        house.dials(NUMBER, trunk="practice")
        (call,) = await house.calls()
    assert call.practice


async def test_recordings_are_named_by_the_call(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        house.dials(NUMBER)
        await house.talks("suzuki")
        (call,) = await house.calls()
        assert house.phone.recording(call.id) == Path("recordings") / f"{call.id}.wav"
        connect = next(act for act in house.phone.acts if act.verb == "connect")
        assert (connect.given["call"], connect.given["record"]) == (call.id, True)


async def test_a_client_who_wants_no_recordings_gets_none(house: House) -> None:
    async with house.open():
        await house.store.write(lambda tx: set_recorded(tx, house.client, False))
        await house.forgotten(NUMBER)
        await house.comes("suzuki")
        caller = house.dials(NUMBER)
        await house.talks("suzuki")
        connect = next(act for act in house.phone.acts if act.verb == "connect")
        assert connect.given["record"] is False
        house.phone.caller_hangs_up(caller)
        await house.until(lambda: not house.view.calls)
        (call,) = await house.calls()
    assert (call.outcome, call.recording) == (Outcome.ANSWERED, None)
