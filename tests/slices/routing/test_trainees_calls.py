"""Operators in training, from the page of the supervisor's decision to the telephone; both databases."""

import pytest
from tests.slices.routing.conftest import House

from denwaban.people import Training, TrainingStage, set_training
from denwaban.store import Tx


async def _decides(house: House, stage: TrainingStage | None, senior: str | None = None) -> None:
    """A supervisor decides about suzuki."""
    who = house.operators["suzuki"]
    by = house.operators[senior] if senior else None

    def decide(tx: Tx) -> Training:
        return set_training(tx, who, stage, by, "0" * 32)

    await house.store.write(decide)


@pytest.mark.req("L7")
async def test_a_trainee_observes_then_has_a_senior_beside_then_works_alone(house: House) -> None:
    await _decides(house, TrainingStage.OBSERVES, "tanaka")
    async with house.open():
        await house.comes("suzuki")
        house.dials()
        await house.passes(3)
        assert not house.phone.seat_rings("seat-suzuki")
        seat = house.seat("suzuki")
        assert (seat.training, seat.senior) == (TrainingStage.OBSERVES, "tanaka")
        assert seat.held_back
        # Beside a senior who is not there yet it is the same.
        await _decides(house, TrainingStage.BESIDE, "tanaka")
        await house.until(lambda: house.seat("suzuki").training is TrainingStage.BESIDE)
        await house.passes(3)
        assert not house.phone.seat_rings("seat-suzuki")
        # She sits down beside, on a break of her own; no other seat shows the trainee as one who could help before.
        assert house.board.near(house.operators["tanaka"], 5).free == ()
        await house.comes("tanaka", ready=False)
        await house.rings("suzuki")
        # What rings is taken back when the trainee is to observe again.
        await _decides(house, TrainingStage.OBSERVES, "tanaka")
        await house.until(lambda: not house.phone.seat_rings("seat-suzuki"))
    async with house.open():
        # The next program knows it as well.
        await house.until(lambda: house.seat("suzuki").online)
        await house.passes(3)
        assert not house.phone.seat_rings("seat-suzuki")
        await _decides(house, None)
        await house.talks("suzuki")
    assert await house.facts("operator.training") == ["operator.training_set"] * 4
