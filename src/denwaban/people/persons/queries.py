"""Reading persons."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, and_, bindparam, case, exists, or_, select

from denwaban.people.persons.model import TAIL, Act, OldName, Person, Way, WayKind
from denwaban.people.persons.rows import (
    PERSON,
    index,
    person_acts,
    person_apart,
    person_calls,
    person_names,
    person_ways,
    persons,
)
from denwaban.store import Question, Tx, among
from denwaban.store.search import Hit
from denwaban.store.sounds import is_reading, near, sound
from denwaban.store.words import fold, query

_SHOWN = [persons.c[name] for name in Person.__slots__]

NEAR_FROM = 4
"""Letters of a reading from which on one slip is forgiven."""


def _person(row: RowMapping) -> Person:
    return Person(**row)


# Built once: asked at every ring of every seat.
_BY_WAY = Question(
    select(*_SHOWN).join(
        person_ways,
        and_(
            person_ways.c.person_id == persons.c.id,
            person_ways.c.client_id == bindparam("client"),
            person_ways.c.kind == bindparam("kind"),
            person_ways.c.value == bindparam("value"),
        ),
    )
)
_BY_CALL = Question(
    select(*_SHOWN).join(
        person_calls,
        and_(
            person_calls.c.person_id == persons.c.id,
            person_calls.c.call_id == bindparam("call"),
            person_calls.c.client_id == bindparam("client"),
        ),
    )
)
_ONE = Question(select(*_SHOWN).where(persons.c.id == bindparam("it")))
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
    row = tx.first(_BY_WAY, {"client": client_id, "kind": kind.value, "value": value})
    return _person(row) if row is not None else None


def person_of_call(tx: Tx, client_id: str, call_id: str, number: str) -> Person | None:
    """Who this call is from: whom an operator gave it to, else whom its number (E.164, empty when withheld) belongs to."""
    row = tx.first(_BY_CALL, {"client": client_id, "call": call_id})
    if row is not None:
        return _person(row)
    return person_by_number(tx, client_id, number) if number else None


def person(tx: Tx, person_id: str) -> Person | None:
    """The person of this id, also one who was joined into another (`into_id`)."""
    row = tx.first(_ONE, {"it": person_id})
    return _person(row) if row is not None else None


def persons_by_ids(tx: Tx, ids: Iterable[str]) -> dict[str, Person]:
    """These persons, by id."""
    found = tx.all(select(*_SHOWN).where(persons.c.id.in_(set(ids))))
    return {row["id"]: _person(row) for row in found}


def ways_of(tx: Tx, person_id: str) -> list[Way]:
    """Numbers first, then addresses, each in the order in which they became known."""
    return [_way(row) for row in tx.all(_WAYS, {"it": person_id})]


def numbers_of(tx: Tx, person_id: str) -> tuple[str, ...]:
    """All telephone numbers of a person (E.164), in the order in which they became known."""
    return tuple(way.value for way in ways_of(tx, person_id) if way.kind is WayKind.PHONE)


def ways_of_each(tx: Tx, ids: Collection[str]) -> dict[str, list[Way]]:
    """The same for several persons, by person."""
    found: dict[str, list[Way]] = {person_id: [] for person_id in ids}
    for row in tx.all(
        select(person_ways)
        .where(person_ways.c.person_id.in_(found))
        .order_by(person_ways.c.kind.desc(), person_ways.c.added_at, person_ways.c.id)
    ):
        found[row["person_id"]].append(_way(row))
    return found


def _way(row: RowMapping) -> Way:
    return Way(row["id"], row["person_id"], WayKind(row["kind"]), row["value"], row["added_at"])


def old_names(tx: Tx, person_id: str) -> list[OldName]:
    """What they were called before, newest first."""
    return [
        OldName(row["name"], row["kana"], row["at"])
        for row in tx.all(
            select(person_names)
            .where(person_names.c.person_id == person_id)
            .order_by(person_names.c.at.desc(), person_names.c.id.desc())
        )
    ]


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
        select(*_SHOWN)
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
    return [_person(row) for row in tx.all(found)]


def acts_of(tx: Tx, person_id: str) -> list[Act]:
    """What was joined into this person and parted from them, newest first."""
    mine = or_(person_acts.c.person_id == person_id, person_acts.c.other_id == person_id)
    # Seen from whom came out of somebody, the other is where they came from.
    far = persons.alias("far")
    rows = tx.all(
        select(person_acts, far.c.name.label("other"))
        .join(
            far,
            far.c.id
            == case(
                (person_acts.c.person_id == person_id, person_acts.c.other_id),
                else_=person_acts.c.person_id,
            ),
        )
        .where(mine)
        .order_by(person_acts.c.step.desc())
    )
    return [
        Act(
            row["id"],
            row["kind"],
            row["person_id"],
            row["other_id"],
            row["other"],
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


# -- looking for somebody ---------------------------------------------------------------------------------------------


def find_persons(tx: Tx, text: str, client_id: str | None = None, limit: int = 20) -> list[Person]:
    """Persons of one client (or of all) by name, older name, company, reading as it is written or heard, by a slip in a
    longer reading, or by the last four or more digits of a number; best first. Whoever was joined into another is not
    found any more: the other is, by the same words."""
    digits = digits_in(text)
    if digits is not None:
        return by_tail(tx, digits, client_id, limit)
    words = query(text)
    ids = [hit.ref for hit in _hits(tx, words, client_id)]
    if len(ids) < limit and all(map(is_reading, words)):
        heard = [one for one in map(sound, words) if one]
        if heard != words:
            ids += [hit.ref for hit in _hits(tx, heard, client_id)]
        if not ids:
            ids = _near(tx, heard, client_id)
    kept = list(dict.fromkeys(ids))[:limit]
    known = persons_by_ids(tx, kept)
    return [known[one] for one in kept if one in known and known[one].into_id is None]


def digits_in(text: str) -> str | None:
    """The digits of what looks like a number or its end; None for anything else, and for too few of them."""
    folded = fold(text)
    digits = folded.removeprefix("81") if text.strip().startswith("+81") else folded
    return digits if digits.isdecimal() and len(digits) >= TAIL else None


def by_tail(tx: Tx, digits: str, client_id: str | None, limit: int) -> list[Person]:
    """Persons one of whose numbers ends with these (four or more) digits, last heard of first."""
    found: Select[Any] = (
        select(*_SHOWN)
        .join(person_ways, person_ways.c.person_id == persons.c.id)
        .where(
            person_ways.c.kind == WayKind.PHONE.value,
            person_ways.c.tail == digits[-TAIL:],
            # 090… is +8190…: without its first zero it is the end of both.
            person_ways.c.value.endswith(digits.removeprefix("0") or digits),
        )
        .order_by(persons.c.updated_at.desc(), persons.c.id.desc())
        .limit(limit)
    )
    if client_id is not None:
        found = found.where(person_ways.c.client_id == client_id)
    return list(dict.fromkeys(_person(row) for row in tx.all(found)))


def _hits(tx: Tx, words: list[str], client_id: str | None) -> list[Hit]:
    return index.find(tx, words, client_id=client_id, kinds=[PERSON], bodies=False)


def _near(tx: Tx, heard: list[str], client_id: str | None) -> list[str]:
    """Readings that are one slip away: of two halves of a word, one must be right."""
    long = [word for word in heard if len(word) >= NEAR_FROM]
    if not long or len(long) != len(heard):
        return []
    word = max(long, key=len)
    halves = (word[: len(word) // 2], word[len(word) // 2 :])
    hits = [hit for half in halves for hit in _hits(tx, [half], client_id)]
    return [
        hit.ref
        for hit in hits
        if all(any(near(each, known) for known in hit.also.split()) for each in long)
    ]


# -- who looks like whom ----------------------------------------------------------------------------------------------


def twins(tx: Tx, ids: Collection[str], limit: int = 20) -> list[tuple[Person, Person]]:
    """Pairs of one of these persons and somebody else who may be the same: the reading sounds alike, and so is the company, the
    end of a number or the name. Each pair once, and none of whom somebody said that they are two."""
    one, other = persons.alias("one"), persons.alias("other")
    way, far = person_ways.alias("way"), person_ways.alias("far")
    same_tail = exists(
        select(way.c.id)
        .join(far, and_(far.c.client_id == way.c.client_id, far.c.tail == way.c.tail))
        .where(way.c.person_id == one.c.id, far.c.person_id == other.c.id, way.c.tail != "")
    )
    said = exists(
        select(person_apart.c.one_id).where(
            or_(
                and_(person_apart.c.one_id == one.c.id, person_apart.c.other_id == other.c.id),
                and_(person_apart.c.one_id == other.c.id, person_apart.c.other_id == one.c.id),
            )
        )
    )
    found = tx.execute(
        select(one.c.id, other.c.id)
        .join(
            other,
            and_(
                other.c.client_id == one.c.client_id,
                other.c.sound == one.c.sound,
                other.c.id != one.c.id,
            ),
        )
        .where(
            one.c.id.in_(ids),
            one.c.sound != "",
            one.c.into_id.is_(None),
            other.c.into_id.is_(None),
            or_(
                and_(one.c.company_key != "", one.c.company_key == other.c.company_key),
                same_tail,
                and_(one.c.name_key != "", one.c.name_key == other.c.name_key),
            ),
            ~said,
        )
        .limit(2 * limit)
    ).all()
    pairs = {frozenset(row): (row[0], row[1]) for row in reversed(found)}
    known = persons_by_ids(tx, [each for pair in pairs.values() for each in pair])
    return [(known[first], known[second]) for first, second in pairs.values()][:limit]
