"""A person as one of their numbers shows them: what the API and the slices that know a number ask for."""

from sqlalchemy import RowMapping, bindparam, select

from denwaban.people.model import Caller
from denwaban.people.persons.acts import (
    remember,
    set_put_first_person,
    set_regular_person,
)
from denwaban.people.persons.model import WayKind
from denwaban.people.persons.queries import person_by_number
from denwaban.people.persons.rows import person_ways, persons
from denwaban.store import Tx

_CALLERS = (
    select(
        person_ways.c.id,
        person_ways.c.client_id,
        person_ways.c.person_id,
        person_ways.c.value.label("number"),
        persons.c.name,
        persons.c.kana,
        persons.c.company,
        persons.c.regular,
        persons.c.put_first,
        persons.c.updated_at,
    )
    .join(persons, persons.c.id == person_ways.c.person_id)
    .where(person_ways.c.kind == WayKind.PHONE.value)
)
_OF_NUMBER = _CALLERS.where(
    person_ways.c.client_id == bindparam("client"), person_ways.c.value == bindparam("number")
)
_OF_ID = _CALLERS.where(person_ways.c.id == bindparam("it"))


def caller_of(tx: Tx, client_id: str, number: str) -> Caller | None:
    """What is known of who calls this client from this number (E.164)."""
    return _caller(tx.first(_OF_NUMBER, {"client": client_id, "number": number}))


def caller_by_id(tx: Tx, caller_id: str) -> Caller | None:
    """The caller of this id."""
    return _caller(tx.first(_OF_ID, {"it": caller_id}))


def callers_page(tx: Tx, client_id: str, after: str | None, limit: int) -> list[Caller]:
    """Who is known to call a client, by number, in the order in which they were first known; `after` is the last id of the
    page before."""
    query = (
        _CALLERS.where(person_ways.c.client_id == client_id).order_by(person_ways.c.id).limit(limit)
    )
    if after is not None:
        query = query.where(person_ways.c.id > after)
    return [Caller(**row) for row in tx.all(query)]


def remember_caller(
    tx: Tx, client_id: str, number: str, name: str = "", kana: str = "", company: str = ""
) -> Caller:
    """Keeps what is known of who calls this client from this number (E.164). An empty text keeps what was known."""
    remember(tx, client_id, number, name, kana, company)
    return _known(tx, client_id, number)


def set_regular(tx: Tx, client_id: str, number: str, regular: bool) -> Caller:
    """Whether this client greets who calls from this number (E.164) as a regular caller; one who is not known yet is from
    now on, without a name."""
    found = person_by_number(tx, client_id, number) or remember(tx, client_id, number)
    set_regular_person(tx, found.id, regular)
    return _known(tx, client_id, number)


def set_put_first(tx: Tx, client_id: str, number: str, put_first: bool) -> Caller:
    """Whether who calls this client from this number (E.164) is put through before its other callers, where the client's level
    allows it."""
    found = person_by_number(tx, client_id, number) or remember(tx, client_id, number)
    set_put_first_person(tx, found.id, put_first)
    return _known(tx, client_id, number)


def put_first_callers(tx: Tx, client_id: str) -> list[Caller]:
    """Whom the client wants to be put through before its other callers, by number, in the order of their readings."""
    rows = tx.all(
        _CALLERS.where(person_ways.c.client_id == client_id, persons.c.put_first.is_(True))
    )
    return sorted((Caller(**row) for row in rows), key=lambda one: (one.kana, one.name, one.id))


def _known(tx: Tx, client_id: str, number: str) -> Caller:
    found = caller_of(tx, client_id, number)
    assert found is not None  # it was just written
    return found


def _caller(row: RowMapping | None) -> Caller | None:
    return Caller(**row) if row is not None else None
