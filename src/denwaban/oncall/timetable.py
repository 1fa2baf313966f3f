"""A week of a client's roster as its page shows it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from denwaban.clock import JST, japan_day
from denwaban.oncall.hours import holidays_of, moment
from denwaban.oncall.loading import roster_of
from denwaban.oncall.over_time import segments
from denwaban.oncall.roster import NobodyOnDuty, OnDuty, Roster, RosterEntry, Shift
from denwaban.people import Staff
from denwaban.store import Tx

DAYS = 7


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a day with one answer."""

    opens: int
    closes: int
    """Minutes of the day, JST."""
    answer: OnDuty | NobodyOnDuty


@dataclass(frozen=True, slots=True)
class DayEntry:
    """The part of an entry that falls on a day; `whole` when it is the whole day."""

    entry: RosterEntry
    opens: int
    closes: int

    @property
    def whole(self) -> bool:
        return self.opens == 0 and self.closes == 1440


@dataclass(frozen=True, slots=True)
class DayMark:
    """The part of a calendar's busy time that falls on a day."""

    opens: int
    closes: int
    away: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What a person has on a day."""

    shifts: tuple[Shift, ...]
    entries: tuple[DayEntry, ...]
    marks: tuple[DayMark, ...]


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    today: bool
    holiday: bool
    pieces: tuple[Piece, ...]
    """Who takes reports and when nobody does, in order, without the times in which the client is closed."""


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    days: tuple[Day, ...]
    people: tuple[tuple[Staff, tuple[Cell, ...]], ...]


def week_of(tx: Tx, client_id: str, monday: date) -> Week:
    """The week that begins on this Monday."""
    since, until = moment(monday, 0), moment(monday + timedelta(days=DAYS), 0)
    known = roster_of(tx, client_id, since, until)
    days = [monday + timedelta(days=n) for n in range(DAYS)]
    pieces = _pieces(known, since, until)
    now = japan_day(tx.now)
    people = sorted(known.staff, key=lambda p: (not p.in_charge, p.kana, p.id))
    return Week(
        monday,
        tuple(
            Day(
                day,
                day == now,
                day in holidays_of(day.year),
                tuple(pieces[day]),
            )
            for day in days
        ),
        tuple((person, tuple(_cell(known, person, day) for day in days)) for person in people),
    )


def monday_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def week_asked(text: str, now: datetime) -> date:
    """The Monday that an address names (a date of its week), this week's when it names none that anybody plans for."""
    try:
        named = date.fromisoformat(text)
    except ValueError:
        return monday_of(japan_day(now))
    return monday_of(named if 2000 <= named.year <= 2100 else japan_day(now))


def _pieces(known: Roster, since: datetime, until: datetime) -> dict[date, list[Piece]]:
    found: dict[date, list[Piece]] = {
        (since.astimezone(JST) + timedelta(days=n)).date(): [] for n in range(DAYS)
    }
    for begin, end, answer in segments(known, since, until):
        if isinstance(answer, NobodyOnDuty) and answer.closed:
            continue
        for day, into in found.items():
            part = _part(day, begin, end)
            if part is not None:
                into.append(Piece(*part, answer))
    return found


def _part(day: date, begin: datetime, end: datetime) -> tuple[int, int] | None:
    """The minutes of this day in [begin, end)."""
    midnight = moment(day, 0)
    opens = max(0, int((begin - midnight) / timedelta(minutes=1)))
    closes = min(1440, int((end - midnight) / timedelta(minutes=1)))
    return (opens, closes) if opens < closes else None


def _cell(known: Roster, person: Staff, day: date) -> Cell:
    entries = [
        DayEntry(entry, *part)
        for entry in known.entries
        if entry.staff_id == person.id and (part := _part(day, entry.starts, entry.ends))
    ]
    marks = [
        DayMark(*part, busy.away)
        for busy in known.busy
        if busy.staff_id == person.id and (part := _part(day, busy.starts, busy.ends))
    ]
    shifts = sorted(
        (shift for shift in known.shifts if shift.staff_id == person.id and shift.on(day)),
        key=lambda shift: (shift.opens, shift.id),
    )
    return Cell(tuple(shifts), tuple(entries), tuple(marks))
