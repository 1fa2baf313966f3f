"""One party of a call that we make: answered or not, told something, asked for a key."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from denwaban.clock import Clock
from denwaban.telephony.port import (
    Digit,
    EngineLost,
    Event,
    Leg,
    LegAnswered,
    LegEnded,
    LegGone,
    LegRinging,
    Phone,
    PhoneError,
    Played,
    Unreached,
)

log = structlog.get_logger(__name__)

LONGEST_PROMPT = timedelta(minutes=3)
"""No spoken text is longer: an end that is not told by then never will be."""

GRACE = timedelta(seconds=10)
"""How much later than asked for the engine may end the ringing."""


class NotReached(Exception):
    """Nobody answered."""

    def __init__(self, why: Unreached) -> None:
        super().__init__(why.value)
        self.why = why


class HungUp(Exception):
    """The party has hung up."""


class Line:
    """One leg of a call that we make, from dialling to hanging up. To be used by one task, in a `with` that ends the leg:

    `async with await outgoing.call(…) as line: await line.answered(); key = await line.ask(…)`

    Every wait raises `HungUp` when the party hangs up and `PhoneError` when the engine goes away.
    """

    def __init__(
        self,
        leg: Leg,
        call: str,
        number: str,
        phone: Phone,
        clock: Clock,
        forget: Callable[[Leg], None],
    ) -> None:
        self.leg = leg
        self.number = number
        self.call = call
        self.is_up = False
        self.is_over = False
        self.ringing = asyncio.Event()
        self._phone = phone
        self._clock = clock
        self._forget = forget
        self._heard: asyncio.Queue[Event] = asyncio.Queue()

    async def __aenter__(self) -> "Line":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()

    def take(self, event: Event) -> None:
        """Something happened on the leg, or to the engine."""
        if isinstance(event, LegRinging):
            self.ringing.set()
        elif isinstance(event, LegEnded):
            self.is_over = True
        elif isinstance(event, LegAnswered):
            self.is_up = True
        self._heard.put_nowait(event)

    async def answered(self, seconds: int) -> None:
        """Returns when the party has answered, after at most `seconds`. Raises `NotReached` as well."""
        until = self._clock.now() + timedelta(seconds=seconds) + GRACE
        while not self.is_up:
            event = await self._next(until)
            if event is None:
                raise NotReached(Unreached.NO_ANSWER)
            if isinstance(event, LegEnded):
                raise NotReached(event.unreached or Unreached.UNREACHABLE)

    async def ask(self, wavs: Sequence[Path], keys: str, *, times: int, seconds: float) -> str:
        """Plays these one after another until one of `keys` is pressed, waits `seconds` for it after the last, and does so
        `times` times. The key, empty when none was pressed. Keys interrupt the playing."""
        for _ in range(times):
            for wav in wavs:
                if key := await self._play(wav, keys):
                    return key
            if key := await self._key(keys, self._clock.now() + timedelta(seconds=seconds)):
                return key
        return ""

    async def tell(self, *wavs: Path) -> None:
        """Plays these to their end."""
        for wav in wavs:
            await self._play(wav, "")

    async def ring_back(self) -> None:
        """The party hears that somebody else is being rung, until something else is played or they are joined."""
        try:
            await self._phone.ring(self.leg)
        except LegGone as error:
            raise HungUp from error

    async def ended(self, *, at: datetime | None = None) -> bool:
        """Returns True when the party has hung up, False when `at` came first. An engine that goes away does not end a talk:
        whether it lives on is told when it is back."""
        while not self.is_over:
            try:
                if await self._next(at) is None:
                    return False
            except HungUp:
                return True
            except PhoneError:
                continue
        return True

    async def hang_up(self) -> None:
        """Ends the leg. An engine that is away is no error: it ends legs that nobody knows when it is back."""
        self._forget(self.leg)
        if self.is_over:
            return
        self.is_over = True
        try:
            await self._phone.hang_up(self.leg)
        except PhoneError as error:
            log.info("outgoing.not_hung_up", call=self.call, error=type(error).__name__)

    async def _play(self, wav: Path, keys: str) -> str:
        try:
            play = await self._phone.play(self.leg, wav)
        except LegGone as error:
            raise HungUp from error
        until = self._clock.now() + LONGEST_PROMPT
        while True:
            event = await self._next(until)
            if event is None or (isinstance(event, Played) and event.play == play):
                return ""
            self._must_live(event)
            if isinstance(event, Digit) and event.digit in keys:
                try:
                    await self._phone.quiet(self.leg)
                except LegGone as error:
                    raise HungUp from error
                return event.digit

    async def _key(self, keys: str, until: datetime) -> str:
        while (event := await self._next(until)) is not None:
            self._must_live(event)
            if isinstance(event, Digit) and event.digit in keys:
                return event.digit
        return ""

    def _must_live(self, event: Event) -> None:
        if isinstance(event, LegEnded):
            raise HungUp

    async def _next(self, until: datetime | None) -> Event | None:
        """The next event, None when there was none until then (None: however long it takes)."""
        if self.is_over and self._heard.empty():
            raise HungUp
        getting = asyncio.ensure_future(self._heard.get())
        waits: list[asyncio.Future[Any]] = [getting]
        if until is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep_until(until)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            event = getting.result() if getting.done() else None
        finally:
            for wait in waits:
                wait.cancel()
        if isinstance(event, EngineLost):
            raise PhoneError("the connection to the engine is lost")
        return event
