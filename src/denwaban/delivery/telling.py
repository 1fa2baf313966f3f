"""Making the deliveries of a rung: who is told, by which channel, and whether at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from denwaban.delivery import facts
from denwaban.delivery.model import Kind, Target, Told
from denwaban.delivery.plan import PORTAL
from denwaban.delivery.plans import digest_of, quiet_of
from denwaban.delivery.quiet import next_time, quiet_until
from denwaban.delivery.rows import attempts, deliveries
from denwaban.journal import append
from denwaban.reports import Urgency
from denwaban.reports import rows as report_rows
from denwaban.store import Tx, among_these, new_id

IN_THE_INBOX = "ポータルの受信箱に入りました"

QUIET, DIGEST = "quiet", "digest"


@dataclass(frozen=True, slots=True)
class About:
    """What telling needs to know of a report."""

    report_id: str
    client_id: str
    urgency: str


def about(tx: Tx, report_id: str) -> About | None:
    """None when there is no such report."""
    reports = report_rows.reports
    row = tx.first(select(reports.c.client_id, reports.c.urgency).where(reports.c.id == report_id))
    return About(report_id, row["client_id"], row["urgency"]) if row is not None else None


def tell(
    tx: Tx, report: About, rung: int, told: Sequence[Told], *, at_once: bool = False
) -> datetime:
    """Makes a delivery for every channel of everybody told. Returns when the first of them goes out, so that nobody's time
    runs while every message to them is held back (quiet hours, digest); now when there is nothing to send.

    `at_once` holds nothing back. An emergency is never held, a reminder never waits for a digest.
    """
    if not told:
        return tx.now
    # What could not be sent until now would only arrive beside its own reminder.
    again = [one.staff_id for one in told if one.kind is not Kind.FIRST]
    if again:
        cancel(tx, report.report_id, staff_ids=again)
    times = digest_of(tx, report.client_id) if report.urgency == Urgency.NORMAL else ()
    targets = [target for one in told for target in one.targets]
    quiet = {}
    if report.urgency != Urgency.EMERGENCY:
        quiet = quiet_of(tx, {target.contact_id for target in targets})

    def hold(one: Told, target: Target) -> tuple[datetime, str | None]:
        at, why = tx.now, None
        if at_once or target.channel == PORTAL:
            return at, None
        wants_one = target.channel == "webhook"  # programs are told of each report by itself
        if (
            one.kind is Kind.FIRST
            and not wants_one
            and (together := next_time(at, times)) is not None
        ):
            at, why = together, DIGEST
        hours = quiet.get((target.contact_id, report.urgency))
        if hours is not None and (over := quiet_until(at, *hours)) is not None:
            at, why = over, why or QUIET
        return at, why

    made = []
    for one in told:
        for target in one.targets:
            due, held = hold(one, target)
            made.append(_row(tx, report, rung, one, target, due, held))
    if not made:
        return tx.now
    tx.execute(insert(deliveries), made)
    inbox = [one for one in made if one["channel"] == PORTAL]
    if inbox:
        tx.execute(insert(attempts), [_arrived(tx, str(one["id"])) for one in inbox])
        append(
            tx,
            *(
                facts.sent(
                    report.report_id, report.client_id, str(one["id"]), PORTAL, str(one["staff_id"])
                )
                for one in inbox
            ),
        )
    tx.touch("work:deliveries")
    going = [one["due_at"] for one in made if isinstance(one["due_at"], datetime)]
    return min(going, default=tx.now)


def cancel(
    tx: Tx,
    report_id: str,
    staff_ids: Sequence[str] | None = None,
    spared: Sequence[str] = (),
) -> None:
    """Nothing of this report goes out any more (to these people, or to all but the spared). A message that carries other reports too still does."""
    wanted = [deliveries.c.report_id == report_id, deliveries.c.state == "pending"]
    if staff_ids is not None:
        wanted.append(deliveries.c.staff_id.in_(list(staff_ids)))
    if spared:
        wanted.append(deliveries.c.staff_id.not_in(list(spared)))
    gone = {row["id"] for row in tx.all(select(deliveries.c.id).where(*wanted))}
    if not gone:
        return
    # A message that carries other people's reports goes out for them; see attempts.begin.
    carriers = tx.all(
        select(deliveries.c.digest_id, deliveries.c.id).where(
            among_these(deliveries.c.digest_id, gone), deliveries.c.state == "pending"
        )
    )
    gone -= {row["digest_id"] for row in carriers if row["id"] not in gone}
    tx.execute(
        update(deliveries)
        .where(among_these(deliveries.c.id, gone))
        .values(state="cancelled", due_at=None, leased_until=None)
    )


def _row(
    tx: Tx,
    report: About,
    rung: int,
    one: Told,
    target: Target,
    due: datetime,
    held: str | None,
) -> dict[str, object]:
    # For the portal this very commit puts the report into the inbox: nothing is left to do.
    here = target.channel == PORTAL
    return {
        "id": new_id(),
        "report_id": report.report_id,
        "client_id": report.client_id,
        "staff_id": one.staff_id,
        "channel": target.channel,
        "rung": rung,
        "kind": one.kind.value,
        "address": dict(target.address),
        "idempotency_key": f"msg_{new_id()}",
        "state": "sent" if here else "pending",
        "tries": 1 if here else 0,
        "created_at": tx.now,
        "sent_at": tx.now if here else None,
        "due_at": None if here else due,
        "held": held,
    }


def _arrived(tx: Tx, delivery_id: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "delivery_id": delivery_id,
        "number": 1,
        "started_at": tx.now,
        "ended_at": tx.now,
        "result": "sent",
        "detail": IN_THE_INBOX,
    }
