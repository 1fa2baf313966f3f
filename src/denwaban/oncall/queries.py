"""Queries over contacts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select

from denwaban.oncall.model import Contact
from denwaban.oncall.rows import contacts
from denwaban.people import rows as people_rows
from denwaban.store import Tx, new_id


def contacts_of(tx: Tx, staff_id: str) -> list[Contact]:
    """The enabled contacts of a staff member, in their order."""
    return [
        Contact(
            row["id"],
            row["client_id"],
            row["staff_id"],
            row["channel"],
            row["address"],
            row["position"],
        )
        for row in tx.all(
            select(contacts)
            .where(contacts.c.staff_id == staff_id, contacts.c.enabled)
            .order_by(contacts.c.position, contacts.c.id)
        )
    ]


def add(tx: Tx, client_id: str, staff_id: str, channel: str, address: Mapping[str, Any]) -> Contact:
    """Adds a contact behind those already there."""
    last = tx.scalar(
        select(func.coalesce(func.max(contacts.c.position), 0)).where(
            contacts.c.staff_id == staff_id
        )
    )
    contact = Contact(new_id(), client_id, staff_id, channel, dict(address), last + 1)
    tx.execute(
        insert(contacts).values(
            id=contact.id,
            client_id=client_id,
            staff_id=staff_id,
            channel=channel,
            address=dict(address),
            position=contact.position,
            enabled=True,
        )
    )
    return contact


def client_of(tx: Tx, staff_id: str) -> str | None:
    """Whose staff member this is; None when there is none or they have left."""
    staff = people_rows.staff
    found = tx.scalar(
        select(staff.c.client_id).where(staff.c.id == staff_id, staff.c.left_at.is_(None))
    )
    return str(found) if found is not None else None


def without_anybody_present(tx: Tx, at: datetime, limit: int) -> list[str]:
    """Clients under contract of whose people in charge none is present at `at`: where to look for substitutes."""
    clients, staff = people_rows.clients, people_rows.staff
    present = (
        select(staff.c.id)
        .where(
            staff.c.client_id == clients.c.id,
            staff.c.in_charge,
            staff.c.left_at.is_(None),
            or_(staff.c.presence.in_(("present", "busy")), staff.c.presence_until <= at),
        )
        .exists()
    )
    query = (
        select(clients.c.id)
        .where(clients.c.ended_at.is_(None), ~present)
        .order_by(clients.c.id)
        .limit(limit)
    )
    return [row["id"] for row in tx.all(query)]
