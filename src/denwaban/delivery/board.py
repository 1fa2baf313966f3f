"""The dispatch board's queries: every report that somebody still has to take or to do, what burns first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, func, or_, select

from denwaban.delivery.model import Climb, Kind, State, deadline_of, from_json, question
from denwaban.delivery.rows import acknowledgements, deliveries, escalations
from denwaban.journal import rows as journal_rows
from denwaban.people import rows as people_rows
from denwaban.reports import Status, Urgency, words_shown
from denwaban.reports import rows as report_rows
from denwaban.store import Tx, among_these
from denwaban.vault import learn_keys

PAGE = 50

NEAR = timedelta(minutes=30)
"""So long before its time a report is near it."""


class Burn(IntEnum):
    """How bad it is, worst first."""

    BROKEN = 0
    """Its time has passed and it is not done."""
    NOBODY = 1
    """Nobody is there, or everybody was told and nobody has taken it."""
    UNDELIVERED = 2
    """A channel failed and none has accepted it yet."""
    NEAR = 3
    UNTAKEN = 4
    TAKEN = 5
    """Somebody has taken it; it is not done yet."""


@dataclass(frozen=True, slots=True)
class Next:
    """What happens by itself, and when. `kind` is retry, held, rung, unclaimed, deadline or overdue; empty for nothing."""

    kind: str
    at: datetime | None = None
    rung: Kind | None = None
    staff_id: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One open report."""

    report_id: str
    client_id: str
    client_name: str
    subject: str
    urgency: str
    practice: bool
    opportunity: bool
    """商機: the caller may become, or stay, a customer."""
    burn: Burn
    state: State
    owner_id: str
    owner_name: str
    sent_at: datetime
    by: datetime | None
    last: str
    """The kind of the newest fact about it."""
    last_at: datetime | None
    next: Next
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """One page, and how many there are of each kind."""

    items: list[Item]
    counts: dict[Burn, int]
    names: dict[str, str]
    """Of the people that `next` speaks of."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def burn(now: datetime) -> ColumnElement[int]:
    """How bad an open report is, as SQL over escalations and reports."""
    reports = report_rows.reports
    waiting = escalations.c.state == State.WAITING.value
    taken = escalations.c.state == State.ACKNOWLEDGED.value
    failing = (
        select(deliveries.c.id)
        .where(
            deliveries.c.report_id == escalations.c.id,
            deliveries.c.error.is_not(None),
            deliveries.c.state.in_(("pending", "failed")),
        )
        .exists()
    )
    late = and_(reports.c.status != Status.DONE.value, reports.c.callback_by <= now)
    return case(
        (or_(late, escalations.c.asked >= 2), int(Burn.BROKEN)),
        (
            or_(
                escalations.c.state == State.EXHAUSTED.value,
                and_(waiting, escalations.c.floor_since.is_not(None)),
            ),
            int(Burn.NOBODY),
        ),
        (and_(waiting, escalations.c.reached_at.is_(None), failing), int(Burn.UNDELIVERED)),
        (
            and_(reports.c.status != Status.DONE.value, reports.c.callback_by <= now + NEAR),
            int(Burn.NEAR),
        ),
        (taken, int(Burn.TAKEN)),
        else_=int(Burn.UNTAKEN),
    )


def _open() -> list[ColumnElement[bool]]:
    done = and_(
        escalations.c.state == State.ACKNOWLEDGED.value,
        report_rows.reports.c.status == Status.DONE.value,
    )
    return [escalations.c.closed_at.is_(None), ~done]


def board(tx: Tx, only: Burn | None = None, page: int = 0) -> Board:
    """Page `page` (from 0) of the open reports; emergencies first within a kind, then the nearest time, then the oldest."""
    counts = _counts(tx)
    # What is sorted is narrow; the texts and ladders are read of one page alone.
    listed = tx.all(_listed(tx.now, only).limit(PAGE).offset(page * PAGE))
    burns = {row["id"]: Burn(row["burn"]) for row in listed}
    ids = list(burns)
    known = {row["id"]: row for row in tx.all(_wide(ids))}
    rows = [known[one] for one in ids]
    learn_keys(tx, ((row["client_id"], row["sealed"]) for row in rows))
    last, waiting, errors = _last(tx, ids), _waiting(tx, ids), _errors(tx, ids)
    items = [_item(tx, row, burns[row["id"]], last, waiting, errors) for row in rows]
    speaks = {item.next.staff_id for item in items} - {""}
    staff = people_rows.staff
    names = {
        row["id"]: row["name"]
        for row in tx.all(select(staff.c.id, staff.c.name).where(among_these(staff.c.id, speaks)))
    }
    return Board(items, counts, names)


def _counts(tx: Tx) -> dict[Burn, int]:
    reports = report_rows.reports
    kinds = (
        select(burn(tx.now).label("burn"))
        .select_from(escalations.join(reports, reports.c.id == escalations.c.id))
        .where(*_open())
        .subquery()
    )
    query = select(kinds.c.burn, func.count().label("number")).group_by(kinds.c.burn)
    found = {Burn(row["burn"]): int(row["number"]) for row in tx.all(query)}
    return {kind: found.get(kind, 0) for kind in Burn}


def _listed(now: datetime, only: Burn | None) -> Select[Any]:
    reports = report_rows.reports
    how_bad = burn(now)
    query = (
        select(escalations.c.id, how_bad.label("burn"))
        .join(reports, reports.c.id == escalations.c.id)
        .where(*_open())
        # By its name, so that it is found out once for each report.
        .order_by(
            "burn",
            reports.c.urgency != Urgency.EMERGENCY.value,
            reports.c.callback_by.is_(None),
            reports.c.callback_by,
            escalations.c.id,
        )
    )
    return query.where(how_bad == int(only)) if only is not None else query


def _wide(ids: Sequence[str]) -> Select[Any]:
    reports, staff, clients = report_rows.reports, people_rows.staff, people_rows.clients
    return (
        select(
            escalations.c.id,
            escalations.c.client_id,
            escalations.c.ladder,
            escalations.c.rung,
            escalations.c.state,
            escalations.c.asked,
            escalations.c.due_at,
            reports.c.subject,
            reports.c.sealed,
            reports.c.urgency,
            reports.c.practice,
            reports.c.opportunity,
            reports.c.sent_at,
            reports.c.callback_by,
            reports.c.in_charge_id,
            staff.c.name.label("staff_name"),
            clients.c.name.label("client_name"),
            acknowledgements.c.at.label("taken_at"),
        )
        .join(reports, reports.c.id == escalations.c.id)
        .join(staff, staff.c.id == reports.c.in_charge_id)
        .join(clients, clients.c.id == escalations.c.client_id)
        .outerjoin(acknowledgements, acknowledgements.c.report_id == escalations.c.id)
        .where(among_these(escalations.c.id, ids))
    )


def _last(tx: Tx, ids: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    facts = journal_rows.facts
    newest = (
        select(func.max(facts.c.seq))
        .where(among_these(facts.c.subject, ids))
        .group_by(facts.c.subject)
    )
    query = select(facts.c.subject, facts.c.kind, facts.c.at).where(facts.c.seq.in_(newest))
    return {row["subject"]: (row["kind"], row["at"]) for row in tx.all(query)}


def _waiting(tx: Tx, ids: Sequence[str]) -> dict[str, RowMapping]:
    """The message of each report that goes out next."""
    query = (
        select(deliveries)
        .where(
            among_these(deliveries.c.report_id, ids),
            deliveries.c.state == "pending",
            deliveries.c.due_at.is_not(None),
        )
        .order_by(deliveries.c.due_at.desc())
    )
    return {row["report_id"]: row for row in tx.all(query)}


def _errors(tx: Tx, ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    query = (
        select(deliveries.c.report_id, deliveries.c.error)
        .where(
            among_these(deliveries.c.report_id, ids),
            deliveries.c.error.is_not(None),
            deliveries.c.state.in_(("pending", "failed")),
        )
        .order_by(deliveries.c.id)
    )
    for row in tx.all(query):
        known = found.setdefault(row["report_id"], [])
        if row["error"] not in known:
            known.append(row["error"])
    return found


def _item(
    tx: Tx,
    row: RowMapping,
    how_bad: Burn,
    last: dict[str, tuple[str, datetime]],
    waiting: dict[str, RowMapping],
    errors: dict[str, list[str]],
) -> Item:
    climb = Climb(from_json(row["ladder"]), row["rung"], State(row["state"]), row["due_at"])
    kind, at = last.get(row["id"], ("", None))
    return Item(
        report_id=row["id"],
        client_id=row["client_id"],
        client_name=row["client_name"],
        subject=words_shown(tx, row, row["id"], row["client_id"])["subject"],
        urgency=row["urgency"],
        practice=row["practice"],
        opportunity=row["opportunity"],
        burn=how_bad,
        state=climb.state,
        owner_id=row["in_charge_id"],
        owner_name=row["staff_name"],
        sent_at=row["sent_at"],
        by=row["callback_by"],
        last=kind,
        last_at=at,
        next=next_of(
            climb, waiting.get(row["id"]), row["asked"], row["taken_at"], row["callback_by"]
        ),
        errors=tuple(errors.get(row["id"], ())),
    )


def next_of(
    climb: Climb,
    message: RowMapping | None,
    asked: int,
    taken_at: datetime | None,
    by: datetime | None,
) -> Next:
    """What comes next for a report: a message that is held back or tried again, or the next step of its ladder."""
    if message is not None and (climb.due_at is None or message["due_at"] <= climb.due_at):
        kind = "held" if message["held"] and not message["tries"] else "retry"
        return Next(
            kind,
            message["due_at"],
            staff_id=message["staff_id"],
            channel=message["channel"],
        )
    if climb.state is State.ACKNOWLEDGED and taken_at is not None:
        then = question(climb.ladder, taken_at, by, asked)
        if then is None or climb.due_at is None:
            return Next("")
        # The first question comes when the client counts it, which only the row knows.
        last = then.last or climb.due_at >= deadline_of(climb.ladder, taken_at, by)
        return Next("overdue" if last else "deadline", climb.due_at)
    if climb.state is not State.WAITING:
        return Next("")
    following = climb.following
    if following is None:
        return Next("unclaimed", climb.due_at)
    staff_id = following.told[0].staff_id if following.told else ""
    return Next("rung", climb.due_at, following.kind, staff_id)
