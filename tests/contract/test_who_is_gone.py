"""Who vanishes without a word (power, network, a closed lid) is noticed by the real engine, and rung no more."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import websockets
from tests.contract.test_engine_calls import BrowserPhone
from tests.engine_fixtures import EngineFactory, RunningEngine, password_of
from tests.phone_world import SEAT
from tests.real_world import SEAT_TONE, RealCaller, RealSeat, RealWorld, real_world
from tests.sip_agent import SipAgent
from tests.sipp_caller import Voice, sipp_call
from websockets import Subprotocol

from denwaban.telephony.port import CallArrived, Leg, LegAnswered, LegEnded, Resynced, SeatChanged

pytestmark = pytest.mark.engine


@pytest.fixture
async def world(engine_factory: EngineFactory, tmp_path: Path) -> AsyncIterator[RealWorld]:
    """An engine that soon loses patience."""
    engine = engine_factory(vanished_seconds=2, phone_check_seconds=1)
    async with real_world(engine, tmp_path) as real:
        await real.listener.told(Resynced)
        yield real


async def talk(world: RealWorld) -> tuple[RealCaller, RealSeat, Leg, Leg]:
    seat = await world.seat_online()
    await world.listener.told(SeatChanged)
    caller = await world.dials("0312345678")
    arrived = await world.listener.told(CallArrived)
    leg = world.phone.dial(SEAT, call="c", caller="0901", title="店", seconds=20)
    await seat.answers()
    await world.listener.told(LegAnswered)
    await world.phone.connect("c", arrived.leg, leg, record=False)
    await caller.hears("seat")
    await seat.hears("caller")
    return caller, seat, arrived.leg, leg


async def test_a_caller_whose_network_is_gone_ends(world: RealWorld) -> None:
    caller, seat, caller_leg, leg = await talk(world)
    caller.call.agent.vanish()
    assert (await world.listener.told(LegEnded)).leg == caller_leg
    await world.phone.hang_up(leg)
    await seat.is_over()


async def test_a_waiting_caller_whose_network_is_gone_ends(world: RealWorld) -> None:
    caller = await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    await world.phone.answer(leg)
    await world.phone.music(leg)
    await caller.hears("music")
    caller.call.agent.vanish()
    assert (await world.listener.told(LegEnded)).leg == leg


async def test_a_desk_phone_that_loses_power_ends_and_its_seat_goes_offline(
    world: RealWorld,
) -> None:
    caller, seat, _, leg = await talk(world)
    seat.agent.vanish()
    assert (await world.listener.told(LegEnded)).leg == leg
    changed = await world.listener.told(SeatChanged)
    assert (changed.seat, changed.online) == (SEAT, False)
    await caller.hears("nothing")
    assert not caller.call.is_over
    # Its power is back.
    await world.sip_phone(f"{SEAT}-phone")
    assert (await world.listener.told(SeatChanged)).online


async def test_a_caller_on_the_hold_of_their_own_phone_may_be_silent(world: RealWorld) -> None:
    caller, _, _, _ = await talk(world)
    await caller.call.hold(True)
    assert caller.call._speaker is not None
    caller.call._speaker.cancel()
    # Twice as long as a talking caller may be silent; nothing tells that nothing happens.
    await asyncio.sleep(4)
    world.listener.not_told(LegEnded)
    assert not caller.call.is_over


async def test_a_trunk_is_asked_by_session_timer_also_when_it_knows_none(
    engine: RunningEngine, tmp_path: Path
) -> None:
    async with real_world(engine, tmp_path) as world:
        await world.listener.told(Resynced)
        voice = await Voice().open()
        caller = await sipp_call(
            engine, tmp_path / "sipp", dialled="0312345678", voice=voice, hang_up_after=0.1
        )
        try:
            await world.phone.answer((await world.listener.told(CallArrived)).leg)
            status, trace = await caller.done()
        finally:
            await caller.kill()
            voice.close()
    assert status == 0, trace[-2000:]
    assert "Session-Expires: 600;refresher=uas" in trace


@pytest.mark.req("A2")
async def test_only_the_newest_sign_in_of_a_desk_phone_rings(world: RealWorld) -> None:
    old = await world.sip_phone(f"{SEAT}-phone")
    await world.listener.told(SeatChanged)
    old.vanish()
    async with SipAgent.open(
        world.engine.sip_port, f"{SEAT}-phone", password_of(SEAT), SEAT_TONE
    ) as new:
        await new.register()
        await only_contact(world, f"{SEAT}-phone", f":{new._local_port}")
        leg = world.phone.dial(SEAT, call="c", caller="0901", title="t", seconds=20)
        await new.rings()
        await world.phone.hang_up(leg)
        assert (await world.listener.told(LegEnded)).leg == leg
    assert old.all_calls == []


async def test_only_the_newest_sign_in_of_a_browser_rings(world: RealWorld) -> None:
    rung: list[str] = []

    async def sits(name: str) -> None:
        async with websockets.connect(
            world.engine.ws_url, subprotocols=[Subprotocol("sip")], proxy=None, close_timeout=0.5
        ) as ws:
            phone = BrowserPhone(ws, SEAT)
            assert "200" in await phone.register(password_of(SEAT))
            at[name] = f":{ws.local_address[1]}"
            while True:
                try:
                    await phone.next("INVITE")
                except TimeoutError:
                    continue
                rung.append(name)

    at: dict[str, str] = {}
    async with asyncio.TaskGroup() as tasks:
        sitting = []
        for name in ("old", "new"):
            sitting.append(tasks.create_task(sits(name)))
            async with asyncio.timeout(20):
                while name not in at:
                    await asyncio.sleep(0.02)
            await only_contact(world, SEAT, at[name])
        leg = world.phone.dial(SEAT, call="c", caller="0901", title="t", seconds=20)
        async with asyncio.timeout(20):
            while not rung:
                await asyncio.sleep(0.02)
        await world.phone.hang_up(leg)
        assert (await world.listener.told(LegEnded)).leg == leg
        for task in sitting:
            task.cancel()
    assert set(rung) == {"new"}


async def only_contact(world: RealWorld, endpoint: str, place: str) -> None:
    """Waits until this is where the endpoint is, nowhere else, and the program knows. In between the endpoint may be
    offline for a moment: the old contact is taken out before the new one is in."""
    async with asyncio.timeout(20):
        while True:
            shown = await world.engine.engine.cli(f"pjsip show aor {endpoint}")
            contacts = [line for line in shown.splitlines() if "Contact:" in line and "@" in line]
            # The console cuts an address off after 46 characters.
            here = [
                line
                for line in contacts
                if "Avail" in line
                and f"127.0.0.1{place}".startswith(re.split("[; ]", line.split("@")[1])[0])
            ]
            if len(here) == len(contacts) and here and endpoint in world.phone._legs.online:
                return
