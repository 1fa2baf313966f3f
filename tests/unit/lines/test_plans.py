"""Plans by weekday, time and holiday."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.clock import JST
from denwaban.lines.model import (
    DEFAULT_CLOSED,
    ClientLine,
    LineLimit,
    Mode,
    PlanWindow,
    faults,
    limit_at,
    window_at,
)
from denwaban.oncall import EVERY_DAY, HOLIDAY, WEEKDAYS, day_bits

DAY = PlanWindow("平日昼間", WEEKDAYS, 9 * 60, 18 * 60, Mode.FULL, "s1")
NIGHT = PlanWindow("夜間", EVERY_DAY, 18 * 60, 33 * 60, Mode.FIRST_RESPONSE, "s2")
WEEKEND = PlanWindow("土日祝", 32 | 64 | HOLIDAY, 0, 1440, Mode.CLOSED, None, "本日は休業日です。")


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def name(windows: list[PlanWindow], text: str) -> str | None:
    window = window_at(windows, jst(text))
    return window.name if window else None


@pytest.mark.req("A10", "A11")
def test_a_week_of_a_plumbing_firm() -> None:
    plan = [DAY, WEEKEND, NIGHT]
    assert name(plan, "2026-11-24T09:00") == "平日昼間"  # Tuesday
    assert name(plan, "2026-11-24T17:59:59") == "平日昼間"
    assert name(plan, "2026-11-24T18:00") == "夜間"
    assert name(plan, "2026-11-25T08:59") == "夜間"  # past midnight
    assert name(plan, "2026-11-28T12:00") == "土日祝"  # Saturday
    assert name(plan, "2026-11-23T12:00") == "土日祝"  # 勤労感謝の日, a Monday
    assert name([DAY], "2026-11-24T08:59") is None
    assert name([], "2026-11-24T12:00") is None


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    friday_night = [PlanWindow("金曜夜", 16, 22 * 60, 29 * 60, Mode.FULL)]
    assert name(friday_night, "2026-11-27T23:00") == "金曜夜"
    assert name(friday_night, "2026-11-28T04:59") == "金曜夜"
    assert name(friday_night, "2026-11-28T05:00") is None
    assert name(friday_night, "2026-11-28T23:00") is None
    # The night before a holiday reaches into it.
    assert name([NIGHT], "2026-11-23T03:00") == "夜間"


@pytest.mark.parametrize(
    ("day", "bits"),
    [
        (date(2026, 5, 6), HOLIDAY),  # substitute for 憲法記念日 on a Sunday
        (date(2026, 9, 22), HOLIDAY),  # between 敬老の日 and 秋分の日
        (date(2027, 3, 22), HOLIDAY),  # substitute for 春分の日
        (date(2026, 5, 3), HOLIDAY | 64),  # a Sunday
        (date(2026, 11, 24), 2),
        (date(2026, 12, 31), 8),  # custom, not law
        (date(2027, 1, 1), HOLIDAY),
    ],
)
def test_holidays(day: date, bits: int) -> None:
    assert day_bits(day) == bits


def test_the_first_window_that_fits_decides() -> None:
    special = PlanWindow("特別", EVERY_DAY, 0, 1440, Mode.FULL)
    assert name([special, DAY], "2026-11-24T12:00") == "特別"
    assert name([DAY, special], "2026-11-24T12:00") == "平日昼間"


def test_outside_every_window_the_client_is_closed_with_words() -> None:
    line = ClientLine("c", "山田設備", "+81312345678", "代表", (DAY,), ())
    service = line.service(jst("2026-11-24T20:00"))
    assert (service.mode, service.window, service.message) == (Mode.CLOSED, "", DEFAULT_CLOSED)
    line = ClientLine("c", "山田設備", "+81312345678", "代表", (WEEKEND,), ())
    assert line.service(jst("2026-11-28T12:00")).message == "本日は休業日です。"


@pytest.mark.req("A6")
def test_limits_begin_on_their_day_in_japan() -> None:
    limits = [LineLimit(date(2026, 12, 1), 5), LineLimit(date(2026, 4, 1), 2)]
    assert limit_at(limits, jst("2026-03-31T23:59")) is None
    assert limit_at(limits, jst("2026-11-30T23:59")) == 2
    assert limit_at(limits, jst("2026-12-01T00:00")) == 5
    assert limit_at([], jst("2026-12-01T00:00")) is None


windows = st.builds(
    lambda days, opens, length: PlanWindow("w", days, opens, opens + length, Mode.FULL),
    st.integers(1, EVERY_DAY),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=JST)
)


@given(windows, moments)
def test_a_window_fits_exactly_when_one_of_its_days_reaches_the_minute(
    window: PlanWindow, at: datetime
) -> None:
    assert faults(window) == []
    fits = False
    for back in (0, 1):
        began = (at - timedelta(days=back)).date()
        midnight = datetime.combine(began, datetime.min.time(), JST)
        minutes = int((at - midnight).total_seconds() // 60)
        fits |= bool(window.days & day_bits(began)) and window.opens <= minutes < window.closes
    assert (window_at([window], at) is not None) == fits


@given(moments)
def test_all_day_every_day_is_never_closed(at: datetime) -> None:
    assert window_at([PlanWindow("24時間", EVERY_DAY, 0, 1440, Mode.FULL)], at) is not None


def test_faults_are_told_in_words() -> None:
    assert faults(PlanWindow("", 0, 1440, 10, Mode.FULL, None, "あ" * 501)) != []
    assert len(faults(PlanWindow(" ", 256, 600, 600, Mode.FULL))) == 3
