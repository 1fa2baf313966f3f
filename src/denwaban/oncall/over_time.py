"""How who takes a client's reports changes over time: until when, the holes, the pieces of a week. Pure."""

from datetime import datetime, timedelta

from denwaban.oncall.deciding import decide
from denwaban.oncall.roster import Hole, NobodyOnDuty, OnDuty, Roster

AHEAD = timedelta(weeks=4)
"""How far a roster is looked ahead."""


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
