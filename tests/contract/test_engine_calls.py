"""Calls at the real engine's doors: with the program away, from the practice door, to a seat."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import websockets
from prometheus_client import REGISTRY
from tests.engine_fixtures import EngineFactory, RunningEngine, password_of
from tests.sipp_caller import Voice, likeness, sipp_call
from websockets import Subprotocol

from denwaban.telephony.engine import PRACTICE_ENDPOINT, Door, Entry, Ledger
from denwaban.telephony.port import SeatAccount, SeatName
from denwaban.telephony.speech import Sound, Speech
from denwaban.telephony.speech import Voice as Speaker

pytestmark = pytest.mark.engine


class Program:
    """The smallest program at the engine: it answers what comes in."""

    def __init__(self, http: httpx.AsyncClient, ws: Any) -> None:
        self.http = http
        self.ws = ws
        self.seen: list[dict[str, Any]] = []

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                event = json.loads(await self.ws.recv())
                self.seen.append(event)
                if wanted(event):
                    return dict(event)

    async def inbound(self) -> dict[str, Any]:
        """The next call that comes in."""
        return await self.until(
            lambda event: event["type"] == "StasisStart" and event["args"][:1] == ["inbound"]
        )


@asynccontextmanager
async def program(engine: RunningEngine) -> AsyncIterator[Program]:
    auth = (engine.ari_user, engine.ari_password)
    root = engine.ari_url.replace("http://", "ws://")
    async with (
        httpx.AsyncClient(auth=auth, base_url=engine.ari_url, trust_env=False) as http,
        websockets.connect(
            f"{root}/events?app=denwaban&api_key={auth[0]}:{auth[1]}", proxy=None
        ) as ws,
    ):
        yield Program(http, ws)


def read(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768


def ledger(engine: RunningEngine) -> Ledger:
    return Ledger(engine.settings.left, engine.settings.run)


async def left(engine: RunningEngine, caller: str) -> Entry:
    """What the ledger has of this caller, once they are gone."""
    async with asyncio.timeout(30):
        while True:
            found = ledger(engine).read(datetime.now(UTC)).values()
            for entry in found:
                if entry.caller == caller and entry.ended is not None:
                    return entry
            await asyncio.sleep(0.1)


@pytest.mark.req("A6")
async def test_no_program_ring_back_apology_message_and_note(
    engine_factory: EngineFactory, tmp_path: Path
) -> None:
    engine = engine_factory()
    begun = datetime.now(UTC)
    words = await Speech(tmp_path).wav(
        "山田です。給湯器から水が漏れています。", voice=Speaker.CALLER
    )
    voice = await Voice().open()
    caller = await sipp_call(
        engine, tmp_path / "sipp", dialled="+81312340001", caller="09012345678", voice=voice
    )
    try:
        apology = read(engine.settings.sounds / "apology.wav")
        async with asyncio.timeout(60):
            await voice.heard_from.wait()
            while len(voice.heard) < len(apology) or likeness(voice.heard, apology) < 0.9:
                await asyncio.sleep(0.2)
            # the beep
            await asyncio.sleep(0.8)
        # A telephone that is silent still sends sound; the engine ends the message by it.
        await voice.speak(np.concatenate([read(words), np.zeros(8000 * 9)]))
        status, trace = await caller.done()
    finally:
        await caller.kill()
        voice.close()
    assert status == 0, trace[-2000:]
    assert trace.index("SIP/2.0 180") < trace.index("SIP/2.0 200")
    message = await left(engine, "09012345678")
    assert (message.dialled, message.trunk, message.seat) == ("+81312340001", "test", None)
    assert message.ended is not None
    assert begun - timedelta(milliseconds=1) <= message.at <= message.ended <= datetime.now(UTC)
    pages = list(engine.settings.left.glob("ledger*"))
    assert [page.stat().st_mode & 0o777 for page in pages] == [0o600]
    assert message.wav is not None
    assert likeness(read(message.wav), read(words)) > 0.9
    for word in ("09012345678", "81312340001"):
        assert word not in engine.settings.log.read_text()


async def test_a_caller_who_gives_up_during_the_apology_is_known(
    engine_factory: EngineFactory, tmp_path: Path
) -> None:
    engine = engine_factory()
    caller = await sipp_call(
        engine, tmp_path / "sipp", dialled="0312340001", caller="anonymous", hang_up_after=0.3
    )
    status, trace = await caller.done()
    assert status == 0, trace[-2000:]
    message = await left(engine, "anonymous")
    assert (message.dialled, message.wav) == ("0312340001", None)


async def test_a_program_that_comes_back_during_the_ring_gets_the_call(
    engine_factory: EngineFactory, tmp_path: Path
) -> None:
    engine = engine_factory()
    caller = await sipp_call(engine, tmp_path / "sipp", dialled="0312340001", hang_up_after=0.2)
    try:
        async with asyncio.timeout(20):
            while "SIP/2.0 180" not in caller.trace:
                await asyncio.sleep(0.05)
        async with program(engine) as ours:
            call = await ours.inbound()
            assert call["args"] == ["inbound", "0312340001", "test"]
            await ours.http.post(f"/channels/{call['channel']['id']}/answer")
            status, trace = await caller.done()
    finally:
        await caller.kill()
    assert status == 0, trace[-2000:]
    assert len(ledger(engine).read(datetime.now(UTC))) == 1


@pytest.mark.parametrize(
    ("dialled", "to", "source", "expected"),
    [
        ("+81312340001", None, "127.0.0.1", ["inbound", "+81312340001", "test"]),
        ("0312340001", None, "127.0.0.1", ["inbound", "0312340001", "test"]),
        ("*99#", None, "127.0.0.1", ["inbound", "*99#", "test"]),
        ("a%2Cb%22%7Dc%24%7BEPOCH%7D", None, "127.0.0.1", ["inbound", "abcEPOCH", "test"]),
        ("%E9%9B%BB%E8%A9%B1", None, "127.0.0.1", ["inbound", "", "test"]),
        ("account77", "0312340002", "127.0.0.2", ["inbound", "0312340002", "test-to"]),
        ("account77", "%2B81312340002", "127.0.0.2", ["inbound", "+81312340002", "test-to"]),
    ],
)
async def test_every_dialled_number_comes_in(
    engine: RunningEngine,
    tmp_path: Path,
    dialled: str,
    to: str | None,
    source: str,
    expected: list[str],
) -> None:
    async with program(engine) as ours:
        caller = await sipp_call(
            engine, tmp_path, dialled=dialled, to=to, source=source, hang_up_after=0.1
        )
        try:
            call = await ours.inbound()
            await ours.http.post(f"/channels/{call['channel']['id']}/answer")
            assert call["args"] == expected
            status, trace = await caller.done()
            assert status == 0, trace[-2000:]
        finally:
            await caller.kill()


async def test_calls_come_in_over_tcp_too(engine: RunningEngine, tmp_path: Path) -> None:
    async with program(engine) as ours:
        caller = await sipp_call(
            engine, tmp_path, dialled="0312340001", hang_up_after=0.1, transport="t1"
        )
        try:
            call = await ours.inbound()
            await ours.http.post(f"/channels/{call['channel']['id']}/answer")
            status, trace = await caller.done()
            assert status == 0, trace[-2000:]
        finally:
            await caller.kill()


async def test_a_practice_call_goes_out_and_comes_in_by_the_sip_door(
    engine: RunningEngine,
) -> None:
    async with program(engine) as ours:
        placed = await ours.http.post(
            "/channels",
            params={
                "endpoint": f"PJSIP/+81312340001@{PRACTICE_ENDPOINT}",
                "app": "denwaban",
                "appArgs": "practice",
                "callerId": "09087654321",
            },
        )
        assert placed.status_code == 200
        call = await ours.inbound()
        assert call["args"] == ["inbound", "+81312340001", "practice"]
        assert call["channel"]["caller"]["number"] == "09087654321"
        await ours.http.post(f"/channels/{call['channel']['id']}/answer")
        caller = await ours.until(lambda event: event.get("args") == ["practice"])
        await ours.http.delete(f"/channels/{caller['channel']['id']}")
        await ours.until(
            lambda event: (
                event["type"] == "StasisEnd" and event["channel"]["id"] == call["channel"]["id"]
            )
        )


async def test_strangers_are_refused_and_only_counted(
    engine: RunningEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "127.0.0.9"
    door = Door(engine.engine)
    await door.count()
    before = REGISTRY.get_sample_value("denwaban_sip_refused_total") or 0.0
    counted = 0
    for again in range(2):
        caller = await sipp_call(
            engine, tmp_path / str(again), dialled="0312340001", source=source, hang_up_after=0.1
        )
        status, trace = await caller.done()
        assert status != 0
        assert "SIP/2.0 401" in trace
        # The INVITE, and as a rule the ACK of its refusal.
        new = await door.count()
        assert 1 <= new <= 3
        counted += new
    assert await door.count() == 0
    assert REGISTRY.get_sample_value("denwaban_sip_refused_total") == before + counted
    told = capsys.readouterr().out
    assert told.count("door.refused") == 2
    assert source not in told
    assert source not in engine.settings.log.read_text()


async def test_a_seat_is_added_while_a_call_goes_on(
    engine_factory: EngineFactory, tmp_path: Path
) -> None:
    engine = engine_factory()
    voice = await Voice().open()
    async with program(engine) as ours:
        caller = await sipp_call(
            engine, tmp_path / "sipp", dialled="0312340001", voice=voice, hang_up_after=4
        )
        try:
            call = await ours.inbound()
            channel = call["channel"]["id"]
            await ours.http.post(f"/channels/{channel}/answer")
            await ours.http.post(f"/channels/{channel}/moh")
            async with asyncio.timeout(20):
                await voice.heard_from.wait()
            assert "seat-77" not in await engine.engine.cli("pjsip list endpoints")
            accounts = [*engine.settings.seats, SeatAccount(SeatName("seat-77"), "password-77")]
            before = len(voice.frames)
            assert await engine.engine.seats(accounts)
            listed = await engine.engine.cli("pjsip list endpoints")
            assert "seat-77 " in listed
            assert "seat-77-phone " in listed
            assert "seat-1 " in listed
            assert not await engine.engine.seats(accounts)
            status, trace = await caller.done()
        finally:
            await caller.kill()
            voice.close()
    assert status == 0, trace[-2000:]
    assert len(voice.frames) - before > 100  # two seconds and more of music after the change
    music = read(engine.settings.sounds / "music" / "calm.wav")
    assert likeness(music, voice.heard[-8000:]) > 0.8


async def test_a_seat_is_removed_and_its_password_no_longer_opens(
    engine_factory: EngineFactory,
) -> None:
    engine = engine_factory()
    assert await engine.engine.seats(engine.settings.seats[:1])
    listed = await engine.engine.cli("pjsip list endpoints")
    assert "seat-1 " in listed
    assert "seat-2" not in listed
    assert password_of("seat-2") not in (engine.settings.etc / "pjsip_seats.conf").read_text()


class BrowserPhone:
    """The least of a browser's phone: signs in over WebSocket and reads what it is offered."""

    def __init__(self, ws: Any, seat: str) -> None:
        self.ws = ws
        self.seat = seat
        self.count = 0
        self.name = secrets.token_hex(4)

    async def register(self, password: str) -> str:
        """The status line of the last answer."""
        first = await self._ask("")
        fields = dict(re.findall(r'(realm|nonce|opaque|qop)="?([^",\r]*)', first))
        uri = "sip:127.0.0.1"
        secret = md5(f"{self.seat}:{fields['realm']}:{password}")
        answer = md5(f"{secret}:{fields['nonce']}:00000001:cafe:auth:{md5(f'REGISTER:{uri}')}")
        second = await self._ask(
            f'Authorization: Digest username="{self.seat}",realm="{fields["realm"]}",'
            f'nonce="{fields["nonce"]}",opaque="{fields.get("opaque", "")}",uri="{uri}",'
            f'response="{answer}",algorithm=MD5,qop=auth,nc=00000001,cnonce="cafe"\r\n'
        )
        return second.splitlines()[0]

    async def _ask(self, more: str) -> str:
        self.count += 1
        await self.ws.send(
            f"REGISTER sip:127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/WS phone.invalid;branch=z9hG4bK{self.name}{self.count}\r\n"
            f"From: <sip:{self.seat}@127.0.0.1>;tag=a\r\nTo: <sip:{self.seat}@127.0.0.1>\r\n"
            f"Call-ID: {self.name}\r\nCSeq: {self.count} REGISTER\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{self.seat}@phone.invalid;transport=ws>\r\n{more}"
            "Content-Length: 0\r\n\r\n"
        )
        return await self.next("SIP/2.0")

    async def next(self, begins: str) -> str:
        """The next message that begins so. Whoever asks whether we are there is told meanwhile."""
        async with asyncio.timeout(20):
            while True:
                message = await self.ws.recv()
                text = message if isinstance(message, str) else message.decode()
                if text.startswith("OPTIONS"):
                    kept = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", text, re.M)
                    await self.ws.send(
                        f"SIP/2.0 200 OK\r\n{''.join(kept)}Content-Length: 0\r\n\r\n"
                    )
                if text.startswith(begins):
                    return text


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def test_a_browser_signs_in_and_is_offered_voices_on_this_machine_alone(
    engine: RunningEngine,
) -> None:
    async with (
        program(engine) as ours,
        # The engine is slow to say good-bye.
        websockets.connect(
            engine.ws_url, subprotocols=[Subprotocol("sip")], proxy=None, close_timeout=0.5
        ) as ws,
    ):
        phone = BrowserPhone(ws, "seat-3")
        assert "401" in await phone.register("not the password")
        assert "200" in await phone.register(password_of("seat-3"))
        placed = await ours.http.post(
            "/channels",
            params={"endpoint": "PJSIP/seat-3", "app": "denwaban", "callerId": "0312345678"},
            json={"variables": {"PJSIP_HEADER(add,X-Call)": "call-42"}},
        )
        assert placed.status_code == 200
        invite = await phone.next("INVITE")
        await ours.http.delete(f"/channels/{placed.json()['id']}")
    assert "X-Call: call-42" in invite
    assert "X-Denwaban-Practice" not in invite
    offered = re.findall(r"^a=candidate:\S+ (\d) (\w+) \d+ (\S+)", invite, re.MULTILINE)
    assert offered
    assert {(kind.lower(), address) for _, kind, address in offered} == {("udp", "127.0.0.1")}
    assert re.findall(r"^a=rtpmap:\d+ (\S+)", invite, re.MULTILINE) == [
        "PCMU/8000",
        "telephone-event/8000",
    ]
    assert "a=fingerprint:SHA-256" in invite
    assert "c=IN IP4 127.0.0.1" in invite


async def test_an_unknown_seat_hears_no_more_than_a_wrong_password(engine: RunningEngine) -> None:
    async with websockets.connect(
        engine.ws_url,
        subprotocols=[Subprotocol("sip")],
        proxy=None,
        local_addr=("127.0.0.9", 0),  # not the address of a trunk
    ) as ws:
        assert "401" in await BrowserPhone(ws, "seat-999").register("whatever-it-is")
    assert "seat-999" not in engine.settings.log.read_text()
