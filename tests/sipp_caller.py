"""Callers that sipp plays, with sound of our own: what reaches the engine is a telephone network's SIP."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from tests.engine_fixtures import RunningEngine
from tests.sip_sound import from_ulaw, to_ulaw

from denwaban.telephony.speech import Sound


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
        return np.asarray(from_ulaw(b"".join(self.frames)) / 32768)

    async def speak(self, sound: Sound) -> None:
        """Speaks in real time to where sound has come from; waits for the first sound."""
        await self.heard_from.wait()
        assert self._transport is not None
        coded = to_ulaw((np.clip(sound, -1, 1) * 32767).astype(np.int16))
        start = asyncio.get_running_loop().time()
        for number, at in enumerate(range(0, len(coded) - 159, 160)):
            header = b"\x80\x00" + (number & 0xFFFF).to_bytes(2, "big")
            header += (at & 0xFFFFFFFF).to_bytes(4, "big") + b"denw"
            self._transport.sendto(header + coded[at : at + 160], self._far)
            late = start + (number + 1) * 0.02 - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, late))


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
