"""Taking what callers said out of reports, when their time is over or the caller asks for it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update

from denwaban.reports.rows import report_statuses, reports
from denwaban.reports.sealing import BARE, ERASED, has_number
from denwaban.store import Tx, among_these


def erase_reports(tx: Tx, report_ids: Sequence[str]) -> int:
    """Takes names, numbers and texts out of these reports, for good. When they were sent, by whom, to whom and how they
    ended stays: figures do not change. How many there were that had not been erased."""
    found = tx.execute(
        update(reports)
        .where(among_these(reports.c.id, report_ids), reports.c.erased_at.is_(None))
        .values(
            **{**BARE, "subject": ERASED},
            sealed=None,
            number_blind=None,
            confirmed=[],
            erased_at=tx.now,
        )
    ).rowcount
    tx.execute(
        update(report_statuses)
        .where(among_these(report_statuses.c.report_id, report_ids))
        .values(note="")
    )
    return found


def reports_before(
    tx: Tx, client_id: str, before: datetime, after: str, limit: int
) -> list[tuple[str, str | None]]:
    """(report, its call) of a client that were sent before then and have not been erased, behind the id `after`, in order."""
    rows = tx.all(
        select(reports.c.id, reports.c.call_id)
        .where(
            reports.c.client_id == client_id,
            reports.c.sent_at < before,
            reports.c.erased_at.is_(None),
            reports.c.id > after,
        )
        .order_by(reports.c.id)
        .limit(limit)
    )
    return [(row["id"], row["call_id"]) for row in rows]


def reports_of_numbers(tx: Tx, client_id: str, numbers: Sequence[str]) -> list[str]:
    """Ids of the reports in which one of these numbers stands, oldest first."""
    mine = has_number(tx, client_id, list(numbers))
    rows = tx.all(select(reports.c.id).where(mine).order_by(reports.c.id))
    return [row["id"] for row in rows]


def calls_of_reports(tx: Tx, report_ids: Collection[str]) -> dict[str, str | None]:
    """The calls of these reports, by report."""
    wanted = select(reports.c.id, reports.c.call_id).where(among_these(reports.c.id, report_ids))
    return {row["id"]: row["call_id"] for row in tx.all(wanted)}


def reports_of_calls(tx: Tx, call_ids: Collection[str]) -> list[str]:
    """Ids of the reports of these calls."""
    rows = tx.all(select(reports.c.id).where(among_these(reports.c.call_id, call_ids)))
    return [row["id"] for row in rows]
