"""A caller inside the real engine: comes in at the trunk's door, is heard, and listens."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.engine_fixtures import RunningEngine
from tests.sipp_caller import likeness

from denwaban.telephony.ari.connection import AriConnection
from denwaban.telephony.ari.practice_caller import CallerLine, CallerLines, Heard
from denwaban.telephony.ari.words import AnyEvent, StasisStart
from denwaban.telephony.engine import APPLICATION, PRACTICE_TRUNK
from denwaban.telephony.port import PhoneError
from denwaban.telephony.speech import RATE, Sound, Speech, Voice, write_wav


class Desk:
    """Stands where the switchboard stands: takes calls from the door by hand."""

    def __init__(self, connection: AriConnection, arrived: asyncio.Queue[StasisStart]) -> None:
        self.connection = connection
        self.arrived = arrived

    async def do(self, method: str, room: str, body: dict[str, object] | None = None) -> None:
        answer = await self.connection.send(method, room, body)
        assert answer.ok, (method, room, answer)


@pytest.fixture
async def desk(engine: RunningEngine) -> AsyncIterator[Desk]:
    arrived: asyncio.Queue[StasisStart] = asyncio.Queue()

    def on_event(event: AnyEvent) -> None:
        if isinstance(event, StasisStart):
            arrived.put_nowait(event)

    connection = await AriConnection.open(
        engine.ari_url, engine.ari_user, engine.ari_password, APPLICATION, on_event, lambda: None
    )
    yield Desk(connection, arrived)
    await connection.close()


@pytest.fixture
async def lines(engine: RunningEngine) -> AsyncIterator[CallerLines]:
    made = CallerLines(engine.ari_url, engine.ari_user, engine.ari_password)
    yield made
    await made.close()


async def until(line: CallerLine, wanted: Heard, seconds: float = 20.0) -> list[Heard]:
    """What the line told, up to and with `wanted`."""
    told = []
    async with asyncio.timeout(seconds):
        while True:
            told.append(await line.heard.get())
            if told[-1] is wanted:
                return told


def samples(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768


def closed(path: Path) -> bool:
    """Whether the head of a recording tells its whole length."""
    with suppress(wave.Error, EOFError), wave.open(str(path)) as file:
        return 44 < path.stat().st_size == 44 + 2 * int(file.getnframes())
    return False


async def recorded(path: Path) -> Sound:
    """What is in a recording: the engine closes the file a moment after it was told to stop."""
    async with asyncio.timeout(20):
        while not closed(path):
            await asyncio.sleep(0.02)
    return samples(path)


async def channels(engine: RunningEngine) -> list[dict[str, object]]:
    async with httpx.AsyncClient(auth=(engine.ari_user, engine.ari_password)) as http:
        return list((await http.get(f"{engine.ari_url}/channels")).json())


@pytest.mark.req("L5")
async def test_comes_in_at_the_door_is_heard_and_listens(
    engine: RunningEngine, desk: Desk, lines: CallerLines, tmp_path: Path
) -> None:
    speech = Speech(tmp_path / "speech")
    words = await speech.wav("もしもし、佐藤と申します。", voice=Voice.CALLER)
    line = await lines.dial(number="0311112222", caller="09012345678", seconds=20)
    async with asyncio.timeout(20):
        call = await desk.arrived.get()
    assert call.args == ["inbound", "0311112222", PRACTICE_TRUNK]
    assert call.channel.caller.number == "09012345678"
    caller = call.channel.id
    await desk.do("POST", f"channels/{caller}/answer")
    assert await until(line, Heard.ANSWERED) == [Heard.ANSWERED]

    await desk.do(
        "POST",
        f"channels/{caller}/record",
        {"name": line.channel, "format": "wav", "ifExists": "overwrite"},
    )
    await line.say(words)
    assert await until(line, Heard.SAID) == [Heard.SAID]
    await desk.do("POST", f"recordings/live/{line.channel}/stop")
    heard = await recorded(engine.settings.recordings / f"{line.channel}.wav")
    assert likeness(heard, samples(words)) > 0.9

    greeting = tmp_path / "greeting.wav"
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    # As from a telephone, where silence is sound too.
    write_wav(greeting, np.concatenate([tone, np.zeros(2 * RATE)]))
    await desk.do("POST", f"channels/{caller}/play", {"media": f"sound:{greeting.with_suffix('')}"})
    assert await until(line, Heard.QUIET) == [Heard.TALKING, Heard.QUIET]

    await desk.do("DELETE", f"channels/{caller}")
    assert await until(line, Heard.ENDED) == [Heard.ENDED]
    with pytest.raises(PhoneError):
        await line.say(words)


async def test_hanging_up_ends_both_sides_and_may_be_repeated(
    engine: RunningEngine, desk: Desk, lines: CallerLines
) -> None:
    line = await lines.dial(number="0311112222", caller="09012345678", seconds=20)
    async with asyncio.timeout(20):
        await desk.arrived.get()
    await line.hang_up()
    await line.hang_up()
    assert await until(line, Heard.ENDED) == [Heard.ENDED]
    async with asyncio.timeout(20):
        while await channels(engine):
            await asyncio.sleep(0.05)


async def test_a_line_that_nobody_answers_ends_by_itself(desk: Desk, lines: CallerLines) -> None:
    line = await lines.dial(number="0311112222", caller="09012345678", seconds=1)
    assert await until(line, Heard.ENDED) == [Heard.ENDED]


async def test_callers_that_an_earlier_program_left_are_hung_up(
    engine: RunningEngine, desk: Desk, lines: CallerLines
) -> None:
    before = CallerLines(engine.ari_url, engine.ari_user, engine.ari_password)
    left = await before.dial(number="0311112222", caller="09012345678", seconds=20)
    async with asyncio.timeout(20):
        await desk.arrived.get()
    # The program dies: its connection breaks, the caller stays in the engine.
    assert before._connection is not None
    await before._connection.close()
    line = await lines.dial(number="0311112222", caller="09011111111", seconds=20)
    async with asyncio.timeout(20):
        while left.channel in [c["id"] for c in await channels(engine)]:
            await asyncio.sleep(0.05)
    assert line.channel in [c["id"] for c in await channels(engine)]


async def test_an_engine_that_is_away_is_told() -> None:
    lines = CallerLines("http://127.0.0.1:9/ari", "nobody", "nothing")
    with pytest.raises(PhoneError):
        await lines.dial(number="0311112222", caller="09012345678", seconds=1)
