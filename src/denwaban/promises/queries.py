"""Questions about promises that reach into the tables of reports and staff."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select

from denwaban.people.rows import staff
from denwaban.promises.model import Kept, PersonKept, tally
from denwaban.promises.rows import promises
from denwaban.reports.rows import reports
from denwaban.store import Tx


def kept_share(tx: Tx, client_id: str, since: datetime, until: datetime) -> Kept:
    """How this client's promises went that were due from `since` until before `until`, as of now.

    Promises of practice calls, those without a time and those still open whose time is to come count in none.
    """
    found = _due(tx, client_id, since, until)
    return tally([times for _, _, times in found], tx.now)


def kept_by_person(tx: Tx, client_id: str, since: datetime, until: datetime) -> list[PersonKept]:
    """The same for each person who is in charge of such a promise's report now, by kana; nobody with nothing due. The sums are
    those of `kept_share`."""
    people: dict[tuple[str, str], list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for person, name, times in _due(tx, client_id, since, until):
        people[person, name].append(times)
    counted = [
        PersonKept(person, name, tally(times, tx.now)) for (person, name), times in people.items()
    ]
    return [one for one in counted if one.kept.due]


def _due(
    tx: Tx, client_id: str, since: datetime, until: datetime
) -> list[tuple[str, str, tuple[datetime, datetime | None]]]:
    """(staff id, name, (by, kept at)) of promises due in [since, until), by kana."""
    query = (
        select(reports.c.in_charge_id, staff.c.name, promises.c.by, promises.c.kept_at)
        .join(reports, reports.c.id == promises.c.report_id)
        .join(staff, staff.c.id == reports.c.in_charge_id)
        .where(
            promises.c.client_id == client_id,
            promises.c.by >= since,
            promises.c.by < until,
            reports.c.practice.is_(False),
        )
        .order_by(staff.c.kana, staff.c.id)
    )
    return [
        (row["in_charge_id"], row["name"], (row["by"], row["kept_at"])) for row in tx.all(query)
    ]
