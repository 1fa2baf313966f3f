"""Forgetting callers in summaries that were made already."""

from collections.abc import Collection
from datetime import date, datetime

from msgspec.structs import replace
from sqlalchemy import select, update

from denwaban.store import Tx
from denwaban.summaries.model import CallLine
from denwaban.summaries.rows import summaries
from denwaban.summaries.sealing import open_calls, seal_calls


def erase_lines(
    tx: Tx,
    client_id: str,
    first: date,
    last: date,
    report_ids: Collection[str],
    calls: Collection[tuple[datetime, str]],
) -> None:
    """Takes numbers and words of these reports, and of these calls (when, from which number), out of the client's summaries that have a
    day from `first` to `last`. Their figures stay."""
    found = tx.all(
        select(summaries.c.id, summaries.c.calls).where(
            summaries.c.client_id == client_id,
            summaries.c.first <= last,
            summaries.c.last >= first,
            summaries.c.calls.is_not(None),
        )
    )
    for row in found:
        lines = open_calls(tx, client_id, row["id"], row["calls"])
        left = [
            _bare(one) if one.report_id in report_ids or (one.at, one.number) in calls else one
            for one in lines
        ]
        if left != lines:
            kept = seal_calls(tx, client_id, row["id"], left)
            tx.execute(update(summaries).where(summaries.c.id == row["id"]).values(calls=kept))


def _bare(line: CallLine) -> CallLine:
    return replace(line, number="", subject="", what_for="")
