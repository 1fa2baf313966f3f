"""Forgetting to whom something was promised."""

from collections.abc import Sequence

from sqlalchemy import update

from denwaban.promises.rows import promises
from denwaban.store import Tx


def erase_promises(tx: Tx, report_ids: Sequence[str]) -> None:
    """Takes names, numbers and words out of the promises of these reports; whether they were kept stays."""
    tx.execute(
        update(promises)
        .where(promises.c.report_id.in_(list(report_ids)))
        .values(caller_number="", caller_name="", what="", evidence="")
    )
