"""Who waits: one picture for all seats, read once after the queue has moved."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from denwaban.calls import queue, ringing
from denwaban.journal import Entry, Journal
from denwaban.people import clients_by_ids
from denwaban.store import Store, StoreError, Tx
from denwaban.web import LiveEvent, fragment, language

SHOWN = 6
"""Callers whose client is named; the others are counted."""

REST = 0.3
"""Seconds between two readings, however busy the floor is."""

LOOK_AGAIN = 10.0
"""Seconds after which it is read though nothing was heard."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller whom nobody talks with yet."""

    call_id: str
    client: str
    """Empty while nobody knows whose call it is."""
    since: datetime


@dataclass(frozen=True, slots=True)
class WaitingCallers:
    """All of them, in order of arrival."""

    callers: tuple[Waiting, ...]
    ringing: dict[str, str]
    """Ids of calls by operator: where some of them ring."""

    def but_at(self, operator_id: str) -> tuple[Waiting, ...]:
        """Those who do not ring at this operator's seat."""
        here = self.ringing.get(operator_id)
        return tuple(one for one in self.callers if one.call_id != here)


def queue_now(tx: Tx) -> WaitingCallers:
    """Who waits, and where it rings."""
    found = queue(tx)
    if not found:
        return WaitingCallers((), {})
    # One more than is shown: one of them may ring at the seat that looks.
    named = clients_by_ids(tx, {one.client_id for one in found[: SHOWN + 1] if one.client_id})
    names = {client_id: owner.name for client_id, owner in named.items()}
    return WaitingCallers(
        tuple(Waiting(one.id, names.get(one.client_id or "", ""), one.arrived_at) for one in found),
        ringing(tx, found),
    )


class WaitingRoom:
    """Keeps the picture, and tells the seats that are open when it has changed."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._moved = asyncio.Event()
        self._seats: dict[object, Callable[[], None]] = {}
        self._drawn: dict[tuple[str, str], str] = {}
        self.queue = WaitingCallers((), {})

    async def run(self) -> None:
        """Reads until cancelled. A database that is away is tried again."""
        with self._journal.listen(self._hear):
            while True:
                self._moved.clear()
                try:
                    found = await self._store.read(queue_now)
                except StoreError:
                    self._moved.set()
                else:
                    self._show(found)
                await asyncio.sleep(REST)
                try:
                    async with asyncio.timeout(LOOK_AGAIN):
                        await self._moved.wait()
                except TimeoutError:
                    continue

    def drawn(self, operator_id: str) -> str:
        """The pieces of the screen that tell of it, in the reader's language."""
        # All seats but those that ring have the same: drawn once for them.
        key = language(), self.queue.ringing.get(operator_id, "")
        if key not in self._drawn:
            waiting = self.queue.but_at(operator_id)
            self._drawn[key] = fragment("console/queue.html", waiting=waiting, shown=SHOWN)
        return self._drawn[key]

    @contextmanager
    def visit(self, wake: Callable[[], None]) -> Iterator[None]:
        """`wake` is called now and whenever the picture has changed."""
        key = object()
        self._seats[key] = wake
        wake()
        try:
            yield
        finally:
            del self._seats[key]

    def _hear(self, entry: Entry | None) -> None:
        if entry is None or entry.fact.kind.startswith("call."):
            self._moved.set()

    def _show(self, found: WaitingCallers) -> None:
        if found == self.queue:
            return
        self.queue = found
        self._drawn.clear()
        for wake in self._seats.values():
            wake()


class SeatQueue:
    """The picture as one live stream tells it."""

    def __init__(self, room: WaitingRoom, operator_id: str) -> None:
        self._room = room
        self._operator_id = operator_id
        self._told = ""
        self.join = room.visit

    def news(self) -> LiveEvent | None:
        """The pieces that have changed since this stream was told."""
        drawn = self._room.drawn(self._operator_id)
        if drawn == self._told:
            return None
        self._told = drawn
        return LiveEvent("queue", drawn)
