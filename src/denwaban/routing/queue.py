"""The line of those who wait and the line of those who are free, and who comes together. Pure.

Highest priority first, among equals strictly who has waited longest; nobody is passed by for being hard to serve, only for as
long as nobody free may take them. Of the operators who may, the longest idle is chosen, first among those on duty and among
those who have read what changed at the client.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from denwaban.routing.duties import Duties
from denwaban.routing.gate import Gate
from denwaban.routing.model import Caller, Key, Seat
from denwaban.routing.order import Order
from denwaban.routing.skills import EVERYONE, NOBODY, Bits, Skills

IdleKey = tuple[datetime, int, str]


class Match(NamedTuple):
    """A caller, and the operator who is to be offered them."""

    call_id: str
    operator_id: str
    unread: bool


class Queue:
    """Callers who wait for an operator, and operators who are available. Whoever changes a seat or a caller tells it."""

    def __init__(self, gate: Gate) -> None:
        self.bits: Bits = gate.bits
        self.gate = gate
        self.skills = Skills(self.bits)
        self.duties = Duties(self.bits)
        self._roster = NOBODY
        self._free = NOBODY
        self._waiting: Order[Key] = Order()
        self._idle: Order[IdleKey] = Order()
        self._idle_keys: dict[str, IdleKey] = {}
        self._count = 0

    # Operators

    def here(self, operator_id: str, here: bool) -> None:
        """An operator has a seat on the floor, or has not any more. Follow it with `reconsider` for all who wait."""
        bit = self.bits.of(operator_id)
        self._roster = self._roster | bit if here else self._roster & ~bit

    def seat(self, seat: Seat) -> None:
        """The seat may have become available, or not be so any more."""
        key = self._idle_keys.get(seat.operator_id)
        if seat.available and key is None:
            self._count += 1
            key = (seat.idle_since, self._count, seat.operator_id)
            bit = self.bits.of(seat.operator_id)
            self._idle_keys[seat.operator_id] = key
            self._idle.add(key, bit)
            self._free |= bit
        elif not seat.available and key is not None:
            del self._idle_keys[seat.operator_id]
            self._idle.remove(key)
            self._free &= ~self.bits.of(seat.operator_id)

    def has_seat(self, some: int) -> bool:
        """Whether one of these has a seat on the floor."""
        return bool(some & self._roster)

    # Callers

    def wait(self, caller: Caller, now: datetime) -> None:
        """In line, at the place that priority and arrival give."""
        caller.able = self._able(caller, now)
        self._waiting.add(caller.key, caller.able)

    def gone(self, caller: Caller) -> None:
        """Not in line any more; who was not is no error."""
        if self.waits(caller):
            self._waiting.remove(caller.key)

    def waits(self, caller: Caller) -> bool:
        """Whether the caller is in line."""
        return caller.key in self._waiting

    def reconsider(self, callers: Iterable[Caller], now: datetime) -> None:
        """Others may be able to take them now: time has passed, or skills have changed."""
        for caller in callers:
            if self.waits(caller):
                caller.able = self._able(caller, now)
                self._waiting.change(caller.key, caller.able)

    def ahead(self, caller: Caller) -> int:
        """How many in line come before this caller and could take the same operators from them."""
        own = caller.key
        count = 0
        for key in self._waiting:
            if key >= own:
                break
            count += bool(self._waiting.bits(key) & caller.able)
        return count

    # Both

    def match(self, callers: Mapping[str, Caller], now: datetime) -> Match | None:
        """The first caller for whom somebody is free, and who is to be offered them; None when nobody is."""
        if not self._free:
            return None
        key = self._waiting.first(self._free)
        if key is None:
            return None
        caller = callers[key[-1]]
        passed = self.gate.passed_over(caller.need.client, now)
        who = self._choose(caller, passed, now)
        return Match(caller.call_id, who, self.bits.among(who, passed))

    def _choose(self, caller: Caller, passed: int, now: datetime) -> str:
        free = self._free & caller.able
        if caller.wants in self._idle_keys:
            assert caller.wants is not None  # None has no seat
            return caller.wants
        duty = self.duties.now(now).who
        for some in (free & duty & ~passed, free & ~passed, free & duty, free):
            if some and (found := self._idle.first(some)) is not None:
                return found[-1]
        raise AssertionError("nobody is free after all")

    def _able(self, caller: Caller, now: datetime) -> int:
        """Who may take this caller now. Never nobody at all: who could only be taken by people we do not have is taken by
        whom we have. Whom a colleague, or the operator themself, has named may take them whatever they have learned."""
        wanted = NOBODY if caller.wants is None else self.bits.of(caller.wants)
        if caller.kept_for is not None:
            return self.bits.of(caller.kept_for) | wanted
        able = self.skills.able(caller.need, caller.level) | caller.also
        if not able & self._roster:
            able = EVERYONE
        if caller.alone_until is not None and caller.alone_until > now:
            on_duty = caller.only or able & self.duties.now(now).who
            if on_duty & self._roster:
                return on_duty | wanted
        return able | wanted

    def alone_until(self, caller: Caller, now: datetime) -> datetime | None:
        """Until when this caller, who comes now, waits for those on duty alone."""
        duty = self.duties.now(now)
        if not duty.who or not duty.alone_seconds:
            return None
        return caller.arrived_at + timedelta(seconds=duty.alone_seconds)
