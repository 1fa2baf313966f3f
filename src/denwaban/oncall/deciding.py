"""Who takes a client's reports at a moment. Pure: the same roster and moment always give the same answer, with the reason why
each of the others does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from denwaban.oncall.roster import (
    EntryKind,
    NobodyOnDuty,
    OnDuty,
    Passed,
    PassedOver,
    Roster,
    RosterEntry,
    ShiftKind,
    Why,
    chain,
    leaders,
)
from denwaban.people import Presence, Staff


def decide(roster: Roster, at: datetime) -> OnDuty | NobodyOnDuty:
    """Who takes a report at `at`, without looking when that changes.

    In this order: lunch duty, duty, and while the client is open those in charge; of each first the people themselves,
    then along their substitutes. Who is in a meeting is taken only when nobody else of any of these is there.
    """
    return _Moment(roster, at).answer()


def is_away(roster: Roster, staff_id: str, at: datetime) -> PassedOver | None:
    """Why no message reaches this person at `at`; None when one does. Somebody in a meeting is reached."""
    person = next((one for one in roster.staff if one.id == staff_id), None)
    if person is None:
        return None
    found = _Moment(roster, at).state(person)
    return found if found is not None and found.why is not Passed.MEETING else None


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
