"""Questions about what is kept that reach into the tables of calls, scripts, care and reports."""

from datetime import datetime

from sqlalchemy import or_, select

from denwaban.calls.rows import calls
from denwaban.care.rows import abuse_cases, abuse_events
from denwaban.reports.rows import reports
from denwaban.scripts.rows import answers, runs
from denwaban.store import Tx


def unreported_before(
    tx: Tx, client_id: str, before: datetime, after: str, limit: int
) -> list[str]:
    """Ids of a client's calls that began before then, are over and never got a report, but of which answers or words about
    abuse are kept, behind the id `after`, in order."""
    answered = select(answers.c.run_id).join(runs, runs.c.id == answers.c.run_id)
    worded = select(abuse_events.c.id).join(abuse_cases, abuse_cases.c.id == abuse_events.c.case_id)
    rows = tx.all(
        select(calls.c.id)
        .where(
            calls.c.client_id == client_id,
            calls.c.arrived_at < before,
            calls.c.ended_at.is_not(None),
            calls.c.id > after,
            ~select(reports.c.id).where(reports.c.call_id == calls.c.id).exists(),
            or_(
                answered.where(runs.c.call_id == calls.c.id).exists(),
                worded.where(
                    abuse_cases.c.call_id == calls.c.id, abuse_events.c.words != ""
                ).exists(),
            ),
        )
        .order_by(calls.c.id)
        .limit(limit)
    )
    return [row["id"] for row in rows]
