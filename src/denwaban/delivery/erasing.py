"""Forgetting what was said about reports."""

from collections.abc import Sequence

from sqlalchemy import select, update

from denwaban.delivery.rows import escalations, report_talk
from denwaban.store import Tx, among_these


def erase_talk(tx: Tx, report_ids: Sequence[str]) -> None:
    """Takes the words out of what people wrote about these reports; who wrote when stays."""
    tx.execute(
        update(report_talk).where(among_these(report_talk.c.report_id, report_ids)).values(text="")
    )


def still_open(tx: Tx, report_ids: Sequence[str]) -> set[str]:
    """Those of these reports that somebody still has to take or to deal with."""
    rows = tx.all(
        select(escalations.c.id).where(
            among_these(escalations.c.id, report_ids), escalations.c.closed_at.is_(None)
        )
    )
    return {row["id"] for row in rows}


def still_open_of(tx: Tx, client_id: str) -> list[str]:
    """Ids of all reports of a client that somebody still has to take or to deal with."""
    rows = tx.all(
        select(escalations.c.id).where(
            escalations.c.client_id == client_id, escalations.c.closed_at.is_(None)
        )
    )
    return [row["id"] for row in rows]
