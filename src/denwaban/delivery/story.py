"""All that happened to a report, in the order in which it happened; and who its caller is to the client."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from denwaban.calls import Call
from denwaban.calls import history as calls_of_caller
from denwaban.delivery.handing import said
from denwaban.delivery.queries import Delivery, attempts_of, deliveries_of
from denwaban.journal import rows as journal_rows
from denwaban.lines import parse_number, show_number
from denwaban.people import staff_of
from denwaban.reports import Report, history, to_numbers
from denwaban.store import Tx

TOLD = (
    "report.sent",
    "report.acknowledged",
    "report.reminded",
    "report.escalated",
    "report.unclaimed",
    "report.nobody_on_duty",
    "report.passed_over",
    "report.asked",
    "report.overdue",
)
"""Facts that no other row tells."""

MOST = 10


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `kind` is a fact's, or comment | handed_back | reassigned | resent | status | attempt | held."""

    at: datetime
    kind: str
    who: str = ""
    """Whom it is about, or who said it."""
    text: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """What else this caller has had to do with the client, newest first."""

    reports: list[Report]
    calls: list[Call]


_SETTING = re.compile(r"\(DENWABAN_[^()]*\)")


def for_clients(told: str) -> str:
    """The sentence without the name of a setting, which only whoever runs denwaban can use."""
    return _SETTING.sub("", told)


def story_of(tx: Tx, report: Report, *, to_client: bool = False) -> list[Moment]:
    """Facts, attempts, states and what people said, oldest first; `to_client`: in the words for the client's staff."""
    names = {person.id: person.name for person in staff_of(tx, report.client_id, left=True)}
    facts = journal_rows.facts
    found = [
        Moment(
            row["at"],
            row["kind"],
            names.get(row["data"].get("staff_id", ""), ""),
            more={"via": row["data"].get("via", ""), "why": row["data"].get("why", "")},
        )
        for row in tx.all(
            select(facts)
            .where(facts.c.subject == report.id, facts.c.kind.in_(TOLD))
            .order_by(facts.c.seq)
        )
    ]
    found += [
        Moment(one.at, one.kind, one.by, one.text, {"via": one.via}) for one in said(tx, report.id)
    ]
    # The first state is the sending itself.
    found += [
        Moment(change.at, "status", text=change.note, more={"status": change.status.value})
        for change in history(tx, report.id)[1:]
    ]
    for one in deliveries_of(tx, report.id):
        about = {"channel": one.channel, "kind": one.kind.value}
        if one.state == "pending" and not one.tries and one.held and one.next_at is not None:
            more = {**about, "why": one.held, "until": one.next_at}
            found.append(Moment(one.created_at, "held", one.staff_name, more=more))
        found += [
            Moment(
                attempt.ended_at or attempt.started_at,
                "attempt",
                one.staff_name,
                for_clients(attempt.detail) if to_client else attempt.detail,
                {**about, "result": attempt.result or ""},
            )
            for attempt in attempts_of(tx, one.id)
            if one.channel != "portal"
        ]
        found += _told_later(one, about)
    return sorted(found, key=lambda moment: moment.at)


def _told_later(one: Delivery, about: dict[str, str]) -> list[Moment]:
    """What its service told of a message after it had accepted it."""
    told = [
        (one.delivered_at, "届きました", "sent"),
        (one.read_at, "読まれました", "sent"),
        (one.told_at if one.state == "failed" else None, one.error or "", "failed"),
    ]
    return [
        Moment(at, "attempt", one.staff_name, text, {**about, "result": result})
        for at, text, result in told
        if at is not None
    ]


def caller_of(tx: Tx, report: Report) -> Caller:
    """Earlier and later reports and calls of the same number; nothing for a withheld one.

    A report has the number as the operator typed it, a call has E.164: both forms are the same caller.
    """
    number = report.draft.number
    if not number:
        return Caller([], [])
    parsed = parse_number(number).e164
    numbers = {number, parsed, show_number(parsed)} if parsed else {number}
    return Caller(
        to_numbers(tx, report.client_id, sorted(numbers), report.id, MOST),
        [
            call
            for call in calls_of_caller(tx, report.client_id, parsed or "", MOST)
            if call.id != report.call_id
        ],
    )
