"""Who may open a seat's page, and which are open in this process."""

from collections import Counter
from collections.abc import AsyncIterator

from denwaban.access import Role
from denwaban.web import needs

OPERATORS = needs(Role.OPERATOR, Role.SUPERVISOR)
"""A supervisor with a seat of their own takes calls over there; without one the seat's pages are not found."""


class OpenPages:
    """Counts the live streams of each page, so that a second page knows whether the first still listens."""

    def __init__(self) -> None:
        self._streams: Counter[str] = Counter()

    def __contains__(self, page: object) -> bool:
        return page in self._streams

    async def hold(self, page: str, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Hands the events on; the page counts as open meanwhile."""
        self._streams[page] += 1
        try:
            async for event in events:
                yield event
        finally:
            self._streams[page] -= 1
            if self._streams[page] <= 0:
                del self._streams[page]
            await events.aclose()  # type: ignore[attr-defined]
