"""Forgetting what was said about calls."""

from collections.abc import Sequence

from sqlalchemy import update

from denwaban.feedback.rows import feedback
from denwaban.store import Tx, among_these


def erase_feedback(tx: Tx, report_ids: Sequence[str]) -> None:
    """Takes the words out of thanks and wishes about these reports; that there were some stays."""
    tx.execute(
        update(feedback)
        .where(among_these(feedback.c.report_id, report_ids))
        .values(text="", answer="")
    )
