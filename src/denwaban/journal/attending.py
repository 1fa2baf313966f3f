"""Following the journal for good, also over a database that goes away."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from denwaban.journal.acts import Journal
from denwaban.journal.model import Fact
from denwaban.journal.rows import last_seq
from denwaban.store import Store, StoreError, Tx
from denwaban.store.search import GuardError

log = structlog.get_logger(__name__)

AGAIN = 1.0
"""Seconds after which a database that is away is tried again."""


async def attend(
    store: Store,
    journal: Journal,
    catch_up: Callable[[Tx], None],
    heard: Callable[[Fact], Awaitable[None]],
) -> None:
    """Until cancelled: `catch_up` for what happened while nobody followed, then `heard` for every fact since before it began.
    So every fact is seen at least once by one of them, and both must bear seeing one twice. After a `StoreError` all of it
    again. A fact that leads to something that cannot be opened is logged and passed over; `catch_up` leaves such rows out by
    itself, and the next start looks at them again."""
    away = False
    while True:
        try:
            seq = await store.read(last_seq)
            await store.write(catch_up)
            away = False
            async for entry in journal.follow(seq):
                try:
                    await heard(entry.fact)
                except GuardError as error:
                    told = {"seq": entry.seq, "kind": entry.fact.kind}
                    log.error("journal.passed_over", **told, error=type(error).__name__)
        except StoreError as error:
            if not away:
                log.warning("journal.store_away", error=str(error))
            away = True
            await asyncio.sleep(AGAIN)
