"""A client's roster as it stands, and who takes its reports at a moment. Pure: the same roster and moment always give the
same answer, with the reason why each of the others does not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from denwaban.clock import JST
from denwaban.oncall.hours import ALWAYS, DAY_MINUTES, BusinessHours, day_bits, moment
from denwaban.people import Presence, Staff

AHEAD = timedelta(weeks=4)
"""How far a roster is looked ahead."""


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
        day = since.astimezone(JST).date() - timedelta(days=1)
        while day <= until.astimezone(JST).date():
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


def decide(roster: Roster, at: datetime) -> OnDuty | NobodyOnDuty:
    """Who takes a report at `at`, without looking when that changes.

    In this order: lunch duty, duty, and while the client is open those in charge; of each first the people themselves,
    then along their substitutes. Who is in a meeting is taken only when nobody else of any of these is there.
    """
    return _Moment(roster, at).answer()


def reach(roster: Roster, at: datetime) -> OnDuty | NobodyOnDuty:
    """As `decide`; when it is nobody, also since when, until when, and who is next."""
    found = decide(roster, at)
    if isinstance(found, OnDuty):
        return found
    until, following = None, None
    for edge in edges(roster, at, at + AHEAD):
        after = decide(roster, edge)
        if isinstance(after, OnDuty):
            until, following = edge, after
            break
    since = at - AHEAD
    before = [at - AHEAD, *edges(roster, at - AHEAD, at)]
    for edge, last in zip(reversed(before), [at, *reversed(before[1:])], strict=True):
        earlier = decide(roster, edge)
        if isinstance(earlier, OnDuty) or earlier.closed is not found.closed:
            since = last
            break
    return NobodyOnDuty(
        found.client_id, found.default, found.closed, since, until, following, found.passed
    )


def is_away(roster: Roster, staff_id: str, at: datetime) -> PassedOver | None:
    """Why no message reaches this person at `at`; None when one does. Somebody in a meeting is reached."""
    person = next((one for one in roster.staff if one.id == staff_id), None)
    if person is None:
        return None
    found = _Moment(roster, at).state(person)
    return found if found is not None and found.why is not Passed.MEETING else None


def channels_at(roster: Roster, staff_id: str, at: datetime) -> tuple[str, ...] | None:
    """The only channels that reach this person at `at`; None: all they have."""
    return _Moment(roster, at).channels(staff_id)


def substitute(roster: Roster, person: Staff, at: datetime) -> Staff | None:
    """Who takes over from `person` at `at`: the first reachable along the named substitutes, then who is on duty, then
    another in charge.

    When none of them may be reached, the nearest all the same: a message to somebody away is better than none. None
    only when there is nobody else at all.
    """
    now = _Moment(roster, at)
    on_duty = [claim.staff for group in now.claims() for claim in group]
    known = {
        other.id: other
        for other in [*chain(roster.staff, person), *on_duty, *leaders(roster)]
        if other.id != person.id
    }
    states = {other.id: now.state(other, standing_in=True) for other in known.values()}
    for accepted in (None, Passed.MEETING):
        for other in known.values():
            state = states[other.id]
            if (state.why if state is not None else None) is accepted:
                return other
    return next(iter(known.values()), None)


def holes(roster: Roster, since: datetime, until: datetime) -> list[Hole]:
    """The times in [since, until) in which the client is open, or a shift begins that takes reports, and nobody does."""
    found: list[Hole] = []
    points = [since, *edges(roster, since, until)]
    for begin, end in zip(points, [*points[1:], until], strict=True):
        answer = decide(roster, begin)
        if isinstance(answer, OnDuty) or answer.closed or begin >= end:
            continue
        if found and found[-1].until == begin:
            found[-1] = Hole(found[-1].since, end, found[-1].passed)
        else:
            found.append(Hole(begin, end, answer.passed))
    return found


def segments(
    roster: Roster, since: datetime, until: datetime
) -> list[tuple[datetime, datetime, OnDuty | NobodyOnDuty]]:
    """[since, until) in pieces in which one answer holds, in order and without gaps."""
    found: list[tuple[datetime, datetime, OnDuty | NobodyOnDuty]] = []
    points = [since, *edges(roster, since, until)]
    for begin, end in zip(points, [*points[1:], until], strict=True):
        if begin >= end:
            continue
        answer = decide(roster, begin)
        if found and _same(found[-1][2], answer):
            found[-1] = (found[-1][0], end, found[-1][2])
        else:
            found.append((begin, end, answer))
    return found


def _same(a: OnDuty | NobodyOnDuty, b: OnDuty | NobodyOnDuty) -> bool:
    if isinstance(a, OnDuty) and isinstance(b, OnDuty):
        return (a.staff.id, a.why, a.channels, a.instead_of) == (
            b.staff.id,
            b.why,
            b.channels,
            b.instead_of,
        )
    return isinstance(a, NobodyOnDuty) and isinstance(b, NobodyOnDuty) and a.closed is b.closed


def edges(roster: Roster, since: datetime, until: datetime) -> list[datetime]:
    """Every moment in (since, until) at which an answer may change, in order: between two of them none does."""
    found = roster.hours.edges(since, until)
    for shift in roster.shifts:
        found.update(edge for span in shift.between(since, until) for edge in span)
    for entry in roster.entries:
        found.update((entry.starts, entry.ends))
    for busy in roster.busy:
        found.update((busy.starts, busy.ends))
    found.update(p.presence_until for p in roster.staff if p.presence_until is not None)
    return sorted(edge for edge in found if since < edge < until)


@dataclass(frozen=True, slots=True)
class _Claim:
    """Somebody who should take it, before anybody asks whether they are there."""

    staff: Staff
    why: Why
    instead_of: Staff | None = None


class _Moment:
    """A roster at one moment."""

    def __init__(self, roster: Roster, at: datetime) -> None:
        self._roster = roster
        self._at = at
        self._by_id = {person.id: person for person in roster.staff}
        self._open = roster.hours.is_open(at)
        self._shifts = [shift for shift in roster.shifts if shift.covers(at)]
        self._entries = [entry for entry in roster.entries if entry.covers(at)]
        self._busy = [busy for busy in roster.busy if busy.covers(at)]
        self._workers = {s.staff_id for s in roster.shifts if s.kind is ShiftKind.WORK}

    def claims(self) -> list[list[_Claim]]:
        """Who should take it, the first asked first."""
        groups = [
            [
                self._swapped(_Claim(self._by_id[staff_id], why))
                for staff_id in sorted(
                    {
                        s.staff_id
                        for s in self._shifts
                        if s.kind is kind and s.staff_id in self._by_id
                    }
                )
            ]
            for kind, why in ((ShiftKind.LUNCH, Why.LUNCH), (ShiftKind.DUTY, Why.DUTY))
        ]
        if self._open:
            groups.append([self._swapped(_Claim(p, Why.IN_CHARGE)) for p in leaders(self._roster)])
        return [group for group in groups if group]

    def answer(self) -> OnDuty | NobodyOnDuty:
        groups = self.claims()
        asked: dict[str, PassedOver] = {}
        for meetings in (False, True):
            for group in groups:
                found = self._of(group, asked, meetings)
                if found is not None:
                    return found
        first = leaders(self._roster)
        return NobodyOnDuty(
            self._roster.client_id,
            first[0] if first else None,
            closed=not groups and not self._open,
            passed=self._others(asked, None),
        )

    def _of(
        self, group: Sequence[_Claim], asked: dict[str, PassedOver], meetings: bool
    ) -> OnDuty | None:
        for claim in group:
            if claim.instead_of is not None:
                asked.setdefault(claim.instead_of.id, PassedOver(claim.instead_of, Passed.SWAPPED))
            if self._free(claim.staff, asked, meetings, claim.why is Why.SWAP):
                return self._take(claim.staff, claim.why, claim.instead_of, None, asked)
        for claim in group:
            for other in chain(self._roster.staff, claim.staff):
                if self._free(other, asked, meetings, standing_in=True):
                    because = asked[claim.staff.id].why
                    return self._take(other, Why.SUBSTITUTE, claim.staff, because, asked)
        return None

    def _free(
        self, person: Staff, asked: dict[str, PassedOver], meetings: bool, standing_in: bool
    ) -> bool:
        state = self.state(person, standing_in=standing_in)
        if state is None or (meetings and state.why is Passed.MEETING):
            return True
        asked[person.id] = state
        return False

    def _take(
        self,
        person: Staff,
        why: Why,
        instead_of: Staff | None,
        because: Passed | None,
        asked: dict[str, PassedOver],
    ) -> OnDuty:
        state = self.state(person, standing_in=True)
        return OnDuty(
            person,
            why,
            instead_of,
            because,
            self.channels(person.id),
            state is not None,
            self._others(asked, person),
        )

    def _others(self, asked: dict[str, PassedOver], chosen: Staff | None) -> tuple[PassedOver, ...]:
        """Why each of the others does not, by id."""
        claimed = {claim.staff.id for group in self.claims() for claim in group}
        found = []
        for person in sorted(self._roster.staff, key=lambda p: p.id):
            if chosen is not None and person.id == chosen.id:
                continue
            if person.id in asked:
                found.append(asked[person.id])
            elif person.id in claimed:
                found.append(self.state(person) or PassedOver(person, Passed.BEHIND))
            elif person.in_charge and not self._open:
                found.append(PassedOver(person, Passed.CLOSED))
            else:
                found.append(self.state(person) or PassedOver(person, Passed.NOT_ON))
        return tuple(found)

    def _swapped(self, claim: _Claim) -> _Claim:
        """Whoever has taken the claim over by swaps; a circle leaves it with whom it began."""
        seen = {claim.staff.id}
        holder = claim.staff
        while True:
            swap = self._entry(holder.id, EntryKind.SWAP)
            following = self._by_id.get(swap.other_id or "") if swap is not None else None
            if following is None:
                break
            if following.id in seen:
                return claim
            seen.add(following.id)
            holder = following
        return claim if holder is claim.staff else _Claim(holder, Why.SWAP, claim.staff)

    def state(self, person: Staff, *, standing_in: bool = False) -> PassedOver | None:
        """Why this person cannot take it; None when they can. A substitute's own shifts are not looked at."""
        for kind, why in ((EntryKind.LEAVE, Passed.LEAVE), (EntryKind.HALF, Passed.HALF)):
            if entry := self._entry(person.id, kind):
                return PassedOver(person, why, entry.ends)
        if trip := self._entry(person.id, EntryKind.TRIP):
            if not trip.channels:
                return PassedOver(person, Passed.TRIP, trip.ends)
            if not any((person.id, channel) in self._roster.ways for channel in trip.channels):
                return PassedOver(person, Passed.TRIP_NO_WAY, trip.ends)
        if person.presence_at(self._at) not in (Presence.PRESENT, Presence.BUSY):
            return PassedOver(person, Passed.PRESENCE, person.presence_until)
        marks = [busy for busy in self._busy if busy.staff_id == person.id]
        away = [busy.ends for busy in marks if busy.away]
        if away:
            return PassedOver(person, Passed.CALENDAR, max(away))
        if (
            not standing_in
            and person.id in self._workers
            and not any(shift.staff_id == person.id for shift in self._shifts)
        ):
            return PassedOver(person, Passed.OFF_SHIFT)
        if marks:
            return PassedOver(person, Passed.MEETING, max(busy.ends for busy in marks))
        return None

    def channels(self, staff_id: str) -> tuple[str, ...] | None:
        trip = self._entry(staff_id, EntryKind.TRIP)
        return trip.channels if trip is not None and trip.channels else None

    def _entry(self, staff_id: str, kind: EntryKind) -> RosterEntry | None:
        """The entry of this kind that holds longest."""
        found = [e for e in self._entries if e.staff_id == staff_id and e.kind is kind]
        return max(found, key=lambda e: (e.ends, e.id)) if found else None
