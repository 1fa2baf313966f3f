"""Writes that no talk waits for."""

from collections.abc import Callable

from denwaban.routing.book import Book
from denwaban.routing.live import Turns
from denwaban.store import Store, Tx


class Behind:
    """Verbs of one kind, written one after another in a line of their own, however long the database is away."""

    def __init__(self, store: Store, book: Book, what: str) -> None:
        """`what` they are, for the log."""
        self._store = store
        self._book = book
        self._what = what
        self._turns: Turns | None = None

    def put(self, verb: Callable[[Tx], object]) -> None:
        """To be written after everything put before. The switchboard must be running."""
        if self._turns is None:
            self._turns = self._book.line(self._what)

        async def write() -> None:
            await self._store.write_at_last(verb, self._what)

        self._turns.do(write)
