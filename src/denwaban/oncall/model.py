"""Who may be reached now: decisions over a client's roster, without I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from denwaban.access import Principal, Role
from denwaban.oncall.address import shown_address
from denwaban.people import Presence, Staff


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach one staff member. `address` may hold secrets: show `shown` instead."""

    id: str
    client_id: str
    staff_id: str
    channel: str
    address: Mapping[str, str] = field(repr=False)
    position: int = 0
    enabled: bool = True
    """Whether messages go there; one that is not waits until it is switched on again."""
    tested_at: datetime | None = None
    """When a test message was last sent to this very address."""
    test_result: str = ""
    """sent | retry | failed | not_set_up; empty before the first test."""
    test_detail: str = ""
    """What came of it: a Japanese sentence without the address."""

    @property
    def shown(self) -> str:
        """The address as people may see it: never a token, a secret or a secret path."""
        return shown_address(self.channel, self.address)


def may_change(who: Principal, person: Staff) -> bool:
    """Whether these contacts are theirs to set: administrators anybody's, the client's staff their own, and a client's
    program those of its client."""
    if person.left_at is not None:
        return False
    if who.role is Role.ADMINISTRATOR:
        return True
    if who.role is not Role.CLIENT or who.client_id != person.client_id:
        return False
    return who.is_key or person.user_id == who.user_id


class Why(StrEnum):
    """Why this person."""

    IN_CHARGE = "in_charge"
    """Takes this client's reports and may be reached."""
    SUBSTITUTE = "substitute"
    """Stands in for the person in charge, who is away."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """The one person who takes a report now."""

    staff: Staff
    why: Why
    instead_of: Staff | None = None


@dataclass(frozen=True, slots=True)
class NobodyOnDuty:
    """Nobody who takes this client's reports may be reached now. Show it: it is never silence."""

    client_id: str
    default: Staff | None
    """Whom a report goes to all the same; None when the client has named nobody."""


def reachable(person: Staff, at: datetime) -> bool:
    """Whether a message reaches this person at `at`. Busy people read messages; an absence ends at its `until`."""
    return person.presence_at(at) in (Presence.PRESENT, Presence.BUSY)


def in_charge(roster: Sequence[Staff], client_id: str, at: datetime) -> OnDuty | NobodyOnDuty:
    """Who takes a report of this client at `at`; the same roster and moment always give the same answer.

    The first of those in charge (by id, so the longest known) who may be reached; else the first reachable along
    their substitutes, in the same order.
    """
    leaders = sorted((person for person in roster if person.in_charge), key=lambda p: p.id)
    for person in leaders:
        if reachable(person, at):
            return OnDuty(person, Why.IN_CHARGE)
    for person in leaders:
        for other in chain(roster, person):
            if reachable(other, at):
                return OnDuty(other, Why.SUBSTITUTE, person)
    return NobodyOnDuty(client_id, leaders[0] if leaders else None)


def substitute(roster: Sequence[Staff], person: Staff, at: datetime) -> Staff | None:
    """Who takes over from `person`: the first reachable along the named substitutes, then another in charge.

    When none of them may be reached, the nearest all the same: a message to somebody away is better than none. None
    only when there is nobody else at all.
    """
    leaders = sorted((other for other in roster if other.in_charge), key=lambda p: p.id)
    others = [other for other in leaders if other.id != person.id]
    known: dict[str, Staff] = {other.id: other for other in [*chain(roster, person), *others]}
    for other in known.values():
        if reachable(other, at):
            return other
    return next(iter(known.values()), None)


def chain(roster: Sequence[Staff], person: Staff) -> list[Staff]:
    """The substitutes of `person`, theirs, and so on; a circle ends where it closes."""
    by_id = {other.id: other for other in roster}
    walked: list[Staff] = []
    seen = {person.id}
    following = by_id.get(person.substitute_id or "")
    while following is not None and following.id not in seen:
        seen.add(following.id)
        walked.append(following)
        following = by_id.get(following.substitute_id or "")
    return walked
