"""When a client is open: split hours, holidays, the year's end, midnight; and counting in open minutes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thorough import examples

from denwaban.clock import JST
from denwaban.oncall import (
    ALWAYS,
    EVERY_DAY,
    HOLIDAY,
    WEEKDAYS,
    BadHours,
    BusinessHours,
    NeverOpen,
    OtherHours,
    Span,
)
from denwaban.oncall.hours import checked, from_json, to_json

MORNING, AFTERNOON = Span(WEEKDAYS, 9 * 60, 12 * 60), Span(WEEKDAYS, 13 * 60, 18 * 60)
SPLIT = BusinessHours((MORNING, AFTERNOON), ((12, 29), (1, 3)))
BAR = BusinessHours((Span(16 | 32, 20 * 60, 29 * 60),))
"""Friday and Saturday 20:00 to 5:00."""


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


@pytest.mark.req("A8")
@pytest.mark.parametrize(
    ("hours", "at", "is_open"),
    [
        (SPLIT, "2026-11-24T08:59", False),
        (SPLIT, "2026-11-24T09:00", True),
        (SPLIT, "2026-11-24T12:00", False),
        (SPLIT, "2026-11-24T12:59", False),
        (SPLIT, "2026-11-24T17:59", True),
        (SPLIT, "2026-11-24T18:00", False),
        (SPLIT, "2026-11-23T10:00", False),  # 勤労感謝の日
        (SPLIT, "2026-11-28T10:00", False),  # Saturday
        (SPLIT, "2026-12-28T10:00", True),
        (SPLIT, "2026-12-29T10:00", False),
        (SPLIT, "2026-12-31T10:00", False),
        (SPLIT, "2027-01-01T10:00", False),
        (SPLIT, "2027-01-04T10:00", True),
        (BAR, "2026-11-28T04:59", True),  # Friday's night
        (BAR, "2026-11-28T05:00", False),
        (BAR, "2026-11-29T00:00", True),  # Saturday's night
        (BAR, "2026-11-30T00:00", False),
        (BAR, "2027-01-01T23:30", False),  # a Friday, and a holiday: it does not open
        (ALWAYS, "2027-01-01T00:00", True),
    ],
)
def test_open_or_closed(hours: BusinessHours, at: str, is_open: bool) -> None:
    assert hours.is_open(jst(at)) is is_open
    assert hours.is_open(jst(at).astimezone(UTC)) is is_open


def test_the_last_exception_decides_also_on_a_holiday() -> None:
    holiday, party = date(2026, 11, 23), date(2026, 11, 26)
    hours = BusinessHours(
        SPLIT.spans,
        SPLIT.year_end,
        (
            OtherHours(date(2026, 11, 20), date(2026, 11, 30), (), "改装"),
            OtherHours(holiday, holiday, (Span(0, 600, 720),)),
            OtherHours(party, party, (Span(0, 600, 1500),), "感謝祭"),
        ),
    )
    assert hours.is_open(jst("2026-11-23T10:30"))
    assert not hours.is_open(jst("2026-11-24T10:30"))
    assert hours.is_open(jst("2026-11-27T00:30"))
    assert not hours.is_open(jst("2026-11-27T01:00"))
    assert from_json(to_json(hours)) == hours


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-24T10:00", 60, "2026-11-24T11:00"),
        ("2026-11-24T11:00", 60, "2026-11-24T12:00"),
        ("2026-11-24T11:30", 60, "2026-11-24T13:30"),
        ("2026-11-20T17:00", 180, "2026-11-24T11:00"),  # over a weekend and a holiday
        ("2026-11-24T17:59", 1, "2026-11-24T18:00"),
        ("2026-11-24T18:00", 0, "2026-11-25T09:00"),
        ("2026-12-28T17:30", 60, "2027-01-04T09:30"),  # over the year's end
    ],
)
def test_three_hours_in_business_hours(start: str, minutes: int, end: str) -> None:
    assert SPLIT.add_business_minutes(jst(start), minutes) == jst(end)


def test_who_never_opens_is_told_so() -> None:
    never = BusinessHours((Span(HOLIDAY, 0, 60),), ((1, 1), (12, 31)))
    with pytest.raises(NeverOpen):
        never.add_business_minutes(jst("2026-11-24T10:00"), 1)
    with pytest.raises(ValueError, match="minutes"):
        ALWAYS.add_business_minutes(jst("2026-11-24T10:00"), -1)


@pytest.mark.parametrize(
    "hours",
    [
        BusinessHours(()),
        BusinessHours((Span(0, 0, 60),)),
        BusinessHours((Span(256, 0, 60),)),
        BusinessHours((Span(1, 60, 60),)),
        BusinessHours((Span(1, 1440, 1500),)),
        BusinessHours((Span(1, 60, 1501),)),
        BusinessHours((MORNING,), ((2, 30), (3, 1))),
        BusinessHours((MORNING,), None, (OtherHours(date(2026, 1, 2), date(2026, 1, 1)),)),
        BusinessHours((MORNING,), None, (OtherHours(date(2026, 1, 1), date(2026, 1, 1), (), "x" * 101),)),
        BusinessHours((MORNING,) * 41),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_are_refused(hours: BusinessHours) -> None:
    with pytest.raises(BadHours):
        checked(hours)


spans = st.builds(
    lambda days, opens, length: Span(days, opens, opens + length),
    st.integers(1, EVERY_DAY),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
some_hours = st.builds(BusinessHours, st.lists(spans, min_size=1, max_size=4).map(tuple))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(JST)).map(  # noqa: DTZ001
    lambda at: at.replace(second=0, microsecond=0)
)


@settings(max_examples=examples(60))
@given(some_hours, moments, st.integers(0, 3000))
def test_open_times_are_in_order_and_agree_with_every_minute(
    hours: BusinessHours, since: datetime, minutes: int
) -> None:
    until = since + timedelta(minutes=minutes)
    found = list(hours.between(since, until))
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))
    inside = sum(hours.is_open(since + timedelta(minutes=n)) for n in range(minutes))
    assert hours.minutes_between(since, until) == inside


@settings(max_examples=examples(60))
@given(some_hours, moments, st.integers(0, 2000), st.integers(0, 2000))
def test_minutes_add_up(hours: BusinessHours, start: datetime, a: int, b: int) -> None:
    try:
        there = hours.add_business_minutes(start, a + b)
        half = hours.add_business_minutes(start, a)
    except NeverOpen:
        return
    assert start <= half <= there
    assert hours.minutes_between(start, there) == a + b
    assert hours.minutes_between(start, half) == a
    if b:
        assert hours.add_business_minutes(half, b) == there
