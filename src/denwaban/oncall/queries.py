"""What is kept of contacts and rosters."""

from datetime import date, datetime

from sqlalchemy import RowMapping, func, or_, select

from denwaban.oncall.model import Contact
from denwaban.oncall.roster import Change, EntryKind, RosterEntry, Shift, ShiftKind, What
from denwaban.oncall.rows import contacts, roster_changes, roster_entries, shifts
from denwaban.people import rows as people_rows
from denwaban.store import Tx


def contact(tx: Tx, contact_id: str) -> Contact | None:
    """The contact of this id."""
    row = tx.first(select(contacts).where(contacts.c.id == contact_id))
    return _contact(row) if row is not None else None


def contacts_of(tx: Tx, staff_id: str) -> list[Contact]:
    """The contacts of a staff member to which messages go now, in their order. A trip may leave only some channels."""
    entries = roster_entries
    trips = tx.all(
        select(entries.c.channels)
        .where(
            entries.c.staff_id == staff_id,
            entries.c.kind == EntryKind.TRIP.value,
            entries.c.removed_id.is_(None),
            entries.c.starts <= tx.now,
            entries.c.ends > tx.now,
        )
        .order_by(entries.c.ends.desc(), entries.c.id.desc())
        .limit(1)
    )
    only = trips[0]["channels"] if trips else []
    return [
        found
        for found in every_contact_of(tx, staff_id)
        if found.enabled and (not only or found.channel in only)
    ]


def every_contact_of(tx: Tx, staff_id: str) -> list[Contact]:
    """The contacts of a staff member, also those that are switched off, in their order."""
    return [
        _contact(row)
        for row in tx.all(
            select(contacts)
            .where(contacts.c.staff_id == staff_id)
            .order_by(contacts.c.position, contacts.c.id)
        )
    ]


def last_position(tx: Tx, staff_id: str) -> int:
    """The place of the last contact; 0 before the first."""
    return int(
        tx.scalar(
            select(func.coalesce(func.max(contacts.c.position), 0)).where(
                contacts.c.staff_id == staff_id
            )
        )
    )


def _contact(row: RowMapping) -> Contact:
    return Contact(
        id=row["id"],
        client_id=row["client_id"],
        staff_id=row["staff_id"],
        channel=row["channel"],
        address=row["address"],
        position=row["position"],
        enabled=row["enabled"],
        tested_at=row["tested_at"],
        test_result=row["test_result"] or "",
        test_detail=row["test_detail"] or "",
    )


def client_of(tx: Tx, staff_id: str) -> str | None:
    """Whose staff member this is; None when there is none or they have left."""
    staff = people_rows.staff
    found = tx.scalar(
        select(staff.c.client_id).where(staff.c.id == staff_id, staff.c.left_at.is_(None))
    )
    return str(found) if found is not None else None


def change_of(tx: Tx, client_id: str, change_id: str) -> Change | None:
    """A change of this client's roster."""
    row = tx.first(
        select(roster_changes).where(
            roster_changes.c.id == change_id, roster_changes.c.client_id == client_id
        )
    )
    if row is None:
        return None
    return Change(row["id"], row["client_id"], What(row["what"]), row["at"], row["undone_at"])


def shifts_of(
    tx: Tx, client_id: str, first: date | None = None, last: date | None = None
) -> list[Shift]:
    """The shifts of a client that count, the oldest first; those that may fall into [first, last]
    when given."""
    query = select(shifts).where(shifts.c.client_id == client_id, shifts.c.removed_id.is_(None))
    if first is not None and last is not None:
        query = query.where(or_(shifts.c.day.is_(None), shifts.c.day.between(first, last)))
    return [shift_from(row) for row in tx.all(query.order_by(shifts.c.id))]


def shift_of(tx: Tx, shift_id: str) -> tuple[str, Shift] | None:
    """(its client, the shift) if it counts."""
    row = tx.first(select(shifts).where(shifts.c.id == shift_id, shifts.c.removed_id.is_(None)))
    return (row["client_id"], shift_from(row)) if row is not None else None


def entries_of(
    tx: Tx, client_id: str, since: datetime, until: datetime | None = None
) -> list[RosterEntry]:
    """The entries of a client that count and meet [since, until), by their beginning."""
    query = select(roster_entries).where(
        roster_entries.c.client_id == client_id,
        roster_entries.c.removed_id.is_(None),
        roster_entries.c.ends > since,
    )
    if until is not None:
        query = query.where(roster_entries.c.starts < until)
    return [
        entry_from(row)
        for row in tx.all(query.order_by(roster_entries.c.starts, roster_entries.c.id))
    ]


def entry_of(tx: Tx, entry_id: str) -> tuple[str, RosterEntry] | None:
    """(its client, the entry) if it counts."""
    row = tx.first(
        select(roster_entries).where(
            roster_entries.c.id == entry_id, roster_entries.c.removed_id.is_(None)
        )
    )
    return (row["client_id"], entry_from(row)) if row is not None else None


def shift_from(row: RowMapping) -> Shift:
    return Shift(
        row["id"],
        row["staff_id"],
        ShiftKind(row["kind"]),
        row["opens"],
        row["closes"],
        row["days"],
        row["day"],
        row["first_day"],
        row["last_day"],
    )


def entry_from(row: RowMapping) -> RosterEntry:
    return RosterEntry(
        row["id"],
        row["staff_id"],
        EntryKind(row["kind"]),
        row["starts"],
        row["ends"],
        tuple(row["channels"]),
        row["other_id"],
        row["note"],
    )
