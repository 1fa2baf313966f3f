"""A client's roster as it stands, and the answers to who takes its reports. Who it is: `deciding`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from denwaban.clock import JST, japan_day
from denwaban.oncall.hours import ALWAYS, DAY_MINUTES, BusinessHours, day_bits, moment
from denwaban.people import Staff


class ShiftKind(StrEnum):
    """What a shift is for."""

    LUNCH = "lunch"
    """昼当番: takes reports before everybody else."""
    DUTY = "duty"
    """当番: takes reports."""
    WORK = "work"
    """勤務: who has any of these is there only in them."""


class EntryKind(StrEnum):
    """What a dated entry says."""

    LEAVE = "leave"
    HALF = "half"
    """Half a day of leave."""
    TRIP = "trip"
    """A business trip; `channels` by which it leaves somebody reachable."""
    SWAP = "swap"
    """`other_id` takes over what this person would take."""


class Why(StrEnum):
    """Why this person."""

    LUNCH = "lunch"
    DUTY = "duty"
    IN_CHARGE = "in_charge"
    """Takes this client's reports when no shift says otherwise."""
    SWAP = "swap"
    """Takes over from somebody by a swap."""
    SUBSTITUTE = "substitute"
    """Stands in for somebody who is away."""


class Passed(StrEnum):
    """Why somebody does not take it."""

    NOT_ON = "not_on"
    """Neither a shift nor in charge nor a substitute of somebody who is away."""
    BEHIND = "behind"
    """Could take it, but somebody before them does."""
    LEAVE = "leave"
    HALF = "half"
    TRIP = "trip"
    TRIP_NO_WAY = "trip_no_way"
    """Reachable on the trip by ways that this person has no contact for."""
    SWAPPED = "swapped"
    """Gave it to somebody else."""
    PRESENCE = "presence"
    """Said to be away."""
    CALENDAR = "calendar"
    """The calendar says away."""
    MEETING = "meeting"
    """The calendar says busy: taken only when nobody else is there."""
    OFF_SHIFT = "off_shift"
    """Outside their working hours."""
    CLOSED = "closed"
    """The client is closed."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift, every week on `days` (bits as in `hours.day_bits`) from `first` to `last`, or once on `day`. Minutes as in
    `hours.Span`; the day on which it begins counts."""

    id: str
    staff_id: str
    kind: ShiftKind
    opens: int
    closes: int
    days: int = 0
    day: date | None = None
    first: date | None = None
    last: date | None = None

    def on(self, day: date) -> bool:
        """Whether it begins on this day."""
        if self.day is not None:
            return self.day == day
        return bool(
            self.days & day_bits(day)
            and (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
        )

    def covers(self, at: datetime) -> bool:
        local = at.astimezone(JST)
        today, minute = local.date(), local.hour * 60 + local.minute
        return (self.opens <= minute < self.closes and self.on(today)) or (
            self.opens <= minute + DAY_MINUTES < self.closes and self.on(today - timedelta(days=1))
        )

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Its times that meet [since, until), whole."""
        day = japan_day(since) - timedelta(days=1)
        while day <= japan_day(until):
            if self.on(day):
                begin, end = moment(day, self.opens), moment(day, self.closes)
                if begin < until and end > since:
                    yield begin, end
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """What holds for a person from `starts` until before `ends`, over their shifts."""

    id: str
    staff_id: str
    kind: EntryKind
    starts: datetime
    ends: datetime
    channels: tuple[str, ...] = ()
    """Of a trip: the only channels that reach this person; none: nothing does."""
    other_id: str | None = None
    note: str = ""

    def covers(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


@dataclass(frozen=True, slots=True)
class Busy:
    """A time that a calendar marks. `away`: out of office, or all day; else a meeting, in which messages are read."""

    staff_id: str
    starts: datetime
    ends: datetime
    away: bool

    def covers(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything that decides who takes the reports of one client."""

    client_id: str
    staff: tuple[Staff, ...]
    """In any order; those who have left are not among them."""
    hours: BusinessHours = ALWAYS
    shifts: tuple[Shift, ...] = ()
    entries: tuple[RosterEntry, ...] = ()
    busy: tuple[Busy, ...] = ()
    ways: frozenset[tuple[str, str]] = frozenset()
    """(staff id, channel) of every contact that is switched on."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Somebody who does not take it, why, and until when that is known to hold."""

    staff: Staff
    why: Passed
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """The one person who takes a report now."""

    staff: Staff
    why: Why
    instead_of: Staff | None = None
    because: Passed | None = None
    """Why the one whom they stand in for does not."""
    channels: tuple[str, ...] | None = None
    """The only channels that reach them now; None: all they have."""
    in_meeting: bool = False
    """Their calendar says busy, and nobody else is there."""
    passed: tuple[PassedOver, ...] = ()
    """Everybody else."""


@dataclass(frozen=True, slots=True)
class NobodyOnDuty:
    """Nobody who takes this client's reports may be reached now. Show it: it is never silence."""

    client_id: str
    default: Staff | None
    """Whom a report goes to all the same; None when the client has named nobody."""
    closed: bool = False
    """Outside business hours, and no shift that somebody fails to fill: nothing is wrong."""
    since: datetime | None = None
    """Since when it is so (closed, or without anybody), looked back four weeks at most."""
    until: datetime | None = None
    """Until when, looked ahead four weeks; None: no end in sight."""
    next: OnDuty | None = None
    """Who is on duty then."""
    passed: tuple[PassedOver, ...] = ()


@dataclass(frozen=True, slots=True)
class Hole:
    """A time in which somebody should take reports and nobody does."""

    since: datetime
    until: datetime
    passed: tuple[PassedOver, ...]
    """Why each one does not, at its beginning."""


def chain(staff: Iterable[Staff], person: Staff) -> list[Staff]:
    """The substitutes of `person`, theirs, and so on; a circle ends where it closes."""
    by_id = {other.id: other for other in staff}
    walked: list[Staff] = []
    seen = {person.id}
    following = by_id.get(person.substitute_id or "")
    while following is not None and following.id not in seen:
        seen.add(following.id)
        walked.append(following)
        following = by_id.get(following.substitute_id or "")
    return walked


def leaders(roster: Roster) -> list[Staff]:
    """Those in charge, the longest known first."""
    return sorted((person for person in roster.staff if person.in_charge), key=lambda p: p.id)


class What(StrEnum):
    """What a change was."""

    SHIFT = "shift"
    ENTRY = "entry"
    REMOVED = "removed"
    COPIED = "copied"
    IMPORTED = "imported"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a client's roster, as it was made."""

    id: str
    client_id: str
    what: What
    at: datetime
    undone_at: datetime | None
