"""Reading persons."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, String, and_, bindparam, func, or_, select

from denwaban.people.persons.model import TEXTS, Act, OldName, Person, Way, WayKind
from denwaban.people.persons.rows import (
    person_acts,
    person_calls,
    person_names,
    person_ways,
    persons,
)
from denwaban.people.persons.sealing import Row, called, called_before, looked_for, reached_by
from denwaban.store import Question, Tx, among, among_these
from denwaban.vault import UNOPENED, learn_keys

PLAIN = tuple(name for name in Person.__slots__ if name not in (*TEXTS, "opened"))
"""What stands in the columns of a person as it is."""

SHOWN = [persons.c[name] for name in (*PLAIN, *TEXTS, "sealed")]
"""The columns of which `read_person` makes a person."""


def read_person(tx: Tx, row: Row) -> Person:
    """The person of a row that has the columns `SHOWN`."""
    texts = called.texts(tx, row)
    name, kana, company = texts or ("", "", "")
    plain = {column: row[column] for column in PLAIN}
    return Person(**plain, name=name, kana=kana, company=company, opened=texts is not None)


def _persons(tx: Tx, rows: Sequence[RowMapping]) -> list[Person]:
    learn_keys(tx, ((row["client_id"], row["sealed"]) for row in rows))
    return [read_person(tx, row) for row in rows]


def with_value() -> ColumnElement[bool]:
    """Whether a row of `person_ways` is the one that `looked_for` has the values for."""
    text, known = String(), person_ways.c
    found = known.value.in_([bindparam("hidden", type_=text), bindparam("value", type_=text)])
    # What is typed must not be taken for a hash.
    as_hash = known.sealed.is_(None) | (known.value == bindparam("hidden", type_=text))
    return and_(
        known.client_id == bindparam("client", type_=text),
        known.kind == bindparam("kind", type_=text),
        found,
        as_hash,
    )


# Built once: asked at every ring of every seat.
_BY_WAY = Question(
    select(*SHOWN).join(person_ways, and_(person_ways.c.person_id == persons.c.id, with_value()))
)
_BY_CALL = Question(
    select(*SHOWN).join(
        person_calls,
        and_(
            person_calls.c.person_id == persons.c.id,
            person_calls.c.call_id == bindparam("call"),
            person_calls.c.client_id == bindparam("client"),
        ),
    )
)
_WHOSE = select(
    func.coalesce(
        select(person_calls.c.person_id)
        .where(
            person_calls.c.call_id == bindparam("call"),
            person_calls.c.client_id == bindparam("client"),
        )
        .scalar_subquery(),
        # One of two, until an old row that stands twice is sealed.
        select(person_ways.c.person_id).where(with_value()).limit(1).scalar_subquery(),
    ).label("id")
).subquery("whose")
_THEIRS = person_ways.alias("theirs")
_OF_CALLER = Question(
    select(_WHOSE.c.id.label("whose"), *_THEIRS.c)
    .select_from(
        _WHOSE.outerjoin(
            _THEIRS,
            and_(_THEIRS.c.person_id == _WHOSE.c.id, _THEIRS.c.kind == WayKind.PHONE.value),
        )
    )
    .order_by(_THEIRS.c.added_at, _THEIRS.c.id)
)
_ONE = Question(select(*SHOWN).where(persons.c.id == bindparam("it")))
_WAYS = Question(
    select(person_ways)
    .where(person_ways.c.person_id == bindparam("it"))
    .order_by(person_ways.c.kind.desc(), person_ways.c.added_at, person_ways.c.id)
)


def person_by_number(tx: Tx, client_id: str, number: str) -> Person | None:
    """Who calls this client from this number (E.164)."""
    return person_by_way(tx, client_id, WayKind.PHONE, number)


def person_by_way(tx: Tx, client_id: str, kind: WayKind, value: str) -> Person | None:
    """Whom this number or address belongs to."""
    row = tx.first(_BY_WAY, looked_for(tx, client_id, kind, value))
    return read_person(tx, row) if row is not None else None


def person_of_call(tx: Tx, client_id: str, call_id: str, number: str) -> Person | None:
    """Who this call is from: whom an operator gave it to, else whom its number (E.164, empty when withheld) belongs to."""
    row = tx.first(_BY_CALL, {"client": client_id, "call": call_id})
    if row is not None:
        return read_person(tx, row)
    return person_by_number(tx, client_id, number) if number else None


def person(tx: Tx, person_id: str) -> Person | None:
    """The person of this id, also one who was joined into another (`into_id`)."""
    row = tx.first(_ONE, {"it": person_id})
    return read_person(tx, row) if row is not None else None


def persons_by_ids(tx: Tx, ids: Iterable[str]) -> dict[str, Person]:
    """These persons, by id."""
    found = tx.all(select(*SHOWN).where(among_these(persons.c.id, ids)))
    return {one.id: one for one in _persons(tx, found)}


def ways_of(tx: Tx, person_id: str) -> list[Way]:
    """Numbers first, then addresses, each in the order in which they became known."""
    return [_way(tx, row) for row in tx.all(_WAYS, {"it": person_id})]


def numbers_of(tx: Tx, person_id: str) -> tuple[str, ...]:
    """All telephone numbers of a person (E.164), in the order in which they became known."""
    known = ways_of(tx, person_id)
    return tuple(way.value for way in known if way.kind is WayKind.PHONE and way.opened)


def numbers_of_caller(
    tx: Tx, client_id: str, call_id: str, number: str
) -> tuple[str | None, tuple[str, ...]]:
    """(who this call is from, all their telephone numbers), as `person_of_call` and `numbers_of` say it, in one question."""
    asked = looked_for(tx, client_id, WayKind.PHONE, number)
    rows = tx.all(_OF_CALLER, {**asked, "call": call_id})
    known = [_way(tx, row) for row in rows if row["id"] is not None]
    return rows[0]["whose"], tuple(way.value for way in known if way.opened)


def ways_of_each(tx: Tx, ids: Collection[str]) -> dict[str, list[Way]]:
    """The same for several persons, by person."""
    found: dict[str, list[Way]] = {person_id: [] for person_id in ids}
    rows = tx.all(
        select(person_ways)
        .where(among_these(person_ways.c.person_id, found))
        .order_by(person_ways.c.kind.desc(), person_ways.c.added_at, person_ways.c.id)
    )
    learn_keys(tx, ((row["client_id"], row["sealed"]) for row in rows))
    for row in rows:
        found[row["person_id"]].append(_way(tx, row))
    return found


def _way(tx: Tx, row: RowMapping) -> Way:
    (value,) = reached_by.texts(tx, row) or ("",)
    about = row["id"], row["person_id"], WayKind(row["kind"])
    # Never empty: that is what calls have whose number was withheld.
    return Way(*about, value or UNOPENED, row["added_at"], opened=value != "")


def old_names(tx: Tx, person_id: str) -> list[OldName]:
    """What they were called before, newest first."""
    rows = tx.all(
        select(person_names)
        .where(person_names.c.person_id == person_id)
        .order_by(person_names.c.at.desc(), person_names.c.id.desc())
    )
    return [_old_name(tx, row) for row in rows]


def _old_name(tx: Tx, row: RowMapping) -> OldName:
    texts = called_before.texts(tx, row)
    name, kana = texts or (UNOPENED, "")
    return OldName(name, kana, row["at"], opened=texts is not None)


def given_calls(tx: Tx, person_id: str) -> list[str]:
    """The calls that operators gave to this person, whatever number they came from."""
    found = tx.all(_GIVEN, {"person": person_id})
    return [row["call_id"] for row in found]


def given_to(tx: Tx, call_id: str) -> str | None:
    """To whom an operator gave this call."""
    found: str | None = tx.scalar(
        select(person_calls.c.person_id).where(person_calls.c.call_id == call_id)
    )
    return found


def taken_from_number(tx: Tx, call_ids: Collection[str], person_id: str) -> set[str]:
    """Those of the calls that were given to somebody other than this person."""
    found = tx.all(_OTHERS, {"those": call_ids, "person": person_id})
    return {row["call_id"] for row in found}


# Built once: asked at every ring of every seat.
_OTHERS = Question(
    select(person_calls.c.call_id).where(
        among(person_calls.c.call_id, "those"), person_calls.c.person_id != bindparam("person")
    )
)
_GIVEN = Question(
    select(person_calls.c.call_id).where(person_calls.c.person_id == bindparam("person"))
)


def newest(
    tx: Tx,
    client_id: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Person]:
    """Persons who stand for themselves, of one client or of all, last heard of first; after a place (updated_at, id)."""
    found = (
        select(*SHOWN)
        .where(persons.c.into_id.is_(None))
        .order_by(persons.c.updated_at.desc(), persons.c.id.desc())
        .limit(limit)
    )
    if client_id is not None:
        found = found.where(persons.c.client_id == client_id)
    if before is not None:
        at, row_id = before
        found = found.where(
            or_(persons.c.updated_at < at, and_(persons.c.updated_at == at, persons.c.id < row_id))
        )
    return _persons(tx, tx.all(found))


def acts_of(tx: Tx, person_id: str) -> list[Act]:
    """What was joined into this person and parted from them, newest first."""
    mine = or_(person_acts.c.person_id == person_id, person_acts.c.other_id == person_id)
    rows = tx.all(select(person_acts).where(mine).order_by(person_acts.c.step.desc()))

    def far(row: RowMapping) -> str:
        """Seen from whom came out of somebody, the other is where they came from."""
        here = row["person_id"] == person_id
        return str(row["other_id"] if here else row["person_id"])

    others = persons_by_ids(tx, map(far, rows))
    return [
        Act(
            row["id"],
            row["kind"],
            row["person_id"],
            row["other_id"],
            others[far(row)].shown,
            row["at"],
            row["by_name"],
            row["undone_at"],
            row["undone_by"],
            row["undone_at"] is None and not builds_on(tx, row),
        )
        for row in rows
    ]


def builds_on(tx: Tx, act: RowMapping) -> bool:
    """Whether something stands that was done to either person after this act."""
    both = [act["person_id"], act["other_id"]]
    later = select(person_acts.c.id).where(
        or_(person_acts.c.person_id.in_(both), person_acts.c.other_id.in_(both)),
        person_acts.c.step > act["step"],
        person_acts.c.undone_at.is_(None),
    )
    return tx.first(later.limit(1)) is not None
