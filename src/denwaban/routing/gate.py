"""Who is passed over for whose calls: operators who have not read what changed at a client. Pure, in memory."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from denwaban.routing.skills import Bits
from denwaban.store import Tx


class Change(Protocol):
    """Something new at a client that some operators have not read."""

    @property
    def client_id(self) -> str: ...
    @property
    def after(self) -> datetime:
        """From then on they are passed over."""
        ...

    @property
    def operators(self) -> frozenset[str]: ...


ReadChanges = Callable[[Tx, str | None], Iterable[Change]]
"""What is unread, at one client or at all of them. Scripts lie above routing, so it is handed in."""


def nothing_unread(tx: Tx, client_id: str | None) -> Iterable[Change]:
    """For an installation where nothing is to be read."""
    return ()


class Gate:
    """Operators are bits: a change that nobody of 1,000 has read takes some 200 bytes, so that all clients' changes fit
    in memory and a look costs no time."""

    def __init__(self, bits: Bits | None = None) -> None:
        self.bits = bits or Bits()
        self._open: dict[str, list[tuple[datetime, int]]] = {}

    def set(self, changes: Iterable[Change], client_id: str | None = None) -> None:
        """These are all the changes of this client, or of all of them."""
        if client_id is None:
            self._open.clear()
        else:
            self._open.pop(client_id, None)
        for change in changes:
            if mask := self.bits.set(change.operators):
                self._open.setdefault(change.client_id, []).append((change.after, mask))

    def passed_over(self, client_id: str | None, now: datetime) -> int:
        """The operators who are passed over for this client's calls now; 0 for none."""
        mask = 0
        for after, who in self._open.get(client_id or "", ()):
            if after <= now:
                mask |= who
        return mask

    def among(self, operator_id: str, mask: int) -> bool:
        """Whether the operator is one of them."""
        return self.bits.among(operator_id, mask)
