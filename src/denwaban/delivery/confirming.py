"""「急ぎは全員確認」: of those whom a rule told at once one has the report, and each of the others confirms for themselves.

Who confirmed stands among what was said about a report. Whoever did not is told again, also after somebody took it.
"""

from datetime import datetime

from sqlalchemy import func, insert, select

from denwaban.delivery.model import Climb, Kind, Told
from denwaban.delivery.plan import PORTAL
from denwaban.delivery.plans import targets_of
from denwaban.delivery.rows import deliveries, report_talk
from denwaban.delivery.standing import climb_of
from denwaban.delivery.telling import About, cancel, tell
from denwaban.people import staff_by_ids
from denwaban.reports import Report, Status
from denwaban.reports import report as report_of
from denwaban.store import Tx, new_id

CONFIRMED = "confirmed"

MOST_ASKED = 3
"""So often somebody is told again; then our own floor sees that they have not confirmed."""


def missing(tx: Tx, report: Report, climb: Climb) -> list[str]:
    """Who must confirm and has not; nobody when the report was not told to all by a rule, and nobody who has left."""
    if not report.recipients or report.status is Status.DONE:
        return []
    wanted = dict.fromkeys(one.staff_id for one in climb.ladder.rungs[0].told)
    done = select(report_talk.c.staff_id).where(
        report_talk.c.report_id == report.id, report_talk.c.kind == CONFIRMED
    )
    known = {row["staff_id"] for row in tx.all(done)}
    people = staff_by_ids(tx, [one for one in wanted if one not in known])
    return [one for one in wanted if one in people and people[one].left_at is None]


def has_to_confirm(tx: Tx, report_id: str, staff_id: str) -> bool:
    """Whether this person is among those who must confirm a report and has not."""
    report, climb = report_of(tx, report_id), climb_of(tx, report_id)
    return report is not None and climb is not None and staff_id in missing(tx, report, climb)


def confirm(tx: Tx, report: Report, climb: Climb, staff_id: str, via: str) -> bool:
    """This person has seen it and is told no more. False, and nothing done, for whoever need not, or has."""
    if staff_id not in missing(tx, report, climb):
        return False
    tx.execute(
        insert(report_talk).values(
            id=new_id(), report_id=report.id, client_id=report.client_id, kind=CONFIRMED,
            staff_id=staff_id, via=via, text="", at=tx.now,
        )
    )  # fmt: skip
    cancel(tx, report.id, staff_ids=[staff_id])
    return True


def next_asking(tx: Tx, report: Report, climb: Climb) -> datetime | None:
    """When somebody is to be told again; None when nobody is, or all were told often enough."""
    times = [at for _one, at, more in _waiting(tx, report, climb) if more]
    return min(times, default=None)


def ask_again(tx: Tx, report: Report, climb: Climb) -> bool:
    """Tells those again whose time has come. Whether somebody has been told often enough: the floor should see it."""
    due = [(one, more) for one, at, more in _waiting(tx, report, climb) if at <= tx.now]
    again = [Told(one, Kind.CONFIRM, targets_of(tx, one)) for one, more in due if more]
    if again:
        tell(tx, About(report.id, report.client_id, report.draft.urgency), climb.rung, again)
    return any(more <= 1 for _one, more in due)


def _waiting(tx: Tx, report: Report, climb: Climb) -> list[tuple[str, datetime, int]]:
    """(person, when they are to be told again, how often they may still be)."""
    ids = missing(tx, report, climb)
    if not ids:
        return []
    # Each telling puts it into the inbox once, whatever other channels a person has.
    query = (
        select(
            deliveries.c.staff_id,
            func.max(deliveries.c.created_at).label("last"),
            func.count().label("told"),
        )
        .where(
            deliveries.c.report_id == report.id,
            deliveries.c.staff_id.in_(ids),
            deliveries.c.channel == PORTAL,
        )
        .group_by(deliveries.c.staff_id)
    )
    wait = climb.ladder.last_wait
    return [
        (row["staff_id"], row["last"] + wait, max(0, MOST_ASKED + 1 - row["told"]))
        for row in tx.all(query)
    ]
