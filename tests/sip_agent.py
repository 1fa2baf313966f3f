"""A small telephone for tests: SIP over UDP with real ulaw audio, so that tests can tell by tone who hears whom.

One `SipAgent` is one phone. It can register as a seat's SIP phone (`await agent.register()`), call a number
(`await agent.dial("0312345678")`) and receive calls (`await agent.rings()`). Each phone speaks with a sine tone of its own;
`await call.hears(700)` waits until that tone is heard, `call.tones(...)` tells what is heard just now.

Loopback only: nothing is retransmitted, except that a repeated request gets its last response again.
"""

import asyncio
import hashlib
import re
import secrets
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

import numpy
from numpy.typing import NDArray

RATE = 8000
FRAME = 160
SECONDS_TO_WAIT = 10.0
Pcm = NDArray[numpy.int16]


def _make_ulaw() -> tuple[Pcm, NDArray[numpy.uint8]]:
    """The table that decodes ulaw, and one that encodes 16-bit samples (index: sample + 32768)."""
    code = ~numpy.arange(256, dtype=numpy.uint8)
    size = (((code & 0x0F).astype(numpy.int32) << 3) + 0x84) << ((code & 0x70) >> 4)
    decode = numpy.where(code & 0x80, 0x84 - size, size - 0x84).astype(numpy.int16)
    order = numpy.argsort(decode, kind="stable")
    levels = decode[order].astype(numpy.int32)
    middles = (levels[1:] + levels[:-1]) / 2
    samples = numpy.arange(-32768, 32768)
    return decode, order[numpy.searchsorted(middles, samples)].astype(numpy.uint8)


_DECODE, _ENCODE = _make_ulaw()


def to_ulaw(pcm: Pcm) -> bytes:
    return _ENCODE[pcm.astype(numpy.int32) + 32768].tobytes()


def from_ulaw(data: bytes) -> Pcm:
    return _DECODE[numpy.frombuffer(data, dtype=numpy.uint8)]


def sine(hertz: float, seconds: float, level: float = 8000.0) -> Pcm:
    """A tone, 8 kHz, 16 bit."""
    moments = numpy.arange(int(seconds * RATE)) / RATE
    return (level * numpy.sin(2 * numpy.pi * hertz * moments)).astype(numpy.int16)


def tone_level(pcm: Pcm, hertz: float) -> float:
    """Amplitude of one tone in a piece of audio (Goertzel's sum, done as a dot product). A sine of level 8000 gives 8000."""
    if len(pcm) == 0:
        return 0.0
    moments = numpy.arange(len(pcm)) / RATE
    wave = numpy.exp(-2j * numpy.pi * hertz * moments) * numpy.hanning(len(pcm))
    return float(abs(numpy.dot(pcm.astype(numpy.float64), wave)) * 4 / len(pcm))


def has_tone(pcm: Pcm, hertz: float, least: float = 1000.0) -> bool:
    return tone_level(pcm, hertz) > least


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


async def _open_udp(
    receive: Callable[[bytes, tuple[str, int]], None],
    port: int = 0,
) -> tuple[asyncio.DatagramTransport, int]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(receive), local_addr=("127.0.0.1", port)
    )
    return transport, int(transport.get_extra_info("sockname")[1])


class Call:
    """One call of an agent, from either side."""

    def __init__(self, agent: "SipAgent", call_id: str, *, incoming: bool) -> None:
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
        self._rtp, self._rtp_port = await _open_udp(self._heard)

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


class SipAgent:
    """One phone on 127.0.0.1, speaking with the engine's SIP door at `port`."""

    def __init__(self, port: int, user: str, password: str = "", tone: float | None = None) -> None:
        self.server = ("127.0.0.1", port)
        self.user = user
        self.password = password
        self.tone = tone
        self.calls: dict[str, Call] = {}
        self.all_calls: list[Call] = []
        self.registered = False
        self.gone = False
        self.deaf_to_cancel = False
        """True: the answer is already on its way when the caller gives up, so that both cross."""
        self._rung: asyncio.Queue[Call] = asyncio.Queue()
        self._waiting: dict[tuple[str, str], asyncio.Future[Message]] = {}
        self._responses: dict[str, bytes] = {}
        self._sequence = 0
        self._registration_id = secrets.token_hex(8)
        self._from: dict[str, str] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self.on_invite: Callable[[Call], None] = lambda call: call.ring()
        """What the phone does by itself when called; it rings."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        port: int,
        user: str,
        password: str = "",
        tone: float | None = None,
        *,
        at: int = 0,
    ) -> AsyncIterator[Self]:
        """`at`: the UDP port of its own (any by default)."""
        agent = cls(port, user, password, tone)
        agent._transport, agent._local_port = await _open_udp(agent._received, at)
        try:
            yield agent
        finally:
            for call in agent.all_calls:
                if not call.is_over:
                    call.hang_up()
                    call._over()
            try:
                if agent.registered:
                    await agent.unregister()
            finally:
                agent._transport.close()

    _transport: asyncio.DatagramTransport
    _local_port: int

    async def register(self, seconds: int = 300) -> None:
        """Signs in with digest; raises AssertionError when refused."""
        authorization = ""
        for _ in range(2):
            self._sequence += 1
            answer = await self._ask("REGISTER", self._sequence, seconds, authorization)
            if answer.status != 401:
                assert answer.status == 200, f"REGISTER of {self.user}: {answer.first}"
                self.registered = seconds > 0
                return
            authorization = self._digest(answer["www-authenticate"], "REGISTER", self._uri(""))
        raise AssertionError(f"REGISTER of {self.user}: wrong password")

    async def unregister(self) -> None:
        await self.register(0)

    def vanish(self) -> None:
        """Power or network fails: from now on nothing is said and nothing is heard, no BYE and no answer."""
        self.gone, self.registered = True, False

    async def dial(self, number: str, caller: str = "", withheld: bool = False) -> Call:
        """Begins a call; returns once INVITE is sent. `caller` is the number shown (the user name otherwise)."""
        call = Call(self, secrets.token_hex(10), incoming=False)
        await call._open_media()
        call.remote_uri = call.remote_target = self._uri(number)
        shown = "anonymous" if withheld else caller or self.user
        call_from = f"<sip:{shown}@127.0.0.1>"
        self.calls[call.call_id] = call
        self.all_calls.append(call)
        self._from[call.call_id] = call_from
        call.branch = "z9hG4bK" + secrets.token_hex(8)
        self._request(call, "INVITE", call._sdp())
        return call

    async def rings(self, within: float = SECONDS_TO_WAIT) -> Call:
        """The next call that comes in."""
        return await asyncio.wait_for(self._rung.get(), within)

    # --- SIP

    def _uri(self, user: str) -> str:
        at = f"{user}@" if user else ""
        return f"sip:{at}{self.server[0]}:{self.server[1]}"

    def _send(self, data: str) -> None:
        if not self.gone:
            self._transport.sendto(data.encode(), self.server)

    async def _ask(self, method: str, sequence: int, expires: int, authorization: str) -> Message:
        branch = "z9hG4bK" + secrets.token_hex(8)
        waiting = self._waiting[(branch, method)] = asyncio.get_running_loop().create_future()
        extra = f"Authorization: {authorization}\r\n" if authorization else ""
        identity = f"<sip:{self.user}@127.0.0.1>"
        self._send(
            f"{method} {self._uri('')} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self._local_port};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: {identity};tag={self._registration_id}\r\nTo: {identity}\r\n"
            f"Call-ID: {self._registration_id}\r\nCSeq: {sequence} {method}\r\nContact: {self._contact()}\r\n"
            f"Expires: {expires}\r\n{extra}Content-Length: 0\r\n\r\n"
        )
        return await asyncio.wait_for(waiting, SECONDS_TO_WAIT)

    def _contact(self) -> str:
        return f"<sip:{self.user}@127.0.0.1:{self._local_port}>"

    def _digest(self, challenge: str, method: str, uri: str) -> str:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))

        def digest(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        first = digest(f"{self.user}:{given['realm']}:{self.password}")
        second = digest(f"{method}:{uri}")
        once = secrets.token_hex(4)
        response = digest(f"{first}:{given['nonce']}:00000001:{once}:auth:{second}")
        opaque = f', opaque="{given["opaque"]}"' if "opaque" in given else ""
        return (
            f'Digest username="{self.user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, cnonce="{once}", qop=auth, nc=00000001{opaque}'
        )

    def _request(self, call: Call, method: str, body: str = "", sequence: int = 0) -> None:
        """A request in a call's dialog. CANCEL and the ACK of a refusal belong to the INVITE's own transaction."""
        again = method == "CANCEL" or sequence < 0
        branch = call.branch if again else "z9hG4bK" + secrets.token_hex(8)
        if method == "INVITE":
            call.branch = branch
        number = abs(sequence) or call.sequence
        target = call.remote_uri if again and not call.is_up else call.remote_target
        to_tag = f";tag={call.remote_tag}" if call.remote_tag and method != "CANCEL" else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._send(
            f"{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self._local_port};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: {self._from[call.call_id]};tag={call.local_tag}\r\n"
            f"To: <{call.remote_uri}>{to_tag}\r\nCall-ID: {call.call_id}\r\nCSeq: {number} {method}\r\n"
            f"Contact: {self._contact()}\r\n{kind}Content-Length: {len(body.encode())}\r\n\r\n{body}"
        )

    def _respond(self, request: Message, code: int, body: str = "", tag: str = "") -> None:
        words = {
            100: "Trying",
            180: "Ringing",
            200: "OK",
            486: "Busy Here",
            487: "Request Terminated",
            603: "Decline",
        }
        vias = "".join(f"Via: {via}\r\n" for via in request.all("via"))
        to = request["to"] + (f";tag={tag}" if tag and "tag=" not in request["to"] else "")
        kind = "Content-Type: application/sdp\r\n" if body else ""
        data = (
            f"SIP/2.0 {code} {words.get(code, 'Refused')}\r\n{vias}From: {request['from']}\r\nTo: {to}\r\n"
            f"Call-ID: {request['call-id']}\r\nCSeq: {request['cseq']}\r\nContact: {self._contact()}\r\n"
            f"{kind}Content-Length: {len(body.encode())}\r\n\r\n{body}"
        )
        self._responses[f"{request['via']} {request['cseq']}"] = data.encode()
        self._send(data)

    def _received(self, data: bytes, _: tuple[str, int]) -> None:
        if self.gone:
            return
        message = Message(data)
        if message.status:
            self._got_response(message)
        else:
            self._got_request(message)

    def _got_response(self, message: Message) -> None:
        branch = re.search(r"branch=([^;]+)", message["via"])
        waiting = self._waiting.pop((branch[1] if branch else "", message.method), None)
        if waiting is not None and message.status >= 200:
            waiting.set_result(message)
            return
        call = self.calls.get(message["call-id"])
        if call is None or message.method != "INVITE":
            return
        tag = re.search(r";tag=([^;>]+)", message["to"])
        if tag:
            call.remote_tag = tag[1]
        contact = re.search(r"<([^>]+)>", message["contact"])
        if contact:
            call.remote_target = contact[1]
        call.status = message.status
        if message.body:
            call._learn_sdp(message.body)
        number = int(message["cseq"].split()[0])
        if message.status >= 300:
            self._request(call, "ACK", sequence=-number)
            if not call.is_up:
                call._over()
        elif message.status >= 200:
            call._up()
            self._request(call, "ACK", sequence=number)
            call.accepted = number
        call.changed.set()

    def _got_request(self, request: Message) -> None:
        again = self._responses.get(f"{request['via']} {request['cseq']}")
        if again is not None and request.method != "ACK":
            self._transport.sendto(again, self.server)
            return
        call = self.calls.get(request["call-id"])
        if request.method == "INVITE" and call is None:
            self._expect(self._invited(request))
        elif request.method == "INVITE" and call is not None:
            call._learn_sdp(request.body)
            self._respond(request, 200, call._sdp(), call.local_tag)
        elif request.method == "CANCEL" and call is not None:
            self._respond(request, 200)
            if not call.is_up and not call.is_over and not self.deaf_to_cancel:
                call.refuse(487)
        elif request.method == "BYE" and call is not None:
            self._respond(request, 200)
            call._over()
        elif request.method != "ACK":
            self._respond(request, 200)

    def _expect(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _invited(self, request: Message) -> None:
        call = Call(self, request["call-id"], incoming=True)
        call.invite = request
        self.calls[call.call_id] = call
        self.all_calls.append(call)
        await call._open_media()
        call._learn_sdp(request.body)
        tag = re.search(r";tag=([^;>]+)", request["from"])
        uri = re.search(r"<([^>]+)>", request["from"])
        contact = re.search(r"<([^>]+)>", request["contact"])
        call.remote_tag = tag[1] if tag else ""
        call.remote_uri = uri[1] if uri else ""
        call.remote_target = contact[1] if contact else ""
        self._from[call.call_id] = request["to"]
        self.on_invite(call)
        self._rung.put_nowait(call)
