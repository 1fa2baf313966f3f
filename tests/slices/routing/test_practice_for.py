"""A practice call rings who asked for it, if free; real calls never do because of that."""

import pytest
from tests.slices.routing.conftest import House

from denwaban.telephony.engine import PRACTICE_TRUNK


@pytest.mark.req("L5")
async def test_who_asked_for_a_practice_call_is_rung(house: House) -> None:
    async with house.open():
        for name in ("suzuki", "tanaka"):
            await house.comes(name)
        # Suzuki has been idle longest; Tanaka wants to practise.
        house.board.practice_for(house.operators["tanaka"])
        real = house.dials(from_="09011111111")
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
        practice = house.dials(from_="09000001200", trunk=PRACTICE_TRUNK)
        await house.talks("tanaka")
        assert house.phone.hears(practice) == "voice of seat-tanaka"
        house.phone.caller_hangs_up(practice)
        house.phone.caller_hangs_up(real)
        (first, second) = await house.calls()
        assert (first.practice, second.practice) == (False, True)


async def test_who_asked_and_is_busy_leaves_it_to_the_next(house: House) -> None:
    async with house.open():
        await house.comes("suzuki")
        await house.comes("tanaka", ready=False)
        house.board.practice_for(house.operators["tanaka"])
        house.dials(from_="09000001200", trunk=PRACTICE_TRUNK)
        await house.until(lambda: house.phone.seat_rings("seat-suzuki"))
