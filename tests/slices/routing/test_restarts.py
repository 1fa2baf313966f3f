"""What is left of calls when the program, the engine or the database goes away and comes back."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.keys import lend_keys
from tests.slices.routing.conftest import NUMBER, House

from denwaban.calls import Call, CallState, Outcome, changes
from denwaban.journal import Fact
from denwaban.lines import ServiceLevel, set_level
from denwaban.people import remember_caller
from denwaban.routing import SeatError, SeatState
from denwaban.routing.recorder import Recorder
from denwaban.store import Store, StoreError, Tx


async def test_talking_callers_talk_on_while_the_program_restarts(house: House) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        caller = house.dials(NUMBER)
        await house.talks("suzuki")
        await board.hold(house.operators["suzuki"])
        await board.unhold(house.operators["suzuki"])
    assert house.phone.hears(caller) == "voice of seat-suzuki"
    async with house.open() as board:
        assert house.seat("suzuki").state is SeatState.TALKING
        assert house.seat("suzuki").client_name == "yamada社"
        await board.hold(house.operators["suzuki"])
        assert house.phone.hears(caller) == "music"
    async with house.open() as board:
        assert house.seat("suzuki").held
        await board.unhold(house.operators["suzuki"])
        house.phone.seat_hangs_up("seat-suzuki")
        await house.until(lambda: house.phone.ended_with(caller))
        (call,) = await house.calls()
        assert (call.outcome, call.recording) == (Outcome.ANSWERED, f"{call.id}.wav")
        assert house.seat("suzuki").state is SeatState.READY
    facts = await house.facts()
    assert facts.count("call.adopted") == 2
    assert facts.count("call.answered") == 1


async def test_waiting_callers_keep_their_place_over_a_restart(house: House) -> None:
    async with house.open():
        first = house.dials(NUMBER)
        await house.passes(2)
        second = house.dials(NUMBER)
        await house.comes("suzuki")
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
        await house.settled()
    swept = house.phone.leg_of("seat-suzuki")
    assert swept is not None
    async with house.open():
        assert house.phone.hears(first).startswith("prompt")
        await house.until(lambda: house.phone.leg_of("seat-suzuki") not in (swept, None))
        await house.talks("suzuki")
        assert house.phone.hears(first) == "voice of seat-suzuki"
        house.phone.caller_hangs_up(first)
        await house.talks("suzuki")
        assert house.phone.hears(second) == "voice of seat-suzuki"
        found = await house.calls()
    assert [call.outcome for call in found] == [Outcome.ANSWERED, None]


async def test_callers_who_went_away_meanwhile_get_their_end(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        talking = house.dials(NUMBER)
        await house.talks("suzuki")
        waiting = house.dials(NUMBER)
        closed = house.dials("0312345679")
        await house.settled()
    for leg in (talking, waiting, closed):
        house.phone.caller_hangs_up(leg)
    lonely = house.phone.leg_of("seat-suzuki")
    assert lonely is not None
    async with house.open():
        await house.until(lambda: house.phone.leg_of("seat-suzuki") is None)
        found = await house.calls()
        assert house.seat("suzuki").state is SeatState.READY
    assert [call.outcome for call in found] == [
        Outcome.ANSWERED,
        Outcome.ABANDONED,
        Outcome.OUT_OF_HOURS,
    ]


async def test_a_caller_who_came_while_the_program_was_away_is_taken(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
    caller = house.dials(NUMBER)
    async with house.open():
        await house.talks("suzuki")
        assert house.phone.hears(caller) == "voice of seat-suzuki"
        (call,) = await house.calls()
    assert call.client_id == house.client


@pytest.mark.parametrize("restarted", [True, False])
async def test_the_connection_breaks_in_the_middle_of_calls(house: House, restarted: bool) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        await house.comes("tanaka")
        talking = house.dials(NUMBER)
        await house.talks("suzuki")
        house.dials(NUMBER)
        await house.until(lambda: house.phone.seat_rings("seat-tanaka"))
        waiting = house.dials(NUMBER)
        await house.settled()
        house.phone.connection_lost()
        await house.until(lambda: not house.view.engine)
        with pytest.raises(SeatError, match="電話の設備"):
            await board.hold(house.operators["suzuki"])
        assert house.seat("tanaka").state is SeatState.OFFERED
        await house.passes(3)
        if not restarted:
            house.phone.caller_hangs_up(waiting)
            late = house.dials(NUMBER)
            house.phone.seat_answers("seat-tanaka")
        house.phone.connection_back(restarted=restarted)
        await house.until(lambda: house.view.engine)
        if restarted:
            found = await house.calls()
            assert [call.outcome for call in found] == [Outcome.LOST] * 3
            assert [call.answered_at is not None for call in found] == [True, False, False]
            assert house.seat("suzuki").state is SeatState.READY
            assert (house.view.calls, house.view.waiting) == (0, ())
        else:
            await house.until(lambda: house.seat("tanaka").state is SeatState.TALKING)
            assert house.phone.hears(talking) == "voice of seat-suzuki"
            house.phone.caller_hangs_up(talking)
            await house.talks("suzuki")
            assert house.phone.hears(late) == "voice of seat-suzuki"
            found = await house.calls()
            assert [call.outcome for call in found] == [
                Outcome.ANSWERED,
                None,
                Outcome.ABANDONED,
                None,
            ]
    kinds = await house.facts("engine.")
    assert kinds == ["engine.back", "engine.lost", "engine.back"]


async def test_the_choice_of_an_operator_survives_a_restart(house: House) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        await house.comes("tanaka")
        await board.set_state(house.operators["tanaka"], "break")
        await house.settled()
    async with house.open():
        assert house.seat("suzuki").state is SeatState.READY
        assert house.seat("tanaka").state is SeatState.BREAK


class _Shaky(Store):
    """A store that fails while told to."""

    away = False

    async def read(self, verb: Callable[[Tx], Any]) -> Any:
        if self.away:
            raise StoreError("away")
        return await super().read(verb)

    async def write(self, verb: Callable[[Tx], Any]) -> Any:
        if self.away:
            raise StoreError("away")
        return await super().write(verb)


async def test_calls_ring_and_talk_while_the_database_is_away_and_are_written_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denwaban.routing.recorder.AGAIN_AFTER", 0.01)
    shaky = _Shaky(house.store.url, house.clock)
    lend_keys(shaky)
    await shaky.open()
    house.store, real = shaky, house.store
    try:
        async with house.open():
            await house.comes("suzuki")
            await house.settled()
            shaky.away = True
            for _ in range(3):
                caller = house.dials(NUMBER)
                await house.talks("suzuki")
                house.phone.caller_hangs_up(caller)
                await house.until(lambda: house.seat("suzuki").state is SeatState.READY)
            assert house.board.behind > 0
            assert await real.read(lambda tx: []) == []
            await asyncio.sleep(0.05)
            shaky.away = False
            found = await house.calls()
            assert [call.outcome for call in found] == [Outcome.ANSWERED] * 3
            assert house.board.behind == 0
        per_call = ["call.arrived", "call.offered", "call.answered", "call.ended"]
        assert await house.facts() == per_call * 3
    finally:
        await shaky.close()


async def test_a_moment_without_the_engine_does_not_wait_for_a_database_that_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denwaban.routing.recorder.AGAIN_AFTER", 0.01)
    shaky = _Shaky(house.store.url, house.clock)
    lend_keys(shaky)
    await shaky.open()
    house.store, real = shaky, house.store
    try:
        async with house.open():
            await house.comes("suzuki")
            await house.settled()
            shaky.away = True
            house.phone.connection_lost()
            await house.until(lambda: not house.view.engine)
            missed = house.dials(NUMBER)
            house.phone.connection_back()
            await house.talks("suzuki")
            assert house.phone.hears(missed) == "voice of seat-suzuki"
            shaky.away = False
            house.phone.caller_hangs_up(missed)
            (call,) = await house.calls()
            assert call.outcome is Outcome.ANSWERED
    finally:
        house.store = real
        await shaky.close()


async def test_written_waits_for_what_was_put_before_not_for_what_comes_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denwaban.routing.recorder.GROUP", 1)
    recorder = Recorder(house.store)
    running = asyncio.create_task(recorder.run())

    async def never_rests() -> None:
        while True:
            recorder.put(Fact("test.busy", "floor"))
            recorder.put(Fact("test.busy", "floor"))
            await asyncio.sleep(0.001)

    busy = asyncio.create_task(never_rests())
    try:
        await asyncio.wait_for(recorder.written(), 10)
        assert recorder.behind > 0
    finally:
        busy.cancel()
        running.cancel()
        await asyncio.gather(busy, running, return_exceptions=True)


async def test_what_is_not_written_when_the_program_ends_is_written_first(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        for _ in range(20):
            house.dials(NUMBER)
        await house.until(lambda: house.view.calls == 20)
    found = await house.calls_in_record()
    assert len(found) == 20
    assert {call.state for call in found} <= {CallState.WAITING, CallState.RINGING}


async def test_callers_are_taken_while_no_key_opens_and_written_when_one_does(
    house: House,
) -> None:
    """Another machine has rotated the master key, and it is not here yet."""

    def agree(tx: Tx) -> None:
        set_level(tx, house.client, ServiceLevel(previous_seconds=30))
        remember_caller(tx, house.client, "+819012345678", "佐藤 花子", "", "")

    await house.store.write(agree)
    async with house.open():
        await house.comes("suzuki")
        lend_keys(house.store, bytes(32))
        house.dials(NUMBER, "09012345678")
        await house.talks("suzuki")
        assert await house.calls_in_record() == []
        lend_keys(house.store)
        (call,) = await house.calls()
    assert (call.state, call.caller) == (CallState.TALKING, "+819012345678")
    assert house.board.unwritable == 0


async def test_one_change_that_cannot_be_written_does_not_stop_the_others(house: House) -> None:
    recorder = Recorder(house.store)
    good = [Call(f"c{n}", house.client, f"leg{n}", "t", "1", "", house.clock.now()) for n in (1, 2)]
    bad = Call("c3", "nobody", "leg3", "t", "1", "", house.clock.now())
    for call in (good[0], bad, good[1]):
        recorder.put(changes.arrived(call))
    running = asyncio.create_task(recorder.run())
    await asyncio.wait_for(recorder.written(), 10)
    recorder.stop()
    await running
    assert recorder.unwritable == 1
    assert {call.id for call in await house.calls_in_record()} == {"c1", "c2"}


@pytest.mark.parametrize("heard_all", [False, True])
async def test_a_goodbye_that_played_at_a_restart_is_heard_to_its_end(
    house: House, heard_all: bool
) -> None:
    async with house.open():
        closed = house.dials("0312345679")
        await house.until(lambda: house.phone.hears(closed).startswith("prompt"))
        await house.settled()
    if heard_all:
        house.phone.prompt_ends(closed)
    async with house.open():
        await house.until(lambda: house.acts("play") == 2)
        await house.settled()
        assert house.phone.ended_with(closed) is None, "the end of the first is not the end"
        house.phone.prompt_ends(closed)
        await house.until(lambda: house.phone.ended_with(closed))
        (call,) = await house.calls()
    assert call.outcome is Outcome.OUT_OF_HOURS


@pytest.mark.parametrize("heard_all", [False, True])
async def test_a_goodbye_that_played_while_the_connection_was_broken_comes_to_its_end(
    house: House, heard_all: bool
) -> None:
    async with house.open():
        closed = house.dials("0312345679")
        await house.until(lambda: house.phone.hears(closed).startswith("prompt"))
        await house.settled()
        house.phone.connection_lost()
        await house.until(lambda: not house.view.engine)
        if heard_all:
            house.phone.prompt_ends(closed)
        house.phone.connection_back()
        await house.until(lambda: house.view.engine)
        if not heard_all:
            await house.settled()
            assert house.phone.ended_with(closed) is None
            house.phone.prompt_ends(closed)
        await house.until(lambda: house.phone.ended_with(closed))


async def test_what_a_waiting_caller_is_told_at_a_restart_is_told_to_its_end(house: House) -> None:
    async with house.open():
        waiting = house.dials(NUMBER)
        await house.passes(20)
        await house.until(lambda: house.phone.hears(waiting).startswith("prompt"))
        await house.settled()
    async with house.open():
        await house.until(lambda: house.acts("play") == 2)
        await house.settled()
        assert house.phone.hears(waiting).startswith("prompt")
        house.phone.prompt_ends(waiting)
        await house.until(lambda: house.phone.hears(waiting) == "music")
