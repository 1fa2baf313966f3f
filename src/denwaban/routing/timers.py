"""What the floor has to do at which moment."""

import heapq
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class When(StrEnum):
    """What a timer is for: the first of a caller, the others of a seat."""

    RINGBACK = "ringback"
    REPEAT = "repeat"
    KEPT = "kept"
    """The caller need not wait for the operator of the last time any longer."""
    ALONE = "alone"
    """The caller is not only for those on duty any longer."""
    STEP = "step"
    """The next step of the ladder."""
    AGAIN = "again"
    """A caller who is called back may be called (again)."""
    OFFER = "offer"
    LOST = "lost"
    """A seat whose page is gone in a talk is rung again, or waited for no longer."""
    PAUSE = "pause"
    """A seat that could not be rung is left alone until then."""
    WRAPUP = "wrapup"
    REST = "rest"
    """The rest that was granted is over."""


OF_CALLERS = frozenset({When.RINGBACK, When.REPEAT, When.KEPT, When.ALONE, When.STEP, When.AGAIN})


class Due(NamedTuple):
    """A timer that was set."""

    kind: When
    who: str
    stamp: int


class Timers:
    """A heap of timers; those that no longer stand are dropped when they reach the top."""

    def __init__(self, stands: Callable[[Due], bool]) -> None:
        """`stands` says whether what a timer was set for is still so."""
        self._stands = stands
        self._heap: list[tuple[datetime, int, Due]] = []
        self._count = 0

    def set(self, at: datetime, kind: When, who: str, stamp: int) -> None:
        """To be done at that moment."""
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, Due(kind, who, stamp)))

    def due(self) -> datetime | None:
        """When the next one is due."""
        while self._heap and not self._stands(self._heap[0][2]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def next(self, now: datetime) -> Due | None:
        """The next one that is due now, once."""
        due = self.due()
        if due is None or due > now:
            return None
        return heapq.heappop(self._heap)[2]
