"""One story language for both telephones: the fake in memory, and Asterisk with real SIP phones.

A `World` has callers and seats that act, and a phone whose events are read all the time: `await world.told(LegAnswered)`
gives the next event of a kind that was not yet asked for. What somebody hears is told by the words `ring`, `music`, `prompt`,
`caller`, `seat`, `outside` (voices together: `caller+seat`) and `nothing`; with Asterisk they are measured in the sound that arrives.
"""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Protocol, TypeVar

from denwaban.telephony.port import Event, Phone, SeatName, Unreached

SEAT = SeatName("seat-1")
OUTSIDE, TRUNK = "+819011112222", "test"
E = TypeVar("E", bound=Event)


class CallerSide(Protocol):
    """A person who calls."""

    async def hears(self, what: str) -> None: ...
    async def hangs_up(self) -> None: ...
    async def presses(self, digit: str) -> None: ...
    async def hears_keys(self, digits: str) -> None: ...
    async def is_over(self) -> None: ...


class SeatSide(Protocol):
    """A person at a seat."""

    async def rings(self) -> None: ...
    async def answers(self) -> None: ...
    async def refuses(self) -> None: ...
    async def holds(self, on: bool) -> None: ...
    async def refers(self, to: str) -> None:
        """The phone's own transfer key."""
        ...

    async def was_referred(self, done: bool) -> None:
        """The phone was told what came of it."""
        ...

    async def hears(self, what: str) -> None: ...
    async def hangs_up(self) -> None: ...
    async def is_over(self) -> None: ...


class OutsideSide(Protocol):
    """A person whose telephone we call."""

    async def rings(self) -> None: ...
    async def sees(self, number: str) -> None:
        """Our number (national form) stands in the display."""
        ...

    async def answers(self) -> None: ...
    async def fails(self, why: Unreached) -> None: ...
    async def presses(self, digit: str) -> None: ...
    async def hears(self, what: str) -> None: ...
    async def hangs_up(self) -> None: ...
    async def is_over(self) -> None: ...


class Listener:
    """Reads a phone's events in a task of its own and keeps them until they are asked for."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.events: list[Event] = []
        self.every: list[Event] = []
        self._came = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            async with aclosing(self.phone.events()) as events:  # type: ignore[type-var]
                async for event in events:
                    self.events.append(event)
                    self.every.append(event)
                    self._came.set()
        finally:
            self._came.set()

    async def told(self, kind: type[E], within: float = 20.0) -> E:
        """The next event of this kind not asked for before."""
        async with asyncio.timeout(within):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        self.events.remove(event)
                        return event
                if self._task.done():
                    self._task.result()
                    raise AssertionError("the events have ended")
                self._came.clear()
                await self._came.wait()

    def not_told(self, kind: type[Event]) -> None:
        """Nothing of this kind is waiting to be asked for."""
        assert not any(isinstance(event, kind) for event in self.events), self.events

    async def ended_with(self, within: float = 20.0) -> BaseException | None:
        """Waits until the events end, and gives the error they ended with."""
        await asyncio.wait([self._task], timeout=within)
        return self._task.exception()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class World(Protocol):
    listener: Listener
    prompt: Path

    @property
    def phone(self) -> Phone: ...

    async def dials(self, number: str, from_: str = "09012345678") -> CallerSide: ...
    async def seat_online(self) -> SeatSide: ...
    async def seat_offline(self) -> None: ...
    async def outside(self) -> OutsideSide:
        """Who has the number `OUTSIDE`."""
        ...

    async def seconds_pass(self, seconds: float) -> None: ...
    async def program_restarts(self) -> None:
        """A new program takes the place of the old one."""
        ...
