"""Forgetting what was said in abusive calls."""

from collections.abc import Sequence

from sqlalchemy import select, update

from denwaban.care.rows import abuse_cases, abuse_events
from denwaban.store import Tx, among_these


def erase_abuse_words(tx: Tx, call_ids: Sequence[str]) -> None:
    """Takes the words out of the record of abuse in these calls; what happened when, and who did it, stays."""
    mine = select(abuse_cases.c.id).where(among_these(abuse_cases.c.call_id, call_ids))
    tx.execute(update(abuse_events).where(abuse_events.c.case_id.in_(mine)).values(words=""))
