"""Callers with whom the engine goes on alone: they are spoken to, leave a message, and take one of their client's lines as long.

Nobody tells the program when they are gone. The engine writes it in its ledger, which is read when a line is wanted and
otherwise with everything else that is compared (`routing.left`).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog

from denwaban.clock import Clock
from denwaban.lines import Service, ServiceCache
from denwaban.routing.book import Book
from denwaban.routing.live import LiveCall
from denwaban.store import StoreError
from denwaban.telephony.engine import Entry
from denwaban.telephony.port import Leg

log = structlog.get_logger(__name__)

SURELY_OVER = timedelta(minutes=10)
"""Of a caller for whom the engine could not write an end. Longer than the longest message that it takes."""

AGAIN = timedelta(seconds=1)
"""The ledger is not read more often."""

ReadLedger = Callable[[], Awaitable[Mapping[Leg, Entry]]]


class AtEngine:
    """Those of one engine, and whose lines they take."""

    def __init__(self, clock: Clock, book: Book, cache: ServiceCache) -> None:
        """Without `ledger` nobody is counted: nobody could say when they are gone."""
        self.ledger: ReadLedger | None = None
        self._clock = clock
        self._book = book
        self._cache = cache
        self._there: dict[Leg, tuple[str, datetime]] = {}
        """Whose line, and since when."""
        self._looked: datetime | None = None

    def leave(self, live: LiveCall) -> None:
        """The engine is about to go on with this caller: their line stays taken when the call is over for us."""
        client_id = live.call.client_id
        if self.ledger is not None and live.counted and client_id is not None:
            live.counted = False
            self._there[live.leg] = client_id, self._clock.now()

    def take_back(self, live: LiveCall) -> None:
        """The engine did not: the caller is ours as before."""
        if self._there.pop(live.leg, None) is not None:
            live.counted = True

    def gone(self, legs: Collection[Leg]) -> None:
        """These callers are over; of others nothing."""
        for leg in self._there.keys() & legs:
            client_id, _since = self._there.pop(leg)
            self._book.free_line(client_id)

    def all_gone(self) -> None:
        """The engine died."""
        self.gone(list(self._there))

    def holds_line(self, client_id: str) -> bool:
        """Whether one of this client's lines is taken so."""
        return any(owner == client_id for owner, _since in self._there.values())

    async def look(self) -> None:
        """Frees the lines of those who are gone, as the engine wrote it."""
        now = self._clock.now()
        if self.ledger is None or (self._looked is not None and now - self._looked < AGAIN):
            return
        self._looked = now
        found = await self.ledger()
        self.gone([leg for leg, entry in found.items() if entry.ended is not None])
        self.gone([leg for leg, (_, since) in self._there.items() if now - since > SURELY_OVER])

    async def find(self, found: Mapping[Leg, Entry], ours: Collection[Leg]) -> None:
        """Takes lines for those whom an earlier program, or none, left to the engine: who stands in the ledger without an end and
        is not among `ours`, the legs that the engine holds for us."""
        now = self._clock.now()
        self.gone([leg for leg, entry in found.items() if entry.ended is not None])
        for leg, entry in found.items():
            known = leg in ours or leg in self._there or leg in self._book.legs
            if known or entry.ended is not None or now - entry.seen > SURELY_OVER:
                continue
            try:
                service = await self._cache.find(entry.dialled, entry.at)
            except StoreError as error:
                log.warning("routing.line_not_counted", leg=leg, error=type(error).__name__)
                continue
            if isinstance(service, Service) and leg not in self._book.legs:
                self._there[leg] = service.client_id, entry.seen
                self._book.take_line(service.client_id)
