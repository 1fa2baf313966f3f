"""Following the journal for good, also over a database that goes away."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from denwaban.journal.acts import Journal
from denwaban.journal.model import Fact
from denwaban.journal.rows import last_seq
from denwaban.store import Store, StoreError, Tx

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
    again."""
    while True:
        try:
            seq = await store.read(last_seq)
            await store.write(catch_up)
            async for entry in journal.follow(seq):
                await heard(entry.fact)
        except StoreError:
            log.warning("journal.store_away")
            await asyncio.sleep(AGAIN)
