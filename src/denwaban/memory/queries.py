"""What a person has had to do with a client, over all their numbers and the calls that were given to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, RowMapping, Select, String, and_, bindparam, func, or_, select

from denwaban.calls import Call, Direction, caller_in, calls_by_ids, forms, tails
from denwaban.calls.rows import caller_tail, calls
from denwaban.lines import parse_number
from denwaban.memory.model import NOTHING, SOON, Askings, Before, Memory, Past, Told, said_before
from denwaban.memory.rows import askings
from denwaban.people.persons import (
    Person,
    given_calls,
    numbers_of,
    numbers_of_caller,
    person_of_call,
    taken_from_number,
)
from denwaban.people.persons.rows import person_calls
from denwaban.people.rows import operators
from denwaban.promises import Promise
from denwaban.promises.rows import KEPT, promises
from denwaban.promises.rows import forms as promised_to
from denwaban.promises.rows import read as read_promise
from denwaban.reports import Status, Words, words_shown
from denwaban.reports.rows import reports
from denwaban.store import Question, Tx, among, among_these

MOST = 50
"""So many calls of a person are looked through."""

MOST_CALLERS = 1000
"""So many numbers with the same last four digits are looked through."""

ANSWERED = 5
"""From so many reports answers are known."""

_PAST = (
    select(
        calls.c.id,
        calls.c.arrived_at,
        calls.c.caller,
        calls.c.number,
        calls.c.outcome,
        calls.c.practice,
        operators.c.name.label("operator"),
        calls.c.client_id,
        reports.c.id.label("report_id"),
        reports.c.client_id.label("report_client_id"),
        reports.c.sealed,
        reports.c.what_for,
        reports.c.status,
    )
    .outerjoin(reports, reports.c.call_id == calls.c.id)
    .outerjoin(operators, operators.c.id == calls.c.operator_id)
    .where(calls.c.direction == Direction.INBOUND.value)
    .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
)
# Built once: asked at every ring of every seat.
_SO_MANY = bindparam("most", type_=Integer)
_OF_CLIENT = _PAST.where(calls.c.client_id == bindparam("client")).limit(_SO_MANY)
# Of one number the newest stand first in the index.
_PAST_FROM = Question(_OF_CLIENT.where(calls.c.caller == bindparam("number")))
_PAST_FROM_ANY = Question(_OF_CLIENT.where(among(calls.c.caller, "numbers")))
_PAST_OF = Question(_PAST.where(among(calls.c.id, "those")).limit(_SO_MANY))


def number_of(call: Call) -> str:
    """The caller's number (E.164); empty when there is none."""
    return (parse_number(call.caller).e164 or "") if call.caller else ""


def who_calls(tx: Tx, call: Call) -> Person | None:
    """The person of a call, as far as it is known."""
    if call.client_id is None:
        return None
    return person_of_call(tx, call.client_id, call.id, number_of(call))


def memory_of_call(tx: Tx, call: Call) -> Memory:
    """All that is known of who calls, before anybody has answered."""
    if call.client_id is None:
        return NOTHING
    known = who_calls(tx, call)
    numbers = numbers_of(tx, known.id) if known is not None else _number_alone(call)
    given = given_calls(tx, known.id) if known is not None else []
    whose = known.id if known is not None else None
    past = _past_of(tx, call.client_id, whose, numbers, given, MOST)
    return Memory(
        known,
        given=call.id in given,
        numbers=numbers,
        past=tuple(one for one in past if one.call_id != call.id),
        promises=tuple(_promises(tx, call.client_id, numbers, given)),
    )


def _number_alone(call: Call) -> tuple[str, ...]:
    return (call.caller,) if call.caller else ()


def past_of(tx: Tx, person: Person, limit: int = MOST) -> list[Past]:
    """The newest calls of a person, from any of their numbers or given to them by an operator."""
    numbers, given = numbers_of(tx, person.id), given_calls(tx, person.id)
    return _past_of(tx, person.client_id, person.id, numbers, given, limit)


def _past_of(
    tx: Tx,
    client_id: str,
    person_id: str | None,
    numbers: Sequence[str],
    given: Sequence[str],
    limit: int,
) -> list[Past]:
    found = _of_numbers(tx, client_id, numbers, person_id, limit)
    if given:
        there = {one.call_id for one in found}
        theirs = tx.all(_PAST_OF, {"those": given, "most": limit})
        found += [_past(tx, row) for row in theirs if row["id"] not in there]
        found.sort(key=lambda one: (one.at, one.call_id), reverse=True)
    return found[:limit]


def promises_to(tx: Tx, person: Person) -> list[Promise]:
    """What a person still waits for, nearest time first."""
    numbers = numbers_of(tx, person.id)
    return _promises(tx, person.client_id, numbers, given_calls(tx, person.id))


def _of_numbers(
    tx: Tx, client_id: str, numbers: Sequence[str], person_id: str | None, limit: int
) -> list[Past]:
    """Calls from these numbers but those that were given to somebody else."""
    callers = forms(tx, client_id, numbers)
    if not callers:
        return []
    asked = {"client": client_id, "most": limit}
    rows = (
        tx.all(_PAST_FROM, {**asked, "number": callers[0]})
        if len(callers) == 1
        else tx.all(_PAST_FROM_ANY, {**asked, "numbers": callers})
    )
    found = [_past(tx, row) for row in rows]
    ids = [one.call_id for one in found]
    others = taken_from_number(tx, ids, person_id or "") if ids else set()
    return [one for one in found if one.call_id not in others]


def _words(tx: Tx, row: RowMapping) -> Words:
    """Of the report, when there is one."""
    if row["report_id"] is None:
        return row
    return words_shown(tx, row, row["report_id"], row["report_client_id"])


def _past(tx: Tx, row: RowMapping) -> Past:
    return _one(tx, row, _words(tx, row))


def _one(tx: Tx, row: RowMapping, words: Words) -> Past:
    return Past(
        row["id"],
        row["arrived_at"],
        caller_in(tx, row["client_id"], row["id"], row["caller"], row["number"]),
        row["outcome"] or "",
        row["operator"] or "",
        row["report_id"],
        words["what_for"] or "",
        row["status"] or "",
        row["practice"],
    )


def _promises(
    tx: Tx, client_id: str, numbers: Sequence[str], given: Sequence[str]
) -> list[Promise]:
    wanted = promised_to(tx, client_id, numbers)
    if not wanted and not given:
        return []
    asked = {"client": client_id, "forms": wanted}
    rows = tx.all(_TO_BOTH, {**asked, "given": given}) if given else tx.all(_TO_NUMBERS, asked)
    return [read_promise(tx, row) for row in rows]


_TO_NUMBER = among(promises.c.caller_number, "forms")
_TO_GIVEN = promises.c.report_id.in_(select(reports.c.id).where(among(reports.c.call_id, "given")))
_OPEN = (
    select(*KEPT)
    .where(promises.c.client_id == bindparam("client"), promises.c.kept_at.is_(None))
    .order_by(promises.c.by.is_(None), promises.c.by, promises.c.id)
)
_TO_NUMBERS = Question(_OPEN.where(_TO_NUMBER))
_TO_BOTH = Question(_OPEN.where(or_(_TO_NUMBER, _TO_GIVEN)))


def said_by_caller(tx: Tx, call: Call, memory: Memory | None = None) -> dict[str, Before]:
    """What who calls answered the last times, by the folded label of the question. Practice knows of practice only. `memory`:
    what is known of who calls, when it was read already."""
    if call.client_id is None:
        return {}
    number = number_of(call) or call.caller
    if memory is None:
        who, numbers = numbers_of_caller(tx, call.client_id, call.id, number)
    else:
        who, numbers = memory.person.id if memory.person is not None else None, memory.numbers
    rows = tx.all(
        _SAID,
        {
            "client": call.client_id,
            "call": call.id,
            "who": who or "",
            "callers": forms(tx, call.client_id, {*numbers, number}),
            "practice": call.practice,
        },
    )
    return said_before(
        [
            (
                row["sent_at"],
                row["status"] != Status.DONE.value,
                words_shown(tx, row, row["id"], row["client_id"])["answers"],
            )
            for row in rows
        ]
    )


def _said() -> Select[Any]:
    """One question, for it is asked at many steps of every seat."""
    client, who = bindparam("client", type_=String()), bindparam("who", type_=String())
    given, others = person_calls.alias("given"), person_calls.alias("others")
    from_numbers = select(calls.c.id).where(
        calls.c.client_id == client, among(calls.c.caller, "callers")
    )
    to_them = select(given.c.call_id).where(given.c.person_id == who)
    elsewhere = select(others.c.call_id).where(
        others.c.call_id == calls.c.id, others.c.person_id != who
    )
    return (
        select(
            reports.c.id,
            reports.c.client_id,
            reports.c.sent_at,
            reports.c.status,
            reports.c.sealed,
            reports.c.answers,
        )
        .join(calls, calls.c.id == reports.c.call_id)
        .where(
            calls.c.id.in_(from_numbers.union_all(to_them)),
            calls.c.id != bindparam("call"),
            calls.c.practice == bindparam("practice"),
            ~elsewhere.exists(),
        )
        .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
        .limit(ANSWERED)
    )


_SAID = Question(_said())


def calls_by_tail(tx: Tx, digits: str, client_id: str | None, limit: int) -> list[str]:
    """Ids of the newest calls whose number ends with these (four or more) digits, of the `MOST_CALLERS` that called last."""
    of_tail = caller_tail.in_(tails(tx, digits)) & (calls.c.direction == Direction.INBOUND.value)
    if client_id is not None:
        of_tail &= calls.c.client_id == client_id
    # Of each number one call is opened.
    last = tx.all(
        select(calls.c.caller, func.max(calls.c.id).label("id"))
        .where(of_tail)
        .group_by(calls.c.client_id, calls.c.caller)
        .order_by(func.max(calls.c.id).desc())
        .limit(MOST_CALLERS)
    )
    opened = calls_by_ids(tx, [row["id"] for row in last])
    end = digits.removeprefix("0") or digits
    callers = {row["caller"] for row in last if opened[row["id"]].caller.endswith(end)}
    query = select(calls.c.id, calls.c.arrived_at).where(
        of_tail, among_these(calls.c.caller, callers)
    )
    # Apart from the order, for whose sake SQLite would walk through all calls of the client.
    found = query.cte("found").prefix_with("MATERIALIZED")
    newest = select(found.c.id).order_by(found.c.arrived_at.desc(), found.c.id.desc())
    return [row["id"] for row in tx.all(newest.limit(limit))]


def calls_shown(tx: Tx, ids: Collection[str]) -> dict[str, Told]:
    """These calls as a search shows them, by id."""
    query = _PAST.add_columns(reports.c.caller_name, reports.c.done, reports.c.note)
    found = {}
    for row in tx.all(query.where(among_these(calls.c.id, ids))):
        words = _words(tx, row)
        found[row["id"]] = Told(
            _one(tx, row, words),
            row["client_id"] or "",
            words["caller_name"] or "",
            " ".join(filter(None, (words["done"], words["note"]))),
        )
    return found


def askings_between(
    tx: Tx, since: datetime, until: datetime, client_id: str | None = None
) -> Askings:
    """How often people were asked or had to call twice, of the reports sent from `since` until before `until`; practice is not
    counted."""
    query = select(
        func.count().label("reports"),
        func.coalesce(func.sum(askings.c.asked_again), 0).label("asked_again"),
        func.count().filter(askings.c.asked_again > 0).label("calls_with"),
        func.count().filter(askings.c.called_again).label("called_again"),
    ).where(and_(askings.c.at >= since, askings.c.at < until))
    if client_id is not None:
        query = query.where(askings.c.client_id == client_id)
    row = tx.first(query)
    assert row is not None  # an aggregate always has a row
    return Askings(**row)


def called_soon_before(past: Sequence[Past], arrived_at: datetime) -> bool:
    """Whether the person had called within `SOON` before that moment."""
    return any(not one.practice and arrived_at - SOON <= one.at < arrived_at for one in past)
