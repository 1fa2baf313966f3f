"""What is remembered of a person: their calls, what they were told, what they have answered. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from denwaban.people.persons import Person
from denwaban.promises import Promise
from denwaban.scripts import Field
from denwaban.store.words import fold
from denwaban.texts import NOT_ASKED

SOON = timedelta(days=3)
"""Who calls again within this time calls about the same matter as a rule (かけ直し)."""

_FORKS = "分岐"
"""Under this label a report has the way that was taken: no answer of the caller."""


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier call of a person."""

    call_id: str
    at: datetime
    number: str
    """E.164; empty when withheld."""
    outcome: str
    """Empty while it goes on."""
    operator: str
    """Who talked; empty when nobody did."""
    report_id: str | None
    what_for: str
    status: str
    """Of its report; empty when there is none."""
    practice: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A call as a search shows it."""

    past: Past
    client_id: str
    name: str
    """Who it was from, as the report has it."""
    text: str
    """What was done, and notes."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a person answered last time."""

    value: str
    at: datetime
    open: bool
    """That matter is not done yet."""


@dataclass(frozen=True, slots=True)
class Memory:
    """All that the seat shows of who calls."""

    person: Person | None
    """None: nothing but the number is known, or not even that."""
    given: bool
    """An operator said who it is."""
    numbers: tuple[str, ...]
    """All numbers of the person (E.164); that of the call when nobody has it yet."""
    past: tuple[Past, ...]
    """Newest first, without the call itself."""
    promises: tuple[Promise, ...]
    """What they still wait for, nearest time first."""


NOTHING = Memory(None, given=False, numbers=(), past=(), promises=())


@dataclass(frozen=True, slots=True)
class Askings:
    """How often people were asked or had to call twice."""

    reports: int
    asked_again: int
    """Answers that were asked for although they were known, and came out the same or belonged to a matter still open."""
    calls_with: int
    """Calls in which that happened."""
    called_again: int
    """Calls by somebody who had called within `SOON` before."""


def may_be_known(field: Field) -> bool:
    """Whether an answer of last time may say anything about this question. What proves who somebody is must be said by them;
    what this call is about, nobody knows before it."""
    return not field.identity and not field.purpose and field.type in ("text", "choice")


def fits(field: Field, before: Before) -> bool:
    """Whether what was answered last time is an answer to this question."""
    return may_be_known(field) and (field.type != "choice" or before.value in field.choices)


def known_before(fields: Iterable[Field], said: Mapping[str, Before]) -> dict[str, Before]:
    """What was answered before to these questions, by the field's id; questions are the same when their labels are."""
    found = {}
    for field in fields:
        before = said.get(fold(field.label))
        if before is not None and fits(field, before):
            found[field.id] = before
    return found


def said_before(
    reports: Sequence[tuple[datetime, bool, Sequence[tuple[str, str]]]],
) -> dict[str, Before]:
    """The newest answer by (folded) label, of (sent at, still open, answers) newest first."""
    found: dict[str, Before] = {}
    for at, still_open, answers in reports:
        for label, value in answers:
            text = value.strip()
            if label != _FORKS and text and text != NOT_ASKED:
                found.setdefault(fold(label), Before(text, at, still_open))
    return found


def asked_twice(value: str, before: Before) -> bool:
    """Whether an answer that somebody wrote down anew need not have been asked for."""
    text = value.strip()
    if not text or text == NOT_ASKED:
        return False
    return before.open or fold(text) == fold(before.value)


def surname(person: Person) -> str:
    """The part of the name by which one is addressed: what stands before the first blank."""
    return person.name.split()[0] if person.name.split() else ""


def greeting_for(plain: str, person: Person | None) -> str:
    """The first words of a call: a regular caller is asked for by name. As a question: somebody else may be calling from
    that number."""
    if person is None or not person.regular or not surname(person):
        return plain
    return f"{plain}{surname(person)}様でいらっしゃいますか。いつもありがとうございます。"
