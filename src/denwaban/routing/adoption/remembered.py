"""What the facts of a call tell of its talk and its row does not: who was asked in, and whether the operator is mute. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

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

    @property
    def data(self) -> dict[str, str]:
        """Who was asked in, for a fact."""
        return {"staff_id" if self.outside else "helper_id": self.asked}


NOTHING = Remembered()


def remember(told: Iterable[Fact]) -> Remembered:
    """What these facts about one call (oldest first) come to."""
    asked, outside, muted = "", False, False
    for fact in told:
        kind = fact.kind.removeprefix("call.")
        if kind == "asked":
            outside = "staff_id" in fact.data
            asked = str(fact.data["staff_id" if outside else "helper_id"])
        elif kind == "muted":
            muted = bool(fact.data["on"])
        if kind in _ALONE:
            asked = ""
        if kind in _HEARD:
            muted = False
    return Remembered(asked, outside and bool(asked), muted)
