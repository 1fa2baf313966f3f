"""Who hears whom when a supervisor listens, whispers, joins in and takes over; with Asterisk every ear is measured by tones."""

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from tests.engine_fixtures import RunningEngine, password_of
from tests.real_world import CALLER_TONE, SEAT_TONE, RealWorld, real_world, recorded_tones
from tests.sip_agent import SipAgent
from tests.sip_call import Call

from denwaban.clock import MovedClock
from denwaban.store import new_id
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import (
    CallArrived,
    Leg,
    LegAnswered,
    LegEnded,
    LegGone,
    Phone,
    PhoneError,
    Resynced,
    SeatChanged,
    SeatName,
)

SV_TONE = 2350.0
TONES = {"caller": CALLER_TONE, "seat": SEAT_TONE, "sv": SV_TONE}
SEAT, SV = SeatName("seat-1"), SeatName("seat-2")


class Trio(Protocol):
    """A caller and an operator who talk, and a supervisor whose telephone is answered."""

    legs: dict[str, Leg]
    call: str

    @property
    def phone(self) -> Phone: ...
    async def hear(self, **expected: set[str]) -> None:
        """Each of `caller`, `seat`, `sv` hears exactly these."""
        ...

    async def hangs_up(self, who: str) -> None: ...
    async def told_ended(self) -> Leg: ...
    async def restarts(self) -> None: ...


@dataclass
class FakeTrio:
    phone: FakePhone
    legs: dict[str, Leg] = field(default_factory=dict)
    call: str = "talk"

    async def hear(self, **expected: set[str]) -> None:
        names = {"09012345678": "caller", SEAT: "seat", SV: "sv"}
        for who, wanted in expected.items():
            heard = {names.get(name, name) for name in self.phone.voices(self.legs[who])}
            assert heard == wanted, f"{who} hears {heard}"

    async def hangs_up(self, who: str) -> None:
        if who == "caller":
            self.phone.caller_hangs_up(self.legs[who])
        else:
            self.phone.seat_hangs_up(SEAT if who == "seat" else SV)

    async def told_ended(self) -> Leg:
        event = next(e for e in self.phone._queue if isinstance(e, LegEnded))
        self.phone._queue.remove(event)
        return event.leg

    async def restarts(self) -> None:
        pytest.skip("the fake forgets nothing")


@dataclass
class RealTrio:
    world: RealWorld
    calls: dict[str, Call]
    legs: dict[str, Leg]
    call: str

    @property
    def phone(self) -> Phone:
        return self.world.phone

    async def hear(self, **expected: set[str]) -> None:
        def heard(who: str) -> set[str]:
            call = self.calls[who]
            if call.media_went_quiet():
                return set()
            return {name for name, tone in TONES.items() if tone in call.tones(tone)}

        await _until(
            lambda: all(heard(who) == wanted for who, wanted in expected.items()),
            lambda: str({who: heard(who) for who in expected}),
        )
        # And it stays so: a voice that comes a moment later would be heard as well.
        await asyncio.sleep(0.4)
        assert all(heard(who) <= wanted for who, wanted in expected.items())

    async def hangs_up(self, who: str) -> None:
        self.calls[who].hang_up()

    async def told_ended(self) -> Leg:
        return (await self.world.listener.told(LegEnded)).leg

    async def restarts(self) -> None:
        await self.world.program_restarts()
        await self.world.listener.told(Resynced)


async def _until(true: Callable[[], bool], told: Callable[[], str]) -> None:
    deadline = asyncio.get_running_loop().time() + 20
    while not true():
        assert asyncio.get_running_loop().time() < deadline, told()
        await asyncio.sleep(0.02)


async def _recorded(trio: RealTrio, wanted: set[str]) -> None:
    """The call's recording has these voices and no other, once it is written."""
    await trio.hangs_up("caller")
    await trio.told_ended()
    path, tones = trio.phone.recording(trio.call), {}

    def written() -> bool:
        try:
            found = recorded_tones(path, *TONES.values())
        except (wave.Error, EOFError):
            return False  # the engine is writing its beginning
        tones["heard"] = {name for name, tone in TONES.items() if tone in found}
        return tones["heard"] >= wanted

    await _until(written, lambda: str(tones))
    await asyncio.sleep(0.3)
    assert written()
    assert tones["heard"] == wanted


async def _real(world: RealWorld, stack: AsyncExitStack) -> RealTrio:
    port = world.engine.sip_port
    operator = await world.sip_phone(f"{SEAT}-phone")
    await world.listener.told(SeatChanged)
    supervisor = await stack.enter_async_context(
        SipAgent.open(port, f"{SV}-phone", password_of(SV), SV_TONE)
    )
    await supervisor.register()
    await world.listener.told(SeatChanged)
    caller = await world.dials("0312345678")
    arrived = (await world.listener.told(CallArrived)).leg
    legs, calls = {"caller": arrived}, {"caller": caller.call}
    for name, seat, agent in (("seat", SEAT, operator), ("sv", SV, supervisor)):
        legs[name] = world.phone.dial(seat, call="talk-1", caller="0901", title="店", seconds=20)
        calls[name] = await agent.rings()
        calls[name].answer()
        await world.listener.told(LegAnswered)
    # The engine is every test's of this session, and a recording is only ever added to.
    call = f"talk-{new_id()}"
    await world.phone.connect(call, arrived, legs["seat"], record=True)
    return RealTrio(world, calls, legs, call)


def _fake(phone: FakePhone) -> FakeTrio:
    trio = FakeTrio(phone)
    for seat in (SEAT, SV):
        phone.seat_online(seat)
    trio.legs["caller"] = phone.caller_dials("0312345678")
    for name, seat in (("seat", SEAT), ("sv", SV)):
        phone.dial(seat, call="talk-1", caller="0901", title="店", seconds=20)
        trio.legs[name] = phone.seat_answers(seat)
    return trio


@pytest.fixture(params=["fake", pytest.param("asterisk", marks=pytest.mark.engine)])
async def trio(
    request: pytest.FixtureRequest, tmp_path: Path, clock: MovedClock
) -> AsyncIterator[Trio]:
    if request.param == "fake":
        made = _fake(FakePhone(clock))
        await made.phone.connect("talk-1", made.legs["caller"], made.legs["seat"], record=True)
        yield made
        return
    async with AsyncExitStack() as stack:
        engine: RunningEngine = request.getfixturevalue("engine")
        world = await stack.enter_async_context(real_world(engine, tmp_path))
        await world.listener.told(Resynced)
        yield await _real(world, stack)


@pytest.mark.req("I4")
async def test_listen_whisper_join_and_leave(trio: Trio) -> None:
    phone, sv, seat = trio.phone, trio.legs["sv"], trio.legs["seat"]
    await trio.hear(caller={"seat"}, seat={"caller"}, sv=set())
    await phone.listen(sv, seat)
    await trio.hear(caller={"seat"}, seat={"caller"}, sv={"caller", "seat"})
    await phone.whisper(sv, seat)
    await trio.hear(caller={"seat"}, seat={"caller", "sv"}, sv={"caller", "seat"})
    await phone.barge(sv, seat)
    await trio.hear(caller={"seat", "sv"}, seat={"caller", "sv"}, sv={"caller", "seat"})
    await phone.listen(sv, seat)
    await trio.hear(caller={"seat"}, seat={"caller"}, sv={"caller", "seat"})
    await phone.unwatch(sv)
    await phone.unwatch(sv)
    await trio.hear(caller={"seat"}, seat={"caller"}, sv=set())
    if isinstance(trio, RealTrio):
        await _recorded(trio, {"caller", "seat", "sv"})


async def test_a_whisper_is_in_no_recording(trio: Trio) -> None:
    phone, sv, seat = trio.phone, trio.legs["sv"], trio.legs["seat"]
    await phone.whisper(sv, seat)
    await trio.hear(caller={"seat"}, seat={"caller", "sv"}, sv={"caller", "seat"})
    if isinstance(trio, RealTrio):
        await _recorded(trio, {"caller", "seat"})


async def test_the_supervisor_takes_the_call(trio: Trio) -> None:
    phone, sv, seat = trio.phone, trio.legs["sv"], trio.legs["seat"]
    await phone.whisper(sv, seat)
    await phone.unwatch(sv)
    await phone.connect(trio.call, trio.legs["caller"], sv, record=True)
    await phone.hang_up(seat)
    await trio.hear(caller={"sv"}, sv={"caller"})


@pytest.mark.parametrize("who", ["seat", "caller"])
async def test_what_was_watched_ends(trio: Trio, who: str) -> None:
    phone, sv, seat = trio.phone, trio.legs["sv"], trio.legs["seat"]
    await phone.listen(sv, seat)
    await trio.hangs_up(who)
    assert await trio.told_ended() == trio.legs[who]
    await trio.hear(sv={"seat"} if who == "caller" else set())
    assert sv in (await phone.snapshot()).legs
    await phone.unwatch(sv)
    await phone.hang_up(sv)


async def test_the_watcher_who_hangs_up_is_gone_and_the_talk_goes_on(trio: Trio) -> None:
    phone, sv, seat = trio.phone, trio.legs["sv"], trio.legs["seat"]
    await phone.barge(sv, seat)
    await trio.hangs_up("sv")
    assert await trio.told_ended() == sv
    await trio.hear(caller={"seat"}, seat={"caller"})
    with pytest.raises(LegGone):
        await phone.listen(sv, seat)
    with pytest.raises(PhoneError):
        await phone.unwatch(sv)


async def test_after_a_restart_nobody_is_spied_on(trio: Trio) -> None:
    await trio.phone.whisper(trio.legs["sv"], trio.legs["seat"])
    await trio.restarts()
    await trio.hear(caller={"seat"}, seat={"caller"}, sv=set())
    # Whoever wants to go on listening begins again.
    await trio.phone.listen(trio.legs["sv"], trio.legs["seat"])
    await trio.hear(caller={"seat"}, seat={"caller"}, sv={"caller", "seat"})
