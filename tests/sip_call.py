"""One call of a `SipAgent`: what a person at the telephone does and notices, and the sound in both directions."""

from __future__ import annotations

import asyncio
import re
import secrets
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy
from tests.sip_sound import FRAME, RATE, Pcm, from_ulaw, has_tone, to_ulaw

if TYPE_CHECKING:
    from tests.sip_agent import SipAgent

SECONDS_TO_WAIT = 20.0


class Message:
    """A SIP message, read; header names in lower case."""

    def __init__(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        self.first = lines[0]
        self.body = body.decode("utf-8", "replace")
        self.headers: list[tuple[str, str]] = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.append((name.strip().lower(), value.strip()))

    @property
    def status(self) -> int:
        """The response's code; 0 for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """The request's method, or the method that a response answers."""
        return self.first.split()[0] if not self.status else self["cseq"].split()[1]

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name.lower()), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, tuple[str, int]], None]) -> None:
        self.receive = receive

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.receive(data, addr)


async def open_udp(
    receive: Callable[[bytes, tuple[str, int]], None],
    port: int = 0,
) -> tuple[asyncio.DatagramTransport, int]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(receive), local_addr=("127.0.0.1", port)
    )
    return transport, int(transport.get_extra_info("sockname")[1])


class Call:
    """One call of an agent, from either side."""

    def __init__(self, agent: SipAgent, call_id: str, *, incoming: bool) -> None:
        self.agent = agent
        self.call_id = call_id
        self.incoming = incoming
        self.invite: Message | None = None
        self.status = 0
        """The last response code seen (outgoing) or sent (incoming)."""
        self.audio = bytearray()
        """Everything heard, ulaw, 8000 bytes a second; gaps are not filled."""
        self.changed = asyncio.Event()
        self.is_up = False
        self.is_over = False
        self.tone: float | None = agent.tone
        self.remote_uri = ""
        self.remote_target = ""
        self.local_tag = secrets.token_hex(4)
        self.remote_tag = ""
        self.branch = ""
        self.sequence = 1
        self.accepted = 0
        """CSeq of the last INVITE that was accepted."""
        self.direction = "sendrecv"
        self._rtp: asyncio.DatagramTransport | None = None
        self._rtp_port = 0
        self._to: tuple[str, int] | None = None
        self._speaker: asyncio.Task[None] | None = None
        self._keys: list[bytes] = []
        self.keys_heard = ""
        self._key_stamps: set[int] = set()
        self.notified: list[str] = []
        """First lines of what NOTIFY brought: how a transfer goes."""

    # --- what a person does

    def ring(self) -> None:
        self._answer_with(180)

    def answer(self) -> None:
        self._answer_with(200, self._sdp())
        self._up()

    def refuse(self, code: int = 486) -> None:
        """486 busy, 600 busy everywhere, 603 declined, 480 …"""
        self._answer_with(code)
        self._over()

    def hang_up(self) -> None:
        """BYE, or CANCEL while the call rings."""
        if self.is_over:
            return
        if self.is_up or self.incoming:
            self.sequence += 1
            self.agent._request(self, "BYE")
            self._over()
        else:
            self.agent._request(self, "CANCEL")

    async def hold(self, on: bool = True) -> None:
        """Re-INVITE with `sendonly`, or back; returns once it is accepted (a second one before that is refused)."""
        self.direction = "sendonly" if on else "sendrecv"
        self.sequence += 1
        self.agent._request(self, "INVITE", self._sdp())
        asked = self.sequence
        await self._until(lambda: self.accepted == asked, SECONDS_TO_WAIT, "changes the hold")

    def press(self, digit: str) -> None:
        """A key of 100 ms, as RFC 4733 (payload 101), in place of the tone."""
        event = "0123456789*#".index(digit)
        lasts = [(0, FRAME * n) for n in range(1, 5)] + [(0x80, FRAME * 5)] * 3
        self._keys = [struct.pack("!BBH", event, end | 10, length) for end, length in lasts]

    def refer(self, to: str) -> None:
        """The transfer key: REFER to this number."""
        self.sequence += 1
        self.agent._request(
            self, "REFER", more=f"Refer-To: <sip:{to}@127.0.0.1:{self.agent.server[1]}>\r\n"
        )

    # --- what a person notices

    def lately(self, seconds: float = 0.3) -> Pcm:
        """The last piece of audio heard."""
        return from_ulaw(bytes(self.audio[-int(seconds * RATE) :]))

    def tones(self, *among: float) -> set[float]:
        """Which of these tones are heard now."""
        heard = self.lately()
        return {hertz for hertz in among if has_tone(heard, hertz)}

    async def hears(self, *hertz: float, within: float = SECONDS_TO_WAIT) -> None:
        """Waits until all of these tones are heard in fresh audio; fails otherwise."""
        await self._until(
            lambda: self._fresh() and self.tones(*hertz) == set(hertz), within, f"hears {hertz}"
        )

    async def hears_not(self, *hertz: float, within: float = SECONDS_TO_WAIT) -> None:
        """Waits until none of these tones is heard any more (in fresh audio, or because no audio comes)."""
        await self._until(
            lambda: not self._fresh() or not self.tones(*hertz), within, f"hears no {hertz}"
        )

    async def hears_on(self, seconds: float = 0.3, within: float = SECONDS_TO_WAIT) -> None:
        """Waits for so much more audio than there is now."""
        enough = len(self.audio) + int(seconds * RATE)
        await self._until(lambda: len(self.audio) >= enough, within, "hears on")

    async def hears_keys(self, digits: str, within: float = SECONDS_TO_WAIT) -> None:
        """Waits until these keys have been heard since the begin of the call."""
        await self._until(lambda: self.keys_heard == digits, within, f"hears keys {digits}")

    async def is_told(self, status: str, within: float = SECONDS_TO_WAIT) -> None:
        """Waits for word of a transfer, by its SIP code."""
        await self._until(
            lambda: any(line.split()[1:2] == [status] for line in self.notified),
            within,
            f"is told {status}",
        )

    async def answered(self, within: float = SECONDS_TO_WAIT) -> None:
        await self._until(lambda: self.is_up, within, "is answered")

    async def over(self, within: float = SECONDS_TO_WAIT) -> None:
        await self._until(lambda: self.is_over, within, "is over")

    async def gets(self, status: int, within: float = SECONDS_TO_WAIT) -> None:
        """Waits for a response code, such as 180."""
        await self._until(lambda: self.status == status, within, f"gets {status}")

    def header(self, name: str) -> str:
        """A header of the INVITE that came in."""
        return self.invite[name] if self.invite else ""

    def media_went_quiet(self) -> bool:
        """No packet for the last 200 ms."""
        return not self._fresh()

    # --- how

    def _fresh(self) -> bool:
        return asyncio.get_running_loop().time() - self._last_packet < 0.2

    _last_packet = 0.0

    async def _until(self, true: Callable[[], bool], within: float, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + within
        while not true():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                heard = self.tones(*range(300, 2000, 50))
                raise AssertionError(
                    f"waited {within} s in vain until {self.agent.user} {what}: status={self.status} up={self.is_up} over={self.is_over} hearing={heard}"
                )
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), min(left, 0.05))
            except TimeoutError:
                continue

    def _answer_with(self, code: int, body: str = "") -> None:
        assert self.invite is not None
        self.status = code
        self.agent._respond(self.invite, code, body, self.local_tag)

    async def _open_media(self) -> None:
        self._rtp, self._rtp_port = await open_udp(self._heard)

    def _sdp(self) -> str:
        return (
            f"v=0\r\no=- {id(self)} {self.sequence} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self._rtp_port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
            f"a=ptime:20\r\na={self.direction}\r\n"
        )

    def _learn_sdp(self, body: str) -> None:
        port = re.search(r"^m=audio (\d+)", body, re.M)
        host = re.search(r"^c=IN IP4 (\S+)", body, re.M)
        if port and host:
            self._to = (host[1], int(port[1]))

    def _up(self) -> None:
        if not self.is_up:
            self.is_up = True
            self.changed.set()
            self._speaker = asyncio.get_running_loop().create_task(self._speak())

    def _over(self) -> None:
        self.is_over = True
        self.changed.set()
        if self._speaker is not None:
            self._speaker.cancel()
        if self._rtp is not None:
            self._rtp.close()

    def _heard(self, data: bytes, _: tuple[str, int]) -> None:
        if len(data) > 15 and data[1] & 0x7F == 101:
            stamp = int.from_bytes(data[4:8], "big")
            if stamp not in self._key_stamps:
                self._key_stamps.add(stamp)
                self.keys_heard += "0123456789*#"[data[12]]
                self.changed.set()
        if len(data) > 12 and data[1] & 0x7F == 0:
            self.audio += data[12:]
            self._last_packet = asyncio.get_running_loop().time()
            self.changed.set()

    def _packet(
        self, kind: int, number: int, stamp: int, payload: bytes, mark: bool = False
    ) -> None:
        if self.agent.gone or self._rtp is None or self._rtp.is_closing():
            return
        if self._to is not None:
            head = struct.pack(
                "!BBHII",
                0x80,
                kind | (0x80 if mark else 0),
                number & 0xFFFF,
                stamp & 0xFFFFFFFF,
                id(self) & 0xFFFFFFFF,
            )
            self._rtp.sendto(head + payload, self._to)

    async def _speak(self) -> None:
        """20 ms of the agent's tone every 20 ms, or of silence."""
        loop = asyncio.get_running_loop()
        silence = to_ulaw(numpy.zeros(FRAME, dtype=numpy.int16))
        start, number, pressed_at = loop.time(), 0, 0
        while True:
            if self._keys:
                first = not pressed_at
                pressed_at = pressed_at or number * FRAME
                self._packet(101, number, pressed_at, self._keys.pop(0), mark=first)
            else:
                pressed_at = 0
                self._packet(0, number, number * FRAME, self._frame(number) or silence)
            number += 1
            await asyncio.sleep(max(0.0, start + number * 0.02 - loop.time()))

    def _frame(self, number: int) -> bytes:
        if self.tone is None:
            return b""
        moments = (numpy.arange(FRAME) + number * FRAME) / RATE
        return to_ulaw((8000 * numpy.sin(2 * numpy.pi * self.tone * moments)).astype(numpy.int16))
