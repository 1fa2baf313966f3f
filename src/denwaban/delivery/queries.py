"""Reading deliveries and attempts, and reports that nobody has taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, select

from denwaban.delivery.model import Kind, State
from denwaban.delivery.rows import attempts, deliveries, delivery_receipts, escalations
from denwaban.oncall import shown_address
from denwaban.people import rows as people_rows
from denwaban.reports import rows as report_rows
from denwaban.reports import words_shown
from denwaban.store import Tx, among_these
from denwaban.vault import learn_keys


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `ended_at` None: it is under way, or the sender died in the middle."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    result: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One person told once by one channel. `shown` is the address without secrets."""

    id: str
    report_id: str
    client_id: str
    staff_id: str
    staff_name: str
    channel: str
    kind: Kind
    rung: int
    shown: str
    state: str
    """pending | sent | failed | cancelled"""
    tries: int
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    error: str | None
    idempotency_key: str
    held: str
    """quiet | digest: why it waits for `next_at`; empty when it goes at once."""
    delivered_at: datetime | None
    """When its service told that it has arrived; None when it has not said so, or says so never."""
    read_at: datetime | None
    """When we learned that it was read."""
    told_at: datetime | None
    """When its service last told something new of it."""
    address: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A report that somebody should look at, for supervisors."""

    report_id: str
    client_id: str
    client_name: str
    staff_name: str
    subject: str
    sent_at: datetime
    state: State
    reasons: tuple[str, ...]


def delivery(tx: Tx, delivery_id: str) -> Delivery | None:
    """The delivery of this id."""
    row = tx.first(_deliveries().where(deliveries.c.id == delivery_id))
    return _delivery(row) if row is not None else None


def deliveries_of(tx: Tx, report_id: str) -> list[Delivery]:
    """Everybody who was told of a report, in order."""
    query = _deliveries().where(deliveries.c.report_id == report_id).order_by(deliveries.c.id)
    return [_delivery(row) for row in tx.all(query)]


def some_deliveries(
    tx: Tx,
    client_id: str | None,
    *,
    report_id: str | None = None,
    state: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Deliveries, newest first; of one client, or of all when `client_id` is None."""
    query = _deliveries().order_by(deliveries.c.id.desc()).limit(limit)
    if client_id is not None:
        query = query.where(deliveries.c.client_id == client_id)
    if report_id is not None:
        query = query.where(deliveries.c.report_id == report_id)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    return [_delivery(row) for row in tx.all(query)]


def attempts_of(tx: Tx, delivery_id: str) -> list[Attempt]:
    """Every try of a delivery, in order."""
    return [
        Attempt(row["number"], row["started_at"], row["ended_at"], row["result"], row["detail"])
        for row in tx.all(
            select(attempts)
            .where(attempts.c.delivery_id == delivery_id)
            .order_by(attempts.c.number)
        )
    ]


def untaken(tx: Tx, client_id: str, limit: int = 200) -> list[str]:
    """Ids of this client's reports that nobody has taken: emergencies first, then the oldest."""
    reports = report_rows.reports
    query = (
        select(escalations.c.id)
        .join(reports, reports.c.id == escalations.c.id)
        .where(
            escalations.c.client_id == client_id,
            escalations.c.state.in_((State.WAITING.value, State.EXHAUSTED.value)),
        )
        .order_by(reports.c.urgency != "emergency", escalations.c.id)
        .limit(limit)
    )
    return [row["id"] for row in tx.all(query)]


def troubles(tx: Tx, client_id: str | None = None, limit: int = 200) -> list[Trouble]:
    """Reports that nobody has taken, longest waiting first, with what went wrong on the way.

    Practice reports are among them: somebody is practising this very thing.
    """
    reports, staff, clients = report_rows.reports, people_rows.staff, people_rows.clients
    query = (
        select(
            escalations.c.id,
            escalations.c.client_id,
            escalations.c.state,
            clients.c.name.label("client_name"),
            staff.c.name.label("staff_name"),
            reports.c.subject,
            reports.c.sealed,
            reports.c.sent_at,
        )
        .join(reports, reports.c.id == escalations.c.id)
        .join(staff, staff.c.id == reports.c.in_charge_id)
        .join(clients, clients.c.id == escalations.c.client_id)
        .where(escalations.c.state.in_((State.WAITING.value, State.EXHAUSTED.value)))
        .order_by(escalations.c.id)
        .limit(limit)
    )
    if client_id is not None:
        query = query.where(escalations.c.client_id == client_id)
    found = tx.all(query)
    learn_keys(tx, ((row["client_id"], row["sealed"]) for row in found))
    reasons: dict[str, list[str]] = {row["id"]: [] for row in found}
    if found:
        bad = (
            select(deliveries.c.report_id, deliveries.c.error)
            .where(
                among_these(deliveries.c.report_id, reasons),
                deliveries.c.error.is_not(None),
                deliveries.c.state != "sent",
            )
            .order_by(deliveries.c.id)
        )
        for row in tx.all(bad):
            if row["error"] not in reasons[row["report_id"]]:
                reasons[row["report_id"]].append(row["error"])
    return [
        Trouble(
            row["id"],
            row["client_id"],
            row["client_name"],
            row["staff_name"],
            words_shown(tx, row, row["id"], row["client_id"])["subject"],
            row["sent_at"],
            State(row["state"]),
            tuple(reasons[row["id"]]),
        )
        for row in found
    ]


def _deliveries() -> Select[Any]:
    staff = people_rows.staff
    receipts = delivery_receipts
    return (
        select(
            deliveries,
            staff.c.name.label("staff_name"),
            receipts.c.delivered_at,
            receipts.c.read_at,
            receipts.c.updated_at.label("told_at"),
        )
        .join(staff, staff.c.id == deliveries.c.staff_id)
        .outerjoin(receipts, receipts.c.delivery_id == deliveries.c.id)
    )


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        report_id=row["report_id"],
        client_id=row["client_id"],
        staff_id=row["staff_id"],
        staff_name=row["staff_name"],
        channel=row["channel"],
        kind=Kind(row["kind"]),
        rung=row["rung"],
        shown=shown_address(row["channel"], row["address"]),
        state=row["state"],
        tries=row["tries"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        next_at=row["due_at"],
        error=row["error"],
        idempotency_key=row["idempotency_key"],
        held=row["held"] or "",
        delivered_at=row["delivered_at"],
        read_at=row["read_at"],
        told_at=row["told_at"],
        address=row["address"],
    )
