"""When somebody is not to be disturbed, and when a client wants its reports together. No I/O.

Minutes of the day are minutes since midnight in Tokyo.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from denwaban.clock import JST, day_begins

DAY = 24 * 60


def quiet_until(at: datetime, begins: int, ends: int) -> datetime | None:
    """When a quiet time that `at` falls into is over; None outside of it. It may go over midnight; equal ends: never."""
    local = at.astimezone(JST)
    minute = local.hour * 60 + local.minute
    length, into = (ends - begins) % DAY, (minute - begins) % DAY
    if into >= length:
        return None
    return _moment(local, minute - into + length)


def next_time(at: datetime, times: Sequence[int]) -> datetime | None:
    """The next of these times of day after `at`; None when there are none."""
    local = at.astimezone(JST)
    found = [_moment(local, minute + day) for minute in times for day in (0, DAY)]
    return min((moment for moment in found if moment > at), default=None)


def _moment(day: datetime, minute: int) -> datetime:
    """So many minutes after the midnight before `day`; may be on the next day."""
    return day_begins(day.date()) + timedelta(minutes=minute)


def parse_minute(text: str) -> int:
    """「09:30」→ 570. Raises `ValueError`."""
    found = re.fullmatch(r"([0-9]{1,2})[:：]([0-5][0-9])", text.strip())
    minute = int(found[1]) * 60 + int(found[2]) if found else DAY
    if minute >= DAY:
        raise ValueError(f"not a time of day: {text}")
    return minute


def show_minute(minute: int) -> str:
    """570 →「09:30」."""
    return f"{minute // 60:02}:{minute % 60:02}"
