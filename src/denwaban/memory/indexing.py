"""Makes the indexes of what there was before they were, while the program runs."""

import asyncio

import structlog

from denwaban.memory.rows import index
from denwaban.people.persons import take_up
from denwaban.people.persons.rows import index as person_index
from denwaban.store import Store, StoreError

log = structlog.get_logger(__name__)


class Indexing:
    """Takes up persons and calls that came from an older version, some at a time; several programs may do it at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Until all is taken up."""
        await index.catch_up(self._store)
        await person_index.catch_up(self._store)
        while True:
            try:
                if not await self._store.write(take_up):
                    return
            except StoreError:
                log.warning("memory.store_away")
                await asyncio.sleep(1)
