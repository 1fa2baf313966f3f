"""Busy times out of an iCalendar file (RFC 5545). Run as a script of its own: a file from elsewhere may ask for years of
work, and then only this process is ended.

    python ics.py SINCE UNTIL SECONDS < file        (ISO moments; of a processor, at most)

answers with JSON on stdout: {"body": what was read, times alone, "busy": [[starts, ends, away], …]} or {"error": sentence}.
It imports nothing of ours, so that it starts quickly.
"""

import hashlib
import json
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, Event

JST = ZoneInfo("Asia/Tokyo")

CPU_SECONDS = 10
MEMORY = 1 << 30
MOST_EVENTS = 20_000
MOST_TIMES = 5_000

KEPT = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP")  # fmt: skip
OUTLOOK = "X-MICROSOFT-CDO-BUSYSTATUS"
FREE = frozenset({"FREE", "WORKINGELSEWHERE"})

Time = tuple[datetime, datetime, bool]
"""From, until before, and whether away rather than in a meeting."""


class BadCalendar(Exception):
    """Not a calendar that can be read; a Japanese sentence."""


def N_(text: str) -> str:
    """As `denwaban.texts.N_`: the process that reads a calendar loads nothing else of denwaban."""
    return text


NOT_A_CALENDAR = N_(
    "カレンダーのファイルではないようです。iCalendar (.ics) の URL かファイルか、確かめてください"
)
TOO_MUCH = N_("予定が多すぎて読み取れません。別のカレンダーに分けてください")
BAD_TIME = N_("日時を読み取れない予定があります。カレンダーの側で直してください")
BAD_RULE = N_("繰り返しを読み取れない予定があります。カレンダーの側で直してください")


def reduced(data: bytes) -> Calendar:
    """The calendar without anything but times: no titles, places, people. Raises `BadCalendar`."""
    try:
        given = Calendar.from_ical(data)
    except (ValueError, KeyError, IndexError) as error:
        raise BadCalendar(NOT_A_CALENDAR) from error
    if given.name != "VCALENDAR":
        raise BadCalendar(NOT_A_CALENDAR)
    events = given.walk("VEVENT")
    if len(events) > MOST_EVENTS:
        raise BadCalendar(TOO_MUCH)
    made = Calendar()
    made.add("VERSION", "2.0")
    made.add("PRODID", "-//denwaban//busy//")
    if "X-WR-TIMEZONE" in given:
        made["X-WR-TIMEZONE"] = given["X-WR-TIMEZONE"]
    for zone in given.walk("VTIMEZONE"):
        made.add_component(zone)
    for event in events:
        if any(name == "RRULE" for name, _why in event.errors):
            raise BadCalendar(BAD_RULE)
        if event.errors or "DTSTART" not in event:
            raise BadCalendar(BAD_TIME)
        kept = Event()
        # It may be an address of mail, and only has to be the same again.
        kept["UID"] = hashlib.sha256(str(event.get("UID", "")).encode()).hexdigest()[:24]
        for name in (*KEPT, OUTLOOK):
            if name in event:
                kept[name] = event[name]
        made.add_component(kept)
    return made


def busy_times(calendar: Calendar, since: datetime, until: datetime) -> list[Time]:
    """The times in which the calendar says busy or away, meeting [since, until), in order; those of one kind that touch are
    one. Raises `BadCalendar`."""
    floating = _zone(calendar)
    events = calendar.walk("VEVENT")
    moved: dict[tuple[str, datetime], Component] = {}
    later: dict[str, list[tuple[datetime, Component]]] = {}
    for event in events:
        if "RECURRENCE-ID" not in event:
            continue
        place = _moment(_of(event, "RECURRENCE-ID").dt, floating)
        uid = str(_of(event, "UID"))
        if _of(event, "RECURRENCE-ID").params.get("RANGE") == "THISANDFUTURE":
            later.setdefault(uid, []).append((place, event))
        moved[uid, place] = event
    found: list[Time] = []
    for event in events:
        if _is_free(event):
            continue
        length = _length(event, floating)
        if "RECURRENCE-ID" in event:
            starts = iter([_moment(_of(event, "DTSTART").dt, floating)])
        else:
            starts = _unmoved(event, moved, _starts(event, floating, until))
        for start in starts:
            begin, lasting, shown = start, length, event
            if "RECURRENCE-ID" not in event:
                changes = [one for one in later.get(str(_of(event, "UID")), ()) if one[0] <= start]
                if changes:
                    place, shown = max(changes, key=lambda one: one[0])
                    begin = start + (_moment(_of(shown, "DTSTART").dt, floating) - place)
                    lasting = _length(shown, floating)
                    if _is_free(shown):
                        continue
            end = begin + lasting
            if begin < until and end > since and end > begin:
                found.append((begin, end, _is_away(shown)))
                if len(found) > MOST_TIMES:
                    raise BadCalendar(TOO_MUCH)
    return _merged(found)


def _unmoved(
    event: Component, moved: dict[tuple[str, datetime], Component], starts: Iterator[datetime]
) -> Iterator[datetime]:
    """The occurrences that no other event of the series stands for."""
    uid = str(_of(event, "UID"))
    return (start for start in starts if (uid, start) not in moved)


def _starts(event: Component, floating: tzinfo, until: datetime) -> Iterator[datetime]:
    """The beginnings of all its occurrences before `until`, in order."""
    first = _of(event, "DTSTART").dt
    zone = first.tzinfo or floating if isinstance(first, datetime) else JST
    naive = (
        first.replace(tzinfo=None)
        if isinstance(first, datetime)
        else datetime.combine(first, time())
    )
    left_out = {_moment(one.dt, floating) for one in _dates(event, "EXDATE")}
    more = sorted(
        _moment(one.dt[0] if isinstance(one.dt, tuple) else one.dt, floating)
        for one in _dates(event, "RDATE")
    )
    rule = _of(event, "RRULE")
    if isinstance(rule, list):
        raise BadCalendar(BAD_RULE)
    seen: set[datetime] = set()
    for local in _rule(rule, naive, zone) if rule is not None else [naive]:
        start = local.replace(tzinfo=zone).astimezone(UTC)
        if start >= until:
            break
        seen.add(start)
        if start not in left_out:
            yield start
    for start in more:
        if start < until and start not in seen and start not in left_out:
            yield start


def _rule(rule: Any, naive: datetime, zone: tzinfo) -> Iterator[datetime]:
    given = rule.copy()
    ends = given.pop("UNTIL", [None])[0]
    if str(given.get("FREQ", [""])[0]) in ("SECONDLY", "MINUTELY"):
        raise BadCalendar(BAD_RULE)
    try:
        made = rrulestr(given.to_ical().decode(), dtstart=naive)
    except (ValueError, TypeError) as error:
        raise BadCalendar(BAD_RULE) from error
    last = datetime.max  # noqa: DTZ901 - local times of the event's own zone
    if isinstance(ends, datetime):
        last = ends.astimezone(zone).replace(tzinfo=None) if ends.tzinfo else ends
    elif isinstance(ends, date):
        last = datetime.combine(ends, time.max)
    for at in made:
        if at > last:
            return
        yield at


def _dates(event: Component, name: str) -> list[Any]:
    lists = _of(event, name) or []
    return [one for each in (lists if isinstance(lists, list) else [lists]) for one in each.dts]


def _of(event: Component, name: str) -> Any:
    """What the event says; the library has one of thirty kinds of values here."""
    return event.get(name)


def _length(event: Component, floating: tzinfo) -> timedelta:
    start = _of(event, "DTSTART").dt
    if "DURATION" in event:
        lasting: timedelta = _of(event, "DURATION").dt
        return lasting
    if "DTEND" in event:
        return _moment(_of(event, "DTEND").dt, floating) - _moment(start, floating)
    return timedelta(0) if isinstance(start, datetime) else timedelta(days=1)


def _moment(at: Any, floating: tzinfo) -> datetime:
    """The moment in UTC; days begin at midnight in Tokyo, times without a zone are the calendar's."""
    if isinstance(at, datetime):
        return (at if at.tzinfo else at.replace(tzinfo=floating)).astimezone(UTC)
    if isinstance(at, date):
        return datetime.combine(at, time(), JST).astimezone(UTC)
    raise BadCalendar(BAD_TIME)


def _zone(calendar: Calendar) -> tzinfo:
    try:
        return ZoneInfo(str(calendar.get("X-WR-TIMEZONE", "Asia/Tokyo")))
    except (ZoneInfoNotFoundError, ValueError):
        return JST


def _is_free(event: Component) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return True
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return True
    return str(event.get(OUTLOOK, "")).upper() in FREE


def _is_away(event: Component) -> bool:
    all_day = not isinstance(_of(event, "DTSTART").dt, datetime)
    return all_day or str(event.get(OUTLOOK, "")).upper() == "OOF"


def _merged(times: list[Time]) -> list[Time]:
    made: list[Time] = []
    for away in (True, False):
        last: Time | None = None
        for begin, end, _away in sorted(one for one in times if one[2] is away):
            if last is not None and begin <= last[1]:
                last = (last[0], max(last[1], end), away)
                made[-1] = last
            else:
                last = (begin, end, away)
                made.append(last)
    return sorted(made)


def read(data: bytes, since: datetime, until: datetime) -> dict[str, Any]:
    """What the script answers."""
    try:
        calendar = reduced(data)
        times = busy_times(calendar, since, until)
        body = calendar.to_ical().decode().replace("\x00", "")  # PostgreSQL keeps none
    except BadCalendar as error:
        return {"error": str(error)}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        # The library gives back whatever a property held; one that is no time fails where it is used.
        return {"error": BAD_TIME}
    return {
        "body": body,
        "busy": [[begin.isoformat(), end.isoformat(), away] for begin, end, away in times],
    }


def main() -> None:
    seconds = int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    since, until = (datetime.fromisoformat(text) for text in sys.argv[1:3])
    json.dump(read(sys.stdin.buffer.read(), since, until), sys.stdout)


if __name__ == "__main__":
    main()
