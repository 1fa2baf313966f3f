"""Forgetting to whom something was promised."""

from collections.abc import Sequence

from sqlalchemy import select, update

from denwaban.promises.rows import promises
from denwaban.store import Tx, among_these


def erase_promises(tx: Tx, report_ids: Sequence[str]) -> None:
    """Takes names, numbers and words out of the promises of these reports; whether they were kept stays."""
    tx.execute(
        update(promises)
        .where(among_these(promises.c.report_id, report_ids))
        .values(caller_number="", number=None, caller_name="", what="", evidence="")
    )


def still_promised(tx: Tx, report_ids: Sequence[str]) -> set[str]:
    """Those of these reports of which a promise has not been kept yet."""
    rows = tx.all(
        select(promises.c.report_id).where(
            among_these(promises.c.report_id, report_ids), promises.c.kept_at.is_(None)
        )
    )
    return {row["report_id"] for row in rows}
