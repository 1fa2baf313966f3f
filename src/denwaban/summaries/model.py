"""What a summary is: its days, its figures, its calls, in the shape in which it is kept for good. Pure."""

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from denwaban.oncall import business_moment
from denwaban.people import PeopleError

SCHEMA = 1
"""Of the kept document. A new one reads the old ones too: a summary that was sent never changes."""

LONGEST_DAILY = 31
"""Days that one daily summary covers at most; more make another one."""


class BadPlan(PeopleError):
    """Something that cannot be kept; the message is a Japanese sentence, `field` what to mend."""


class Kind(StrEnum):
    DAILY = "daily"
    """The days since the last one, up to yesterday."""
    MONTHLY = "monthly"
    """A calendar month."""


class State(StrEnum):
    """Of one mail with a summary."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    NOT_SET_UP = "not_set_up"
    """This installation sends no mail: the summary is in the portal."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in Tokyo, both ends counted."""

    kind: Kind
    first: date
    last: date

    @property
    def since(self) -> datetime:
        return business_moment(self.first, 0)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return business_moment(self.last + timedelta(days=1), 0)

    @property
    def days(self) -> tuple[date, ...]:
        count = (self.last - self.first).days + 1
        return tuple(self.first + timedelta(days=n) for n in range(count))


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    last = calendar.monthrange(day.year, day.month)[1]
    return Period(Kind.MONTHLY, day.replace(day=1), day.replace(day=last))


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """Calls of an hour or a day."""

    received: int = 0
    answered: int = 0
    missed: int = 0


class Topic(msgspec.Struct, frozen=True):
    """What several callers asked for."""

    label: str
    count: int
    examples: tuple[str, ...]


class CallLine(msgspec.Struct, frozen=True, array_like=True):
    """One call. Numbers are E.164 or as received; empty when withheld."""

    at: datetime
    number: str
    dialled: str
    outcome: str
    """Of the call, `cut_short` (answered, then given up waiting again), or `open` (neither answered nor over)."""
    waited: int
    """Seconds until answered or given up."""
    talked: int | None
    """Seconds; None when nobody talked."""
    missed: bool
    """Nobody talked with the caller to the end [C9]."""
    report_id: str = ""
    subject: str = ""
    what_for: str = ""
    status: str = ""
    """Of the report when the summary was made."""
    callback_by: datetime | None = None
    to_report: int | None = None
    """Seconds from the end of the call until its report was sent."""


class Document(msgspec.Struct, frozen=True):
    """The figures of a client's summary, as they were when it was made. What each is: docs/kpi.md."""

    schema: int
    client: str
    kind: Kind
    first: date
    last: date
    edition: int
    reason: str
    """Why there is an edition after the first."""
    made_at: datetime
    received: int
    answered: int
    missed: int
    open: int
    """Neither answered nor over when it was made."""
    practice: int
    """Left out of everything else."""
    missed_by: dict[str, int]
    """Missed calls by outcome."""
    waited: int
    """Seconds that answered callers waited, together."""
    hours: tuple[Tally, ...]
    """24, by the hour of the day in which the call came."""
    days: tuple[Tally, ...]
    """Of each day from `first` to `last`."""
    reported: int
    """Calls with a report."""
    report_p50: int | None
    report_p95: int | None
    """Seconds from the end of the call to the sending of its report; None without any."""
    emergencies: int
    opportunities: int
    promises_due: int
    promises_kept: int
    """Of those due, in time."""
    topics: tuple[Topic, ...]
    other_topics: int
    """Calls with a report that is under none of them."""
    secret: tuple[str, ...]
    """Fields that the client's form kept 秘密 then: mails do not carry them."""
    handled: int = 0
    """Calls on which operators talked and that were over for them, without those of the telephone relay service."""
    handled_seconds: int = 0
    """Talk, holds and wrap-up of those together."""
    relay: int = 0
    """Calls of the telephone relay service that were handled."""
    relay_seconds: int = 0

    @property
    def period(self) -> Period:
        return Period(self.kind, self.first, self.last)

    @property
    def answer_rate(self) -> float | None:
        """Per cent; None without calls."""
        return percent(self.answered, self.received)

    @property
    def kept_rate(self) -> float | None:
        return percent(self.promises_kept, self.promises_due)

    @property
    def wait(self) -> int | None:
        """Seconds that an answered caller waited on average (ASA)."""
        return round(self.waited / self.answered) if self.answered else None

    @property
    def handling(self) -> int | None:
        """Seconds that a call took an operator on average (AHT); None without calls."""
        return round(self.handled_seconds / self.handled) if self.handled else None

    @property
    def empty(self) -> bool:
        """There was nothing to tell."""
        return not (self.received or self.promises_due)


def plain(document: Document) -> dict[str, Any]:
    """As the column has it."""
    found: dict[str, Any] = msgspec.to_builtins(document)
    return found


def read(kept: Any) -> Document:
    """The reverse. Raises `ValueError` for a schema that this program does not know."""
    if kept["schema"] != SCHEMA:
        raise ValueError(f"unknown schema of a summary: {kept['schema']}")
    return msgspec.convert(kept, Document)


def plain_calls(calls: Sequence[CallLine]) -> list[Any]:
    """As the column has them."""
    found: list[Any] = msgspec.to_builtins(list(calls))
    return found


def read_calls(kept: Any) -> list[CallLine]:
    """The reverse."""
    return msgspec.convert(kept, list[CallLine])


def percent(part: int, whole: int) -> float | None:
    """One decimal; None for a zero denominator."""
    return round(part * 100 / whole, 1) if whole else None


def quantile(values: Sequence[int], share: float) -> int | None:
    """The smallest value that at least this share of all values does not exceed (nearest rank); None without values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(round(share * len(values), 9)) - 1)]
