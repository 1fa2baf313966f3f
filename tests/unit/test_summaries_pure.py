"""Summaries without I/O: when they are due, what the figures are, what stands on paper and in files."""

import csv
import io
import math
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denwaban.calls import Outcome
from denwaban.clock import JST
from denwaban.oncall import ALWAYS, BusinessHours, OtherHours, Span
from denwaban.promises import Kept
from denwaban.summaries.figures import Rang, Read, Told, document
from denwaban.summaries.model import (
    Document,
    Kind,
    Period,
    Tally,
    month_of,
    plain,
    plain_calls,
    quantile,
    read,
    read_calls,
)
from denwaban.summaries.paper import paper
from denwaban.summaries.schedule import Plan, due, following, next_look, started
from denwaban.summaries.table import HEADINGS, csv_of
from denwaban.summaries.words import file_name, period_words, subject_of

ONE = timedelta(days=1)

OFFICE = BusinessHours(
    (Span(1 | 2 | 4 | 8 | 16, 540, 1080),),
    year_end=((12, 29), (1, 3)),
)
"""Monday to Friday, closed on public holidays and over the turn of the year."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def lived(plan: Plan, hours: BusinessHours, since: str, until: str) -> list[tuple[str, Period]]:
    """(when, what) of everything that goes out while the program runs all the time."""
    now, found = at(since), []
    plan = started(plan, now)
    while (look := next_look(plan, now)) is not None and look < at(until):
        now = look
        for period in due(plan, hours, now):
            found.append((f"{now.astimezone(JST):%Y-%m-%d %H:%M}", period))
            plan = told(plan, period)
    return found


def told(plan: Plan, period: Period) -> Plan:
    if period.kind is Kind.DAILY:
        return replace(plan, daily_done=max(plan.daily_done, period.last))
    return replace(plan, monthly_done=max(plan.monthly_done, period.last))


def daily(first: str, last: str = "") -> Period:
    return Period(Kind.DAILY, date.fromisoformat(first), date.fromisoformat(last or first))


ONLY_DAILY, ONLY_MONTHLY = Plan(monthly=False), Plan(daily=False)


@pytest.mark.req("C9")
def test_the_first_day_after_a_weekend_covers_the_weekend() -> None:
    assert lived(ONLY_DAILY, OFFICE, "2026-11-19T10:00", "2026-11-26T00:00") == [
        ("2026-11-20 08:30", daily("2026-11-19")),
        # Monday the 23rd is a public holiday.
        ("2026-11-24 08:30", daily("2026-11-20", "2026-11-23")),
        ("2026-11-25 08:30", daily("2026-11-24")),
    ]


def test_golden_week_and_the_turn_of_the_year() -> None:
    sent = lived(ONLY_DAILY, OFFICE, "2026-04-30T09:00", "2026-05-09T00:00")
    assert sent == [
        ("2026-05-01 08:30", daily("2026-04-30")),
        ("2026-05-07 08:30", daily("2026-05-01", "2026-05-06")),
        ("2026-05-08 08:30", daily("2026-05-07")),
    ]
    both = lived(Plan(), OFFICE, "2026-12-28T09:00", "2027-01-06T00:00")
    assert both == [
        ("2027-01-04 08:30", daily("2026-12-28", "2027-01-03")),
        # The first of January is a holiday: the next business day.
        ("2027-01-04 08:30", month_of(date(2026, 12, 1))),
        ("2027-01-05 08:30", daily("2027-01-04")),
    ]


def test_every_day_when_the_client_wishes_it() -> None:
    plan = replace(ONLY_DAILY, open_days=False, at=30)
    sent = lived(plan, OFFICE, "2027-12-30T12:00", "2028-01-02T12:00")
    assert sent == [
        ("2027-12-31 00:30", daily("2027-12-30")),
        ("2028-01-01 00:30", daily("2027-12-31")),
        ("2028-01-02 00:30", daily("2028-01-01")),
    ]


def test_months_of_every_length_and_the_leap_day() -> None:
    plan = replace(ONLY_MONTHLY, month_day=31)
    sent = lived(plan, ALWAYS, "2028-01-15T00:00", "2028-05-01T00:00")
    assert sent == [
        ("2028-02-29 08:30", Period(Kind.MONTHLY, date(2028, 1, 1), date(2028, 1, 31))),
        ("2028-03-31 08:30", Period(Kind.MONTHLY, date(2028, 2, 1), date(2028, 2, 29))),
        ("2028-04-30 08:30", Period(Kind.MONTHLY, date(2028, 3, 1), date(2028, 3, 31))),
    ]
    leap = lived(ONLY_DAILY, ALWAYS, "2028-02-28T09:00", "2028-03-02T00:00")
    assert [period for _when, period in leap] == [daily("2028-02-28"), daily("2028-02-29")]


def test_what_was_missed_while_the_program_was_away_comes_once() -> None:
    plan = started(Plan(), at("2026-10-15T12:00"))
    now = at("2026-12-02T03:00")
    found = due(plan, OFFICE, now)
    assert found == [
        daily("2026-10-15", "2026-11-14"),
        # The newest sending time is Tuesday, the first: Wednesday's has not come yet.
        daily("2026-11-15", "2026-11-30"),
        month_of(date(2026, 10, 1)),
        month_of(date(2026, 11, 1)),
    ]
    for period in found:
        plan = told(plan, period)
    assert due(plan, OFFICE, now) == []
    assert due(plan, OFFICE, at("2026-12-02T08:30")) == [daily("2026-12-01")]


def test_a_client_that_is_closed_for_months_is_told_all_the_same() -> None:
    closed = BusinessHours(
        OFFICE.spans, exceptions=(OtherHours(date(2026, 1, 1), date(2026, 12, 31)),)
    )
    sent = lived(ONLY_DAILY, closed, "2026-01-01T00:00", "2026-03-15T00:00")
    assert [period.first for _when, period in sent] == [date(2026, 1, 1), date(2026, 1, 31)]
    assert all(len(period.days) <= 31 for _when, period in sent)
    monthly = lived(ONLY_MONTHLY, closed, "2026-01-01T00:00", "2026-04-15T00:00")
    assert [period.first.month for _when, period in monthly] == [1, 2, 3]


@settings(max_examples=40)
@given(
    st.builds(
        Plan,
        at=st.integers(30, 1439),
        open_days=st.booleans(),
        daily=st.booleans(),
        monthly=st.booleans(),
        month_day=st.integers(1, 31),
    ),
    st.integers(0, 6 * 366 * 1440),
    st.lists(st.integers(1, 60 * 24 * 9), min_size=1, max_size=30),
)
def test_no_day_is_left_out_or_told_twice(plan: Plan, begin: int, steps: list[int]) -> None:
    """However often the program looks, and however long it was away."""
    now = at("2024-01-01T00:00") + timedelta(minutes=begin)
    plan = started(plan, now)
    days: list[date] = []
    months: list[date] = []
    first_day, first_month = plan.daily_done + ONE, plan.monthly_done + ONE
    for minutes in steps:
        now += timedelta(minutes=minutes)
        for period in due(plan, OFFICE, now):
            plan = told(plan, period)
            # What is summed up is over.
            assert period.until <= now
            (days if period.kind is Kind.DAILY else months).extend(period.days)
    assert days == [first_day + ONE * n for n in range(len(days))]
    assert months == [first_month + ONE * n for n in range(len(months))]
    if plan.daily and plan.open_days is False:
        assert plan.daily_done >= now.astimezone(JST).date() - 2 * ONE
    for when, period in following(plan, OFFICE, now):
        assert when > now
        assert period.until <= when


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200), st.floats(0.01, 1))
def test_quantiles_are_exact(values: list[int], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    least = math.ceil(round(share * len(values), 9))
    assert sum(value <= found for value in values) >= least
    assert sum(value < found for value in values) < least


def test_quantiles_of_nothing_and_of_known_times() -> None:
    assert quantile([], 0.5) is None
    assert quantile([7], 0.95) == 7
    assert (quantile(list(range(1, 101)), 0.5), quantile(list(range(1, 101)), 0.95)) == (50, 95)


def rang(when: str, outcome: Outcome | None, answered: int | None = None, **more: object) -> Rang:
    """A call; `answered` after so many seconds, over a minute later."""
    begin = at(when)
    end = begin + timedelta(seconds=60 + (answered or 0))
    given = {
        "at": begin, "number": "+819011112222", "dialled": "+81355550101", "outcome": outcome,
        "answered_at": begin + timedelta(seconds=answered) if answered is not None else None,
        "ended_at": end if outcome else None, "wait_ms": (answered or 60) * 1000,
    }  # fmt: skip
    return Rang(**(given | more))  # type: ignore[arg-type]


def report(call: Rang, seconds: int, **more: object) -> Rang:
    assert call.ended_at is not None
    given = {
        "id": "r" * 32, "subject": "【通常報告】佐藤様より", "what_for": "給湯器の修理について", "topic": "",
        "status": "done", "callback_by": None, "sent_at": call.ended_at + timedelta(seconds=seconds),
        "call_ended_at": call.ended_at, "urgency": "normal", "opportunity": False,
    }  # fmt: skip
    return replace(call, report=Told(**(given | more)))  # type: ignore[arg-type]


CALLS = [
    report(rang("2026-11-23T23:59:59", Outcome.ANSWERED, 5), 30),
    report(rang("2026-11-24T00:00", Outcome.ANSWERED, 10), 90, what_for="給湯器が止まった"),
    report(rang("2026-11-24T10:05", Outcome.ANSWERED, 3), -5, what_for="=1+1", urgency="emergency"),
    report(rang("2026-11-24T10:10", Outcome.ANSWERED, 4), 60, topic="見積の依頼", opportunity=True),
    rang("2026-11-24T10:20", Outcome.ABANDONED),
    rang("2026-11-24T10:30", Outcome.ABANDONED, 5),
    rang("2026-11-24T11:00", Outcome.BLOCKED, wait_ms=0, number=""),
    rang("2026-11-24T20:00", Outcome.OUT_OF_HOURS, number="+14155552671"),
    rang("2026-11-24T20:01", Outcome.MESSAGE, number="+819012345678"),
    rang("2026-11-24T12:00", Outcome.LOST),
    rang("2026-11-24T12:01", Outcome.LOST, 5),
    rang("2026-11-24T23:58", None, 5),
    rang("2026-11-24T13:00", Outcome.ANSWERED, 5, practice=True),
]
MADE, LINES = document(
    Read(
        "山田設備",
        daily("2026-11-23", "2026-11-24"),
        CALLS,
        Kept(4, 3, 1, 0),
        ("number", "what_for"),
    ),
    at("2026-11-25T08:30"),
)


@pytest.mark.req("C9")
def test_each_figure_is_what_the_definitions_say() -> None:
    assert (MADE.received, MADE.answered, MADE.missed, MADE.open, MADE.practice) == (12, 5, 6, 1, 1)
    assert MADE.missed_by == {
        "abandoned": 1, "cut_short": 1, "blocked": 1, "out_of_hours": 1, "message": 1, "lost": 1
    }  # fmt: skip
    assert MADE.answer_rate == 41.7
    assert (MADE.promises_due, MADE.promises_kept, MADE.kept_rate) == (4, 3, 75.0)
    assert [(vars_of(tally)) for tally in MADE.days] == [(1, 1, 0), (11, 4, 6)]
    assert (vars_of(MADE.hours[10])) == (4, 2, 2)
    assert (vars_of(MADE.hours[23])) == (2, 1, 0)
    assert sum(tally.received for tally in MADE.hours) == MADE.received
    # Sent before the caller had hung up: at once. Times 0, 30, 60, 90.
    assert (MADE.reported, MADE.report_p50, MADE.report_p95) == (4, 30, 90)
    assert (MADE.emergencies, MADE.opportunities) == (1, 1)
    assert MADE.wait == round((5 + 10 + 3 + 4 + 5) / 5)


def vars_of(tally: Tally) -> tuple[int, int, int]:
    return tally.received, tally.answered, tally.missed


def test_what_callers_asked_is_counted_with_examples() -> None:
    found = {topic.label: (topic.count, topic.examples) for topic in MADE.topics}
    assert found["給湯器"] == (2, ("給湯器の修理について", "給湯器が止まった"))
    assert found["見積の依頼"][0] == 1
    assert MADE.other_topics == 1


def test_nothing_divides_by_nothing() -> None:
    empty, lines = document(Read("山田設備", daily("2026-11-24")), at("2026-11-25T08:30"))
    assert (empty.answer_rate, empty.kept_rate, empty.wait, empty.report_p95) == (None,) * 4
    assert empty.empty
    assert lines == []
    assert "—" in str(paper(empty, lines, mail=True)["tiles"])


def test_what_is_kept_is_read_back_as_it_was_and_a_later_schema_is_refused() -> None:
    assert read(plain(MADE)) == MADE
    assert read_calls(plain_calls(LINES)) == LINES
    with pytest.raises(ValueError, match="schema"):
        read(plain(MADE) | {"schema": 99})


def test_the_file_has_one_row_a_call_and_no_formula() -> None:
    data = csv_of(MADE, LINES, mail=False)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == data.count(b"\n")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == HEADINGS
    assert len(rows) == 1 + MADE.received
    assert [row[0] for row in rows[1:3]] == ["2026-11-23 23:59:59", "2026-11-24 00:00:00"]
    assert "'=1+1" in [row[8] for row in rows]
    assert "'+1 415-555-2671" in [row[1] for row in rows]
    assert sum(row[4] == "はい" for row in rows) == MADE.missed


def test_mails_do_not_carry_what_the_form_keeps_secret() -> None:
    for mail in (
        csv_of(MADE, LINES, mail=True).decode("utf-8-sig"),
        str(paper(MADE, LINES, mail=True)),
    ):
        assert "090-1111-2222" not in mail
        assert "給湯器の修理" not in mail
    assert "090-1111-2222" in str(paper(MADE, LINES, mail=False))


def test_days_and_subjects_in_words() -> None:
    assert period_words(daily("2026-11-24")) == "2026年11月24日(火)"
    assert period_words(daily("2026-11-20", "2026-11-23")) == "2026年11月20日(金)〜23日(月)"
    assert period_words(daily("2026-04-30", "2026-05-06")) == "2026年4月30日(木)〜5月6日(水)"
    assert period_words(daily("2026-12-28", "2027-01-03")) == "2026年12月28日(月)〜2027年1月3日(日)"
    assert period_words(month_of(date(2028, 2, 29))) == "2028年2月"
    assert subject_of(MADE).startswith("【日報】山田設備 2026年11月23日")
    corrected = replace_edition(2)
    assert subject_of(corrected).startswith("【訂正版】【日報】")
    assert file_name(corrected, "pdf") == "denwaban-daily-20261124-2.pdf"


def replace_edition(edition: int) -> Document:
    return read(plain(MADE) | {"edition": edition, "reason": "件数の数え直し"})
