"""Sending, climbing, acknowledging: what happens in transactions. Talking to the outside is in `duties`."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert, select, update

from denwaban.delivery import facts
from denwaban.delivery.model import (
    Climb,
    Kind,
    Rung,
    State,
    Target,
    acknowledged,
    build,
    cut_short,
    start,
    step,
    to_json,
)
from denwaban.delivery.queries import Acknowledged, acknowledgement, climb_of
from denwaban.delivery.rows import acknowledgements, attempts, deliveries, escalations
from denwaban.journal import append
from denwaban.oncall import contacts_of, reachable, substitute_of
from denwaban.people import rows as people_rows
from denwaban.people import staff_of
from denwaban.reports import Report, hand_to
from denwaban.reports import report as report_of
from denwaban.store import Tx, new_id

PORTAL = "portal"
"""The one channel that needs no sending and no contact."""

IN_THE_INBOX = "ポータルの受信箱に入りました"


class NotTheirs(LookupError):
    """There is no such report, or the person is not on its client's roster."""


def send(tx: Tx, report: Report, acknowledge_minutes: int) -> None:
    """Freezes the report's ladder and makes its first deliveries due now. Doing it again does nothing.

    Call it in the transaction that accepted the report: then an accepted report is always on its way.
    """
    if climb_of(tx, report.id) is not None:
        return
    roster = {person.id: person for person in staff_of(tx, report.client_id)}
    other = substitute_of(tx, report.in_charge_id, tx.now)
    first = roster.get(report.in_charge_id)
    ladder = build(
        report.in_charge_id,
        _targets(tx, report.in_charge_id),
        other.id if other is not None else None,
        _targets(tx, other.id) if other is not None else (),
        timedelta(minutes=acknowledge_minutes),
        first_is_away=first is not None and not reachable(first, tx.now),
    )
    climb = start(ladder, tx.now)
    tx.execute(
        insert(escalations).values(
            id=report.id,
            client_id=report.client_id,
            ladder=to_json(ladder),
            rung=climb.rung,
            state=climb.state.value,
            due_at=climb.due_at,
        )
    )
    tx.touch("work:escalations")
    _tell(tx, report.id, report.client_id, climb)


def climb(tx: Tx, report_id: str) -> None:
    """Climbs one rung if it is due: tells the next person, or records that nobody has taken it."""
    before = climb_of(tx, report_id)
    if before is None:
        return
    _move(tx, report_id, before, step(before, tx.now))


def give_up_person(tx: Tx, report_id: str, rung: int) -> None:
    """Goes on at once when every channel of this rung's person has failed for good; else does nothing.

    The portal does not count: it reaches only who looks.
    """
    before = climb_of(tx, report_id)
    if before is None or before.rung != rung or before.state is not State.WAITING:
        return
    states = [
        row["state"]
        for row in tx.all(
            select(deliveries.c.state).where(
                deliveries.c.report_id == report_id,
                deliveries.c.rung == rung,
                deliveries.c.channel != PORTAL,
            )
        )
    ]
    if states and all(state == "failed" for state in states):
        _move(tx, report_id, before, cut_short(before, tx.now))


def acknowledge(tx: Tx, report_id: str, staff_id: str, via: str) -> Acknowledged:
    """This person has taken the report: every other channel and every further step ends.

    Idempotent: when it is already taken, tells who took it and when (`first` False). `via` is link, portal or api.
    Raises `NotTheirs` when there is no such report or the person is not on its client's roster.
    """
    report = report_of(tx, report_id)
    before = climb_of(tx, report_id)
    if report is None or before is None:
        raise NotTheirs("no such report")
    already = acknowledgement(tx, report_id)
    if already is not None:
        return replace(already, first=False)
    staff = people_rows.staff
    person = tx.first(
        select(staff.c.name).where(staff.c.id == staff_id, staff.c.client_id == report.client_id)
    )
    if person is None:
        raise NotTheirs("no such staff member")
    tx.execute(
        insert(acknowledgements).values(
            report_id=report_id, client_id=report.client_id, staff_id=staff_id, via=via, at=tx.now
        )
    )
    _move(tx, report_id, before, acknowledged(before))
    tx.execute(
        update(deliveries)
        .where(deliveries.c.report_id == report_id, deliveries.c.state == "pending")
        .values(state="cancelled", due_at=None)
    )
    hand_to(tx, report_id, staff_id)
    append(tx, facts.acknowledged(report_id, report.client_id, staff_id, via))
    return Acknowledged(report_id, report.client_id, staff_id, person["name"], via, tx.now)


def _targets(tx: Tx, staff_id: str) -> tuple[Target, ...]:
    """All channels of a person; the portal needs no contact."""
    own = tuple(Target(contact.channel, contact.address) for contact in contacts_of(tx, staff_id))
    return (*own, Target(PORTAL, {}))


def _move(tx: Tx, report_id: str, before: Climb, after: Climb) -> None:
    """Records where a report has come to, and does what belongs to it."""
    client_id = str(tx.scalar(select(escalations.c.client_id).where(escalations.c.id == report_id)))
    tx.execute(
        update(escalations)
        .where(escalations.c.id == report_id)
        .values(rung=after.rung, state=after.state.value, due_at=after.due_at, leased_until=None)
    )
    tx.touch("work:escalations")
    if after.state is State.EXHAUSTED and before.state is not State.EXHAUSTED:
        append(tx, facts.unclaimed(report_id, client_id, after))
    if after.rung == before.rung:
        return
    _tell(tx, report_id, client_id, after)
    if after.now_on.staff_id != before.now_on.staff_id:
        hand_to(tx, report_id, after.now_on.staff_id)
        append(tx, facts.escalated(report_id, client_id, after))
    else:
        append(tx, facts.reminded(report_id, client_id, after))


def _tell(tx: Tx, report_id: str, client_id: str, climb: Climb) -> None:
    """Makes a delivery for every channel of the rung climbed last."""
    rung: Rung = climb.now_on
    if rung.kind is Kind.REMINDER:
        # What could not be sent until now would only arrive beside its own reminder.
        tx.execute(
            update(deliveries)
            .where(
                deliveries.c.report_id == report_id,
                deliveries.c.staff_id == rung.staff_id,
                deliveries.c.state == "pending",
            )
            .values(state="cancelled", due_at=None)
        )
    made = [
        {
            "id": new_id(),
            "report_id": report_id,
            "client_id": client_id,
            "staff_id": rung.staff_id,
            "channel": target.channel,
            "rung": climb.rung,
            "kind": rung.kind.value,
            "address": dict(target.address),
            "idempotency_key": f"msg_{new_id()}",
            "state": "pending",
            "tries": 0,
            "created_at": tx.now,
            "sent_at": None,
            "due_at": tx.now,
        }
        for target in rung.targets
    ]
    for one in made:
        if one["channel"] == PORTAL:
            # This very commit puts the report into the inbox: nothing is left to do.
            one.update(state="sent", tries=1, sent_at=tx.now, due_at=None)
            append(tx, facts.sent(report_id, client_id, str(one["id"]), PORTAL, rung.staff_id))
    tx.execute(insert(deliveries), made)
    tx.execute(
        insert(attempts),
        [
            {
                "id": new_id(),
                "delivery_id": one["id"],
                "number": 1,
                "started_at": tx.now,
                "ended_at": tx.now,
                "result": "sent",
                "detail": IN_THE_INBOX,
            }
            for one in made
            if one["channel"] == PORTAL
        ],
    )
    tx.touch("work:deliveries")
