"""The work: making attempts that are due, and climbing ladders that are due."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import RowMapping, insert, select, update

from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.delivery import facts
from denwaban.delivery.acts import climb, give_up_person
from denwaban.delivery.channels import Channels
from denwaban.delivery.links import make_link
from denwaban.delivery.message import Message, data_of, lines_of, subject_for
from denwaban.delivery.model import (
    Failed,
    Kind,
    NotSetUp,
    Outcome,
    Retry,
    Sent,
    wait_after,
)
from denwaban.delivery.rows import attempts, deliveries, escalations
from denwaban.journal import append
from denwaban.people import rows as people_rows
from denwaban.reports import Report
from denwaban.reports import report as report_of
from denwaban.store import Store, Tx, new_id
from denwaban.work import Duty

log = structlog.get_logger(__name__)

DELIVERIES = Counter(
    "denwaban_deliveries_total", "Attempts to tell somebody of a report", ["channel", "result"]
)
SECONDS = Histogram(
    "denwaban_report_seconds",
    "Seconds from the end of the call to the first message that was accepted",
    ["channel"],
    buckets=(1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1800, 3600),
)

SLOW = 120.0
"""Seconds from the end of a call to its message after which we say so in the log [C6]."""

LEASE = timedelta(seconds=90)
"""Longer than any channel's attempt, so that nobody else begins while one is under way."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An attempt that is written down and may now be made."""

    attempt_id: str
    delivery_id: str
    channel: str
    message: Message
    call_ended_at: datetime | None


def duties(
    store: Store,
    clock: Clock,
    settings: Settings,
    channels: Channels,
    chance: Callable[[], float] = random.random,
) -> list[Duty]:
    """The duties of this slice. `chance` spreads retries over time."""
    url = settings.url

    async def deliver(delivery_id: str) -> None:
        ready = await store.write(lambda tx: begin(tx, delivery_id, url))
        if ready is None:
            return
        outcome = await channels[ready.channel].send(ready.message)
        await store.write(lambda tx: record(tx, ready, outcome, chance()))
        _measure(ready, outcome, clock.now())

    async def escalate(report_id: str) -> None:
        await store.write(lambda tx: climb(tx, report_id))

    return [
        Duty("delivery", deliveries, deliver, lease=LEASE, at_once=16),
        Duty("escalation", escalations, escalate),
    ]


def begin(tx: Tx, delivery_id: str, url: str) -> Ready | None:
    """Writes the attempt down before it is made; None when there is nothing left to do."""
    row = tx.first(select(deliveries).where(deliveries.c.id == delivery_id))
    if row is None:
        return None
    report = report_of(tx, row["report_id"])
    if row["state"] != "pending" or report is None:
        # Taken meanwhile, or another worker was quicker after a lease ran out.
        tx.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id)
            .values(due_at=None, leased_until=None)
        )
        return None
    if row["tries"]:
        tx.execute(
            update(attempts)
            .where(attempts.c.delivery_id == delivery_id, attempts.c.ended_at.is_(None))
            .values(detail="送信の途中で中断しました。もう一度送ります。")
        )
    attempt_id = new_id()
    tx.execute(
        insert(attempts).values(
            id=attempt_id,
            delivery_id=delivery_id,
            number=row["tries"] + 1,
            started_at=tx.now,
            detail="",
        )
    )
    tx.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(tries=deliveries.c.tries + 1)
    )
    token = make_link(tx, report.id, row["staff_id"], delivery_id)
    message = _message(tx, report, row, f"{url}/a/{token}")
    return Ready(attempt_id, delivery_id, row["channel"], message, report.call_ended_at)


def record(tx: Tx, ready: Ready, outcome: Outcome, chance: float) -> None:
    """What came of an attempt. A late answer of a sender that was thought dead only adds what is true."""
    row = tx.first(select(deliveries).where(deliveries.c.id == ready.delivery_id))
    if row is None:
        return
    result, detail = outcome_words(outcome)
    tx.execute(
        update(attempts)
        .where(attempts.c.id == ready.attempt_id)
        .values(ended_at=tx.now, result=result, detail=detail)
    )
    about = (row["report_id"], row["client_id"], row["id"], row["channel"], row["staff_id"])
    if isinstance(outcome, Sent):
        if row["state"] != "sent":
            _set(tx, row["id"], state="sent", sent_at=tx.now, due_at=None, error=None)
            append(tx, facts.sent(*about))
        return
    if row["state"] != "pending":
        _set(tx, row["id"], due_at=None)
        return
    if isinstance(outcome, NotSetUp):
        _set(tx, row["id"], state="cancelled", due_at=None, error=detail)
        return
    wait = None
    if isinstance(outcome, Retry):
        wait = wait_after(row["tries"], outcome.after, chance)
        if wait is None:
            detail = f"何度送っても届きませんでした。最後の理由: {detail}"
    if wait is not None:
        _set(tx, row["id"], due_at=tx.now + wait, error=detail)
        tx.touch("work:deliveries")
        return
    _set(tx, row["id"], state="failed", due_at=None, error=detail)
    append(tx, facts.failed(*about))
    give_up_person(tx, row["report_id"], row["rung"])


def _set(tx: Tx, delivery_id: str, **values: object) -> None:
    tx.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(leased_until=None, **values)
    )


def outcome_words(outcome: Outcome) -> tuple[str, str]:
    """(sent | retry | failed | not_set_up, a sentence without the address)."""
    if isinstance(outcome, Sent):
        return "sent", outcome.detail
    if isinstance(outcome, Retry):
        return "retry", outcome.why
    return "failed" if isinstance(outcome, Failed) else "not_set_up", outcome.why


def _message(tx: Tx, report: Report, row: RowMapping, link: str) -> Message:
    staff, clients = people_rows.staff, people_rows.clients
    names = tx.first(
        select(staff.c.name.label("staff_name"), clients.c.name.label("client_name"))
        .join(clients, clients.c.id == staff.c.client_id)
        .where(staff.c.id == row["staff_id"])
    )
    assert names is not None  # a foreign key
    kind = Kind(row["kind"])
    return Message(
        key=row["idempotency_key"],
        report_id=report.id,
        client_id=report.client_id,
        client_name=names["client_name"],
        staff_id=row["staff_id"],
        staff_name=names["staff_name"],
        kind=kind,
        subject=subject_for(report, kind),
        lines=lines_of(report),
        link=link,
        address=dict(row["address"]),
        at=tx.now,
        data=data_of(report, kind),
    )


def _measure(ready: Ready, outcome: Outcome, now: datetime) -> None:
    DELIVERIES.labels(ready.channel, outcome_words(outcome)[0]).inc()
    if not isinstance(outcome, Sent) or ready.call_ended_at is None:
        return
    if ready.message.kind is Kind.FIRST:
        seconds = (now - ready.call_ended_at).total_seconds()
        SECONDS.labels(ready.channel).observe(seconds)
        if seconds > SLOW:
            log.warning("delivery.slow", report=ready.message.report_id, seconds=round(seconds))
