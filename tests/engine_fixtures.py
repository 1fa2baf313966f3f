"""A real telephone engine for tests, and callers for it.

Listed in `pytest_plugins` of conftest. `engine` is one engine for the whole session with ports of
its own; `engine_factory` starts more, for tests that kill or change theirs. The packages are
fetched once into `var/engine` of the repository.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from denwaban.config import Trunk
from denwaban.telephony.engine import Engine, EngineSettings, Packages, obtain
from denwaban.telephony.port import SeatAccount, SeatName
from denwaban.telephony.speech import Sound

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunningEngine:
    """An engine that serves. Trunk `test` takes calls from 127.0.0.1 (number in the request URI),
    trunk `test-to` from 127.0.0.2 (number in To). Seats `seat-1` … `seat-4` can sign in with
    `password_of`, as browser (`seat-1`) and as phone (`seat-1-phone`)."""

    settings: EngineSettings
    engine: Engine

    @property
    def ari_url(self) -> str:
        return self.settings.ari_url

    @property
    def ari_user(self) -> str:
        return self.settings.ari_user

    @property
    def ari_password(self) -> str:
        return self.settings.ari_password

    @property
    def sip_host(self) -> str:
        return self.settings.sip_host

    @property
    def sip_port(self) -> int:
        return self.settings.sip_port

    @property
    def ws_url(self) -> str:
        return self.settings.ws_url

    @property
    def outside_port(self) -> int:
        """Where calls out by trunk `test` go: nobody is there until a test opens something."""
        return int(self.settings.trunks[0].server.rpartition(":")[2])


def password_of(seat: str) -> str:
    """The password of a seat of `RunningEngine`."""
    return f"password-of-{seat}"


@contextmanager
def port_block() -> Iterator[int]:
    """A thousand ports that no other test process uses: the first, and the block until the end.

    Below the range from which the kernel gives ports to clients; the last port of the block is
    held open as the sign that it is taken.
    """
    for first in range(20000, 32000, 1000):
        with socket.socket() as sign:
            try:
                sign.bind(("127.0.0.1", first + 999))
            except OSError:
                continue
            if not all(_free(first + at) for at in range(3)):
                continue  # something that holds no sign, such as an engine left behind
            yield first
            return
    raise RuntimeError("no free ports between 20000 and 32000")


def _free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:  # connections of the last one may linger
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@pytest.fixture(scope="session")
def engine_packages() -> Packages:
    """The engine's packages, fetched when they are not there yet."""
    return obtain(REPOSITORY / "var")


EngineFactory = Callable[..., RunningEngine]


@pytest.fixture(scope="session")
def engine(
    engine_packages: Packages, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEngine]:
    """One engine for the whole session; leave it as you found it."""
    with _running(engine_packages, tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture
def engine_factory(engine_packages: Packages, tmp_path: Path) -> Iterator[EngineFactory]:
    """Starts engines of a test's own: `engine_factory(**changes to EngineSettings)`."""
    with ExitStack() as stack:
        count = 0

        def make(**changes: Any) -> RunningEngine:
            nonlocal count
            count += 1
            return stack.enter_context(
                _running(engine_packages, changes.pop("home", tmp_path / f"{count}"), **changes)
            )

        yield make


def settings_for(home: Path, first_port: int, **changes: Any) -> EngineSettings:
    """Settings of a test engine on the ports that begin at `first_port`."""
    values: dict[str, Any] = {
        "home": home,
        "sip_port": first_port,
        "http_port": first_port + 1,
        "ari_password": secrets.token_hex(12),
        "speech": REPOSITORY / "var" / "speech",
        "rtp_first": first_port + 100,
        "rtp_last": first_port + 989,
        "trunks": (
            Trunk(
                name="test",
                kind="ip",
                match=("127.0.0.1",),
                server=f"127.0.0.1:{first_port + 995}",
                user="0312340000",
                shows="pai",
            ),
            Trunk(name="test-to", kind="ip", match=("127.0.0.2",), number_from="to"),
        ),
        "seats": tuple(
            SeatAccount(SeatName(f"seat-{n}"), password_of(f"seat-{n}")) for n in range(1, 5)
        ),
        **changes,
    }
    return EngineSettings(**values)


@contextmanager
def _running(packages: Packages, home: Path, **changes: Any) -> Iterator[RunningEngine]:
    """An engine with its supervisor in a thread with a loop of its own, so that tests with loops
    of any scope can use it."""
    with port_block() as first:
        engine = Engine(settings_for(home, first, **changes), packages)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="engine-supervisor", daemon=True)
        thread.start()

        async def keep() -> None:
            async for _ in engine.watch():
                pass

        try:
            asyncio.run_coroutine_threadsafe(engine.start(), loop).result(90)
            keeper = asyncio.run_coroutine_threadsafe(keep(), loop)
            try:
                yield RunningEngine(engine.settings, engine)
            finally:
                asyncio.run_coroutine_threadsafe(engine.stop(), loop).result(30)
                keeper.result(30)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


class Voice(asyncio.DatagramProtocol):
    """One end of an audio path: keeps what it hears and can speak (G.711 µ-law, 20 ms frames)."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._far: tuple[str, int] | None = None
        self.heard_from = asyncio.Event()

    async def open(self) -> Voice:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]
        return self

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if len(data) > 12 and data[1] & 0x7F == 0:
            self._far = (addr[0], addr[1])
            self.frames.append(data[12:])
            self.heard_from.set()

    @property
    def heard(self) -> Sound:
        """Everything heard until now, 8 kHz, -1..1."""
        return from_ulaw(b"".join(self.frames))

    async def speak(self, sound: Sound) -> None:
        """Speaks in real time to where sound has come from; waits for the first sound."""
        await self.heard_from.wait()
        assert self._transport is not None
        coded = to_ulaw(sound)
        start = asyncio.get_running_loop().time()
        for number, at in enumerate(range(0, len(coded) - 159, 160)):
            header = b"\x80\x00" + (number & 0xFFFF).to_bytes(2, "big")
            header += (at & 0xFFFFFFFF).to_bytes(4, "big") + b"denw"
            self._transport.sendto(header + coded[at : at + 160], self._far)
            late = start + (number + 1) * 0.02 - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, late))


def to_ulaw(sound: Sound) -> bytes:
    """G.711 µ-law of samples in -1..1."""
    level = np.clip(np.abs(sound), 0, 1) * 32635 + 132
    exponent = np.clip(np.floor(np.log2(level)).astype(int) - 7, 0, 7)
    mantissa = (level / 2.0 ** (exponent + 3)).astype(int) & 0x0F
    code = ~(np.where(sound < 0, 0x80, 0) | (exponent << 4) | mantissa) & 0xFF
    return bytes(code.astype(np.uint8).tobytes())


def from_ulaw(coded: bytes) -> Sound:
    """Samples in -1..1 of G.711 µ-law."""
    code = ~np.frombuffer(coded, dtype=np.uint8) & 0xFF
    size = (((code & 0x0F).astype(int) << 3) + 132) << ((code >> 4) & 7)
    return np.asarray(np.where(code & 0x80, 132 - size, size - 132) / 32768)


def likeness(heard: Sound, spoken: Sound) -> float:
    """How much of `spoken` is in `heard`, wherever it begins: 1 is the very same, 0 nothing."""
    size = len(heard) + len(spoken)
    cross = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size)), size)
    at = int(np.argmax(np.abs(cross)))
    if at >= len(heard):
        return 0.0
    part = heard[at : at + len(spoken)]
    whole = float(np.sqrt(np.sum(part**2) * np.sum(spoken**2)))
    return float(np.abs(cross[at])) / whole if whole else 0.0


_SCENARIO = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:@DIALLED@@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:@CALLER@@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:@TO@@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio @MEDIA@ RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=ptime:20
a=sendrecv
]]></send>
<recv response="100" optional="true"></recv>
<recv response="180" optional="true" rtd="true"></recv>
<recv response="183" optional="true"></recv>
<recv response="200" rrs="true" timeout="60000"></recv>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:@CALLER@@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:@TO@@[remote_ip]:[remote_port]>[peer_tag_param]
[routes]
Call-ID: [call_id]
CSeq: 1 ACK
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Length: 0

]]></send>
@TALK@
</scenario>
"""

_HANG_UP = """<pause milliseconds="@MS@"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:@CALLER@@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:@TO@@[remote_ip]:[remote_port]>[peer_tag_param]
[routes]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"></recv>"""

_WAIT_FOR_BYE = """<recv request="BYE" timeout="240000"></recv>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"""


class Sipp:
    """One sipp caller. `done` gives its exit status (0: the call went as told) and its trace."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.folder = folder

    async def done(self, seconds: float = 90.0) -> tuple[int, str]:
        async with asyncio.timeout(seconds):
            await self.process.wait()
        return self.process.returncode or 0, self.trace

    @property
    def trace(self) -> str:
        """Every SIP message so far."""
        return "".join(
            path.read_text(errors="replace") for path in self.folder.glob("*_messages.log")
        )

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def sipp_call(
    engine: RunningEngine,
    folder: Path,
    *,
    dialled: str,
    caller: str = "0312345678",
    to: str | None = None,
    voice: Voice | None = None,
    hang_up_after: float | None = None,
    source: str = "127.0.0.1",
    transport: str = "u1",
) -> Sipp:
    """A caller through the trunk at `source`. Hangs up `hang_up_after` seconds after the answer,
    or waits for the engine to end the call. Its sound is at `voice`. `folder` is for its files."""
    sipp = shutil.which("sipp")
    assert sipp, "sipp is needed: apt install sip-tester"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    talk = _WAIT_FOR_BYE
    if hang_up_after is not None:
        talk = _HANG_UP.replace("@MS@", str(int(hang_up_after * 1000)))
    text = _SCENARIO.replace("@TALK@", talk).replace("@DIALLED@", dialled)
    text = text.replace("@CALLER@", caller).replace("@TO@", to or dialled)
    text = text.replace("@MEDIA@", str(voice.port if voice else 9))
    scenario = folder / "caller.xml"
    scenario.write_text(text)
    process = await asyncio.create_subprocess_exec(
        sipp,
        f"{engine.sip_host}:{engine.sip_port}",
        *("-sf", str(scenario), "-m", "1", "-t", transport, "-i", source, "-nostdin"),
        *("-trace_msg", "-timeout", "300s", "-timeout_error"),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "TERM": "dumb"},
    )
    return Sipp(process, folder)
