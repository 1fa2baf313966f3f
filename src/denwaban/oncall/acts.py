"""Reading and keeping contacts; the roster's decisions on stored queries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from denwaban.oncall import queries
from denwaban.oncall.model import (
    Contact,
    NobodyOnDuty,
    OnDuty,
    check_address,
    in_charge,
    substitute,
)
from denwaban.people import Staff, staff_of
from denwaban.store import Tx


def contacts_of(tx: Tx, staff_id: str) -> list[Contact]:
    """The enabled contacts of a staff member, in their order."""
    return queries.contacts_of(tx, staff_id)


def add_contact(
    tx: Tx, client_id: str, staff_id: str, channel: str, address: Mapping[str, Any]
) -> Contact:
    """Adds a contact behind those already there. Raises `BadAddress`, or `LookupError` when it is not this client's staff."""
    check_address(channel, address)
    if queries.client_of(tx, staff_id) != client_id:
        raise LookupError("this client has no such staff member")
    return queries.add(tx, client_id, staff_id, channel, address)


def person_in_charge(tx: Tx, client_id: str, at: datetime) -> OnDuty | NobodyOnDuty:
    """Who takes a report of this client at `at`; see `model.in_charge`."""
    return in_charge(staff_of(tx, client_id), client_id, at)


def substitute_of(tx: Tx, staff_id: str, at: datetime) -> Staff | None:
    """Who takes over from a staff member at `at`; see `model.substitute`. None also when there is no such person."""
    client_id = queries.client_of(tx, staff_id)
    if client_id is None:
        return None
    roster = staff_of(tx, client_id)
    person = next((other for other in roster if other.id == staff_id), None)
    return substitute(roster, person, at) if person is not None else None


def unattended(tx: Tx, at: datetime, limit: int = 100) -> list[NobodyOnDuty]:
    """Clients whose reports nobody could take at `at`, for somebody to see; at most `limit` are looked at."""
    found = (
        person_in_charge(tx, client_id, at)
        for client_id in queries.without_anybody_present(tx, at, limit)
    )
    return [nobody for nobody in found if isinstance(nobody, NobodyOnDuty)]
