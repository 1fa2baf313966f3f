"""Who presses the key keeps the place, hangs up and is called in turn; both databases, told as stories."""

import asyncio
import threading
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import CallState, Outcome
from denwaban.lines import ServiceLevel, Step, StepKind, set_level
from denwaban.people.persons import WayKind, add_way, give_call, remember
from denwaban.routing import IN_LINE, SeatState, keeping, place_given_up
from denwaban.routing.adoption import waiting
from denwaban.routing.keeping import AGAIN, open_places
from denwaban.routing.prompts import KEPT, MAY_PRESS, NOT_KEPT, place_words
from denwaban.store import StoreError, Tx
from denwaban.telephony.port import HangUp, Leg, Unreached

HER = "09012345678"
HER_PHONE = "+819012345678"


@pytest.fixture
async def calling(house: House) -> House:
    """The house can call out, and its client offers call-backs after ten seconds."""
    house.settings = replace(house.settings, outbound_trunk="trunk", outbound_number="0312340000")
    level = ServiceLevel(says_place=True, ladder=(Step(10, StepKind.CALL_BACK),))
    await house.store.write(lambda tx: set_level(tx, house.client, level))
    return house


async def presses(house: House, from_: str = HER) -> Leg:
    """A caller waits ten seconds, presses the key, hears that it is kept, and hangs up."""
    leg = house.dials(NUMBER, from_)
    await house.passes(10)
    assert MAY_PRESS not in house.phone.hears(leg)
    while MAY_PRESS not in house.phone.hears(leg):
        house.phone.prompt_ends(leg)
        await house.settled()
    house.phone.caller_presses(leg, "5")
    house.phone.caller_presses(leg, "1")
    await house.hears(leg, KEPT)
    house.phone.prompt_ends(leg)
    await house.until(lambda: house.phone.ended_with(leg) is HangUp.NORMAL)
    await house.settled()
    return leg


async def kept(house: House) -> int:
    await house.settled()
    return len(await house.store.read(open_places))


@pytest.mark.req("A2")
async def test_she_presses_one_and_is_called_in_turn_over_a_restart(calling: House) -> None:
    house = calling
    async with house.open():
        first = house.dials(NUMBER, "09011111111")
        await house.passes(1)
        hers = await presses(house)
        heard = [one.removeprefix("prompt /spoken/") for one in house.phone.heard(hers)]
        heard = [one for one in heard if one != "silence"]
        # Her place is told: one is before her.
        assert heard == ["ring", IN_LINE, place_words(2), MAY_PRESS, KEPT]
        last = house.dials(NUMBER, "09033333333")
        await house.passes(1)
        assert [(one.call_id, one.call_back) for one in house.view.waiting][1][1]
        assert await kept(house) == 1
    # The program dies; the place is a row.
    async with house.open():
        assert [one.call_back for one in house.view.waiting] == [False, True, False]
        await house.passes(6)
        await house.comes("suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(first) == "voice of seat-suzuki"
        house.phone.caller_hangs_up(first)
        # Her turn: the operator is rung first, then she is.
        await house.rings("suzuki")
        assert not house.phone.outside_rings(HER_PHONE)
        house.phone.seat_answers("seat-suzuki")
        await house.until(lambda: house.phone.outside_rings(HER_PHONE))
        shown = next(act for act in house.phone.acts if act.verb == "call_out")
        assert shown.given["shown"] == "+81312345678"
        far = house.phone.outside_answers(HER_PHONE)
        await house.until(lambda: house.seat("suzuki").state is SeatState.TALKING)
        assert house.phone.hears(far) == "voice of seat-suzuki"
        await house.board.hold(house.operators["suzuki"])
        await house.board.unhold(house.operators["suzuki"])
        await house.until_written(lambda tx: not open_places(tx))
    # The program dies in the middle of their talk; they talk on.
    async with house.open():
        assert house.seat("suzuki").state is SeatState.TALKING
        assert house.phone.hears(far) == "voice of seat-suzuki"
        house.phone.outside_hangs_up(HER_PHONE)
        await house.talks("suzuki")
        assert house.phone.hears(last) == "voice of seat-suzuki"
        found = await house.calls()
    assert [call.outcome for call in found] == [Outcome.ANSWERED, Outcome.ANSWERED, None]
    assert found[1].caller == HER_PHONE
    assert found[1].wait_ms > 10_000


async def test_who_cannot_be_reached_is_tried_again_and_then_becomes_a_promise(
    calling: House,
) -> None:
    house = calling
    async with house.open():
        await presses(house)
        await house.passes(5)
        await house.comes("suzuki")
        for why in (Unreached.NO_ANSWER, Unreached.BUSY, Unreached.UNREACHABLE):
            await house.rings("suzuki")
            house.phone.seat_answers("seat-suzuki")
            await house.until(lambda: house.phone.outside_rings(HER_PHONE))
            house.phone.outside_fails(HER_PHONE, why)
            await house.until(lambda: house.phone.leg_of("seat-suzuki") is None)
            await house.settled()
            # The operator is free for others at once.
            assert house.seat("suzuki").state is SeatState.READY
            house.clock.advance(AGAIN - timedelta(seconds=1))
            await house.settled()
            assert not house.phone.seat_rings("seat-suzuki")
            house.clock.advance(timedelta(seconds=1))
        (call,) = await house.calls()
        await house.settled()
        assert not house.phone.seat_rings("seat-suzuki")
    assert (call.state, call.outcome) == (CallState.ENDED, Outcome.NOT_REACHED)
    given_up = await house.store.read(lambda tx: place_given_up(tx, call.id))
    assert given_up is not None
    assert (given_up.number, given_up.tries) == (HER_PHONE, 3)
    assert given_up.operator_id == house.operators["suzuki"]


async def test_the_operator_who_hangs_up_meanwhile_is_followed_by_another(calling: House) -> None:
    house = calling
    async with house.open():
        await presses(house)
        await house.passes(5)
        await house.comes("suzuki")
        await house.rings("suzuki")
        house.phone.seat_answers("seat-suzuki")
        await house.until(lambda: house.phone.outside_rings(HER_PHONE))
        house.phone.seat_hangs_up("seat-suzuki")
        await house.until(lambda: not house.phone.outside_rings(HER_PHONE))
        await house.comes("tanaka")
        await house.rings("tanaka")
        house.phone.seat_answers("seat-tanaka")
        await house.until(lambda: house.phone.outside_rings(HER_PHONE))
        house.phone.outside_answers(HER_PHONE)
        await house.until(lambda: house.seat("tanaka").state is SeatState.TALKING)
        house.phone.seat_hangs_up("seat-tanaka")
        (call,) = await house.calls()
        assert call.outcome is Outcome.ANSWERED
        assert call.operator_id == house.operators["tanaka"]


async def test_who_calls_again_goes_on_at_the_old_place(calling: House) -> None:
    house = calling
    async with house.open():
        await presses(house)
        other = house.dials(NUMBER, "09099999999")
        await house.passes(3)
        again = house.dials(NUMBER, HER)
        await house.settled()
        assert not any(one.call_back for one in house.view.waiting)
        assert await kept(house) == 1
        await house.comes("suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(again) == "voice of seat-suzuki"
        assert not house.phone.hears(other).startswith("voice")
        await house.until_written(lambda tx: not open_places(tx))
        # Served: nobody calls her once more.
        house.phone.caller_hangs_up(again)
        await house.talks("suzuki")
        assert house.phone.hears(other) == "voice of seat-suzuki"
        house.phone.caller_hangs_up(other)
        await house.passes(10)
        assert house.phone.leg_of("seat-suzuki") is None
        assert [call.outcome for call in await house.calls()] == [
            Outcome.ABANDONED,
            Outcome.ANSWERED,
            Outcome.ANSWERED,
        ]


async def is_called(house: House) -> Leg:
    """Suzuki, who is rung, is there, and so is she."""
    await house.rings("suzuki")
    house.phone.seat_answers("seat-suzuki")
    await house.until(lambda: house.phone.outside_rings(HER_PHONE))
    far = house.phone.outside_answers(HER_PHONE)
    await house.until(lambda: house.phone.hears(far) == "voice of seat-suzuki")
    return far


@pytest.mark.req("A2")
@pytest.mark.parametrize("how", ["hangs_up", "presses_again", "engine_dies", "restart"])
async def test_who_calls_again_and_hangs_up_again_is_called_in_turn(
    calling: House, how: str
) -> None:
    house = calling
    async with house.open():
        await presses(house)
        other = house.dials(NUMBER, "09099999999")
        await house.passes(6)
        again = house.dials(NUMBER, HER)
        await house.settled()
        if how == "presses_again":
            await house.passes(1)
            while MAY_PRESS not in house.phone.hears(again):
                house.phone.prompt_ends(again)
                await house.settled()
            house.phone.caller_presses(again, "1")
            await house.hears(again, KEPT)
            house.phone.prompt_ends(again)
            await house.until(lambda: house.phone.ended_with(again) is HangUp.NORMAL)
        elif how == "hangs_up":
            house.phone.caller_hangs_up(again)
        elif how == "engine_dies":
            house.phone.connection_lost()
            house.phone.connection_back(restarted=True)
        if how != "restart":
            await house.passes(6)
            assert await kept(house) == 1
            await house.comes("suzuki")
            await is_called(house)
            await house.until_written(lambda tx: not open_places(tx))
            return
    # The program dies while she is on the line: nobody calls her as long, and her rank is the old one.
    async with house.open():
        await house.passes(10)
        assert not any(one.call_back for one in house.view.waiting)
        assert await kept(house) == 1
        await house.comes("suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(again) == "voice of seat-suzuki"
        await house.until_written(lambda tx: not open_places(tx))
        assert not house.phone.hears(other).startswith("voice")


@pytest.mark.parametrize("stage", ["operator_rung", "she_is_rung", "busy"])
async def test_who_calls_while_we_call_them_is_put_through_to_whoever_calls(
    calling: House, stage: str
) -> None:
    house = calling
    async with house.open():
        await presses(house)
        await house.passes(6)
        await house.comes("suzuki")
        await house.rings("suzuki")
        leg = house.phone.leg_of("seat-suzuki")
        if stage != "operator_rung":
            house.phone.seat_answers("seat-suzuki")
            await house.until(lambda: house.phone.outside_rings(HER_PHONE))
        if stage == "busy":
            house.phone.outside_fails(HER_PHONE, Unreached.BUSY)
            await house.until(lambda: house.phone.leg_of("seat-suzuki") is None)
        hers = house.dials(NUMBER, HER)
        if stage == "operator_rung":
            await house.settled()
            house.phone.seat_answers("seat-suzuki")
        elif stage == "busy":
            await house.talks("suzuki")
        await house.until(lambda: house.phone.hears(hers) == "voice of seat-suzuki")
        assert stage == "busy" or house.phone.leg_of("seat-suzuki") == leg
        await house.until(lambda: not house.phone.outside_rings(HER_PHONE))
        await house.until_written(lambda tx: not open_places(tx))
        house.phone.caller_hangs_up(hers)
        await house.passes(AGAIN.total_seconds() + 10)
        assert house.phone.leg_of("seat-suzuki") is None
        assert [call.outcome for call in await house.calls()] == [
            Outcome.ABANDONED,
            Outcome.ANSWERED,
        ]


@pytest.mark.parametrize("line", ["known", "withheld"])
async def test_from_another_line_they_are_known_as_soon_as_it_comes_out_who_they_are(
    calling: House, line: str
) -> None:
    house = calling
    her_other = "+815055556666"

    def remembers(tx: Tx) -> str:
        person = remember(tx, house.client, HER_PHONE, "佐藤 花子")
        add_way(tx, person.id, WayKind.PHONE, her_other)
        return person.id

    person_id = await house.store.write(remembers)
    async with house.open():
        await presses(house)
        hers = house.dials(NUMBER, "05055556666" if line == "known" else "")
        await house.settled()
        assert any(one.call_back for one in house.view.waiting) is (line == "withheld")
        await house.passes(1)
        await house.comes("suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(hers) == "voice of seat-suzuki"
        if line == "withheld":
            assert await kept(house) == 1
            call_id = house.seat("suzuki").call_id
            assert call_id is not None
            await house.store.write(lambda tx: give_call(tx, person_id, call_id))
        await house.until_written(lambda tx: not open_places(tx))
        house.phone.caller_hangs_up(hers)
        await house.passes(10)
        assert house.phone.leg_of("seat-suzuki") is None


async def test_the_engine_dies_and_the_place_is_still_kept(calling: House) -> None:
    house = calling
    async with house.open():
        await presses(house)
        house.phone.connection_lost()
        house.phone.connection_back(restarted=True)
        await house.until(lambda: house.view.engine)
        await house.settled()
        assert [one.call_back for one in house.view.waiting] == [True]
        await house.passes(6)
        await house.comes("suzuki")
        await house.rings("suzuki")
        house.phone.seat_answers("seat-suzuki")
        await house.until(lambda: house.phone.outside_rings(HER_PHONE))
        house.phone.outside_answers(HER_PHONE)
        await house.until(lambda: house.seat("suzuki").state is SeatState.TALKING)


async def test_whoever_cannot_be_called_is_not_offered_it(calling: House) -> None:
    house = calling
    async with house.open():
        hidden = house.dials(NUMBER, "")
        await house.passes(20)
        house.phone.prompt_ends(hidden)
        await house.settled()
        house.phone.prompt_ends(hidden)
        await house.settled()
        assert house.phone.hears(hidden) == "music"
        house.phone.caller_presses(hidden, "1")
        await house.settled()
        assert house.phone.hears(hidden) == "music"


async def test_who_presses_and_hangs_up_at_once_is_called_all_the_same(calling: House) -> None:
    house = calling
    async with house.open():
        leg = house.dials(NUMBER, HER)
        await house.passes(10)
        while MAY_PRESS not in house.phone.hears(leg):
            house.phone.prompt_ends(leg)
            await house.settled()
        house.phone.caller_presses(leg, "1")
        house.phone.caller_hangs_up(leg)
        await house.until(lambda: [one.call_back for one in house.view.waiting] == [True])
        async with asyncio.timeout(30):  # the disk may be slow
            while not await kept(house):
                await asyncio.sleep(0.01)
        await house.settled()
        await house.passes(6)
        await house.comes("suzuki")
        await house.rings("suzuki")


async def test_a_place_that_cannot_be_written_is_not_promised(
    calling: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = calling
    async with house.open():
        leg = house.dials(NUMBER, HER)
        await house.passes(10)
        while MAY_PRESS not in house.phone.hears(leg):
            house.phone.prompt_ends(leg)
            await house.settled()

        def away(*_: object) -> None:
            raise StoreError("away")

        with monkeypatch.context() as patch:
            patch.setattr(keeping, "keep", away)
            house.phone.caller_presses(leg, "1")
            await house.hears(leg, NOT_KEPT)
        assert [one.call_back for one in house.view.waiting] == [False]
        house.phone.prompt_ends(leg)
        await house.until(lambda: house.phone.hears(leg) == "music")
        await house.comes("suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(leg) == "voice of seat-suzuki"


async def reaches_key(house: House, from_: str = HER) -> Leg:
    """A caller waits ten seconds and is told that they may press the key."""
    leg = house.dials(NUMBER, from_)
    await house.passes(10)
    while MAY_PRESS not in house.phone.hears(leg):
        house.phone.prompt_ends(leg)
        await house.settled()
    return leg


async def then_sends_away(house: House) -> None:
    """The client has callers sent away after 20 seconds."""
    level = ServiceLevel(ladder=(Step(10, StepKind.CALL_BACK), Step(20, StepKind.MESSAGE)))
    await house.store.write(lambda tx: set_level(tx, house.client, level))


async def test_who_was_called_back_and_waits_on_hold_is_not_let_go(calling: House) -> None:
    house = calling
    async with house.open():
        await presses(house)
        await house.passes(6)
        await house.comes("suzuki")
        await house.rings("suzuki")
        house.phone.seat_answers("seat-suzuki")
        await house.until(lambda: house.phone.outside_rings(HER_PHONE))
        far = house.phone.outside_answers(HER_PHONE)
        await house.until(lambda: house.seat("suzuki").state is SeatState.TALKING)
        await house.comes("tanaka")
        suzuki = house.operators["suzuki"]
        await house.board.consult(suzuki, "operator", house.operators["tanaka"])
        await house.talks("tanaka")
        await house.settled()
        house.phone.connection_lost()
        house.phone.connection_back()
        await house.settled()
        assert house.phone.hears(far) == "music"
        await house.dies()
    async with house.open():
        await house.settled()
        assert house.phone.hears(far) == "music"
        asked = house.seat("suzuki").asked
        assert asked is not None
        assert asked.up
        await house.board.back(suzuki)
        assert house.phone.hears(far) == "voice of seat-suzuki"
        house.phone.outside_hangs_up(HER_PHONE)
        await house.until(lambda: house.seat("suzuki").state is SeatState.READY)
        (call,) = await house.calls()
        assert call.outcome is Outcome.ANSWERED


async def test_who_was_told_of_the_key_at_a_kill_is_told_again_and_may_press_it(
    calling: House,
) -> None:
    house = calling
    async with house.open():
        leg = await reaches_key(house)
        await house.settled()
        await house.dies()
    house.phone.caller_presses(leg, "1")  # nobody hears it
    async with house.open():
        await house.until(lambda: IN_LINE in house.phone.hears(leg))
        while MAY_PRESS not in house.phone.hears(leg):
            house.phone.prompt_ends(leg)
            await house.settled()
        house.phone.caller_presses(leg, "1")
        await house.hears(leg, KEPT)
        assert await kept(house) == 1


async def test_who_was_sent_to_leave_a_message_at_a_kill_is_sent_there_once(
    calling: House,
) -> None:
    house = calling
    await then_sends_away(house)
    async with house.open():
        leg = await reaches_key(house)
        await house.settled()
        await house.dies()
    house.clock.advance(timedelta(seconds=30))
    async with house.open():
        await house.until(lambda: house.acts("take_message") == 1)
        await house.settled()
        assert leg not in (await house.phone.snapshot()).legs
        (call,) = await house.calls()
        assert call.outcome is Outcome.ABANDONED  # until what they said is found in the ledger
    async with house.open():
        await house.settled()
        assert house.acts("take_message") == 1
        assert house.view.calls == 0


async def test_a_place_kept_on_the_line_does_not_stop_the_floor_after_a_restart(
    calling: House,
) -> None:
    house = calling
    await then_sends_away(house)
    async with house.open():
        leg = await reaches_key(house)
        house.phone.caller_presses(leg, "1")
        await house.hears(leg, KEPT)
        assert await kept(house) == 1
    # The program is away while the caller, still on the line, would have been sent away.
    house.clock.advance(timedelta(seconds=30))
    before = house.acts("play")
    async with house.open():
        assert [one.call_back for one in house.view.waiting] == [True]
        await house.until(lambda: house.acts("play") == before + 1)
        await house.settled()
        assert house.phone.ended_with(leg) is None, "they are told again, to the end"
        house.phone.prompt_ends(leg)
        await house.until(lambda: house.phone.ended_with(leg) is HangUp.NORMAL)
        await house.settled()
        await house.passes(6)
        await house.comes("suzuki")
        await house.rings("suzuki")


async def test_a_row_that_cannot_be_taken_in_does_not_stop_the_floor(
    calling: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = calling
    async with house.open():
        first = house.dials(NUMBER, "09011111111")
        await house.settled()

    def broken(*_: object) -> None:
        raise ValueError("of this row")

    with monkeypatch.context() as patch:
        patch.setattr(waiting, "_in_record", broken)
        async with house.open():
            await house.comes("suzuki")
            await house.talks("suzuki")
            assert house.phone.hears(first) == "voice of seat-suzuki"


async def test_who_hangs_up_while_being_joined_was_not_reached(
    calling: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = calling
    async with house.open():
        await presses(house)
        await house.passes(5)
        await house.comes("suzuki")
        await house.rings("suzuki")
        house.phone.seat_answers("seat-suzuki")
        await house.until(lambda: house.phone.outside_rings(HER_PHONE))
        joins = house.phone.connect

        async def hangs_up(call: str, caller: Leg, operator: Leg, *, record: bool) -> None:
            await joins(call, caller, operator, record=record)
            house.phone.outside_hangs_up(HER_PHONE)
            for _ in range(30):
                await asyncio.sleep(0)

        with monkeypatch.context() as patch:
            patch.setattr(house.phone, "connect", hangs_up)
            house.phone.outside_answers(HER_PHONE)
            await house.until(lambda: house.phone.leg_of("seat-suzuki") is None)
        await house.settled()
        assert house.seat("suzuki").state is SeatState.READY
        (place,) = (await house.store.read(open_places)).values()
        assert place.tries == 1
        assert (await house.calls())[0].answered_at is None


async def test_the_engine_dies_while_the_place_is_written(
    calling: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = calling
    async with house.open():
        leg = await reaches_key(house)
        begun, may_go_on, keeps = threading.Event(), threading.Event(), keeping.keep

        def slow(tx: Tx, call: str, client: str, number: str, shown: str) -> keeping.Place:
            begun.set()
            may_go_on.wait(4)
            return keeps(tx, call, client, number, shown)

        with monkeypatch.context() as patch:
            patch.setattr(keeping, "keep", slow)
            house.phone.caller_presses(leg, "1")
            await house.until(begun.is_set)
            house.phone.connection_lost()
            await house.until(lambda: not house.view.engine)
            house.phone.connection_back(restarted=True)
            await house.until(lambda: house.view.engine)
            may_go_on.set()
            async with asyncio.timeout(30):  # the disk may be slow
                while not await kept(house):
                    await asyncio.sleep(0.01)
        assert [one.call_back for one in house.view.waiting] == [True]
        await house.passes(6)
        await house.comes("suzuki")
        await house.rings("suzuki")


async def test_of_a_place_whose_call_was_lost_somebody_is_told(calling: House) -> None:
    house = calling
    async with house.open():
        house.dials(NUMBER, HER)
        await house.settled()
        house.phone.connection_lost()
        house.phone.connection_back(restarted=True)
        (call,) = await house.calls()
        while call.outcome is not Outcome.LOST:
            (call,) = await house.calls()
    shown = "+81312345678"
    await house.store.write(lambda tx: keeping.keep(tx, call.id, house.client, HER_PHONE, shown))
    async with house.open():
        async with asyncio.timeout(20):
            while await house.store.read(lambda tx: place_given_up(tx, call.id)) is None:
                await asyncio.sleep(0.01)


async def test_who_calls_again_late_is_not_sent_away(calling: House) -> None:
    house = calling
    await then_sends_away(house)
    async with house.open():
        await presses(house)
        await house.passes(30)
        again = house.dials(NUMBER, HER)
        await house.passes(3)
        assert [one.call_back for one in house.view.waiting] == [False]
        await house.comes("suzuki")
        await house.talks("suzuki")
        assert house.phone.hears(again) == "voice of seat-suzuki"
