"""What a supervisor sees at one moment. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

SOON = timedelta(minutes=60)
"""A promise is shown when its time is nearer than this, or past."""

LONG_WAIT = timedelta(seconds=20)
"""From here on a caller's wait is marked: the goal is that 80 % are answered by then."""


GOAL = 80
"""Per cent of the calls that are to be answered within `LONG_WAIT`."""


@dataclass(frozen=True, slots=True)
class Today:
    """Calls that came in today (JST) and are over; practice is counted apart, out-of-hours calls are no part of the rate."""

    answered: int = 0
    abandoned: int = 0
    blocked: int = 0
    other_missed: int = 0
    """Lost with the engine, or a recorded message."""
    out_of_hours: int = 0
    practice: int = 0
    soon: int = 0
    """Of the answered, those within `LONG_WAIT`."""

    @property
    def missed(self) -> int:
        return self.abandoned + self.blocked + self.other_missed

    @property
    def came(self) -> int:
        """What the answer rate is of."""
        return self.answered + self.missed

    @property
    def rate(self) -> str:
        """応答率, per cent with one decimal; — before the first call."""
        return f"{100 * self.answered / self.came:.1f}" if self.came else "—"

    @property
    def level(self) -> int | None:
        """Per cent of the calls that were answered within `LONG_WAIT`; None before the first call."""
        return round(100 * self.soon / self.came) if self.came else None


@dataclass(frozen=True, slots=True)
class Busy:
    """A client with few free lines."""

    client_id: str
    client_name: str
    used: int
    limit: int

    @property
    def full(self) -> bool:
        return self.used >= self.limit


@dataclass(frozen=True, slots=True)
class Due:
    """A promise whose time is near or past."""

    report_id: str
    client_name: str
    caller_name: str
    what: str
    by: datetime
    late: bool


def near_limit(used: Mapping[str, int], limits: Mapping[str, tuple[str, int]]) -> list[Busy]:
    """Clients at three quarters of their lines or with one line left, fewest free lines first.

    `used` calls by client, `limits` (name, lines) by client; a client without a limit is never near it.
    """
    found = [
        Busy(client_id, limits[client_id][0], count, limits[client_id][1])
        for client_id, count in used.items()
        if client_id in limits
    ]
    near = [
        one
        for one in found
        if one.used > 0 and (4 * one.used >= 3 * one.limit or one.used >= one.limit - 1)
    ]
    return sorted(near, key=lambda one: (one.limit - one.used, one.client_name, one.client_id))
