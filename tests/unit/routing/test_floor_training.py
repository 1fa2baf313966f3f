"""Who observes is offered nobody; who has a senior beside them is offered callers only while the senior is there."""

from datetime import UTC, datetime, timedelta

import pytest

from denwaban.people import Training, TrainingStage
from denwaban.routing.floor import Floor
from denwaban.routing.model import Action, Chosen, Impossible, Offer, OfferOver, Stage, Terms
from denwaban.routing.skills import Need

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


class Learned:
    operator_id, kind, key, level = "new", "client", "yamada", 3


def a_floor(*operators: str) -> Floor:
    """Operators ready with a phone; the first named has been idle longest."""
    floor = Floor(15, 6, 0)
    for n, operator in enumerate(operators):
        floor.add_seat(operator, Chosen.READY, START, START - timedelta(seconds=100 - n))
        floor.online(operator, True, START)
    return floor


def train(floor: Floor, stage: TrainingStage | None, senior: str | None = None) -> list[Action]:
    return floor.train([Training("new", stage, senior, "sv", START)] if stage else [], START)


def offers(actions: list[Action]) -> list[tuple[str, str]]:
    return [(one.call_id, one.operator_id) for one in actions if isinstance(one, Offer)]


@pytest.mark.req("L7")
def test_who_observes_is_offered_nobody_in_any_way() -> None:
    floor = a_floor("new", "suzuki")
    floor.queue.skills.set([Learned()], {"night": ["new"]})
    train(floor, TrainingStage.OBSERVES)
    # The skill that only they have keeps nobody waiting; and who talked with them before, or asks for them, gets another.
    needs = Terms(Need("yamada", "", "", 3), previous="new", previous_seconds=60)
    assert offers(floor.arrive("c1", START, START, needs, "new")) == [("c1", "suzuki")]
    assert offers(floor.arrive("c2", START, START, needs)) == []
    for where in ({"operator_id": "new"}, {"group": "night"}):
        with pytest.raises(Impossible):
            floor.move("c2", START, **where)
    with pytest.raises(Impossible):
        floor.lend("new", "c1", START)
    assert offers(train(floor, TrainingStage.LOOKED_AFTER)) == [("c2", "new")]
    # Taken out again while it rings.
    assert OfferOver("c2", "new", None) in train(floor, TrainingStage.OBSERVES)
    assert floor.seats["new"].stage is Stage.FREE
    assert offers(train(floor, None)) == [("c2", "new")]


@pytest.mark.req("L7")
def test_who_has_a_senior_beside_takes_calls_only_while_the_senior_is_there() -> None:
    floor = a_floor("new")
    floor.add_seat("senior", Chosen.BREAK, START, START)
    train(floor, TrainingStage.BESIDE, "senior")
    assert offers(floor.arrive("c1", START, START)) == []
    assert offers(floor.online("senior", True, START)) == [("c1", "new")]
    assert OfferOver("c1", "new", None) in floor.online("senior", False, START)
    assert offers(floor.online("senior", True, START)) == [("c1", "new")]
    floor.answered("new")
    floor.connected("new", START)
    # A talk goes on, whoever goes.
    floor.remove_seat("senior", START)
    assert floor.seats["new"].stage is Stage.TALKING
    floor.hang_up("new", START)
    assert offers(floor.arrive("c2", START, START)) == []
    assert offers(train(floor, None)) == [("c2", "new")]
