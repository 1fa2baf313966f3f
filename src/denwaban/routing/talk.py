"""Who of a call hears whom while an operator passes it on, as a state machine without I/O.

Three sides: the caller, the operator, and a third whom the operator asked in (the client's staff outside, or another
operator). A caller is never without somebody: where both others are gone, `alone` says so, and the caller waits in line again.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from denwaban.routing.model import Impossible


class Side(StrEnum):
    """Who takes part."""

    CALLER = "caller"
    OPERATOR = "operator"
    THIRD = "third"


class Third(StrEnum):
    """How far the third is."""

    NONE = "none"
    RINGING = "ringing"
    UP = "up"


class Talk(Struct, frozen=True):
    """One call's sides. Every verb gives the talk afterwards, or raises `Impossible`."""

    operator: bool = True
    third: Third = Third.NONE
    waits: Side | None = None
    """Who hears music: the caller, or the third while the operator talks with the caller."""

    @property
    def alone(self) -> bool:
        """Nobody is with the caller, or on the way."""
        return not self.operator and self.third is Third.NONE

    @property
    def consulting(self) -> bool:
        """Operator and third talk, and the caller waits."""
        return self.operator and self.third is Third.UP and self.waits is Side.CALLER

    @property
    def all_three(self) -> bool:
        """Everybody hears everybody."""
        return self.operator and self.third is Third.UP and self.waits is None

    def talking(self) -> frozenset[Side]:
        """Those who hear each other; one alone hears silence."""
        there = {Side.CALLER}
        if self.operator:
            there.add(Side.OPERATOR)
        if self.third is Third.UP:
            there.add(Side.THIRD)
        return frozenset(there - {self.waits})

    # What the operator wants

    def hold(self, on: bool) -> Talk:
        """The caller waits, or talks on with the operator."""
        self._need(self.operator and self.third is Third.NONE)
        return replace(self, waits=Side.CALLER if on else None)

    def consult(self) -> Talk:
        """A third is rung; the caller waits."""
        self._need(self.operator and self.third is Third.NONE)
        return replace(self, third=Third.RINGING, waits=Side.CALLER)

    def send(self) -> Talk:
        """A third is rung who is to take the caller; the operator leaves at once."""
        self._need(self.operator and self.third is Third.NONE)
        return replace(self, operator=False, third=Third.RINGING, waits=Side.CALLER)

    def swap(self) -> Talk:
        """The other of the two waits; from three, the caller does."""
        self._need(self.operator and self.third is Third.UP)
        return replace(self, waits=Side.THIRD if self.waits is Side.CALLER else Side.CALLER)

    def join(self) -> Talk:
        """All three talk."""
        self._need(self.operator and self.third is Third.UP)
        return replace(self, waits=None)

    def back(self) -> Talk:
        """The third goes; operator and caller talk."""
        self._need(self.operator and self.third is not Third.NONE)
        return Talk()

    def give(self) -> Talk:
        """The operator leaves the caller to the third, who may still be ringing."""
        self._need(self.operator and self.third is not Third.NONE)
        waits = Side.CALLER if self.third is Third.RINGING else None
        return replace(self, operator=False, waits=waits)

    # What happens

    def answered(self) -> Talk:
        """The third is there."""
        self._need(self.third is Third.RINGING)
        return replace(self, third=Third.UP, waits=Side.CALLER if self.operator else None)

    def third_gone(self) -> Talk:
        """The third was not reached, or has hung up. A caller who waited waits on: the operator takes them back."""
        self._need(self.third is not Third.NONE)
        waits = self.waits if self.operator and self.waits is Side.CALLER else None
        return replace(self, third=Third.NONE, waits=waits)

    def operator_gone(self, meant: bool) -> Talk:
        """The operator's telephone is gone. Hung up on purpose, it leaves the caller to the third, as telephones do; lost,
        only where the caller and the third were talking already."""
        self._need(self.operator)
        if self.third is not Third.NONE and (meant or self.all_three):
            return self.give()
        return replace(self, operator=False, third=Third.NONE, waits=None)

    def _need(self, true: bool) -> None:
        if not true:
            raise Impossible(f"{self}")
