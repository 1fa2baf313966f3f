"""Forgetting what callers asked."""

from collections.abc import Sequence

from sqlalchemy import update

from denwaban.improvement.rows import unexpected_questions
from denwaban.store import Tx, among_these


def erase_questions(tx: Tx, call_ids: Sequence[str]) -> None:
    """Takes the caller's words out of unexpected questions of these calls; where in the script they came up stays."""
    tx.execute(
        update(unexpected_questions)
        .where(among_these(unexpected_questions.c.call_id, call_ids))
        .values(words="")
    )
