"""Who can take whose calls: operators as bits, what they can do as sets of them. Pure, in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

EVERYONE = -1
"""The set of all operators, also of those who come later."""

NOBODY = 0

LEVELS = 5
"""Levels go from 1 (just learned it) to 5; 0 is what everybody has."""


class Skill(Protocol):
    """What one operator can do."""

    @property
    def operator_id(self) -> str: ...
    @property
    def kind(self) -> str:
        """client | trade | matter."""
        ...

    @property
    def key(self) -> str: ...
    @property
    def level(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Need:
    """Whom a caller is for: a level in the client's calls or in its trade, and some practice in the matter when the number
    has one."""

    client: str | None = None
    trade: str = ""
    matter: str = ""
    level: int = 0


class Bits:
    """Gives each operator a bit, for as long as the program runs."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, operator_id: str) -> int:
        """The number of the operator's bit."""
        return self._places.setdefault(operator_id, len(self._places))

    def of(self, operator_id: str) -> int:
        """The set of this one operator."""
        return 1 << self.place(operator_id)

    def among(self, operator_id: str, some: int) -> bool:
        """Whether the operator is one of them."""
        place = self._places.get(operator_id)
        return place is not None and bool(some >> place & 1)

    def set(self, operators: Iterable[str]) -> int:
        """The set of these."""
        places = [self.place(one) for one in operators]
        held = bytearray(max(places, default=0) // 8 + 1)
        for place in places:
            held[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(held, "little")


class Skills:
    """Everybody's skills, and the groups of operators. A look costs a few lookups, however many there are."""

    def __init__(self, bits: Bits) -> None:
        self._bits = bits
        self._able: dict[tuple[str, str], list[int]] = {}
        self._groups: dict[str, int] = {}

    def set(self, skills: Iterable[Skill], groups: Mapping[str, Iterable[str]]) -> None:
        """These are all of them."""
        found: dict[tuple[str, str], list[list[str]]] = {}
        for skill in skills:
            at = found.setdefault((skill.kind, skill.key), [[] for _ in range(LEVELS)])
            for level in range(min(skill.level, LEVELS)):
                at[level].append(skill.operator_id)
        self._able = {
            key: [self._bits.set(some) for some in levels] for key, levels in found.items()
        }
        self._groups = {name: self._bits.set(some) for name, some in groups.items()}

    def able(self, need: Need, level: int) -> int:
        """Who has at least this level for the call. At level 0 everybody, unless the matter asks for practice."""
        able = EVERYONE
        if level > 0:
            able = self._has("client", need.client or "", level)
            able |= self._has("trade", need.trade, level)
        if need.matter:
            able &= self._has("matter", need.matter, max(1, level))
        return able

    def group(self, group_id: str) -> int:
        """The members; nobody for a group that is gone."""
        return self._groups.get(group_id, NOBODY)

    def _has(self, kind: str, key: str, level: int) -> int:
        levels = self._able.get((kind, key)) if key else None
        return levels[min(level, LEVELS) - 1] if levels else NOBODY
