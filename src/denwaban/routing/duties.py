"""Who is on duty while others rest: lists by weekday and time. Pure, in memory."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from denwaban.lines import holds_at
from denwaban.routing.skills import NOBODY, Bits


class DutyList(Protocol):
    """Operators who are tried first in a part of the week."""

    @property
    def days(self) -> int: ...
    @property
    def opens(self) -> int: ...
    @property
    def closes(self) -> int: ...
    @property
    def alone_seconds(self) -> int:
        """So long a caller waits for them alone; then everybody who is ready is tried as well."""
        ...

    @property
    def operators(self) -> frozenset[str]: ...


class Now(NamedTuple):
    """Who is on duty at a moment, and for how many seconds a caller is theirs alone."""

    who: int
    alone_seconds: int


class Duties:
    """All lists. Looked up once a minute: lists begin and end at full minutes."""

    def __init__(self, bits: Bits) -> None:
        self._bits = bits
        self._lists: list[tuple[DutyList, int]] = []
        self._minute: datetime | None = None
        self._now = Now(NOBODY, 0)

    def set(self, lists: Iterable[DutyList]) -> None:
        """These are all of them."""
        self._lists = [(one, self._bits.set(one.operators)) for one in lists]
        self._minute = None

    def now(self, at: datetime) -> Now:
        """Of several lists that hold at once all are on duty, and the longest time counts."""
        if not self._lists:
            return self._now
        minute = at.replace(second=0, microsecond=0)
        if minute != self._minute:
            who, alone = NOBODY, 0
            for one, some in self._lists:
                if holds_at(one.days, one.opens, one.closes, at):
                    who, alone = who | some, max(alone, one.alone_seconds)
            self._minute, self._now = minute, Now(who, alone)
        return self._now
