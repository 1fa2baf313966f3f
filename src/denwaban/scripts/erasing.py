"""Forgetting what callers answered."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from denwaban.scripts.rows import answers, runs
from denwaban.store import Tx, among_these


def erase_answers(tx: Tx, call_ids: Sequence[str]) -> None:
    """Takes away what was answered in these calls; which way they went through the script stays."""
    mine = select(runs.c.id).where(among_these(runs.c.call_id, call_ids))
    tx.execute(delete(answers).where(answers.c.run_id.in_(mine)))
