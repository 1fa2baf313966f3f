"""How long calls took operators, from the telephone to the figure; both databases."""

from datetime import timedelta

import pytest
from tests.slices.routing.conftest import NUMBER, House

from denwaban.care import HandlingBy, handling, mark_relay
from denwaban.care.handling import Handling
from denwaban.config import Settings
from denwaban.routing import SeatState
from denwaban.store import Tx

HER, RELAY = "09012345678", "05012345678"


async def figures(house: House, by: HandlingBy) -> dict[str, Handling]:
    await house.settled()
    since = house.clock.now() - timedelta(days=1)
    until = house.clock.now() + timedelta(days=1)
    return await house.store.read(lambda tx: handling(tx, since, until, by))


async def talk(house: House, seconds: float, number: str = HER) -> None:
    """A call that suzuki takes; the caller hangs up."""
    caller = house.dials(NUMBER, number)
    await house.talks("suzuki")
    await house.passes(seconds)
    house.phone.caller_hangs_up(caller)
    await house.settled()


async def test_handling_is_talk_holds_and_wrap_up_and_the_relay_stands_apart(house: House) -> None:
    house.settings = Settings(wrapup_seconds=20)
    suzuki = house.operators["suzuki"]
    async with house.open() as board:
        await house.comes("suzuki")
        caller = house.dials(NUMBER, HER)
        await house.talks("suzuki")
        await house.passes(5)
        await board.hold(suzuki)
        await house.passes(4)
        await board.unhold(suzuki)
        await house.passes(1)
        house.phone.caller_hangs_up(caller)
        await house.settled()
        assert house.seat("suzuki").state is SeatState.WRAP_UP
        await house.passes(3)
        # The program dies in the wrap-up; the next one ends it.
    async with house.open():
        await house.comes("suzuki", ready=False)
        assert house.seat("suzuki").state is SeatState.WRAP_UP
        await house.passes(17)
        assert house.seat("suzuki").state is SeatState.READY
        # Talked for 30 s, and sent the report at once: ready again before the time.
        await talk(house, 30)
        await house.passes(2)
        house.clock.advance(timedelta(milliseconds=500))
        await board_ready(house, suzuki)
        mine = (await figures(house, HandlingBy.OPERATOR))[suzuki].usual
        assert mine.calls == 2
        assert mine.talk == pytest.approx((10 + 30) / 2, abs=0.05)
        assert mine.wrap_up == pytest.approx((20 + 2.5) / 2, abs=0.06)
        assert mine.average == pytest.approx(31.2, abs=0.11)
        # The interpreter takes long. The mark comes with the second call, and is the number's.
        await talk(house, 100, RELAY)
        await board_ready(house, suzuki)
        await talk(house, 200, RELAY)

        def mark(tx: Tx) -> None:
            calls = sorted(found, key=lambda one: one.arrived_at)
            mark_relay(tx, calls[-1], suzuki, True)

        found = await house.calls()
        await house.store.write(mark)
        every = (await figures(house, HandlingBy.ALL))[""]
        assert every.usual == mine
        assert every.relay.calls == 2
        assert every.relay.talked == pytest.approx(300, abs=0.1)
        # Practice is in no figure; nor is a call that still goes on.
        await board_ready(house, suzuki)
        house.dials(NUMBER, trunk="practice")
        await house.talks("suzuki")
        house.phone.seat_hangs_up("seat-suzuki")
        await board_ready(house, suzuki)
        house.dials(NUMBER, HER)
        await house.talks("suzuki")
        assert (await figures(house, HandlingBy.CLIENT))[house.client].usual == mine


async def board_ready(house: House, operator_id: str) -> None:
    await house.settled()
    await house.board.set_state(operator_id, "ready")
    await house.settled()


async def test_a_call_of_two_operators_is_one_call_of_the_client(house: House) -> None:
    async with house.open() as board:
        await house.comes("suzuki")
        caller = house.dials(NUMBER, HER)
        await house.talks("suzuki")
        await house.comes("tanaka")
        await house.passes(10)
        await board.consult(house.operators["suzuki"], "operator", house.operators["tanaka"])
        await house.rings("tanaka")
        house.phone.seat_answers("seat-tanaka")
        await house.settled()
        await board.give(house.operators["suzuki"])
        await house.passes(20)
        house.phone.caller_hangs_up(caller)
        own = await figures(house, HandlingBy.OPERATOR)
        client = (await figures(house, HandlingBy.CLIENT))[house.client].usual
    times = {key: one.usual for key, one in own.items()}
    assert {one.calls for one in times.values()} == {1}
    assert client.calls == 1
    assert client.talked == pytest.approx(30, abs=0.1)
    assert sum(one.talked for one in times.values()) == pytest.approx(30, abs=0.1)
    assert times[house.operators["tanaka"]].talk == pytest.approx(20, abs=0.1)
