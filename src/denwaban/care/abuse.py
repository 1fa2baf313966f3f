"""Abusive calls: the operator's mark, the warnings that were said, who decided what. The record is only ever added to."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update

from denwaban.access.rows import users
from denwaban.calls import Call
from denwaban.care.model import (
    LONGEST_WORDS,
    CareError,
    Case,
    Event,
    Happened,
    Reason,
    may_hang_up,
)
from denwaban.care.relay import is_relay
from denwaban.care.rows import abuse_cases, abuse_events
from denwaban.care.rules import rules_of
from denwaban.care.sealing import abuse_words, said
from denwaban.journal import Fact, append
from denwaban.people.rows import clients, operators
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text


@dataclass(frozen=True, slots=True)
class Listed:
    """An abusive call with the names that its ids stand for."""

    case: Case
    client: str
    operator: str


@dataclass(frozen=True, slots=True)
class By:
    """Who did it: an operator or a supervisor."""

    operator_id: str | None = None
    user_id: str | None = None


def mark_abusive(tx: Tx, call: Call, operator_id: str, reason: Reason, words: str = "") -> Case:
    """The operator marks the call; marked already, it stays as it is. Raises `CareError` for a relay-service call, whose
    pauses are nobody's fault, and where a reason of one's own has no words."""
    if (known := open_case(tx, call.id)) is not None:
        return known
    if is_relay(tx, call):
        raise CareError(
            "電話リレーサービスのお電話には使えません。間があくのは、手話や文字の通訳のためです。"
        )
    words = clean_text(words, lines=True)
    if reason is Reason.OTHER and not words:
        raise CareError("「そのほか」のときは、何があったかを書いてください。")
    if len(words) > LONGEST_WORDS:
        raise CareError("400文字までで書いてください。")
    assert call.client_id is not None  # nobody talks on nobody's number
    rules = rules_of(tx, call.client_id)
    case_id = new_id()
    tx.execute(
        insert(abuse_cases).values(
            id=case_id,
            call_id=call.id,
            client_id=call.client_id,
            operator_id=operator_id,
            reason=reason.value,
            marked_at=tx.now,
            counts_from=(call.answered_at or tx.now) if rules.from_start else tx.now,
            marks=list(rules.marks),
            warning=rules.warning,
            closing=rules.closing,
        )
    )
    case = _the(tx, case_id)
    _add(tx, case, Happened.MARKED, words, By(operator_id))
    return case


def say_warning(tx: Tx, call_id: str, operator_id: str) -> None:
    """The operator has said the warning words. Raises `CareError` when the call is not marked; so do the others."""
    case = _marked(tx, call_id)
    _add(tx, case, Happened.WARNED, case.warning, By(operator_id))


def note(tx: Tx, call_id: str, words: str, by: By) -> None:
    """Keeps what was said or done, in somebody's own words."""
    words = clean_text(words, lines=True)
    if not words or len(words) > LONGEST_WORDS:
        raise CareError("1文字から400文字までで書いてください。")
    _add(tx, _marked(tx, call_id), Happened.NOTED, words, by)


def hand_over(tx: Tx, call_id: str, operator_id: str) -> None:
    """The operator wants a supervisor to take the call."""
    _add(tx, _marked(tx, call_id), Happened.HANDED_OVER, "", By(operator_id))


def taken_over(tx: Tx, call_id: str, user_id: str) -> None:
    """A supervisor has taken the call; of a call that is not marked, nothing is kept here."""
    if (case := open_case(tx, call_id)) is not None:
        _add(tx, case, Happened.TAKEN_OVER, "", By(user_id=user_id))


def hang_up(tx: Tx, call_id: str, operator_id: str) -> None:
    """The closing words were said and the call is ended by us. Raises `CareError` when nobody was warned before."""
    case = _marked(tx, call_id)
    if not may_hang_up(events_of(tx, case.id)):
        raise CareError(
            "警告の言葉をお伝えしてからにしてください。お伝えしたら「言いました」を押します。"
        )
    _add(tx, case, Happened.HUNG_UP, case.closing, By(operator_id))
    _end(tx, case)


def withdraw(tx: Tx, call_id: str, by: By) -> None:
    """The mark is taken back; what stands in the record stays."""
    case = _marked(tx, call_id)
    _add(tx, case, Happened.WITHDRAWN, "", by)
    _end(tx, case)


def open_case(tx: Tx, call_id: str) -> Case | None:
    """The mark of a call that still stands."""
    row = tx.first(_CASES.where(abuse_cases.c.call_id == call_id, abuse_cases.c.ended_at.is_(None)))
    return _case(row) if row is not None else None


def case_of(tx: Tx, case_id: str) -> Listed | None:
    """One abusive call."""
    row = tx.first(_CASES.where(abuse_cases.c.id == case_id))
    return _listed(row) if row is not None else None


def cases(tx: Tx, limit: int = 100) -> list[Listed]:
    """Abusive calls, newest first."""
    rows = tx.all(
        _CASES.order_by(abuse_cases.c.marked_at.desc(), abuse_cases.c.id.desc()).limit(limit)
    )
    return [_listed(row) for row in rows]


def events_of(tx: Tx, case_id: str) -> list[Event]:
    """The record, in order."""
    rows = tx.all(
        select(
            abuse_events,
            abuse_cases.c.client_id,
            operators.c.name.label("operator"),
            users.c.name.label("user"),
        )
        .join(abuse_cases, abuse_cases.c.id == abuse_events.c.case_id)
        .outerjoin(operators, operators.c.id == abuse_events.c.operator_id)
        .outerjoin(users, users.c.id == abuse_events.c.user_id)
        .where(abuse_events.c.case_id == case_id)
        .order_by(abuse_events.c.at, abuse_events.c.id)
    )
    return [
        Event(
            row["at"],
            Happened(row["what"]),
            row["minute"],
            abuse_words(tx, row),
            row["user"] or row["operator"] or "",
        )
        for row in rows
    ]


_CASES: Select[Any] = (
    select(abuse_cases, clients.c.name.label("client"), operators.c.name.label("operator"))
    .join(clients, clients.c.id == abuse_cases.c.client_id)
    .join(operators, operators.c.id == abuse_cases.c.operator_id)
)


def _marked(tx: Tx, call_id: str) -> Case:
    case = open_case(tx, call_id)
    if case is None:
        raise CareError("このお電話には、カスハラの印がついていません。")
    return case


def _the(tx: Tx, case_id: str) -> Case:
    row = tx.first(_CASES.where(abuse_cases.c.id == case_id))
    assert row is not None  # it was just written
    return _case(row)


def _end(tx: Tx, case: Case) -> None:
    tx.execute(update(abuse_cases).where(abuse_cases.c.id == case.id).values(ended_at=tx.now))


def _add(tx: Tx, case: Case, what: Happened, words: str, by: By) -> None:
    made = new_id()
    tx.execute(
        insert(abuse_events).values(
            id=made,
            case_id=case.id,
            at=tx.now,
            what=what.value,
            minute=case.passed(tx.now),
            words=said.seal(tx, case.client_id, made, "words", words),
            operator_id=by.operator_id,
            user_id=by.user_id,
        )
    )
    data = {"case_id": case.id, "what": what.value, "operator_id": case.operator_id}
    if by.user_id is not None:
        data["user_id"] = by.user_id
    append(tx, Fact("care.abuse_recorded", case.call_id, case.client_id, data))


def _case(row: RowMapping) -> Case:
    return Case(
        id=row["id"],
        call_id=row["call_id"],
        client_id=row["client_id"],
        operator_id=row["operator_id"],
        reason=Reason(row["reason"]),
        marked_at=row["marked_at"],
        counts_from=row["counts_from"],
        marks=tuple(row["marks"]),
        warning=row["warning"],
        closing=row["closing"],
        ended_at=row["ended_at"],
    )


def _listed(row: RowMapping) -> Listed:
    return Listed(_case(row), row["client"], row["operator"])
