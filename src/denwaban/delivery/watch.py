"""What happens elsewhere and matters to reports on their way: people who leave, reports that are done."""

from sqlalchemy import select

from denwaban.delivery.acts import follow
from denwaban.delivery.handing import gone
from denwaban.delivery.model import State
from denwaban.delivery.rows import escalations
from denwaban.journal import Fact, Journal, attend
from denwaban.people import rows as people_rows
from denwaban.reports import Status
from denwaban.reports import rows as report_rows
from denwaban.store import Store, Tx

LEAVING = frozenset({"left_at", "presence", "presence_until"})


class Watch:
    """Follows the journal. What happened while no program ran is looked for at the start; doing it twice does no harm, so any
    number of programs may watch."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def run(self) -> None:
        """Watches until cancelled."""
        await attend(self._store, self._journal, catch_up, self._heard)

    async def _heard(self, fact: Fact) -> None:
        if fact.kind == "report.status_changed":
            await self._store.write(lambda tx: follow(tx, fact.subject))
        elif fact.kind == "staff.changed" and LEAVING & set(fact.data.get("fields", ())):
            await self._store.write(lambda tx: gone(tx, fact.subject))


def catch_up(tx: Tx) -> None:
    """Reports of people who have left, and those done meanwhile."""
    reports, staff = report_rows.reports, people_rows.staff
    is_open = escalations.c.closed_at.is_(None)
    left = tx.all(
        select(reports.c.in_charge_id)
        .distinct()
        .join(escalations, escalations.c.id == reports.c.id)
        .join(staff, staff.c.id == reports.c.in_charge_id)
        .where(is_open, staff.c.left_at.is_not(None))
    )
    for row in left:
        gone(tx, row["in_charge_id"])
    done = tx.all(
        select(escalations.c.id)
        .join(reports, reports.c.id == escalations.c.id)
        .where(
            is_open,
            escalations.c.state == State.ACKNOWLEDGED.value,
            reports.c.status == Status.DONE.value,
        )
    )
    for row in done:
        follow(tx, row["id"])
