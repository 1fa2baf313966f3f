"""Sending, climbing, acknowledging: what happens in transactions. Talking to the outside is in `duties`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, select, update

from denwaban.delivery import facts
from denwaban.delivery.acknowledgements import Acknowledged, acknowledgement
from denwaban.delivery.confirming import ask_again, confirm, missing, next_asking
from denwaban.delivery.model import (
    Climb,
    Kind,
    Question,
    Rung,
    State,
    Told,
    acknowledged,
    cut_short,
    question,
    start,
    step,
    to_json,
)
from denwaban.delivery.plan import PORTAL
from denwaban.delivery.plans import ladder_for, targets_of
from denwaban.delivery.rows import acknowledgements, deliveries, escalations
from denwaban.delivery.standing import climb_of
from denwaban.delivery.telling import About, about, cancel, tell
from denwaban.journal import append
from denwaban.oncall import deadlines_of, reachable
from denwaban.people import rows as people_rows
from denwaban.people import staff_by_ids
from denwaban.reports import Report, Status, hand_to
from denwaban.reports import report as report_of
from denwaban.store import Tx


class NotTheirs(LookupError):
    """There is no such report, or the person is not on its client's roster."""


def send(tx: Tx, report: Report, acknowledge_minutes: int, also: Sequence[str] = ()) -> None:
    """Freezes the report's ladder and makes its first deliveries due now. Doing it again does nothing.

    The client's own ladder for this urgency, else the usual one with `acknowledge_minutes` between its steps. `also` are
    staff members told beside the one in charge. Call it in the transaction that accepted the report: then an accepted
    report is always on its way.
    """
    if climb_of(tx, report.id) is not None:
        return
    ladder = ladder_for(
        tx, report.client_id, report.draft.urgency, report.in_charge_id, acknowledge_minutes, also
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
    this = About(report.id, report.client_id, report.draft.urgency)
    _begin_rung(tx, this, climb, at_once=report.at_once)


def climb(tx: Tx, report_id: str) -> None:
    """What is due of a report: climbs one rung, records that nobody has taken it, or asks after what was taken."""
    before = climb_of(tx, report_id)
    if before is None:
        return
    if before.state is State.ACKNOWLEDGED:
        _ask(tx, report_id, before)
    else:
        move(tx, report_id, before, step(before, tx.now))


def give_up_person(tx: Tx, report_id: str, rung: int) -> None:
    """Goes on at once when every channel of this rung's people has failed for good; else does nothing.

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
        move(tx, report_id, before, cut_short(before, tx.now))


def hand_on(tx: Tx, report_id: str, staff_id: str) -> bool:
    """This person passes the report to the next one of its ladder, who is told at once. False when it is no longer theirs to
    pass on: taken, or gone on already."""
    before = climb_of(tx, report_id)
    if before is None or before.state is not State.WAITING or before.now_on.staff_id != staff_id:
        return False
    move(tx, report_id, before, cut_short(before, tx.now))
    return True


def acknowledge(tx: Tx, report_id: str, staff_id: str, via: str) -> Acknowledged:
    """This person has taken the report: every other channel and every further step ends. Where all were to confirm, those
    who have not are told on (see `confirming`), and for them this is their confirmation.

    Idempotent: when it is already taken, tells who took it and when (`first` False); of two at once the first to commit
    has it. `via` is link, portal, api, phone or the name of the channel that was answered. Raises `NotTheirs` when there
    is no such report or the person is not on its client's roster, or no longer: what they still hold (a link, a button)
    must not end a ladder with somebody who is not there.
    """
    report = report_of(tx, report_id)
    before = climb_of(tx, report_id)
    if report is None or before is None:
        raise NotTheirs("no such report")
    already = acknowledgement(tx, report_id)
    if already is not None:
        if confirm(tx, report, before, staff_id, via):
            follow(tx, report_id)
        return replace(already, first=False)
    staff = people_rows.staff
    person = tx.first(
        select(staff.c.name).where(
            staff.c.id == staff_id,
            staff.c.client_id == report.client_id,
            staff.c.left_at.is_(None),
        )
    )
    if person is None:
        raise NotTheirs("no such staff member")
    tx.execute(
        insert(acknowledgements).values(
            report_id=report_id, client_id=report.client_id, staff_id=staff_id, via=via, at=tx.now
        )
    )
    confirm(tx, report, before, staff_id, via)
    cancel(tx, report_id, spared=missing(tx, report, before))
    save(tx, report_id, acknowledged(before), asked=0, floor_since=None)
    hand_to(tx, report_id, staff_id)
    append(tx, facts.acknowledged(report_id, report.client_id, staff_id, via))
    follow(tx, report_id)
    return Acknowledged(report_id, report.client_id, staff_id, person["name"], via, tx.now)


def follow(tx: Tx, report_id: str) -> None:
    """After a report was taken or its status has changed: closes it when it is done, else sees that it is asked after.

    Idempotent; does nothing for a report that nobody has taken.
    """
    report, now_at = report_of(tx, report_id), climb_of(tx, report_id)
    taken = acknowledgement(tx, report_id)
    if report is None or now_at is None or taken is None:
        return
    if report.status is Status.DONE:
        if report.recipients:
            cancel(tx, report_id)
        save(tx, report_id, acknowledged(now_at), closed_at=tx.now, floor_since=None)
        return
    then = _question(tx, report, now_at, taken.at, _asked(tx, report_id))
    save(tx, report_id, acknowledged(now_at, _earlier(tx, report, now_at, then)), closed_at=None)


def _ask(tx: Tx, report_id: str, before: Climb) -> None:
    """Reminds whoever took it; when its time has passed, tells the next person of the ladder and the floor too."""
    report, taken = report_of(tx, report_id), acknowledgement(tx, report_id)
    if before.due_at is None or before.due_at > tx.now or report is None or taken is None:
        return
    if report.status is Status.DONE:
        follow(tx, report_id)
        return
    if ask_again(tx, report, before):
        to_the_floor(tx, report_id)
    now = _question(tx, report, before, taken.at, _asked(tx, report_id))
    if now is None or now.at > tx.now:
        save(tx, report_id, acknowledged(before, _earlier(tx, report, before, now)))
        return
    told = [(taken.staff_id, Kind.OVERDUE if now.last else Kind.DEADLINE)]
    if now.last:
        told += [(one, Kind.OVERDUE) for one in others(before, taken.staff_id)[:1]]
    asked = 2 if now.last else 1
    then = _question(tx, report, before, taken.at, asked)
    due_at = _earlier(tx, report, before, then)
    save(tx, report_id, acknowledged(before, due_at), asked=asked)
    if now.last:
        to_the_floor(tx, report_id)
    this = About(report_id, report.client_id, report.draft.urgency)
    tell(tx, this, before.rung, [Told(one, kind, targets_of(tx, one)) for one, kind in told])
    word = facts.overdue if now.last else facts.asked
    append(tx, word(report_id, report.client_id, taken.staff_id))


def _question(tx: Tx, report: Report, at: Climb, taken_at: datetime, asked: int) -> Question | None:
    """The next question, warned before its time as the client counts."""
    by = report.promise_by
    minutes = round(at.ladder.remind_before.total_seconds() / 60)
    warn_at = deadlines_of(tx, report.client_id).before(by, minutes) if by is not None else None
    return question(at.ladder, taken_at, by, asked, warn_at)


def _earlier(tx: Tx, report: Report, at: Climb, then: Question | None) -> datetime | None:
    """When whoever took it is asked, or somebody is told again who has to confirm it."""
    times = (then.at if then is not None else None, next_asking(tx, report, at))
    return min((one for one in times if one is not None), default=None)


def _asked(tx: Tx, report_id: str) -> int:
    return int(tx.scalar(select(escalations.c.asked).where(escalations.c.id == report_id)))


def others(climb: Climb, staff_id: str) -> list[str]:
    """Everybody else of the ladder, those not yet told first."""
    rungs = climb.ladder.rungs
    known = [one.staff_id for rung in (*rungs[climb.rung :], *rungs) for one in rung.told]
    return [one for one in dict.fromkeys(known) if one != staff_id]


def move(tx: Tx, report_id: str, before: Climb, after: Climb) -> None:
    """Records where a report has come to, and does what belongs to it. Rungs of people who have left are passed over."""
    this = about(tx, report_id)
    if this is None:
        return
    if after.rung != before.rung:
        after = _without_the_gone(tx, this, after)
    save(tx, report_id, after)
    if after.state is State.EXHAUSTED and before.state is not State.EXHAUSTED:
        append(tx, facts.unclaimed(report_id, this.client_id, after))
        to_the_floor(tx, report_id)
    if after.rung == before.rung:
        return
    if after.state is State.WAITING:
        _begin_rung(tx, this, after)
    rung = after.now_on
    if rung.kind is Kind.FLOOR:
        return
    hand_to(tx, report_id, rung.staff_id)
    if rung.kind is Kind.HANDED:
        return
    if rung.staff_id != before.now_on.staff_id:
        append(tx, facts.escalated(report_id, this.client_id, after))
    else:
        append(tx, facts.reminded(report_id, this.client_id, after))


def _without_the_gone(tx: Tx, this: About, after: Climb) -> Climb:
    while after.state is State.WAITING and after.now_on.told:
        known = staff_by_ids(tx, [one.staff_id for one in after.now_on.told])
        if any(person.left_at is None for person in known.values()):
            return after
        gone = after.now_on.staff_id
        append(tx, facts.passed_over(this.report_id, this.client_id, gone, "left"))
        after = cut_short(after, tx.now)
    return after


def _begin_rung(tx: Tx, this: About, climb: Climb, *, at_once: bool = False) -> None:
    """Tells whom the rung climbed last is for. Whoever is away or whose messages are held back changes when the next comes."""
    rung = climb.now_on
    if rung.kind is Kind.FLOOR:
        append(tx, facts.nobody_on_duty(this.report_id, this.client_id, climb))
        to_the_floor(tx, this.report_id)
        return
    people = staff_by_ids(tx, [one.staff_id for one in rung.told])
    told = [one for one in rung.told if people[one.staff_id].left_at is None]
    goes = tell(tx, this, climb.rung, told, at_once=at_once)
    following = climb.following
    if climb.due_at is None:
        return
    if goes > tx.now and not (following is not None and following.kind is Kind.FLOOR):
        save(tx, this.report_id, replace(climb, due_at=climb.due_at + (goes - tx.now)))
        return
    # Whom the ladder was frozen for may have gone home since.
    away = climb.rung > 1 and not any(reachable(tx, one.id, tx.now) for one in people.values())
    if away and following is not None and _somebody_else(following, rung):
        append(tx, facts.passed_over(this.report_id, this.client_id, rung.staff_id, "away"))
        save(tx, this.report_id, replace(climb, due_at=tx.now))


def _somebody_else(following: Rung, rung: Rung) -> bool:
    known = {one.staff_id for one in rung.told}
    return any(one.staff_id not in known for one in following.told)


def to_the_floor(tx: Tx, report_id: str) -> None:
    """Our own floor is asked to look after it."""
    tx.execute(
        update(escalations)
        .where(escalations.c.id == report_id, escalations.c.floor_since.is_(None))
        .values(floor_since=tx.now)
    )


def save(tx: Tx, report_id: str, climb: Climb, **more: object) -> None:
    """Keeps where a report has come to."""
    tx.execute(
        update(escalations)
        .where(escalations.c.id == report_id)
        .values(
            rung=climb.rung,
            state=climb.state.value,
            due_at=climb.due_at,
            leased_until=None,
            **more,
        )
    )
    tx.touch("work:escalations")
