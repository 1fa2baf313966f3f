"""What is typed as a target, which months there are, and when a figure is within a target."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.clock import month_after
from denwaban.targets import Result, Targets
from denwaban.targets.model import (
    BadTarget,
    check_holds,
    months_to,
    read_holds,
    read_percent,
)


def test_what_is_typed_is_read_as_it_is_meant() -> None:
    for text, holds in (("0.5", 0.5), (" ０．５回 ", 0.5), ("1", 1.0), ("10", 10.0), ("", None)):
        assert read_holds(text) == holds
    for text, percent in (("80", 80), ("８０％", 80), ("0", 0), ("100 %", 100), (" ", None)):
        assert read_percent(text) == percent


@pytest.mark.parametrize("text", ["-1", "0.25", "10.1", "11", "nan", "1e0", "少なめ", "٣", "."])
def test_other_words_are_no_holds(text: str) -> None:
    with pytest.raises(BadTarget):
        read_holds(text)


@pytest.mark.parametrize("text", ["-1", "101", "80.5", "1e1", "高め", "٣"])
def test_other_words_are_no_share(text: str) -> None:
    with pytest.raises(BadTarget):
        read_percent(text)


@given(st.integers(0, 100))
def test_every_tenth_is_kept_as_it_was_typed(tenths: int) -> None:
    assert check_holds(tenths / 10) == read_holds(f"{tenths / 10:g}")
    assert round(tenths / 10 * 10) == tenths


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 30))
def test_months_follow_each_other(day: date, number: int) -> None:
    first = day.replace(day=1)
    found = months_to(first, number)
    assert found[0] == first
    assert len(found) == number
    for newer, older in zip(found, found[1:], strict=False):
        assert month_after(older) == newer
        assert older == (newer - timedelta(days=1)).replace(day=1)


def test_a_figure_is_within_its_target_as_it_is_shown() -> None:
    targets = Targets(0.5, 80)
    # 0.54 is shown as 0.5, 79.96 as 80.0.
    assert Result(alone=50, holds=27).holds_met(targets)
    assert Result(reported=2500, completed=1999).completion_met(targets)
    worse = Result(contacts=20, alone=20, holds=11, reported=20, completed=15)
    assert (worse.holds_each, worse.self_completion) == (0.6, 75.0)
    assert worse.holds_met(targets) is False
    assert worse.completion_met(targets) is False
    # Without a target, or without calls, there is nothing to say.
    assert worse.holds_met(Targets()) is worse.completion_met(Targets()) is None
    assert Result().holds_met(targets) is Result().completion_met(targets) is None
