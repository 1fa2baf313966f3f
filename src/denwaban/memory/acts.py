"""What is kept of a call for the next one."""

from collections.abc import Mapping

from sqlalchemy import insert, select

from denwaban.calls import Call
from denwaban.lines import parse_number
from denwaban.memory.model import Before, Memory, asked_twice
from denwaban.memory.queries import called_soon_before, number_of
from denwaban.memory.rows import CALL, askings, index
from denwaban.people.persons import (
    Person,
    WayKind,
    add_way,
    give_call,
    given_to,
    person,
    person_by_number,
    remember,
    remember_person,
    words_for,
)
from denwaban.reports import Report
from denwaban.scripts import RunView
from denwaban.store import Tx
from denwaban.store.sounds import sound
from denwaban.store.words import fold
from denwaban.texts import NOT_ASKED


def keep(tx: Tx, report: Report) -> None:
    """From the commit on the call of this report is found by what it was about, what was done and answered, and who called.
    What the client's form keeps secret is left out."""
    if report.call_id is None:
        return
    draft = report.draft
    said = [value for _label, value in draft.answers if value != NOT_ASKED]
    also = dict.fromkeys([fold(draft.who), *words_for(draft.who, draft.kana), fold(draft.company)])
    also.pop("", None)
    body = "\n".join(filter(None, (draft.done, draft.note, *said)))
    index.put(tx, CALL, report.call_id, report.client_id, draft.what_for, body, also)


def learn(tx: Tx, call: Call, report: Report) -> Person | None:
    """So that nobody asks the caller again: the names of the report are the person's. A call whose number was withheld is that
    of whoever has the number that was given, unless their name is another one. What could not be asked is not knowledge.
    Returns the person."""
    assert call.client_id is not None  # a report belongs to a client
    draft, number = report.draft, number_of(call)
    name = draft.who[:100] if draft.who != NOT_ASKED else ""
    texts = (name, draft.kana[:100], draft.company[:100])
    chosen = given_to(tx, call.id)
    if chosen is not None:
        found = person(tx, chosen)
        assert found is not None  # a foreign key
        if number and person_by_number(tx, call.client_id, number) is None:
            add_way(tx, found.id, WayKind.PHONE, number)
        return remember_person(tx, found.id, *texts) if name else found
    if not name:
        return person_by_number(tx, call.client_id, number) if number else None
    if number:
        return remember(tx, call.client_id, number, *texts)
    typed = parse_number(draft.number).e164
    if typed is None:
        return None
    known = person_by_number(tx, call.client_id, typed)
    if known is not None and not same_name(known, name, draft.kana):
        return None
    found = remember(tx, call.client_id, typed, *texts)
    give_call(tx, found.id, call.id)
    return found


def same_name(known: Person, name: str, kana: str) -> bool:
    """Whether these may be the same person's names, written or heard."""
    if fold(known.name) == fold(name):
        return True
    return sound(kana) != "" and sound(kana) == sound(known.kana)


def count_askings(
    tx: Tx, call: Call, run: RunView, memory: Memory, before: Mapping[str, Before]
) -> None:
    """Counts what was asked although it was known, and whether the person had to call again; once for each call, never for
    practice. `before`: what was known, by the field's id."""
    known = select(askings.c.at).where(askings.c.call_id == call.id)
    if call.practice or call.client_id is None or tx.first(known) is not None:
        return
    typed = {field: a.value for field, a in run.answers.items() if not a.known}
    again = [f for f, one in before.items() if f in typed and asked_twice(typed[f], one)]
    tx.execute(
        insert(askings).values(
            call_id=call.id,
            client_id=call.client_id,
            at=tx.now,
            asked_again=len(again),
            called_again=called_soon_before(memory.past, call.arrived_at),
        )
    )
