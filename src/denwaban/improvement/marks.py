"""見直し: what scripts mention, and what happened to it since they were published."""

import re
from collections.abc import Callable, Iterable

from sqlalchemy import and_, delete, insert, select, update

from denwaban.improvement.rows import script_marks, script_mentions
from denwaban.journal import Fact
from denwaban.knowledge import Faq, faq
from denwaban.lines import number, numbers_of, show_number
from denwaban.people import client, staff_member, staff_of
from denwaban.scripts import Inform, document_of
from denwaban.scripts import rows as scripts_rows
from denwaban.store import Tx, new_id
from denwaban.store.words import fold

scripts = scripts_rows.scripts

HOURS = re.compile(r"営業時間|受付時間|定休|休業日|平日|土日|祝日|年中無休|\d{1,2}時")
"""What a plan of opening hours is about."""

LEAST_WORD = 2
"""Characters of a word that is looked for: shorter ones stand in everything."""

_KINDS = ("script.published", "staff.changed", "client.changed", "line.plan_set")


class NoSuchMark(LookupError):
    """There is no such mark, or it is cleared."""


def concerned(kind: str) -> bool:
    """Whether `follow` does anything with facts of this kind."""
    return kind in _KINDS or kind.startswith(("faq.", "line.number_"))


def follow(tx: Tx, fact: Fact) -> None:
    """Marks the scripts that a change concerns; a script that was published is read anew and has no marks."""
    client_id = fact.client_id
    if client_id is None:
        return
    fields = set(fact.data.get("fields", ()))
    if fact.kind == "script.published":
        _clear_all(tx, fact.subject)
        _learn(tx, fact.subject, client_id)
    elif fact.kind == "staff.changed" and fields & {"name", "department", "left_at"}:
        _staff(tx, fact.subject, client_id)
    elif fact.kind == "client.changed" and "name" in fields:
        now = client(tx, client_id)
        _gone(tx, "client", client_id, {now.name} if now else set(), "changed")
    elif fact.kind in ("line.number_changed", "line.number_removed"):
        line = number(tx, fact.subject)
        words = set(_number_words(line.number)) if line else set()
        _gone(tx, "number", fact.subject, words, "changed" if line else "removed")
    elif fact.kind == "line.plan_set":
        _plan(tx, client_id)
    elif fact.kind in ("faq.changed", "faq.removed"):
        _faq(tx, fact.subject, client_id, fact.kind.removeprefix("faq."))


def _learn(tx: Tx, script_id: str, client_id: str) -> None:
    """What of the client's people and numbers the published text mentions: when they change, their old names are gone."""
    text = fold(_text(tx, script_id))
    found: set[tuple[str, str, str]] = set()
    for person in staff_of(tx, client_id):
        for word in (person.name, *_parts(person.name), person.department):
            found.add(("staff", person.id, word))
    for line in numbers_of(tx, client_id):
        found |= {("number", line.id, word) for word in _number_words(line.number)}
    owner = client(tx, client_id)
    if owner is not None:
        found.add(("client", client_id, owner.name))
    mine = script_mentions.c.script_id == script_id
    tx.execute(delete(script_mentions).where(mine))
    rows = [
        {
            "script_id": script_id,
            "what": what,
            "subject_id": subject,
            "words": word,
            "client_id": client_id,
        }
        for what, subject, word in sorted(found)
        if len(fold(word)) >= LEAST_WORD and fold(word) in text
    ]
    if rows:
        tx.execute(insert(script_mentions), rows)


def _staff(tx: Tx, staff_id: str, client_id: str) -> None:
    person = staff_member(tx, staff_id)
    if person is None:
        return
    words: set[str] = set()
    if person.left_at is None:
        words = {person.name, *_parts(person.name), person.department}
    # Others of the same name or department are still there.
    for other in staff_of(tx, client_id):
        if other.id != staff_id:
            words |= {*_parts(other.name), other.department}
    _gone(tx, "staff", staff_id, words, "left" if person.left_at else "changed")


def _gone(tx: Tx, what: str, subject_id: str, words: set[str], why: str) -> None:
    """Marks the scripts that mention the subject by words that are no longer its own."""
    still = {fold(word) for word in words}
    old: dict[str, list[str]] = {}
    for row in tx.all(
        select(script_mentions).where(
            script_mentions.c.what == what, script_mentions.c.subject_id == subject_id
        )
    ):
        if fold(row["words"]) not in still:
            old.setdefault(row["script_id"], []).append(row["words"])
    for script_id, gone in sorted(old.items()):
        if lines := _lines(tx, script_id, gone):
            _mark(tx, script_id, what, subject_id, why, max(gone, key=len), lines)


def _plan(tx: Tx, client_id: str) -> None:
    for script_id in _published(tx, client_id):
        lines = _matching(_text(tx, script_id), lambda line: bool(HOURS.search(line)))
        if lines:
            _mark(tx, script_id, "plan", client_id, "changed", "", lines)


def _faq(tx: Tx, faq_id: str, client_id: str, why: str) -> None:
    entry = faq(tx, faq_id)
    if entry is None:
        return
    for script_id in _published(tx, client_id):
        words = _shared(tx, script_id, entry)
        if lines := _lines(tx, script_id, words):
            _mark(tx, script_id, "faq", faq_id, why, entry.question, lines)


def _shared(tx: Tx, script_id: str, entry: Faq) -> list[str]:
    """Words of the entry that a script has too: other ways of asking, and topics of the script that it is about."""
    script = document_of(tx, _version(tx, script_id))[0]
    topics = {topic.name for topic in script.head.topics}
    topics |= {node.topic for node in script.nodes if isinstance(node, Inform)}
    asked = fold(f"{entry.question} {entry.wordings}")
    words = [topic for topic in topics if len(fold(topic)) >= LEAST_WORD and fold(topic) in asked]
    return words + [entry.question, *(w for w in entry.wording_list() if len(fold(w)) > LEAST_WORD)]


def _mark(
    tx: Tx, script_id: str, what: str, subject_id: str, why: str, words: str, lines: list[int]
) -> None:
    """One open mark for each script and subject; a later change of the same is told in its place."""
    client_id = tx.scalar(select(scripts.c.client_id).where(scripts.c.id == script_id))
    mine = and_(
        script_marks.c.script_id == script_id,
        script_marks.c.what == what,
        script_marks.c.subject_id == subject_id,
        script_marks.c.cleared_at.is_(None),
    )
    values = {"why": why, "words": words[:100], "lines": lines, "at": tx.now}
    if tx.execute(update(script_marks).where(mine).values(**values)).rowcount:
        return
    tx.execute(
        insert(script_marks).values(
            id=new_id(),
            script_id=script_id,
            client_id=client_id,
            what=what,
            subject_id=subject_id,
            reason="",
            **values,
        )
    )


def mark_for_review(tx: Tx, script_id: str) -> None:
    """The date has come that the script's author had set for looking at it again."""
    _mark(tx, script_id, "review", script_id, "date", "", [])


def clear_mark(tx: Tx, mark_id: str, user_id: str | None, reason: str) -> str:
    """Somebody has looked: nothing has to change. Returns the script's id. Raises `NoSuchMark`."""
    row = tx.first(
        select(script_marks).where(
            script_marks.c.id == mark_id, script_marks.c.cleared_at.is_(None)
        )
    )
    if row is None:
        raise NoSuchMark(mark_id)
    tx.execute(
        update(script_marks)
        .where(script_marks.c.id == mark_id)
        .values(cleared_at=tx.now, cleared_by=user_id, reason=reason)
    )
    return str(row["script_id"])


def _clear_all(tx: Tx, script_id: str) -> None:
    tx.execute(
        update(script_marks)
        .where(script_marks.c.script_id == script_id, script_marks.c.cleared_at.is_(None))
        .values(cleared_at=tx.now)
    )


def _published(tx: Tx, client_id: str) -> list[str]:
    return [
        row["id"]
        for row in tx.all(
            select(scripts.c.id)
            .where(scripts.c.client_id == client_id, scripts.c.published_version_id.is_not(None))
            .order_by(scripts.c.id)
        )
    ]


def _version(tx: Tx, script_id: str) -> str:
    return str(tx.scalar(select(scripts.c.published_version_id).where(scripts.c.id == script_id)))


def _text(tx: Tx, script_id: str) -> str:
    return document_of(tx, _version(tx, script_id))[1]


def _lines(tx: Tx, script_id: str, words: Iterable[str]) -> list[int]:
    folded = [fold(word) for word in words]
    return _matching(
        _text(tx, script_id),
        lambda line: any(word in fold(line) for word in folded if len(word) >= LEAST_WORD),
    )


def _matching(text: str, holds: Callable[[str], bool]) -> list[int]:
    """The 1-based lines, comments left out, for which it holds."""
    return [
        number
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.lstrip().startswith("#") and holds(line)
    ]


def _parts(name: str) -> tuple[str, ...]:
    """The family name, where it is written apart."""
    pieces = name.split()
    return (name, pieces[0]) if len(pieces) > 1 else (name,)


def _number_words(line: str) -> tuple[str, ...]:
    """Of a number in E.164: as people write it. Hyphens do not count when words are compared."""
    return (show_number(line),)
