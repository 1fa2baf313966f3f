"""What only the real engine can show: recordings, two phones of one seat, deaths, and two programs at one engine."""

import asyncio
import os
import shutil
import signal
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.engine_fixtures import EngineFactory, RunningEngine, password_of
from tests.phone_world import OUTSIDE, SEAT, TRUNK, Listener
from tests.real_world import (
    CALLER_TONE,
    PROMPT_TONE,
    SEAT_TONE,
    RealCaller,
    RealSeat,
    RealWorld,
    real_world,
    recorded_tones,
)
from tests.sip_agent import SipAgent

from denwaban.telephony.ari import EngineTaken, connection
from denwaban.telephony.engine import NOTES, Ledger
from denwaban.telephony.port import (
    CallArrived,
    EngineLost,
    HangUp,
    Leg,
    LegAnswered,
    LegEnded,
    PhoneError,
    Resynced,
    SeatAccount,
    SeatChanged,
    SeatName,
)
from denwaban.telephony.recording import repair_wav
from denwaban.telephony.speech import Speech

pytestmark = pytest.mark.engine


@pytest.fixture
async def world(engine: RunningEngine, tmp_path: Path) -> AsyncIterator[RealWorld]:
    async with real_world(engine, tmp_path) as real:
        assert (await real.listener.told(Resynced)).snapshot.legs == {}
        yield real


async def talk(
    world: RealWorld, call: str, *, record: bool = True
) -> tuple[RealCaller, RealSeat, Leg, Leg]:
    seat = await world.seat_online()
    await world.listener.told(SeatChanged)
    caller = await world.dials("0312345678")
    arrived = await world.listener.told(CallArrived)
    leg = await answered(world, seat, call)
    await world.phone.connect(call, arrived.leg, leg, record=record)
    await caller.hears("seat")
    await seat.hears("caller")
    return caller, seat, arrived.leg, leg


async def answered(world: RealWorld, seat: RealSeat, call: str) -> Leg:
    leg = world.phone.dial(SEAT, call=call, caller="0901", title="店", seconds=20)
    await seat.answers()
    await world.listener.told(LegAnswered)
    return leg


async def test_the_phone_shows_who_calls(world: RealWorld) -> None:
    seat = await world.seat_online()
    await world.listener.told(SeatChanged)
    world.phone.dial(
        SEAT, call="call-7", caller="+81312345678", title='みどり"クリニック"', seconds=20
    )
    await seat.rings()
    assert "みどりクリニック" in seat.call.header("From")
    assert "0312345678@" in seat.call.header("From")


@pytest.mark.parametrize(
    ("why", "status"),
    [
        (HangUp.NORMAL, 603),
        (HangUp.BUSY, 486),
        (HangUp.UNKNOWN_NUMBER, 404),
        (HangUp.CONGESTION, 503),
    ],
)
async def test_the_callers_network_hears_why(world: RealWorld, why: HangUp, status: int) -> None:
    caller = await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    await world.phone.hang_up(leg, why)
    await caller.is_over()
    assert caller.call.status == status


async def test_both_voices_are_in_the_recording_of_every_talk_of_a_call(world: RealWorld) -> None:
    caller, seat, caller_leg, leg = await talk(world, "recorded-1")
    path = world.phone.recording("recorded-1")
    await asyncio.sleep(1.0)
    await world.phone.hang_up(leg)
    await world.listener.told(LegEnded)
    await seat.is_over()  # its phone hears of it after us, and would answer the talk that ends
    first = await _holds_both_voices(path)
    # The same call goes on with an operator; the file goes on as well.
    leg = await answered(world, seat, "recorded-1")
    await world.phone.connect("recorded-1", caller_leg, leg, record=True)
    await caller.hears("seat")
    await seat.hears("caller")
    await world.phone.hold(caller_leg)
    await caller.hears("music")
    await world.phone.unhold(caller_leg)
    await caller.hears("seat")
    await asyncio.sleep(1.0)
    await caller.hangs_up()
    await world.listener.told(LegEnded)
    await _holds_both_voices(path, longer_than=first + 8000)
    assert not repair_wav(path), "the engine itself wrote the lengths"


@pytest.mark.req("D2")
async def test_a_caller_who_is_left_to_the_engine_is_recorded(
    world: RealWorld, engine: RunningEngine
) -> None:
    settings = engine.settings
    words = await Speech(settings.speech or settings.home / "speech").wav("お待たせしております。")
    caller = await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    await world.phone.take_message(leg, words=words)
    assert (await world.listener.told(LegEnded)).leg == leg
    ledger = Ledger(settings.left, settings.run)
    async with asyncio.timeout(60):
        while True:
            wav = ledger.read(datetime.now(UTC))[leg].wav
            if wav is not None and wav.stat().st_size > 16_000:
                break
            await asyncio.sleep(0.2)
    await caller.hangs_up()
    async with asyncio.timeout(20):
        while ledger.read(datetime.now(UTC))[leg].ended is None:
            await asyncio.sleep(0.1)
    assert recorded_tones(wav, CALLER_TONE) == {CALLER_TONE}
    ledger.forget_message(leg)


async def test_two_talk_although_the_recording_cannot_begin(world: RealWorld) -> None:
    path = world.phone.recording("unwritable-1")
    path.mkdir()
    try:
        caller, seat, caller_leg, _ = await talk(world, "unwritable-1")
        await world.phone.hold(caller_leg)
        await caller.hears("music")
        await world.phone.unhold(caller_leg)
        await seat.hears("caller")
    finally:
        path.rmdir()


async def test_the_engine_keeps_with_whom_a_caller_talked_and_keeps_no_others(
    world: RealWorld,
) -> None:
    settings = world.engine.settings
    ledger = Ledger(settings.left, settings.run)
    before = set(ledger.read(datetime.now(UTC)))
    caller, _, caller_leg, leg = await talk(world, "kept-1", record=False)
    await world.phone.note(caller_leg, call="kept-1", client='"山田", [社]')
    outside = await world.outside()
    far = await world.phone.call_out(
        OUTSIDE, call="call-9", trunk=TRUNK, shown="+81312340000", seconds=20
    )
    await outside.answers()
    await outside.hangs_up()
    assert "山田" in await _noted(world, caller_leg)
    await caller.hangs_up()
    await world.phone.hang_up(leg)
    async with asyncio.timeout(10):
        while (found := ledger.read(datetime.now(UTC)))[caller_leg].ended is None:
            await asyncio.sleep(0.05)
        # Behind its line in the ledger the note is forgotten: the engine lives for months.
        while await _noted(world, caller_leg):
            await asyncio.sleep(0.05)
    assert set(found) - before == {caller_leg}
    entry = found[caller_leg]
    assert (entry.seat, entry.call, entry.dialled) == (SEAT, "kept-1", "0312345678")
    assert far not in found


async def test_who_is_left_to_the_engine_is_over_for_us_and_has_an_end_in_the_ledger(
    world: RealWorld,
) -> None:
    settings = world.engine.settings
    ledger = Ledger(settings.left, settings.run)
    words = await Speech(settings.speech or settings.home / "speech").wav("お待たせしました。")
    caller = await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    await world.phone.ring(leg)
    await world.phone.take_message(leg, words=words)
    assert (await world.listener.told(LegEnded)).leg == leg
    await caller.call.answered()
    await caller.call.hears_on()
    assert ledger.read(datetime.now(UTC))[leg].ended is None
    await caller.hangs_up()
    async with asyncio.timeout(10):
        while ledger.read(datetime.now(UTC))[leg].ended is None:
            await asyncio.sleep(0.05)


async def _holds_both_voices(
    path: Path, longer_than: int = 0, also: frozenset[float] = frozenset(), never: float = 0.0
) -> int:
    """Waits until the recording is written; its length in bytes. It is closed in a thread of the engine's own.

    `also` are further tones that it holds, `never` is one that it does not."""
    deadline = asyncio.get_running_loop().time() + 20
    both = {CALLER_TONE, SEAT_TONE}
    while True:
        size = os.path.getsize(path)  # noqa: ASYNC240
        try:
            tones = recorded_tones(path, *both, *also, *([never] if never else []))
        except (wave.Error, EOFError):
            tones = set()  # The engine is writing its beginning.
        assert never not in tones
        if tones == both | also and size > longer_than:
            return size
        assert asyncio.get_running_loop().time() < deadline, (size, tones)
        await asyncio.sleep(0.1)


async def test_the_first_of_two_phones_wins_and_the_other_stops(world: RealWorld) -> None:
    desk = await world.sip_phone(f"{SEAT}-phone")
    await world.listener.told(SeatChanged)
    other = await world.sip_phone(SEAT)
    await _both_online(world)
    leg = world.phone.dial(SEAT, call="c", caller="0901", title="t", seconds=20)
    ringing, lost = await desk.rings(), await other.rings()
    assert lost.header("X-Call") == "c"  # what browsers go by
    ringing.answer()
    assert (await world.listener.told(LegAnswered)).leg == leg
    await lost.over()
    assert lost.status == 487
    assert not ringing.is_over
    world.listener.not_told(LegEnded)
    ringing.hang_up()
    assert (await world.listener.told(LegEnded)).leg == leg


async def test_one_busy_phone_leaves_the_other_ringing_but_declining_ends_both(
    world: RealWorld,
) -> None:
    desk = await world.sip_phone(f"{SEAT}-phone")
    await world.listener.told(SeatChanged)
    other = await world.sip_phone(SEAT)
    await _both_online(world)
    leg = world.phone.dial(SEAT, call="c", caller="0901", title="t", seconds=20)
    busy, ringing = await desk.rings(), await other.rings()
    busy.refuse(486)
    await asyncio.sleep(0.3)
    world.listener.not_told(LegEnded)
    ringing.refuse(603)
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.busy) == (leg, True)

    leg = world.phone.dial(SEAT, call="c", caller="0901", title="t", seconds=20)
    declining, ringing = await desk.rings(), await other.rings()
    declining.refuse(603)
    await ringing.over()
    ended = await world.listener.told(LegEnded)
    assert (ended.leg, ended.busy) == (leg, True)


async def _both_online(world: RealWorld) -> None:
    """The second phone changes nothing about the seat, so there is no event to wait for."""
    async with asyncio.timeout(20):
        while len(world.phone._legs.online) < 2:
            await asyncio.sleep(0.02)


async def test_a_seat_made_later_can_sign_in(engine_factory: EngineFactory, tmp_path: Path) -> None:
    async with real_world(engine_factory(), tmp_path) as world:
        await world.listener.told(Resynced)
        accounts = [SeatAccount(SeatName(name), password_of(name)) for name in ("seat-1", "seat-9")]
        await world.phone.seats(accounts)
        async with SipAgent.open(
            world.engine.sip_port, "seat-9-phone", password_of("seat-9")
        ) as agent:
            await agent.register()
            assert (await world.listener.told(SeatChanged)).seat == "seat-9"


async def test_another_program_ends_this_one_and_takes_its_calls(world: RealWorld) -> None:
    caller, seat, caller_leg, leg = await talk(world, "taken-1", record=False)
    newer = Listener(world.new_phone())
    try:
        resynced = await newer.told(Resynced)
        assert set(resynced.snapshot.legs) == {caller_leg, leg}
        assert isinstance(await world.listener.ended_with(), EngineTaken)
        with pytest.raises(PhoneError):
            await world.phone.hold(caller_leg)
        await caller.hears("seat")
        await caller.hangs_up()
        assert (await newer.told(LegEnded)).leg == caller_leg
        await newer.phone.hang_up(leg)
        await newer.told(LegEnded)
    finally:
        await newer.close()


async def test_an_older_engine_is_asked_over_http(
    engine: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the engine had left the first request over the WebSocket unanswered.
    monkeypatch.setattr(connection, "REST_OVER_WEBSOCKET_SECONDS", 0.0)
    async with real_world(engine, tmp_path) as world:
        await world.listener.told(Resynced)
        caller, seat, caller_leg, leg = await talk(world, "http-1")
        await world.phone.hold(caller_leg)
        await caller.hears("music")
        await world.phone.unhold(caller_leg)
        await caller.hears("seat")
        await caller.hangs_up()
        assert (await world.listener.told(LegEnded)).leg == caller_leg
        await world.phone.hang_up(leg)
        await seat.is_over()


async def _noted(world: RealWorld, caller: Leg) -> str:
    """What the engine itself still holds of our notes about a caller."""
    engine = world.engine
    async with httpx.AsyncClient(auth=(engine.ari_user, engine.ari_password)) as http:
        asked = {"variable": f"{NOTES}_{caller}"}
        answer = await http.get(f"{engine.ari_url}/asterisk/variable", params=asked)
    return str(answer.raise_for_status().json()["value"])


async def _one_left(world: RealWorld) -> None:
    """Waits until the engine itself knows of one channel alone: a program that listens no longer is told nothing."""
    engine = world.engine
    async with (
        httpx.AsyncClient(auth=(engine.ari_user, engine.ari_password)) as http,
        asyncio.timeout(20),
    ):
        while len((await http.get(f"{engine.ari_url}/channels")).json()) != 1:
            await asyncio.sleep(0.02)


async def test_a_caller_who_left_meanwhile_is_missing_and_the_bridge_is_swept(
    world: RealWorld,
) -> None:
    caller, seat, _, leg = await talk(world, "left-1", record=False)
    await world.listener.close()
    await caller.hangs_up()
    await _one_left(world)
    await world.program_restarts()
    legs = (await world.listener.told(Resynced)).snapshot.legs
    assert set(legs) == {leg}
    assert legs[leg].connected_to is None
    await world.phone.hang_up(leg)
    await world.listener.told(LegEnded)
    await seat.is_over()


async def test_a_prompt_under_way_obeys_the_next_program(world: RealWorld) -> None:
    caller = await world.dials("0312345678")
    leg = (await world.listener.told(CallArrived)).leg
    await world.phone.answer(leg)
    await world.phone.play(leg, world.prompt)
    await caller.call.hears(PROMPT_TONE)
    async with asyncio.timeout(15):
        await world.phone.note(leg, state="announcing")
    await world.program_restarts()
    resynced = await world.listener.told(Resynced)
    assert resynced.snapshot.legs[leg].notes["state"] == "announcing"
    await caller.call.hears(PROMPT_TONE)
    await world.phone.quiet(leg)
    await caller.hears("nothing")


async def test_the_engine_dies_in_a_talk_and_comes_back_new(
    engine_factory: EngineFactory, tmp_path: Path
) -> None:
    async with real_world(engine_factory(), tmp_path) as world:
        await world.listener.told(Resynced)
        _, _, caller_leg, _ = await talk(world, "died-1")
        await asyncio.sleep(3.0)
        pid = world.engine.engine.alive_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await world.listener.told(EngineLost)
        with pytest.raises(PhoneError):
            await world.phone.hang_up(caller_leg)
        resynced = await world.listener.told(Resynced, 30)
        assert resynced.restarted
        assert resynced.snapshot.legs == {}
        world.listener.not_told(LegEnded)

        killed = tmp_path / "killed.wav"
        shutil.copy(world.phone.recording("died-1"), killed)
        assert repair_wav(killed)
        assert recorded_tones(killed, CALLER_TONE, SEAT_TONE) == {CALLER_TONE, SEAT_TONE}
        # The new engine serves.
        await world.dials("0312345678")
        await world.listener.told(CallArrived)


async def test_what_is_said_while_the_recording_pauses_is_not_in_it(world: RealWorld) -> None:
    secret, later = 690.0, 930.0
    caller, seat, caller_leg, leg = await talk(world, "paused-1")
    path = world.phone.recording("paused-1")
    await world.phone.pause_recording("paused-1", leg, True)
    caller.call.tone = secret
    await seat.call.hears(secret)
    await asyncio.sleep(0.4)
    # The talk is joined anew during the pause: it is not recorded before the recording goes on.
    await world.phone.join("paused-1", (caller_leg, leg), record=False)
    await seat.call.hears(secret)
    await asyncio.sleep(0.4)
    caller.call.tone = later
    await seat.call.hears_not(secret)
    await world.phone.pause_recording("paused-1", leg, False)
    await seat.call.hears(later)
    await asyncio.sleep(0.4)
    await world.phone.hang_up(leg)
    await world.listener.told(LegEnded)
    await _holds_both_voices(path, also=frozenset({later}), never=secret)
    await asyncio.sleep(0.3)
    await _holds_both_voices(path, also=frozenset({later}), never=secret)


async def test_a_muted_recording_goes_on_where_it_was(world: RealWorld) -> None:
    caller, seat, _, leg = await talk(world, "paused-2")
    path = world.phone.recording("paused-2")
    await world.phone.pause_recording("paused-2", leg, True)
    await asyncio.sleep(0.6)
    await world.phone.pause_recording("paused-2", leg, False)
    await asyncio.sleep(0.6)
    await world.phone.hang_up(leg)
    await world.listener.told(LegEnded)
    await _holds_both_voices(path, longer_than=16_000)
