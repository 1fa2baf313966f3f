"""Who has not read what changed is passed over, and nobody waits for a reader."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.routing.floor import Floor
from denwaban.routing.gate import Gate
from denwaban.routing.model import Chosen, Offer, Terms
from denwaban.routing.skills import Need

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
YAMADA, AOBA = Terms(Need("yamada")), Terms(Need("aoba"))


@dataclass(frozen=True)
class Unread:
    client_id: str
    after: datetime
    operators: frozenset[str]


def a_floor(*operators: str) -> Floor:
    """Operators ready with a phone; the first named has been idle longest."""
    floor = Floor(15, 6, 0)
    for n, operator in enumerate(operators):
        floor.add_seat(operator, Chosen.READY, START, START - timedelta(seconds=100 - n))
        floor.online(operator, True, START)
    return floor


@pytest.mark.req("B8")
def test_who_has_not_read_it_is_passed_over_once_the_grace_is_over() -> None:
    floor = a_floor("suzuki", "tanaka", "ito")
    floor.gate.set([Unread("yamada", START + HOUR, frozenset({"suzuki", "tanaka"}))])
    assert floor.arrive("c1", START, START, YAMADA) == [Offer("c1", "suzuki")]
    floor.leave("c1", START)
    later = START + HOUR
    assert floor.arrive("c2", later, later, YAMADA) == [Offer("c2", "ito")]
    # Other clients' callers are theirs as before, and the line of the idle has not changed.
    assert floor.arrive("c3", later, later, AOBA) == [Offer("c3", "suzuki")]
    floor.leave("c2", later)
    floor.leave("c3", later)
    floor.gate.set([], "yamada")
    assert floor.arrive("c4", later, later, YAMADA) == [Offer("c4", "suzuki")]


@pytest.mark.req("B8")
def test_a_caller_is_served_though_nobody_has_read_it() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.gate.set([Unread("yamada", START, frozenset({"suzuki", "tanaka"}))])
    assert floor.arrive("c1", START, START, YAMADA) == [Offer("c1", "suzuki", unread=True)]
    assert floor.arrive("c2", START, START, YAMADA) == [Offer("c2", "tanaka", unread=True)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(-2, 2),
            st.frozensets(st.sampled_from([f"o{n}" for n in range(6)])),
        ),
        max_size=8,
    )
)
def test_the_gate_says_what_a_plain_set_would(
    given_changes: list[tuple[str, int, frozenset[str]]],
) -> None:
    gate = Gate()
    gate.set([Unread(client, START + n * HOUR, who) for client, n, who in given_changes])
    for client in "abcd":
        late = [who for owner, n, who in given_changes if owner == client and n <= 0]
        mask = gate.passed_over(client, START)
        for n in range(7):
            assert gate.among(f"o{n}", mask) == any(f"o{n}" in who for who in late)
