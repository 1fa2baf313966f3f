"""By which telephone somebody is asked into a talk."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from denwaban.lines import parse_number
from denwaban.oncall import contacts_of
from denwaban.people import Staff, staff_member, staff_of
from denwaban.routing.live import Person
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class Way:
    """One of a client's staff, and the telephone."""

    staff_id: str
    name: str
    number: str = field(repr=False)
    """E.164"""


def way_to(tx: Tx, client_id: str | None, staff_id: str) -> Way | None:
    """The first telephone of a member of this client's staff; None for others, and for whoever has none."""
    person = staff_member(tx, staff_id)
    if person is None or person.client_id != client_id or person.left_at is not None:
        return None
    return _way(tx, person)


def who_has(tx: Tx, client_id: str | None, number: str) -> Way | None:
    """Whose telephone of this client's staff it is."""
    wanted = parse_number(number).e164
    if client_id is None or wanted is None:
        return None
    ways = (_way(tx, person) for person in staff_of(tx, client_id))
    return next((way for way in ways if way is not None and way.number == wanted), None)


def operator_by_key(people: Iterable[Person], keys: str) -> Person | None:
    """The operator of `seat-<keys>`."""
    return next((one for one in people if one.seat.rpartition("-")[2] == keys), None)


def _way(tx: Tx, person: Staff) -> Way | None:
    for contact in contacts_of(tx, person.id):
        if contact.channel == "phone":
            number = parse_number(contact.address["number"]).e164
            return Way(person.id, person.name, number) if number else None
    return None
