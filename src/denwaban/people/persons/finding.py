"""Looking for persons the way people remember names and numbers, and for those who may be one."""

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    Integer,
    RowMapping,
    String,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union_all,
)

from denwaban.people.persons.model import TAIL, Person, WayKind
from denwaban.people.persons.queries import SHOWN, persons_by_ids, read_person
from denwaban.people.persons.rows import PERSON, index, person_apart, person_ways, persons
from denwaban.people.persons.sealing import hidden_tail, reached_by
from denwaban.store import Question, Tx, among_these
from denwaban.store.search import Hit
from denwaban.store.sounds import is_reading, near, sound
from denwaban.store.words import fold, query
from denwaban.vault import learn_keys

NEAR_FROM = 4
"""Letters of a reading from which on one slip is forgiven."""

WITH_TAIL = 1000
"""So many numbers with the same last digits are opened to look for more of their digits."""


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
    # 090… is +8190…: without its first zero it is the end of both.
    end, tail = digits.removeprefix("0") or digits, digits[-TAIL:]
    whole = len(digits) > TAIL
    asked = {"hidden": hidden_tail(tx, tail), "tail": tail, "most": WITH_TAIL if whole else limit}
    if client_id is None:
        rows = tx.all(_OF_ALL, asked)
    else:
        rows = tx.all(_OF_CLIENT, {**asked, "client": client_id})
    found: dict[str, Person] = {}
    learn_keys(tx, ((row["client_id"], row["way_sealed"]) for row in rows))
    for row in rows:
        if len(found) == limit:
            break
        if row["id"] not in found and (not whole or _number(tx, row).endswith(end)):
            found[row["id"]] = read_person(tx, row)
    return list(found.values())


def _with_tail(*only: ColumnElement[bool]) -> Question:
    known, text = person_ways.c, String()
    alike = select(known.id, known.person_id, known.value, known.sealed).where(
        known.kind == WayKind.PHONE.value, *only
    )
    both = union_all(
        alike.where(known.tail_blind == bindparam("hidden", type_=text)),
        alike.where(known.tail == bindparam("tail", type_=text)),
    )
    # Apart from the order, for whose sake SQLite would walk through all persons of the client.
    ways = both.cte("ways").prefix_with("MATERIALIZED")
    way = ways.c
    return Question(
        select(
            *SHOWN,
            way.id.label("way_id"),
            way.value.label("way_value"),
            way.sealed.label("way_sealed"),
        )
        .select_from(ways.join(persons, persons.c.id == way.person_id))
        .order_by(persons.c.updated_at.desc(), persons.c.id.desc())
        .limit(bindparam("most", type_=Integer))
    )


_OF_ALL = _with_tail()
_OF_CLIENT = _with_tail(person_ways.c.client_id == bindparam("client", type_=String()))


def _number(tx: Tx, row: RowMapping) -> str:
    """Of a row that has a number beside its person; empty when it cannot be opened."""
    kept = {
        "id": row["way_id"],
        "client_id": row["client_id"],
        "value": row["way_value"],
        "sealed": row["way_sealed"],
    }
    (number,) = reached_by.texts(tx, kept) or ("",)
    return number


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
        .join(
            far,
            and_(
                far.c.client_id == way.c.client_id,
                or_(
                    far.c.tail_blind == way.c.tail_blind,
                    and_(far.c.tail == way.c.tail, way.c.tail != ""),
                ),
            ),
        )
        .where(way.c.person_id == one.c.id, far.c.person_id == other.c.id)
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
            among_these(one.c.id, ids),
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
