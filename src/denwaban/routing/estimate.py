"""How long callers will have to wait, from how it went just now. Pure."""

from collections import deque
from datetime import datetime, timedelta

LOOK_BACK = timedelta(minutes=15)
"""What is longer ago says nothing about now."""

LEAST = 5
"""Fewer answers than that are no basis."""

MOST = 30


class Answers:
    """The moments at which callers were answered."""

    def __init__(self) -> None:
        self._moments: deque[datetime] = deque(maxlen=MOST)

    def answered(self, at: datetime) -> None:
        """Somebody was answered."""
        self._moments.append(at)

    def wait(self, place: int, now: datetime) -> timedelta | None:
        """About how long until whoever is at this place in line (1 is next) is answered, if it goes on as it went; None when
        there is no basis for saying so."""
        recent = [moment for moment in self._moments if moment > now - LOOK_BACK]
        if len(recent) < LEAST:
            return None
        return (now - recent[0]) / len(recent) * place
