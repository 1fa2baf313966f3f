"""Who may be reached: the roster's decisions over stored rows."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, insert

from denwaban.journal import append
from denwaban.oncall import deciding, facts, over_time, queries
from denwaban.oncall.hours import BusinessHours, checked, to_json
from denwaban.oncall.loading import perhaps_unattended, roster_of, rosters
from denwaban.oncall.over_time import AHEAD
from denwaban.oncall.roster import Hole, NobodyOnDuty, OnDuty, Roster
from denwaban.oncall.rows import oncall_hours
from denwaban.oncall.watching import look_again
from denwaban.people import Staff
from denwaban.store import Tx


def reach(tx: Tx, client_id: str, at: datetime) -> OnDuty | NobodyOnDuty:
    """Who takes a report of this client at `at`, why, by which channels, and why not each of the others; or nobody, since
    and until when, and who is next. See `over_time.reach`."""
    found = deciding.decide(roster_of(tx, client_id, at, at), at)
    if isinstance(found, OnDuty):
        return found
    return over_time.reach(roster_of(tx, client_id, at - AHEAD, at + AHEAD), at)


def person_in_charge(tx: Tx, client_id: str, at: datetime) -> OnDuty | NobodyOnDuty:
    """Who takes a report of this client at `at`: `reach` without looking when that changes, for calls that wait."""
    return deciding.decide(roster_of(tx, client_id, at, at), at)


def substitute_of(tx: Tx, staff_id: str, at: datetime) -> Staff | None:
    """Who takes over from a staff member at `at`; see `deciding.substitute`. None also when there is no such person."""
    client_id = queries.client_of(tx, staff_id)
    if client_id is None:
        return None
    known = roster_of(tx, client_id, at, at)
    person = next((other for other in known.staff if other.id == staff_id), None)
    return deciding.substitute(known, person, at) if person is not None else None


def roster_now(tx: Tx, client_id: str) -> Roster:
    """The roster of a client with what matters at this moment: read once for all that is decided with it."""
    return roster_of(tx, client_id, tx.now, tx.now)


def on_duty(roster: Roster, at: datetime) -> OnDuty | NobodyOnDuty:
    """`person_in_charge` of a roster that was read."""
    return deciding.decide(roster, at)


def substitutes(roster: Roster, staff_ids: Collection[str], at: datetime) -> dict[str, Staff]:
    """Who takes over from each of these staff members at `at`; without those whom nobody does."""
    found = {
        one.id: deciding.substitute(roster, one, at) for one in roster.staff if one.id in staff_ids
    }
    return {staff_id: other for staff_id, other in found.items() if other is not None}


def reachable(tx: Tx, staff_id: str, at: datetime) -> bool:
    """Whether a message reaches this person at `at`, as far as roster, calendar and presence tell. Who is busy or in a
    meeting reads messages; who has left does not."""
    client_id = queries.client_of(tx, staff_id)
    if client_id is None:
        return False
    return deciding.is_away(roster_of(tx, client_id, at, at), staff_id, at) is None


def holes(tx: Tx, client_id: str, since: datetime, weeks: int = 4) -> list[Hole]:
    """When nobody would take this client's reports though somebody should, in so many weeks from `since`, as things stand
    now."""
    until = since + timedelta(weeks=weeks)
    return over_time.holes(roster_of(tx, client_id, since, until), since, until)


def unattended(tx: Tx, at: datetime, limit: int = 100) -> list[NobodyOnDuty]:
    """Live clients whose reports nobody takes at `at` though somebody should, for somebody to see; at most `limit` are
    looked at."""
    found = (
        deciding.decide(known, at)
        for known in rosters(tx, perhaps_unattended(tx, at, limit), at, at).values()
    )
    return [one for one in found if isinstance(one, NobodyOnDuty) and not one.closed]


def set_hours(tx: Tx, client_id: str, hours: BusinessHours) -> None:
    """Replaces a client's business hours. Raises `BadHours` and changes nothing."""
    checked(hours)
    tx.execute(delete(oncall_hours).where(oncall_hours.c.client_id == client_id))
    tx.execute(
        insert(oncall_hours).values(client_id=client_id, hours=to_json(hours), updated_at=tx.now)
    )
    append(tx, facts.roster_changed(client_id, "hours"))
    look_again(tx, client_id)
