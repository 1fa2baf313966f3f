"""Queries over contacts."""

from sqlalchemy import RowMapping, func, select

from denwaban.oncall.model import Contact
from denwaban.oncall.roster import EntryKind
from denwaban.oncall.rows import contacts, roster_entries
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
