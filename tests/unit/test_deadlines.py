"""「30分以内に」 and 「30分前」, by the clock and in business hours."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denwaban.clock import JST
from denwaban.oncall import (
    BY_CLOCK,
    HOLIDAY,
    WEEKDAYS,
    BusinessHours,
    Deadlines,
    NeverOpen,
    Span,
)
from denwaban.reports.rules import Decision, due

SPLIT = BusinessHours((Span(WEEKDAYS, 540, 720), Span(WEEKDAYS, 780, 1080)), ((12, 29), (1, 3)))
BAR = BusinessHours((Span(16 | 32, 20 * 60, 29 * 60),))
"""Friday and Saturday 20:00 to 5:00."""
NEVER = BusinessHours((Span(HOLIDAY, 0, 60),), ((1, 1), (12, 31)))

MINUTE = timedelta(minutes=1)


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


@pytest.mark.req("D1")
@pytest.mark.parametrize(
    ("hours", "end", "minutes", "start"),
    [
        (SPLIT, "2026-11-24T15:00", 30, "2026-11-24T14:30"),
        (SPLIT, "2026-11-24T13:10", 30, "2026-11-24T11:40"),  # over lunch
        (SPLIT, "2026-11-24T09:30", 30, "2026-11-24T09:00"),
        (SPLIT, "2026-11-24T09:10", 30, "2026-11-20T17:40"),  # over a weekend and a holiday
        (SPLIT, "2026-11-24T20:00", 30, "2026-11-24T17:30"),  # promised for after they close
        (SPLIT, "2027-01-04T09:10", 30, "2026-12-28T17:40"),  # over the year's end
        (BAR, "2026-11-28T00:10", 30, "2026-11-27T23:40"),  # over midnight
        (BAR, "2026-12-04T20:10", 30, "2026-11-29T04:40"),  # over a week
        (SPLIT, "2026-11-24T03:00", 0, "2026-11-24T03:00"),
    ],
)
def test_half_an_hour_before_in_business_hours(
    hours: BusinessHours, end: str, minutes: int, start: str
) -> None:
    assert hours.take_business_minutes(jst(end), minutes) == jst(start)
    assert Deadlines(hours).before(jst(end), minutes) == jst(start)
    assert BY_CLOCK.before(jst(end), minutes) == jst(end) - minutes * MINUTE


def test_who_never_opens_is_counted_by_the_clock() -> None:
    at = jst("2026-11-24T10:00")
    with pytest.raises(NeverOpen):
        NEVER.take_business_minutes(at, 1)
    with pytest.raises(ValueError, match="minutes"):
        SPLIT.take_business_minutes(at, -1)
    assert Deadlines(NEVER).before(at, 30) == at - 30 * MINUTE
    assert Deadlines(NEVER).after(at, 30) == at + 30 * MINUTE


@pytest.mark.req("D1")
def test_three_hours_of_an_opportunity_in_business_hours() -> None:
    chance = Decision(None, (), ("資料請求",), "normal")
    begun = jst("2026-11-20T17:00")
    assert due(chance, begun) == jst("2026-11-20T20:00")
    assert due(chance, begun, deadlines=Deadlines(SPLIT)) == jst("2026-11-24T11:00")
    assert due(chance, begun, 60, Deadlines(SPLIT)) == jst("2026-11-20T18:00")


spans = st.builds(
    lambda days, opens, length: Span(days, opens, opens + length),
    st.integers(1, 255),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
some_hours = st.builds(BusinessHours, st.lists(spans, min_size=1, max_size=4).map(tuple))
# Around the year's end too, with its holidays.
moments = st.integers(0, 100 * 1440).map(lambda n: jst("2026-11-01T00:00") + n * MINUTE)


@settings(max_examples=80, deadline=None)
@given(some_hours, moments, st.integers(1, 1500))
def test_before_is_the_last_moment_from_which_so_much_is_left(
    hours: BusinessHours, end: datetime, minutes: int
) -> None:
    try:
        start = hours.take_business_minutes(end, minutes)
    except NeverOpen:
        return
    assert hours.minutes_between(start, end) == minutes
    assert hours.minutes_between(start + MINUTE, end) == minutes - 1
    assert hours.add_business_minutes(start, minutes) <= end


@settings(max_examples=80, deadline=None)
@given(some_hours, moments, st.integers(1, 1500))
def test_there_and_back(hours: BusinessHours, start: datetime, minutes: int) -> None:
    try:
        end = hours.add_business_minutes(start, minutes)
        back = hours.take_business_minutes(end, minutes)
    except NeverOpen:
        return
    # Closed time at the beginning is the only thing that may lie between.
    assert back >= start
    assert hours.minutes_between(start, back) == 0
    assert hours.add_business_minutes(back, minutes) == end
