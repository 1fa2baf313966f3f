"""How long data is kept: months, moments, counts. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from denwaban.clock import JST
from denwaban.people import PeopleError

LONGEST = 600
"""Months: fifty years."""

AT_NIGHT = time(3, 30)
"""When data whose time is over is erased, in Tokyo."""


class Kind(StrEnum):
    """Why something was erased."""

    RETENTION = "retention"
    """Its time was over."""
    REQUEST = "request"
    """The caller asked for it."""


class BadTerms(PeopleError):
    """Terms that cannot be kept; a Japanese sentence for whoever typed them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """For how many months a client's data is kept; None: until somebody says otherwise."""

    recordings: int | None = None
    reports: int | None = None
    callers: int | None = None

    @property
    def anything(self) -> bool:
        """Whether anything is ever erased by itself."""
        return any(one is not None for one in (self.recordings, self.reports, self.callers))


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of each kind."""

    recordings: int = 0
    reports: int = 0
    callers: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.recordings + other.recordings,
            self.reports + other.reports,
            self.callers + other.callers,
        )

    def __bool__(self) -> bool:
        return bool(self.recordings or self.reports or self.callers)


def edge(months: int, now: datetime) -> datetime:
    """What is older than this has been kept for so many months, counted by the calendar of Tokyo."""
    return now.astimezone(JST) - relativedelta(months=months)


def next_night(now: datetime) -> datetime:
    """The next time at which data is erased."""
    here = now.astimezone(JST)
    tonight = datetime.combine(here.date(), AT_NIGHT, JST)
    return tonight if tonight > here else tonight + timedelta(days=1)


def months_typed(field: str, text: str) -> int | None:
    """Empty: None. Raises `BadTerms`."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= LONGEST):
        raise BadTerms("1 から %(most)s までの月数を入れてください", field, most=str(LONGEST))
    return int(text)
