"""The people whom a client lets be told something: written, never read back but by the check and by a sight on record."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update

from denwaban.disclosure import kept
from denwaban.disclosure.model import FINDERS, LONGEST_ANSWER, LONGEST_VALUE, Kind, normal
from denwaban.disclosure.rows import member_keys, members, targets
from denwaban.people import PeopleError
from denwaban.store import Tx, new_id
from denwaban.vault import VaultError

MOST_FOUND = 20
"""People of one name or telephone that one answer is compared with; with more, it does not find anybody."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a client says of one person, as it was typed. Empty texts are nothing."""

    answers: Mapping[Kind, Sequence[str]]
    """A name may have two: as it is written and as it is read."""
    told: Mapping[str, str]
    """Values by the label of the field."""


def put_member(tx: Tx, client_id: str, member: Member) -> bool:
    """Adds a person, or puts the new values in place of the old ones of the same 会員番号; what is not said stays. True when
    the person is new. Raises `PeopleError`, whose `field` is the kind or label concerned, also when what is known of the person
    cannot be opened: it stays as it is."""
    answers = _answers(member)
    told = {}
    for label, value in member.told.items():
        if len(value) > LONGEST_VALUE:
            raise PeopleError("500文字までです", label)
        if value.strip():
            told[label] = value.strip().replace("\x00", "")
    number = answers.get(Kind.NUMBER, [])
    if not number:
        raise PeopleError("会員番号を入れてください", Kind.NUMBER)
    known = found_by(tx, client_id, Kind.NUMBER, number[0])
    if known:
        member_id = known[0]
        row = tx.first(select(members).where(members.c.id == member_id))
        assert row is not None  # found above
        try:
            answers = {**_read(tx, client_id, "answers", row), **answers}
            told = {**_read(tx, client_id, "told", row), **told}
        except VaultError as error:
            raise PeopleError("保存された内容を開けません", Kind.NUMBER) from error
        tx.execute(
            update(members)
            .where(members.c.id == member_id)
            .values(
                answers=_write(tx, client_id, "answers", answers),
                told=_write(tx, client_id, "told", told),
                changed_at=tx.now,
            )
        )
        tx.execute(delete(member_keys).where(member_keys.c.member_id == member_id))
    else:
        member_id = new_id()
        tx.execute(
            insert(members).values(
                id=member_id,
                client_id=client_id,
                answers=_write(tx, client_id, "answers", answers),
                told=_write(tx, client_id, "told", told),
                changed_at=tx.now,
            )
        )
    keys = [
        {
            "member_id": member_id,
            "client_id": client_id,
            "kind": kind,
            "key": kept.key(tx, client_id, kind, text),
        }
        for kind in FINDERS
        for text in dict.fromkeys(answers.get(kind, []))
    ]
    tx.execute(insert(member_keys), keys)
    return not known


def _answers(member: Member) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, texts in member.answers.items():
        plain = []
        for text in texts:
            if len(text) > LONGEST_ANSWER:
                raise PeopleError("100文字までです", kind)
            if not text.strip():
                continue
            if not (one := normal(kind, text)):
                raise PeopleError("読み取れません。書き方を確かめてください", kind)
            plain.append(one)
        if plain:
            found[kind.value] = plain
    return found


def remove_member(tx: Tx, client_id: str, number: str) -> bool:
    """Takes the person of a 会員番号 out, with everything about them; False when there is none."""
    plain = normal(Kind.NUMBER, number)
    found = found_by(tx, client_id, Kind.NUMBER, plain) if plain else []
    for member_id in found:
        tx.execute(delete(targets).where(targets.c.member_id == member_id))
        tx.execute(delete(member_keys).where(member_keys.c.member_id == member_id))
        tx.execute(delete(members).where(members.c.id == member_id))
    return bool(found)


def count_members(tx: Tx, client_id: str) -> int:
    return int(
        tx.scalar(select(func.count()).select_from(members).where(members.c.client_id == client_id))
    )


def found_by(tx: Tx, client_id: str, kind: Kind, text: str) -> list[str]:
    """Ids of the people whom an answer (in its normal form) may mean; none when it means too many."""
    rows = tx.all(
        select(member_keys.c.member_id)
        .where(
            member_keys.c.client_id == client_id,
            member_keys.c.kind == kind.value,
            member_keys.c.key == kept.key(tx, client_id, kind, text),
        )
        .distinct()
        .limit(MOST_FOUND + 1)
    )
    return [row["member_id"] for row in rows] if len(rows) <= MOST_FOUND else []


def answers_of(
    tx: Tx, client_id: str, ids: Collection[str]
) -> dict[str, Mapping[Kind, Sequence[str]]]:
    """What these people would answer, in normal form. For the comparison alone. Raises `VaultError` when of all of them not
    one can be opened: then nothing is compared, and nobody has said anything wrong."""
    rows = tx.all(
        select(members.c.id, members.c.answers).where(
            members.c.id.in_(ids), members.c.client_id == client_id
        )
    )
    found: dict[str, Mapping[Kind, Sequence[str]]] = {}
    closed: VaultError | None = None
    for row in rows:
        try:
            found[row["id"]] = _kinds(_read(tx, client_id, "answers", row))
        except VaultError as error:
            closed = error
    if closed is not None and not found:
        raise closed
    return found


def told_of(tx: Tx, client_id: str, member_id: str) -> Mapping[str, str]:
    """The gated values of a person by label; call it only where the sight is put on record. Empty for nobody."""
    row = tx.first(
        select(members.c.id, members.c.told).where(
            members.c.id == member_id, members.c.client_id == client_id
        )
    )
    return _read(tx, client_id, "told", row) if row is not None else {}


def _kinds(found: Mapping[str, list[str]]) -> Mapping[Kind, Sequence[str]]:
    return {Kind(name): texts for name, texts in found.items()}


def _write(tx: Tx, client_id: str, place: str, what: Mapping[str, object]) -> str:
    return kept.closed(tx, client_id, place, json.dumps(what, ensure_ascii=False))


def _read(tx: Tx, client_id: str, place: str, row: RowMapping) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kept.opened(tx, client_id, place, row[place], row["id"]))
    return found
