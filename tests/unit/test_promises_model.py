"""How many promises were kept in time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.promises.model import Kept, tally

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)

TIMES = st.integers(-4000, 4000).map(lambda minutes: NOW + timedelta(minutes=minutes))


@pytest.mark.req("D4")
@pytest.mark.parametrize(
    ("by", "kept_at", "counts"),
    [
        (NOW, None, Kept()),
        (NOW + TICK, None, Kept()),
        (NOW - TICK, None, Kept(1, broken=1)),
        (NOW, NOW, Kept(1, 1)),
        (NOW - TICK, NOW, Kept(1, late=1)),
        (NOW + TICK, NOW, Kept(1, 1)),
    ],
    ids=["its-very-time", "to-come", "broken", "at-its-very-time", "late", "early"],
)
def test_the_edges_of_in_time(by: datetime, kept_at: datetime | None, counts: Kept) -> None:
    assert tally([(by, kept_at)], NOW) == counts


def test_a_share_is_of_what_was_due_and_none_when_nothing_was() -> None:
    assert Kept().share is None
    assert tally([(NOW, None)], NOW).share is None
    assert Kept(4, 3, late=1).share == 0.75
    assert Kept(1, broken=1).share == 0


@given(st.lists(st.tuples(TIMES, st.none() | TIMES), max_size=30), TIMES)
def test_what_was_due_is_kept_late_or_broken(
    times: list[tuple[datetime, datetime | None]], now: datetime
) -> None:
    counted = tally(times, now)
    assert counted.due == counted.kept_in_time + counted.late + counted.broken
    assert counted.due == len(times) - sum(kept is None and by >= now for by, kept in times)
    later = tally(times, now + timedelta(days=5))
    # Time alone never makes one kept, and never mends one that is broken.
    assert (later.kept_in_time, later.late) == (counted.kept_in_time, counted.late)
    assert later.broken >= counted.broken
