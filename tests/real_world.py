"""The world of `phone_world` with Asterisk and real SIP phones."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import numpy
from tests.engine_fixtures import RunningEngine, password_of
from tests.phone_world import SEAT, Listener
from tests.sip_agent import SipAgent
from tests.sip_call import Call
from tests.sip_sound import sine, tone_level

from denwaban.clock import Clock, SystemClock
from denwaban.telephony.ari import AriPhone
from denwaban.telephony.port import LegGone, PhoneError, Unreached

CALLER_TONE, SEAT_TONE, PROMPT_TONE, OUTSIDE_TONE = 510.0, 1730.0, 1290.0, 870.0


def make_prompt(path: Path, seconds: float = 30.0) -> Path:
    """An announcement that can be told from everything else: one tone, WAV 8 kHz mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(sine(PROMPT_TONE, seconds).tobytes())
    return path


class RealWorld:
    def __init__(
        self, engine: RunningEngine, prompt: Path, stack: AsyncExitStack, clock: Clock
    ) -> None:
        self.engine = engine
        self.prompt = prompt
        self.clock = clock
        self.phone: AriPhone = self.new_phone()
        self.listener = Listener(self.phone)
        self._stack = stack
        self.agent: SipAgent | None = None

    def new_phone(self) -> AriPhone:
        settings = self.engine.settings
        return AriPhone(
            url=settings.ari_url,
            user=settings.ari_user,
            password=settings.ari_password,
            clock=self.clock,
            recordings=settings.recordings,
            make_seats=self.engine.engine.seats,
            lines=settings.trunks,
        )

    async def dials(self, number: str, from_: str = "09012345678") -> "RealCaller":
        agent = await self._stack.enter_async_context(
            SipAgent.open(self.engine.sip_port, "caller", tone=CALLER_TONE)
        )
        return RealCaller(await agent.dial(number, from_, withheld=not from_))

    async def sip_phone(self, endpoint: str) -> SipAgent:
        """A SIP phone that signs in as one of a seat's two endpoints."""
        agent = await self._stack.enter_async_context(
            SipAgent.open(
                self.engine.sip_port,
                endpoint,
                password_of(endpoint.removesuffix("-phone")),
                SEAT_TONE,
            )
        )
        await agent.register()
        return agent

    async def seat_online(self) -> "RealSeat":
        self.agent = await self.sip_phone(f"{SEAT}-phone")
        return RealSeat(self.agent)

    async def seat_offline(self) -> None:
        assert self.agent is not None
        await self.agent.unregister()

    async def outside(self) -> "RealOutside":
        return RealOutside(
            await self._stack.enter_async_context(
                SipAgent.open(
                    self.engine.sip_port,
                    "outside",
                    tone=OUTSIDE_TONE,
                    at=self.engine.outside_port,
                )
            )
        )

    async def seconds_pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def program_restarts(self) -> None:
        await self.listener.close()
        self.phone = self.new_phone()
        self.listener = Listener(self.phone)

    async def close(self) -> None:
        """Ends every call, so that the next test finds an empty engine."""
        try:
            async with asyncio.timeout(20):
                # The engine forgets a leg a moment after it was told to end it.
                while legs := (await self.phone.snapshot()).legs:
                    for leg in legs:
                        with suppress(LegGone):
                            await self.phone.hang_up(leg)
                    await asyncio.sleep(0.02)
        except PhoneError:
            pass  # The engine is gone, or another program holds it: there is nothing to end.
        await self.listener.close()


async def _hears(call: Call, what: str) -> None:
    voices = {
        "caller": CALLER_TONE,
        "seat": SEAT_TONE,
        "prompt": PROMPT_TONE,
        "outside": OUTSIDE_TONE,
    }
    if what == "ring":
        await call.gets(180)
    elif set(what.split("+")) <= set(voices):
        wanted = what.split("+")
        await call.hears(*[voices[one] for one in wanted])
        for other, hertz in voices.items():
            if other not in wanted:
                await call.hears_not(hertz)
    else:
        for hertz in voices.values():
            await call.hears_not(hertz)
        loud = await _becomes(call, what == "music")
        assert loud == (what == "music"), f"{what} expected, but loud is {loud}"


async def _becomes(call: Call, loud: bool, within: float = 20.0) -> bool:
    """Whether there is sound, waiting until it is as wished. Music has pauses, so a long piece is looked at."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        lately = call.lately(0.5).astype(numpy.float64)
        level = 0.0 if call.media_went_quiet() else float(numpy.sqrt(numpy.mean(lately**2)))
        is_loud = level > 100
        if is_loud == loud or asyncio.get_running_loop().time() > deadline:
            return is_loud
        await asyncio.sleep(0.05)


class RealCaller:
    def __init__(self, call: Call) -> None:
        self.call = call

    async def hears(self, what: str) -> None:
        await _hears(self.call, what)

    async def hangs_up(self) -> None:
        self.call.hang_up()

    async def presses(self, digit: str) -> None:
        self.call.press(digit)

    async def hears_keys(self, digits: str) -> None:
        await self.call.hears_keys(digits)

    async def is_over(self) -> None:
        await self.call.over()


class RealSeat:
    def __init__(self, agent: SipAgent) -> None:
        self.agent = agent
        self._call: Call | None = None

    @property
    def call(self) -> Call:
        assert self._call is not None, "nothing has rung"
        return self._call

    async def rings(self) -> None:
        if self._call is None or self._call.is_over:
            self._call = await self.agent.rings()

    async def answers(self) -> None:
        await self.rings()
        self.call.answer()

    async def refuses(self) -> None:
        await self.rings()
        self.call.refuse(486)

    async def holds(self, on: bool) -> None:
        await self.call.hold(on)

    async def refers(self, to: str) -> None:
        self.call.refer(to)

    async def was_referred(self, done: bool) -> None:
        await self.call.is_told("200" if done else "603")

    async def hears(self, what: str) -> None:
        await _hears(self.call, what)

    async def hangs_up(self) -> None:
        self.call.hang_up()

    async def is_over(self) -> None:
        await self.call.over()


class RealOutside(RealSeat):
    """A telephone behind the trunk, with a number that the network would know."""

    async def sees(self, number: str) -> None:
        assert self.call.invite is not None
        assert self.call.invite.first.split()[1].startswith("sip:09011112222@127.0.0.1")
        assert f"<sip:{number}@" in self.call.header("p-asserted-identity")

    async def fails(self, why: Unreached) -> None:
        await self.rings()
        self.call.refuse(
            {
                Unreached.BUSY: 486,
                Unreached.REFUSED: 603,
                Unreached.NO_ANSWER: 480,
                Unreached.UNREACHABLE: 404,
            }[why]
        )

    async def presses(self, digit: str) -> None:
        self.call.press(digit)


@asynccontextmanager
async def real_world(engine: RunningEngine, folder: Path) -> AsyncIterator[RealWorld]:
    """Asterisk with SIP phones; ends every call and disconnects at the end."""
    async with AsyncExitStack() as stack:
        world = RealWorld(engine, make_prompt(folder / "prompt.wav"), stack, SystemClock())
        try:
            yield world
        finally:
            await world.close()


def recorded_tones(path: Path, *hertz: float) -> set[float]:
    """Which tones a recording holds, looking at pieces of 100 ms."""
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        pcm = numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16)
    pieces = [pcm[at : at + 800] for at in range(0, len(pcm) - 799, 800)]
    return {tone for tone in hertz if any(tone_level(piece, tone) > 1000 for piece in pieces)}
