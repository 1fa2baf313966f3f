"""The only place that knows what time it is.

Everything else is given a `Clock`; SQL never calls `now()`. Times are aware UTC.
"""

import asyncio
import heapq
import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")


def japan_day(at: datetime) -> date:
    """The day in Japan at this moment."""
    return at.astimezone(JST).date()


def japan_month(at: datetime) -> date:
    """The first day of the month in Japan at this moment."""
    return japan_day(at).replace(day=1)


def month_after(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def day_begins(day: date) -> datetime:
    """The first moment of a day in Japan."""
    return datetime.combine(day, time(), JST)


@runtime_checkable
class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Returns as soon as `now()` has reached `at`; at once if it already has."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, at: datetime) -> None:
        # Looks again at least every 30 s, so that a suspended laptop or a corrected clock is seen.
        while (left := (at - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - time is what we wait for
            await asyncio.sleep(min(left, 30.0))


class MovedClock:
    """A clock that stands still until it is moved: tests move it instead of waiting."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, at: datetime) -> None:
        if at <= self._now:
            return
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (at, next(self._order), woken))
        await woken.wait()

    def advance(self, by: timedelta) -> None:
        """Moves on; whoever sleeps until a moment now reached wakes, earliest first.

        Call it from the event loop's own thread.
        """
        self._now += by
        while self._sleepers and self._sleepers[0][0] <= self._now:
            heapq.heappop(self._sleepers)[2].set()
