"""Times kept as counts in buckets, so that a day of any number of calls takes the same room. Pure.

A bucket is a fifth wider than the one before it: what is read back is at most a tenth away from what was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log

FIRST = 0.5
"""Seconds; everything shorter is one bucket."""

WIDER = 1.2

Times = Mapping[str, int]
"""Visits by bucket; JSON wants texts for keys."""


def bucket(seconds: float) -> str:
    """Where a time is counted."""
    return "0" if seconds <= FIRST else str(1 + int(log(seconds / FIRST, WIDER)))


def seconds_of(name: str) -> float:
    """What stands for all times of a bucket."""
    number = int(name)
    return FIRST if number == 0 else FIRST * WIDER ** (number - 0.5)


def quantile(times: Times, share: float) -> float | None:
    """The time that this share of the visits did not exceed; None when none was timed."""
    wanted = sum(times.values()) * share
    passed = 0
    for name in sorted(times, key=int):
        passed += times[name]
        if passed >= wanted and passed:
            return seconds_of(name)
    return None


@dataclass(slots=True)
class Use:
    """What calls did at one node."""

    visits: int = 0
    drops: int = 0
    forks: int = 0
    otherwise: int = 0
    times: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Use") -> None:
        self.visits += other.visits
        self.drops += other.drops
        self.forks += other.forks
        self.otherwise += other.otherwise
        for name, count in other.times.items():
            self.times[name] = self.times.get(name, 0) + count

    @property
    def median(self) -> float | None:
        return quantile(self.times, 0.5)

    @property
    def p90(self) -> float | None:
        return quantile(self.times, 0.9)

    @property
    def share_otherwise(self) -> float | None:
        """Of the branches chosen here; None where none was."""
        return self.otherwise / self.forks if self.forks else None

    @property
    def share_dropped(self) -> float:
        return self.drops / self.visits if self.visits else 0.0
