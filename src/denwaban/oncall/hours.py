"""When a client is open: split hours, public holidays, exceptions, year-end; and counting in open minutes. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import holidays

from denwaban.clock import JST, day_begins, japan_day
from denwaban.people import PeopleError

HOLIDAY = 128
EVERY_DAY = 255
WEEKDAYS = 1 | 2 | 4 | 8 | 16
DAY_MINUTES = 1440

MOST_SPANS = 40
MOST_EXCEPTIONS = 200
LONGEST_NOTE = 100

FURTHEST = timedelta(days=800)
"""How far ahead an open minute is looked for."""

Day = tuple[int, int]
"""Month and day."""


class BadHours(PeopleError):
    """Hours that cannot be used; a Japanese sentence for whoever typed them."""


class NeverOpen(Exception):
    """There are not that many open minutes within two years."""


@lru_cache(maxsize=64)
def holidays_of(year: int) -> frozenset[date]:
    """Japan's public holidays of a year, with substitute and in-between holidays."""
    # A fresh object for each year: the library fills its objects in place, which two threads must not see half done.
    return frozenset(holidays.country_holidays("JP", years=year))


@lru_cache(maxsize=1000)
def day_bits(day: date) -> int:
    """The bits a day has: Mon 1 … Sun 64, public holiday 128. A public holiday from Monday to Friday is a holiday only;
    on a weekend it is both."""
    weekday: int = day.weekday()
    if day not in holidays_of(day.year):
        return 1 << weekday
    return HOLIDAY if weekday < 5 else HOLIDAY | 1 << weekday


def moment(day: date, minute: int) -> datetime:
    """The moment at this minute of a day in Tokyo; beyond 1440 it lies on the days after."""
    return day_begins(day) + timedelta(minutes=minute)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the day: from minute `opens` until before minute `closes` (JST); beyond 1440 it is the next day's. `days`
    are bits as in `day_bits`."""

    days: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class OtherHours:
    """Days from `first` to `last` on which other hours hold: `spans` (their `days` are not looked at), closed if none."""

    first: date
    last: date
    spans: tuple[Span, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """The hours of a client. All times are Tokyo's."""

    spans: tuple[Span, ...]
    year_end: tuple[Day, Day] | None = None
    """Closed every year from this day to that (both closed), for example 12/29 to 1/3."""
    exceptions: tuple[OtherHours, ...] = ()
    """The last one that fits a day decides; it also opens a holiday or a day of the year-end."""

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on this day."""
        for exception in reversed(self.exceptions):
            if exception.first <= day <= exception.last:
                return exception.spans
        if self.year_end is not None and _within(day, *self.year_end):
            return ()
        bits = day_bits(day)
        return tuple(span for span in self.spans if span.days & bits)

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at `at`. The minute in which it closes is closed."""
        local = at.astimezone(JST)
        today = local.date()
        minute = local.hour * 60 + local.minute
        return any(span.opens <= minute < span.closes for span in self.spans_of(today)) or any(
            span.opens <= minute + DAY_MINUTES < span.closes
            for span in self.spans_of(today - timedelta(days=1))
        )

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open times that meet [since, until), cut to it, in order; those that touch or overlap are one."""
        day = japan_day(since) - timedelta(days=1)
        last = japan_day(until)
        begun: datetime | None = None
        ended = since
        while day <= last:
            for span in sorted(self.spans_of(day), key=lambda span: (span.opens, span.closes)):
                opens = max(moment(day, span.opens), since)
                closes = min(moment(day, span.closes), until)
                if opens >= closes:
                    continue
                if begun is None:
                    begun, ended = opens, closes
                elif opens <= ended:
                    ended = max(ended, closes)
                else:
                    yield begun, ended
                    begun, ended = opens, closes
            day += timedelta(days=1)
        if begun is not None:
            yield begun, ended

    def add_business_minutes(self, start: datetime, minutes: int) -> datetime:
        """When that many open minutes have passed since `start`: with 0 the first open moment from `start` on. Raises
        `NeverOpen`, and `ValueError` for fewer than 0."""
        if minutes < 0:
            raise ValueError("minutes")
        left = timedelta(minutes=minutes)
        begin = start
        # A month at a time: most answers lie within days.
        while begin < start + FURTHEST:
            end = begin + timedelta(days=31)
            for opens, closes in self.between(begin, end):
                if closes - opens >= left and (left or closes > opens):
                    return opens + left
                left -= closes - opens
            begin = end
        raise NeverOpen

    def take_business_minutes(self, end: datetime, minutes: int) -> datetime:
        """The last moment from which that many open minutes are left until `end`; with 0 it is `end`. Raises `NeverOpen`, and
        `ValueError` for fewer than 0."""
        if minutes < 0:
            raise ValueError("minutes")
        left = timedelta(minutes=minutes)
        begin = end
        while left and begin > end - FURTHEST:
            last, begin = begin, begin - timedelta(days=31)
            for opens, closes in reversed(list(self.between(begin, last))):
                if closes - opens >= left:
                    return closes - left
                left -= closes - opens
        if left:
            raise NeverOpen
        return end

    def minutes_between(self, since: datetime, until: datetime) -> int:
        """Whole open minutes in [since, until)."""
        spans = self.between(since, until)
        return int(sum(((b - a) for a, b in spans), timedelta()) / timedelta(minutes=1))

    def edges(self, since: datetime, until: datetime) -> set[datetime]:
        """Where it may open or close in [since, until)."""
        return {edge for span in self.between(since, until) for edge in span}


ALWAYS = BusinessHours((Span(EVERY_DAY, 0, DAY_MINUTES),))
"""Of a client that has not said when it is open: reports may come at any time."""


def _within(day: date, first: Day, last: Day) -> bool:
    today = (day.month, day.day)
    return first <= today <= last if first <= last else today >= first or today <= last


def checked(hours: BusinessHours) -> BusinessHours:
    """The same hours, if they can be used. Raises `BadHours`."""
    if not hours.spans:
        raise BadHours("曜日と時間帯を1つ以上入れてください", "spans")
    if len(hours.spans) > MOST_SPANS or len(hours.exceptions) > MOST_EXCEPTIONS:
        raise BadHours("多すぎます。時間帯は40件、臨時の日は200件までです", "spans")
    for span in hours.spans:
        if not 0 < span.days <= EVERY_DAY:
            raise BadHours("曜日を1つ以上選んでください", "spans")
        check_times(span.opens, span.closes, "spans")
    for exception in hours.exceptions:
        if exception.last < exception.first:
            raise BadHours("臨時の日は、終わりの日を始まりの日以後にしてください", "exceptions")
        if len(exception.note) > LONGEST_NOTE:
            raise BadHours("ひとことは100文字までにしてください", "exceptions")
        for span in exception.spans:
            check_times(span.opens, span.closes, "exceptions")
    for day in hours.year_end or ():
        try:
            date(2024, *day)
        except ValueError as error:
            raise BadHours("年末年始の日付を確かめてください。例: 12/29", "year_end") from error
    return hours


def check_times(opens: int, closes: int, field: str) -> None:
    """Raises `BadHours` unless this is a part of a day, at most 24 hours long."""
    if not (0 <= opens < DAY_MINUTES and opens < closes <= opens + DAY_MINUTES):
        raise BadHours(
            "時刻は、開始が 0:00〜23:59、終了が開始より後で24時間以内になるようにしてください",
            field,
        )


def to_json(hours: BusinessHours) -> dict[str, Any]:
    """The hours as they are kept."""
    return {
        "spans": [[span.days, span.opens, span.closes] for span in hours.spans],
        "year_end": [list(day) for day in hours.year_end] if hours.year_end else None,
        "exceptions": [
            {
                "first": one.first.isoformat(),
                "last": one.last.isoformat(),
                "spans": [[span.days, span.opens, span.closes] for span in one.spans],
                "note": one.note,
            }
            for one in hours.exceptions
        ],
    }


def from_json(kept: Mapping[str, Any]) -> BusinessHours:
    """The hours that `to_json` kept."""
    year_end = kept["year_end"]
    return BusinessHours(
        tuple(Span(*span) for span in kept["spans"]),
        ((year_end[0][0], year_end[0][1]), (year_end[1][0], year_end[1][1])) if year_end else None,
        tuple(
            OtherHours(
                date.fromisoformat(one["first"]),
                date.fromisoformat(one["last"]),
                tuple(Span(*span) for span in one["spans"]),
                one["note"],
            )
            for one in kept["exceptions"]
        ),
    )
