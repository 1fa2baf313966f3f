"""What a proposal is, and when it is made. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from denwaban.clock import JST, day_begins, japan_day

WEEK = timedelta(days=7)


class Kind(StrEnum):
    """What was noticed."""

    UNEXPECTED = "unexpected"
    """Questions that the script has no answer to."""
    OTHERWISE = "otherwise"
    """What callers wanted when no branch but それ以外 fitted."""
    EVASIVE = "evasive"
    """A phrase that evades, or is forbidden, in what operators wrote."""
    SKIPPED = "skipped"
    """A mandatory item without an answer."""
    SLOW = "slow"
    """Calls that stayed long at a node, by its own measure."""
    DROPPED = "dropped"
    """Calls that ended at a node that is no end."""


class Decision(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    POSTPONED = "postponed"
    """Comes back with the next week's list."""


LEAST = {Kind.EVASIVE: 1, Kind.SKIPPED: 2, Kind.SLOW: 3, Kind.DROPPED: 3}
"""So often a thing must have happened in a week to be proposed; of questions see `weekly`."""

SHARE = {Kind.SKIPPED: 0.05, Kind.SLOW: 0.05, Kind.DROPPED: 0.05}
"""And in this share of the calls."""

SLOW_SECONDS = 60.0
SLOW_TIMES = 3.0
SLOW_AFTER = 10
"""A visit is slow when it took a minute, and three times the node's median of at least ten visits before it."""

SHOWN_CALLS = 50
SHOWN_WORDS = 20
"""Kept with a proposal."""

QUIET_WEEKS = 8
"""A proposal that was declined is not made again for so long."""

LONGEST_WORDS = 500
"""Characters of one question."""


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal to be."""

    kind: Kind
    node: str
    label: str
    count: int
    of: int
    calls: tuple[str, ...]
    words: tuple[tuple[str, str], ...] = ()
    """Where the words are: (run, answer), or ("", question)."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same proposal as last week's."""
        return self.kind.value, self.node, self.label


def monday_of(at: datetime) -> date:
    """The first day of the week (JST)."""
    day = japan_day(at)
    return day - timedelta(days=day.weekday())


def week_bounds(monday: date) -> tuple[datetime, datetime]:
    """From its first moment to that of the next."""
    begin = day_begins(monday)
    return begin, begin + WEEK


def closes_at(monday: date, script_id: str) -> datetime:
    """When the list of that week is made: early on the next Monday, spread over three hours so that calls do not feel
    ten thousand lists."""
    return week_bounds(monday)[1] + timedelta(hours=4, seconds=int(script_id[-6:], 16) % 10_800)


def review_due(review_on: date, now: datetime) -> datetime:
    """When the next reminder of a review is due: a week before, on the day, then every week."""
    at = datetime.combine(review_on, time(9), JST)
    if now < at - WEEK:
        return at - WEEK
    while at <= now:
        at += WEEK
    return at
