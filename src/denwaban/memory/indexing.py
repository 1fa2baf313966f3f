"""Makes the indexes of what there was before they were, while the program runs."""

from functools import partial

import structlog
from sqlalchemy import select

from denwaban.memory.acts import keep
from denwaban.memory.rows import CALL, index
from denwaban.people.persons import take_up
from denwaban.people.persons.rows import index as person_index
from denwaban.reports import reports_by_ids
from denwaban.reports.rows import reports
from denwaban.store import Store, Tx
from denwaban.vault import Turning, VaultError, survived

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""So many reports are looked at in one transaction."""


class Indexing:
    """Takes up persons and calls that came from an older version, some at a time; several programs may do it at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Until all is taken up, or a key is met that does not open: that is logged, and the next start goes on."""
        for one in (index, person_index):
            await survived(self._store, one.name, partial(one.catch_up, self._store))
        take = partial(self._store.write_at_last, take_up, "persons")
        try:
            while await survived(self._store, "persons", take):
                pass
        except VaultError as error:
            log.error("memory.persons_not_taken_up", error=type(error).__name__)


def _calls_without(tx: Tx, after: str) -> str | None:
    texts = index.texts
    rows = tx.all(
        select(reports.c.id, reports.c.erased_at, texts.c.seq)
        .outerjoin(texts, (texts.c.kind == CALL) & (texts.c.ref == reports.c.call_id))
        .where(reports.c.id > after, reports.c.call_id.is_not(None))
        .order_by(reports.c.id)
        .limit(AT_ONCE)
    )
    missing = [row["id"] for row in rows if row["seq"] is None and row["erased_at"] is None]
    for report_id in missing:
        # One by one: what cannot be opened is left out, alone.
        try:
            for one in reports_by_ids(tx, [report_id]):
                keep(tx, one)
        except VaultError as error:
            log.error("memory.not_taken_up", report=report_id, error=type(error).__name__)
    return rows[-1]["id"] if rows else None


turnings = (Turning("call_texts", _calls_without),)
