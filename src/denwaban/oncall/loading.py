"""Rosters and hours out of the rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, exists, or_, select

from denwaban.oncall.hours import ALWAYS, BusinessHours, from_json
from denwaban.oncall.queries import entry_from, shift_from
from denwaban.oncall.roster import Busy, Roster, ShiftKind
from denwaban.oncall.rows import (
    calendar_busy,
    contacts,
    oncall_hours,
    oncall_watches,
    roster_entries,
    shifts,
)
from denwaban.people import rows as people_rows
from denwaban.people import staff_of_each
from denwaban.store import Question, Tx, among

DAY = timedelta(days=1)


def business_hours(tx: Tx, client_id: str) -> BusinessHours:
    """When a client is open; always, when it has not said."""
    kept = tx.scalar(select(oncall_hours.c.hours).where(oncall_hours.c.client_id == client_id))
    return from_json(kept) if kept is not None else ALWAYS


def has_hours(tx: Tx, client_id: str) -> bool:
    """Whether a client has said when it is open."""
    return (
        tx.first(select(oncall_hours.c.client_id).where(oncall_hours.c.client_id == client_id))
        is not None
    )


# Asked at every look of every seat: made once.
_HOURS = Question(select(oncall_hours).where(among(oncall_hours.c.client_id, "those")))
_SHIFTS = Question(
    select(shifts)
    .where(
        among(shifts.c.client_id, "those"),
        shifts.c.removed_id.is_(None),
        # Who has working hours at all is asked, too: those are never left out.
        or_(
            shifts.c.day.is_(None),
            shifts.c.kind == ShiftKind.WORK.value,
            shifts.c.day.between(bindparam("first_day"), bindparam("last_day")),
        ),
    )
    .order_by(shifts.c.id)
)
_ENTRIES = Question(
    select(roster_entries)
    .where(
        among(roster_entries.c.client_id, "those"),
        roster_entries.c.removed_id.is_(None),
        roster_entries.c.ends > bindparam("since"),
        roster_entries.c.starts <= bindparam("until"),
    )
    .order_by(roster_entries.c.id)
)
_BUSY = Question(
    select(calendar_busy)
    .where(
        among(calendar_busy.c.client_id, "those"),
        calendar_busy.c.ends > bindparam("since"),
        calendar_busy.c.starts <= bindparam("until"),
    )
    .order_by(calendar_busy.c.starts, calendar_busy.c.id)
)
_WAYS = Question(
    select(contacts.c.client_id, contacts.c.staff_id, contacts.c.channel).where(
        among(contacts.c.client_id, "those"), contacts.c.enabled
    )
)


def roster_of(tx: Tx, client_id: str, since: datetime, until: datetime) -> Roster:
    """The roster of one client with everything that matters in [since, until]."""
    return rosters(tx, [client_id], since, until)[client_id]


def rosters(
    tx: Tx, client_ids: Iterable[str], since: datetime, until: datetime
) -> dict[str, Roster]:
    """The rosters of several clients, in six queries however many there are."""
    ids = list(client_ids)
    those = {"those": ids}
    meanwhile = {**those, "since": since, "until": until}
    days = {"first_day": (since - 2 * DAY).date(), "last_day": (until + 2 * DAY).date()}
    people = staff_of_each(tx, ids)
    hours = {row["client_id"]: from_json(row["hours"]) for row in tx.all(_HOURS, those)}
    known_shifts = _by_client(tx.all(_SHIFTS, {**those, **days}), shift_from)
    entries = _by_client(tx.all(_ENTRIES, meanwhile), entry_from)
    busy = _by_client(
        tx.all(_BUSY, meanwhile),
        lambda row: Busy(row["staff_id"], row["starts"], row["ends"], row["away"]),
    )
    ways = _by_client(tx.all(_WAYS, those), lambda row: (row["staff_id"], row["channel"]))
    return {
        client_id: Roster(
            client_id,
            tuple(people[client_id]),
            hours.get(client_id, ALWAYS),
            tuple(known_shifts.get(client_id, ())),
            tuple(entries.get(client_id, ())),
            tuple(busy.get(client_id, ())),
            frozenset(ways.get(client_id, ())),
        )
        for client_id in ids
    }


def _by_client(rows: Iterable[RowMapping], make: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row["client_id"], []).append(make(row))
    return found


def perhaps_unattended(tx: Tx, at: datetime, limit: int) -> list[str]:
    """Clients under contract and live of whom nobody in charge is plainly there at `at`: where to look closely. Plainly
    there is who is present, has no dated entry or calendar mark now and no working hours. With them come those of whom
    the watch knows it: a night shift that nobody fills."""
    clients, staff = people_rows.clients, people_rows.staff
    entry = exists().where(
        roster_entries.c.client_id == staff.c.client_id,
        roster_entries.c.staff_id == staff.c.id,
        roster_entries.c.removed_id.is_(None),
        roster_entries.c.starts <= at,
        roster_entries.c.ends > at,
    )
    mark = exists().where(
        calendar_busy.c.client_id == staff.c.client_id,
        calendar_busy.c.staff_id == staff.c.id,
        calendar_busy.c.starts <= at,
        calendar_busy.c.ends > at,
    )
    works = exists().where(
        shifts.c.client_id == staff.c.client_id,
        shifts.c.staff_id == staff.c.id,
        shifts.c.removed_id.is_(None),
        shifts.c.kind == ShiftKind.WORK.value,
    )
    present = exists().where(
        staff.c.client_id == clients.c.id,
        staff.c.in_charge,
        staff.c.left_at.is_(None),
        or_(staff.c.presence.in_(("present", "busy")), staff.c.presence_until <= at),
        and_(~entry, ~mark, ~works),
    )
    query = (
        select(clients.c.id)
        .where(
            clients.c.ended_at.is_(None),
            clients.c.live_at.is_not(None),
            or_(
                ~present,
                exists().where(
                    oncall_watches.c.id == clients.c.id, oncall_watches.c.nobody_since.is_not(None)
                ),
            ),
        )
        .order_by(clients.c.id)
        .limit(limit)
    )
    return [row["id"] for row in tx.all(query)]
