"""Numbers and their plans kept in memory, so that a call need not wait for the database."""

from collections import OrderedDict
from datetime import datetime

from denwaban.journal import Fact
from denwaban.lines.acts import all_lines, line_of
from denwaban.lines.model import ClientLine, Service, UnknownNumber
from denwaban.lines.number import parse_number
from denwaban.store import Store

ROOM = 200_000
"""At most so many numbers are kept; the longest unused goes first."""


class ServiceCache:
    """Every number's client, plan and limits. Tell it the journal's facts (`heard`) and it forgets what they changed."""

    def __init__(self, store: Store, room: int = ROOM) -> None:
        self._store = store
        self._room = room
        self._lines: OrderedDict[str, ClientLine | None] = OrderedDict()
        self._of_client: dict[str, set[str]] = {}
        self._changes = 0

    async def warm(self) -> list[ClientLine]:
        """Reads all numbers (as many as there is room for) and returns them. Raises `StoreError`."""
        changes = self._changes
        lines = await self._store.read(lambda tx: all_lines(tx, self._room))
        # A fact that came meanwhile may be about any of them: then they are read one by one when called.
        if changes == self._changes:
            for line in lines:
                self._keep(line.number, line)
        return lines

    def known(self, dialled: str, at: datetime) -> Service | UnknownNumber | None:
        """What the dialled number (as received) gets at that moment; None when the rows must be read first."""
        key = parse_number(dialled).key
        if key not in self._lines:
            return None
        self._lines.move_to_end(key)
        line = self._lines[key]
        return line.service(at) if line else UnknownNumber(key)

    async def find(self, dialled: str, at: datetime) -> Service | UnknownNumber:
        """`known`, reading the rows in one transaction if need be. Raises `StoreError`."""
        if (service := self.known(dialled, at)) is not None:
            return service
        key = parse_number(dialled).key
        changes = self._changes
        line = await self._store.read(lambda tx: line_of(tx, key))
        # What was read before a fact arrived may be what the fact changed: use it once, do not keep it.
        if changes == self._changes:
            self._keep(key, line)
        return line.service(at) if line else UnknownNumber(key)

    def heard(self, fact: Fact) -> None:
        """Forgets what this fact may have changed."""
        if not fact.kind.startswith(("client.", "line.")):
            return
        self._changes += 1
        client_id = fact.client_id or fact.subject
        for key in self._of_client.pop(client_id, set()):
            self._lines.pop(key, None)
        if fact.kind == "line.number_added" or fact.kind.startswith("client."):
            # A number that was nobody's may be somebody's now.
            for key in [key for key, line in self._lines.items() if line is None]:
                del self._lines[key]

    def _keep(self, key: str, line: ClientLine | None) -> None:
        self._lines[key] = line
        self._lines.move_to_end(key)
        if line is not None:
            self._of_client.setdefault(line.client_id, set()).add(key)
        while len(self._lines) > self._room:
            gone, dropped = self._lines.popitem(last=False)
            if dropped is not None:
                self._of_client.get(dropped.client_id, set()).discard(gone)
