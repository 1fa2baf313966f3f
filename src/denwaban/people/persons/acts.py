"""What becomes known of a person, and whose a call is."""

from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from denwaban.journal import append
from denwaban.people.acts.checks import check_text
from denwaban.people.model import Changed, PeopleError
from denwaban.people.persons import facts
from denwaban.people.persons.model import (
    TEXTS,
    Joined,
    Person,
    WayKind,
    mail_address,
    words_for,
)
from denwaban.people.persons.queries import PLAIN, old_names, person, person_by_way, ways_of
from denwaban.people.persons.rows import (
    PERSON,
    index,
    person_calls,
    person_names,
    person_ways,
    persons,
)
from denwaban.people.persons.sealing import (
    called,
    called_before,
    compared,
    must_be_open,
    rewritten,
    way_values,
)
from denwaban.store import Tx, new_id
from denwaban.store.words import fold

AT_ONCE = 200
"""So many persons are taken into the index in one transaction: calls wait for the same writer."""


def remember(
    tx: Tx, client_id: str, number: str, name: str = "", kana: str = "", company: str = ""
) -> Person:
    """Keeps what is known of who calls this client from this number (E.164): a new person when nobody has it yet. An empty
    text keeps what was known; another name than before keeps the old one beside it."""
    given = _checked(name, kana, company)
    known = person_by_way(tx, client_id, WayKind.PHONE, number)
    if known is None:
        made = _new(tx, client_id, given)
        _add_way(tx, made, WayKind.PHONE, number)
        return _put(tx, made.id)
    return _learn(tx, known, given)


def remember_person(
    tx: Tx, person_id: str, name: str = "", kana: str = "", company: str = ""
) -> Person:
    """The same of a person whose call came without a number. Raises `LookupError` when there is no such person."""
    return _learn(tx, _standing(tx, person_id), _checked(name, kana, company))


def add_way(tx: Tx, person_id: str, kind: WayKind, value: str) -> Person:
    """The person is also reached by this number (E.164) or address. Raises `PeopleError` when it belongs to somebody else of
    the client."""
    found = _standing(tx, person_id)
    value = mail_address(value) if kind is WayKind.MAIL else value
    owner = person_by_way(tx, found.client_id, kind, value)
    if owner is not None and owner.id != person_id:
        raise PeopleError(
            "ほかのお客様のものとして登録されています。同じ方なら統合してください", kind.value
        )
    if owner is None:
        _add_way(tx, found, kind, value)
        _write(tx, found, {})
        append(tx, facts.changed(person_id, found.client_id, kind.value))
    return _put(tx, person_id)


def change_person(
    tx: Tx, person_id: str, name: str, kana: str, company: str, seen: int | None = None
) -> Person:
    """Somebody writes how the person is called; empty texts are taken as they are. Raises `LookupError`, `PeopleError`,
    `Joined`, `VaultError` when what there is cannot be opened, and `Changed` when it is no longer the version `seen`."""
    found = _standing(tx, person_id)
    must_be_open(found)
    given = _checked(name, kana, company)
    fields = [field for field in TEXTS if getattr(found, field) != given[field]]
    if seen is not None and seen != found.version:
        raise Changed
    if not fields:
        return found
    _keep_old_name(tx, found, given)
    if not _write(tx, found, given, persons.c.version == found.version):
        raise Changed
    append(tx, facts.changed(person_id, found.client_id, *fields))
    return _put(tx, person_id)


def set_regular_person(tx: Tx, person_id: str, regular: bool) -> Person:
    """Whether the client greets the person as a regular caller."""
    found = _standing(tx, person_id)
    if found.regular != regular:
        _write(tx, found, {"regular": regular})
    return _again(tx, person_id)


def set_put_first_person(tx: Tx, person_id: str, put_first: bool) -> Person:
    """Whether the person is put through before the client's other callers."""
    found = _standing(tx, person_id)
    if found.put_first != put_first:
        _write(tx, found, {"put_first": put_first})
    return _again(tx, person_id)


def give_call(tx: Tx, person_id: str, call_id: str) -> None:
    """From now on this call is the person's, whatever number it came from. Raises `LookupError`, `Joined`."""
    found = _standing(tx, person_id)
    mine = person_calls.c.call_id == call_id
    if tx.first(select(person_calls.c.person_id).where(mine)) is None:
        tx.execute(
            insert(person_calls).values(
                call_id=call_id, client_id=found.client_id, person_id=person_id, at=tx.now
            )
        )
    else:
        tx.execute(update(person_calls).where(mine).values(person_id=person_id, at=tx.now))
    append(tx, facts.given(person_id, found.client_id, call_id, True))


def take_call(tx: Tx, call_id: str) -> None:
    """The call is again of whom its number belongs to."""
    row = tx.first(select(person_calls).where(person_calls.c.call_id == call_id))
    if row is not None:
        tx.execute(delete(person_calls).where(person_calls.c.call_id == call_id))
        append(tx, facts.given(row["person_id"], row["client_id"], call_id, False))


def take_up(tx: Tx) -> int:
    """Takes up to `AT_ONCE` persons into the index who are not in it yet (they came from before there was one); returns how
    many."""
    found = tx.all(
        select(persons.c.id).where(persons.c.sound.is_(None)).order_by(persons.c.id).limit(AT_ONCE)
    )
    for row in found:
        _put(tx, row["id"])
    return len(found)


def reindex(tx: Tx, person_id: str) -> None:
    """From the commit on the person is found by what they are called and have been called, or no more when they were joined
    into another."""
    _put(tx, person_id)


# -- writing ----------------------------------------------------------------------------------------------------------


def _checked(name: str, kana: str, company: str) -> dict[str, str]:
    return {
        "name": check_text("name", name),
        "kana": check_text("kana", kana),
        "company": check_text("company", company),
    }


def _standing(tx: Tx, person_id: str) -> Person:
    found = person(tx, person_id)
    if found is None:
        raise LookupError(person_id)
    if found.into_id is not None:
        raise Joined
    return found


def _new(tx: Tx, client_id: str, given: dict[str, str]) -> Person:
    made = Person(
        id=new_id(),
        client_id=client_id,
        name=given["name"],
        kana=given["kana"],
        company=given["company"],
        regular=False,
        put_first=False,
        version=1,
        into_id=None,
        created_at=tx.now,
        updated_at=tx.now,
    )
    plain = {name: getattr(made, name) for name in PLAIN}
    texts = called.values(tx, client_id, made.id, *(given[name] for name in TEXTS))
    tx.execute(insert(persons).values(**plain, **texts))
    return made


def new_person(tx: Tx, client_id: str, name: str, kana: str, company: str) -> Person:
    """A person of whom nothing else is known yet."""
    return _put(tx, _new(tx, client_id, _checked(name, kana, company)).id)


def _add_way(tx: Tx, of: Person, kind: WayKind, value: str) -> None:
    way_id = new_id()
    tx.execute(
        insert(person_ways).values(
            id=way_id,
            client_id=of.client_id,
            person_id=of.id,
            kind=kind.value,
            added_at=tx.now,
            **way_values(tx, of.client_id, way_id, kind, value),
        )
    )


def _learn(tx: Tx, known: Person, given: dict[str, str]) -> Person:
    fresh = {key: text for key, text in given.items() if text and getattr(known, key) != text}
    # What cannot be opened may be there again when its key is: nothing is written over it.
    if not fresh or not known.opened:
        tx.execute(update(persons).where(persons.c.id == known.id).values(updated_at=tx.now))
        return _again(tx, known.id)
    renamed = known.name and "name" in fresh and fold(fresh["name"]) != fold(known.name)
    if renamed and "kana" not in fresh:
        # The reading of another name is not that of this one.
        fresh["kana"] = given["kana"]
    _keep_old_name(tx, known, fresh)
    _write(tx, known, fresh)
    return _put(tx, known.id)


def _keep_old_name(tx: Tx, known: Person, fresh: dict[str, Any]) -> None:
    """Another name is kept; the same name in other characters is not another one."""
    name = fresh.get("name", known.name)
    if known.name and fold(known.name) != fold(name):
        add_old_name(tx, known, known.name, known.kana)


def add_old_name(tx: Tx, of: Person, name: str, kana: str) -> str | None:
    """One more name to find them by; returns its row, None when they have it already."""
    names = {fold(one.name) for one in old_names(tx, of.id)} | {""}
    if fold(name) in names:
        return None
    row_id = new_id()
    tx.execute(
        insert(person_names).values(
            id=row_id,
            client_id=of.client_id,
            person_id=of.id,
            at=tx.now,
            **called_before.values(tx, of.client_id, row_id, name, kana),
        )
    )
    return row_id


def _write(tx: Tx, known: Person, values: dict[str, Any], *only: ColumnElement[bool]) -> bool:
    """Writes, if `only` holds; whoever read the person before finds another version afterwards."""
    done = tx.execute(
        update(persons)
        .where(persons.c.id == known.id, *only)
        .values(**rewritten(tx, known, values), version=persons.c.version + 1, updated_at=tx.now)
    )
    return done.rowcount == 1


def _again(tx: Tx, person_id: str) -> Person:
    found = person(tx, person_id)
    assert found is not None  # it was just written
    return found


def _put(tx: Tx, person_id: str) -> Person:
    found = _again(tx, person_id)
    mine = persons.c.id == person_id
    if found.opened:
        keys = compared(tx, found.client_id, found.name, found.kana, found.company)
        tx.execute(update(persons).where(mine).values(**keys))
    else:
        # It is looked at once; what was known of them before stays.
        tx.execute(update(persons).where(mine, persons.c.sound.is_(None)).values(sound=""))
        if found.into_id is None:
            return found
    former = [one for one in old_names(tx, person_id) if one.opened]
    also = [word for one in former for word in words_for(one.name, one.kana)]
    also += [fold(one.name) for one in former]
    mails = [one for one in ways_of(tx, person_id) if one.kind is WayKind.MAIL and one.opened]
    also += [fold(one.value) for one in mails]
    words = dict.fromkeys([*words_for(found.name, found.kana), fold(found.company), *also])
    words.pop("", None)
    if found.into_id is None and (found.name or words):
        index.put(tx, PERSON, person_id, found.client_id, found.name, "", words)
    else:
        index.remove(tx, PERSON, person_id)
    return found
