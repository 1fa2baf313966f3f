"""Reading what a summary is made of: by the indexes of one client's calls, reports and promises."""

from datetime import timedelta

from sqlalchemy import RowMapping, select

from denwaban.calls import Direction, Outcome, caller_in
from denwaban.calls.rows import calls
from denwaban.care import NO_CALLS, HandlingBy, handling
from denwaban.people.rows import clients
from denwaban.promises import kept_share
from denwaban.reports import Words, form_of, mask_cards, words_shown
from denwaban.reports.rows import reports
from denwaban.store import Tx
from denwaban.summaries.figures import Rang, Read, Told
from denwaban.summaries.model import Period
from denwaban.vault import UNOPENED

_BRANCH = "分岐"
"""The label under which a report tells the branches that were chosen."""

_AFTER = timedelta(days=2)
"""A report of a call comes at the latest so long after the period, where the time of the call is not asked."""

_CALLS = (
    calls.c.id,
    calls.c.arrived_at,
    calls.c.caller,
    calls.c.number,
    calls.c.dialled,
    calls.c.outcome,
    calls.c.answered_at,
    calls.c.ended_at,
    calls.c.wait_ms,
    calls.c.practice,
)
_REPORTS = (
    reports.c.id,
    reports.c.call_id,
    reports.c.sealed,
    reports.c.subject,
    reports.c.what_for,
    reports.c.answers,
    reports.c.status,
    reports.c.callback_needed,
    reports.c.callback_by,
    reports.c.sent_at,
    reports.c.call_ended_at,
    reports.c.urgency,
    reports.c.opportunity,
)


def read(tx: Tx, client_id: str, period: Period) -> Read:
    """Everything that came in for the client in these days, as it is now. Raises `LookupError` for no such client."""
    client = tx.first(select(clients.c.name).where(clients.c.id == client_id))
    if client is None:
        raise LookupError("no such client")
    rang = tx.all(
        select(*_CALLS).where(
            calls.c.client_id == client_id,
            calls.c.arrived_at >= period.since,
            calls.c.arrived_at < period.until,
            calls.c.direction == Direction.INBOUND,
        )
    )
    told = {
        row["call_id"]: _told(row, words_shown(tx, row, row["id"], client_id))
        for row in tx.all(
            select(*_REPORTS).where(
                reports.c.client_id == client_id,
                reports.c.call_id.is_not(None),
                reports.c.sent_at >= period.since,
                reports.c.sent_at < period.until + _AFTER,
            )
        )
    }
    handled = handling(tx, period.since, period.until, HandlingBy.CLIENT, client_id)
    return Read(
        client["name"],
        period,
        [
            Rang(
                at=row["arrived_at"],
                number=caller_in(tx, client_id, row["id"], row["caller"], row["number"]),
                dialled=row["dialled"],
                outcome=Outcome(row["outcome"]) if row["outcome"] else None,
                answered_at=row["answered_at"],
                ended_at=row["ended_at"],
                wait_ms=row["wait_ms"],
                practice=row["practice"],
                report=told.get(row["id"]),
            )
            for row in rang
        ],
        kept_share(tx, client_id, period.since, period.until),
        tuple(field.key for field in form_of(tx, client_id).form.fields if field.secret),
        handled.get(client_id, NO_CALLS),
    )


def still_open(tx: Tx, client_id: str, period: Period) -> bool:
    """Whether a call of these days goes on: its figures are not there yet."""
    found = tx.first(
        select(calls.c.id)
        .where(
            calls.c.ended_at.is_(None),
            calls.c.client_id == client_id,
            calls.c.arrived_at >= period.since,
            calls.c.arrived_at < period.until,
        )
        .limit(1)
    )
    return found is not None


def _told(row: RowMapping, words: Words) -> Told:
    branch = next((text for label, text in words["answers"] if label == _BRANCH and text), "")
    return Told(
        id=row["id"],
        subject=mask_cards(words["subject"]),
        # What cannot be opened is no matter that many called about.
        what_for=mask_cards(words["what_for"]) if words["what_for"] != UNOPENED else "",
        topic=mask_cards(branch.split(" → ")[0].strip()),
        status=row["status"],
        callback_by=row["callback_by"] if row["callback_needed"] else None,
        sent_at=row["sent_at"],
        call_ended_at=row["call_ended_at"],
        urgency=row["urgency"],
        opportunity=row["opportunity"],
    )
