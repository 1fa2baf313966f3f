"""What the facts of a call tell of its talk and its row does not: who was asked in, and whether the operator is mute. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from denwaban.journal import Fact

_ANEW = frozenset({"given", "taken_over", "returned", "parked", "seat_lost"})
_ALONE = _ANEW | {"taken_back", "third_gone"}
"""Nobody is asked in any more."""
_HEARD = _ANEW | {"answered"}
"""Whoever talks now, or talks next, is not mute."""
KINDS = frozenset(f"call.{kind}" for kind in _ALONE | _HEARD | {"asked", "muted"})
"""The facts that matter."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A talk, as it was last written down."""

    asked: str = ""
    """Whom the operator had asked in (staff or operator id), there or still rung; empty: nobody."""
    outside: bool = False
    """It is one of the client's staff."""
    muted: bool = False
    """Nobody hears the operator."""
    legs: frozenset[str] = frozenset()
    """Of everybody who was ever asked in."""
    leg: str = ""
    """Of whom the operator had asked in, if the engine alone knew of it."""

    @property
    def data(self) -> dict[str, str]:
        """Who was asked in, for a fact."""
        return {"staff_id" if self.outside else "helper_id": self.asked}


NOTHING = Remembered()


def remember(told: Iterable[Fact]) -> Remembered:
    """What these facts about one call (oldest first) come to."""
    asked, outside, muted, legs = "", False, False, set[str]()
    for fact in told:
        kind = fact.kind.removeprefix("call.")
        if kind == "asked":
            outside = "staff_id" in fact.data
            asked = str(fact.data["staff_id" if outside else "helper_id"])
            legs.add(str(fact.data.get("leg", "")))
        elif kind == "muted":
            muted = bool(fact.data["on"])
        if kind in _ALONE:
            asked = ""
        if kind in _HEARD:
            muted = False
    return Remembered(asked, outside and bool(asked), muted, frozenset(legs))


def with_note(told: Remembered, note: str) -> Remembered:
    """The same with what the engine was told of whom the operator asked in last (`Asked.note`): in the last moment before its end
    the program could not write it down."""
    leg, _, who = note.partition(" ")
    whose, _, asked = who.partition(" ")
    if not asked or leg in told.legs:
        return told
    return replace(told, asked=asked, outside=whose == "staff_id", leg=leg)
