"""A person as one of their numbers shows them: what the API and the slices that know a number ask for."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import RowMapping, bindparam, select

from denwaban.people.model import Caller
from denwaban.people.persons.acts import (
    remember,
    set_put_first_person,
    set_regular_person,
)
from denwaban.people.persons.model import WayKind
from denwaban.people.persons.queries import person_by_number, with_value
from denwaban.people.persons.rows import person_ways, persons
from denwaban.people.persons.sealing import called, looked_for, reached_by
from denwaban.store import Question, Tx
from denwaban.vault import UNOPENED, learn_keys

_CALLERS = select(
    person_ways.c.id,
    person_ways.c.client_id,
    person_ways.c.person_id,
    person_ways.c.value,
    person_ways.c.sealed.label("way_sealed"),
    persons.c.name,
    persons.c.kana,
    persons.c.company,
    persons.c.sealed,
    persons.c.regular,
    persons.c.put_first,
    persons.c.updated_at,
).join(persons, persons.c.id == person_ways.c.person_id)
# Built once: asked at every call.
OF_NUMBER = Question(_CALLERS.where(with_value()))
_PHONES = _CALLERS.where(person_ways.c.kind == WayKind.PHONE.value)
_OF_ID = _PHONES.where(person_ways.c.id == bindparam("it"))


def caller_of(tx: Tx, client_id: str, number: str) -> Caller | None:
    """What is known of who calls this client from this number (E.164). Of somebody whose name cannot be opened it is empty."""
    row = tx.first(OF_NUMBER, looked_for(tx, client_id, WayKind.PHONE, number))
    return _caller(tx, row, number)[0] if row is not None else None


def caller_by_id(tx: Tx, caller_id: str) -> Caller | None:
    """The caller of this id."""
    found = _callers(tx, tx.all(_OF_ID, {"it": caller_id}))
    return found[0] if found else None


def callers_page(tx: Tx, client_id: str, after: str | None, limit: int) -> list[Caller]:
    """Who is known to call a client, by number, in the order in which they were first known; `after` is the last id of the
    page before. What cannot be opened says so in place of the name or the number."""
    query = (
        _PHONES.where(person_ways.c.client_id == client_id).order_by(person_ways.c.id).limit(limit)
    )
    if after is not None:
        query = query.where(person_ways.c.id > after)
    return _callers(tx, tx.all(query))


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
        _PHONES.where(person_ways.c.client_id == client_id, persons.c.put_first.is_(True))
    )
    return sorted(_callers(tx, rows), key=lambda one: (one.kana, one.name, one.id))


def _known(tx: Tx, client_id: str, number: str) -> Caller:
    found = caller_of(tx, client_id, number)
    assert found is not None  # it was just written
    return found


def _callers(tx: Tx, rows: Sequence[RowMapping]) -> list[Caller]:
    """For lists."""
    learn_keys(tx, ((row["client_id"], row["sealed"]) for row in rows))
    found = []
    for row in rows:
        kept = {name: row[name] for name in ("id", "client_id", "value")}
        (number,) = reached_by.texts(tx, {**kept, "sealed": row["way_sealed"]}) or ("",)
        one, opened = _caller(tx, row, number or UNOPENED)
        found.append(one if opened else replace(one, name=UNOPENED))
    return found


def _caller(tx: Tx, row: RowMapping, number: str) -> tuple[Caller, bool]:
    """(the caller of a row, whether what they are called could be opened)."""
    texts = called.texts(tx, {**row, "id": row["person_id"]})
    name, kana, company = texts or ("", "", "")
    made = Caller(
        id=row["id"],
        client_id=row["client_id"],
        number=number,
        person_id=row["person_id"],
        name=name,
        kana=kana,
        company=company,
        regular=row["regular"],
        put_first=row["put_first"],
        updated_at=row["updated_at"],
    )
    return made, texts is not None
