"""Two persons who are one, one who is two, and the way back.

Nothing is thrown away: a merge moves rows and writes down which, so that undoing it moves exactly those back. Acts are undone in
the reverse order of the acts that touch the same persons.
"""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Column, Table, delete, func, insert, or_, select, update

from denwaban.journal import append
from denwaban.people.model import Changed, PeopleError
from denwaban.people.persons import facts
from denwaban.people.persons.acts import add_old_name, new_person, reindex
from denwaban.people.persons.model import BuiltOn, By, Joined, Person
from denwaban.people.persons.queries import builds_on, person, ways_of
from denwaban.people.persons.rows import (
    person_acts,
    person_apart,
    person_calls,
    person_names,
    person_ways,
    persons,
)
from denwaban.people.persons.sealing import must_be_open, open_moved, rewritten, seal_moved
from denwaban.store import Tx, among_these, new_id

MERGE, SPLIT = "merge", "split"

_MOVING: tuple[tuple[str, Table, Column[Any]], ...] = (
    ("ways", person_ways, person_ways.c.id),
    ("names", person_names, person_names.c.id),
    ("calls", person_calls, person_calls.c.call_id),
)


class Fields(msgspec.Struct, frozen=True):
    """What a person carries that a merge may fill in."""

    company: str
    kana: str
    regular: bool
    put_first: bool


class Moved(msgspec.Struct, frozen=True):
    """What went from one person to the other, by the ids of its rows."""

    ways: list[str] = []
    names: list[str] = []
    calls: list[str] = []
    made: str | None = None
    """The row that keeps the other's name."""
    before: Fields | None = None
    after: Fields | None = None


def merge(
    tx: Tx,
    person_id: str,
    other_id: str,
    by: By,
    seen: int | None = None,
    seen_other: int | None = None,
) -> str:
    """The other's numbers, names and calls are this person's from now on; returns the act's id. The person's own name and
    reading stay, the other's is kept beside them; a company and the marks of a caller are taken over.

    Raises `LookupError` for who is not there, `PeopleError` for two who are one already or call different clients, `Joined`
    when somebody was faster, `Changed` when either is no longer the version that was `seen`, and `VaultError` when what one of
    them is called cannot be opened.
    """
    keeps, goes = _both(tx, person_id, other_id)
    if (seen not in (None, keeps.version)) or (seen_other not in (None, goes.version)):
        raise Changed
    must_be_open(keeps, goes)
    after = Fields(
        company=keeps.company or goes.company,
        kana=keeps.kana or goes.kana,
        regular=keeps.regular or goes.regular,
        put_first=keeps.put_first or goes.put_first,
    )
    # Whoever comes second, in this process or in another one, finds another version and is told so.
    _lock(tx, keeps, **msgspec.structs.asdict(after))
    _lock(tx, goes, into_id=keeps.id)
    moved = msgspec.structs.replace(
        _move(tx, goes.id, keeps.id),
        made=add_old_name(tx, keeps, goes.name, goes.kana) if goes.name != keeps.name else None,
        before=msgspec.convert(keeps, Fields, from_attributes=True),
        after=after,
    )
    act_id = _write_down(tx, MERGE, keeps, goes, by, moved)
    append(tx, facts.merged(keeps.id, keeps.client_id, goes.id, act_id, by.id))
    _reindex(tx, keeps, goes)
    return act_id


def split(
    tx: Tx,
    person_id: str,
    by: By,
    *,
    ways: Collection[str],
    calls: Collection[str] = (),
    name: str = "",
    kana: str = "",
    seen: int | None = None,
) -> tuple[str, str]:
    """Some of the person's numbers and addresses, and of the calls that were given to them, are somebody else's: a new
    person's of that name. Returns (act's id, new person's id). Calls go with their numbers. Raises `LookupError`,
    `PeopleError` when nothing is chosen or nothing would stay, `Joined`, `Changed`."""
    keeps = _standing(tx, person_id)
    if seen not in (None, keeps.version):
        raise Changed
    mine = {way.id for way in ways_of(tx, person_id)}
    chosen, given = mine & set(ways), _given(tx, person_id) & set(calls)
    if not chosen and not given:
        raise PeopleError("分ける番号か電話を選んでください", "ways")
    if mine and chosen == mine:
        raise PeopleError("番号をすべて分けることはできません。ひとつは残してください", "ways")
    _lock(tx, keeps)
    made = new_person(tx, keeps.client_id, name, kana, "")
    moved = _move(tx, keeps.id, made.id, ways=chosen, calls=given, names=())
    act_id = _write_down(tx, SPLIT, keeps, made, by, moved)
    append(tx, facts.split(keeps.id, keeps.client_id, made.id, act_id, by.id))
    _reindex(tx, keeps, made)
    return act_id, made.id


def undo(tx: Tx, act_id: str, by: By, of: str | None = None) -> str:
    """Everything is as it was before the act, and what became known since stays with whom it was learned of; returns the id
    of who stays. What somebody who came out of a split has got since goes back with them. Doing it again changes nothing.
    `of`: one of the two. Raises `LookupError`, `BuiltOn` when either person was joined or parted again since, and
    `VaultError`."""
    row = tx.first(select(person_acts).where(person_acts.c.id == act_id))
    if row is None or of not in (None, row["person_id"], row["other_id"]):
        raise LookupError(act_id)
    if row["undone_at"] is not None:
        return str(row["person_id"])
    if builds_on(tx, row):
        raise BuiltOn
    done = tx.execute(
        update(person_acts)
        .where(person_acts.c.id == act_id, person_acts.c.undone_at.is_(None))
        .values(undone_at=tx.now, undone_by=by.name)
    )
    if done.rowcount != 1:
        raise Changed
    keeps, other = person(tx, row["person_id"]), person(tx, row["other_id"])
    assert keeps is not None  # a foreign key
    assert other is not None
    moved = msgspec.convert(open_moved(tx, row), Moved)
    if row["kind"] == MERGE:
        _part_again(tx, keeps, other, moved)
    else:
        _lock(tx, keeps)
        _lock(tx, other, into_id=keeps.id)
        _move(tx, other.id, keeps.id)
    append(tx, facts.undone(keeps.id, keeps.client_id, other.id, act_id, by.id))
    _reindex(tx, keeps, other)
    return keeps.id


def _part_again(tx: Tx, keeps: Person, other: Person, moved: Moved) -> None:
    must_be_open(keeps)
    _move(tx, keeps.id, other.id, ways=moved.ways, names=moved.names, calls=moved.calls)
    if moved.made is not None:
        tx.execute(delete(person_names).where(person_names.c.id == moved.made))
    values: dict[str, Any] = {}
    if moved.before is not None and moved.after is not None:
        # What somebody has changed since is theirs, not the merge's.
        for name in Fields.__struct_fields__:
            if getattr(keeps, name) == getattr(moved.after, name):
                values[name] = getattr(moved.before, name)
    _lock(tx, keeps, **values)
    _lock(tx, other, into_id=None)


def say_apart(tx: Tx, person_id: str, other_id: str) -> None:
    """They look like one and are two: nobody is asked again. Raises `LookupError`, `PeopleError`, `Joined`."""
    pair = sorted(one.id for one in _both(tx, person_id, other_id))
    known = select(person_apart.c.at).where(
        person_apart.c.one_id == pair[0], person_apart.c.other_id == pair[1]
    )
    if tx.first(known) is None:
        tx.execute(insert(person_apart).values(one_id=pair[0], other_id=pair[1], at=tx.now))


def _both(tx: Tx, person_id: str, other_id: str) -> tuple[Person, Person]:
    if person_id == other_id:
        raise PeopleError("同じお客様です。もうひとりを選んでください", "other")
    one, other = _standing(tx, person_id), _standing(tx, other_id)
    if one.client_id != other.client_id:
        # Not told apart from one who is not there: nobody learns of another client's callers this way.
        raise LookupError(other_id)
    return one, other


def _standing(tx: Tx, person_id: str) -> Person:
    found = person(tx, person_id)
    if found is None:
        raise LookupError(person_id)
    if found.into_id is not None:
        raise Joined
    return found


def _lock(tx: Tx, seen: Person, **values: Any) -> None:
    """Writes on to the version that was read. Raises `Joined` or `Changed` when somebody else has written since."""
    done = tx.execute(
        update(persons)
        .where(persons.c.id == seen.id, persons.c.version == seen.version)
        .values(**rewritten(tx, seen, values), version=seen.version + 1, updated_at=tx.now)
    )
    if done.rowcount != 1:
        now = person(tx, seen.id)
        raise Joined if now is not None and now.into_id is not None else Changed


def _given(tx: Tx, person_id: str) -> set[str]:
    rows = tx.all(select(person_calls.c.call_id).where(person_calls.c.person_id == person_id))
    return {row["call_id"] for row in rows}


def _move(tx: Tx, from_id: str, to_id: str, **only: Collection[str]) -> Moved:
    """Moves rows from one person to another, all of them or `only` some of each kind; which those were."""
    moved: dict[str, list[str]] = {}
    for kind, table, key in _MOVING:
        mine = table.c.person_id == from_id
        found = [row[key.name] for row in tx.all(select(key).where(mine).order_by(key))]
        moved[kind] = [one for one in found if kind not in only or one in only[kind]]
        for begin in range(0, len(moved[kind]), 500):
            some = moved[kind][begin : begin + 500]
            tx.execute(update(table).where(mine, among_these(key, some)).values(person_id=to_id))
    return Moved(moved["ways"], moved["names"], moved["calls"])


def _write_down(tx: Tx, kind: str, keeps: Person, other: Person, by: By, moved: Moved) -> str:
    both = [keeps.id, other.id]
    last = tx.scalar(
        select(func.max(person_acts.c.step)).where(
            or_(person_acts.c.person_id.in_(both), person_acts.c.other_id.in_(both))
        )
    )
    act_id = new_id()
    tx.execute(
        insert(person_acts).values(
            id=act_id,
            client_id=keeps.client_id,
            kind=kind,
            step=(last or 0) + 1,
            person_id=keeps.id,
            other_id=other.id,
            at=tx.now,
            by_id=by.id,
            by_name=by.name,
            moved=seal_moved(tx, keeps.client_id, act_id, msgspec.to_builtins(moved)),
        )
    )
    return act_id


def _reindex(tx: Tx, *both: Person) -> None:
    for one in both:
        reindex(tx, one.id)
