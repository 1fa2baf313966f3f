"""What the rules say of a report that was sent before, as if it came now."""

from denwaban.calls import call
from denwaban.people import caller_of
from denwaban.reports.model import Report
from denwaban.reports.rules import Case
from denwaban.store import Tx

_WAY = "分岐"
"""The label under which a report tells the branches that were chosen."""


def case_of_report(tx: Tx, report: Report) -> Case:
    """The case that a sent report was, with the caller as they are known now."""
    draft = report.draft
    rang = call(tx, report.call_id) if report.call_id is not None else None
    number = rang.caller if rang is not None else draft.number
    known = caller_of(tx, report.client_id, number) if number else None
    branches = [text for label, text in draft.answers if label == _WAY]
    answers = [text for label, text in draft.answers if label != _WAY]
    return Case(
        texts=(draft.what_for, draft.note, *answers, *(text for _key, text in draft.extra)),
        topics=(*(one for way in branches for one in way.split(" → ")), *answers),
        urgency=draft.urgency,
        at=rang.arrived_at if rang is not None else report.sent_at,
        known=known is not None,
        regular=known is not None and known.regular,
    )
