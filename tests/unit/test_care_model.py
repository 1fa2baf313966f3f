"""The abuse clock and a client's rules, pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.care.model import (
    CareError,
    Case,
    Event,
    Happened,
    Reason,
    check_marks,
    due,
    may_hang_up,
    parse_marks,
)

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MARKS = st.lists(st.integers(1, 480), min_size=1, max_size=6, unique=True).map(
    lambda found: tuple(sorted(found))
)


def case(marks: tuple[int, ...] = (15, 30, 60)) -> Case:
    return Case("k", "c", "m", "o", Reason.ABUSE, START, START, marks, "警告", "結び", None)


def said(minute: int) -> Event:
    return Event(START + timedelta(minutes=minute), Happened.WARNED, minute, "警告", "田中")


@given(MARKS, st.integers(0, 600 * 60))
def test_every_moment_lies_between_the_last_mark_and_the_next(
    marks: tuple[int, ...], seconds: int
) -> None:
    one, now = case(marks), START + timedelta(seconds=seconds)
    passed, following = one.passed(now), one.next(now)
    assert passed in (0, *marks)
    assert one.at(passed) <= now
    if following is None:
        assert passed == marks[-1]
    else:
        assert now < following
        later = [mark for mark in marks if mark > passed]
        assert following == one.at(later[0])


@given(MARKS, st.integers(0, 600))
def test_a_warning_is_due_from_a_mark_until_it_is_said(marks: tuple[int, ...], minute: int) -> None:
    one, now = case(marks), START + timedelta(minutes=minute)
    assert due(one, [], now) == (minute >= marks[0])
    assert not due(one, [said(one.passed(now))], now)
    for mark in marks:
        if mark <= minute and mark < one.passed(now):
            assert due(one, [said(mark)], now)


def test_nobody_is_cut_off_unwarned() -> None:
    marked = Event(START, Happened.MARKED, 0, "", "田中")
    assert not may_hang_up([marked])
    assert may_hang_up([marked, said(0)])


def test_marks_as_they_are_typed() -> None:
    assert parse_marks("15 30 60") == parse_marks("60、30分, 15/15") == (15, 30, 60)
    for wrong in ("", "十五", "0 15", "15 500", "1 2 3 4 5 6 7", "-5", "99999999999"):
        with pytest.raises(CareError):
            parse_marks(wrong)
    assert check_marks([30, 15, 30]) == (15, 30)
