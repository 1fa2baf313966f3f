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
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

from tests.sip_call import SECONDS_TO_WAIT, Call, Message, open_udp


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
        agent._transport, agent._local_port = await open_udp(agent._received, at)
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

    def _request(
        self, call: Call, method: str, body: str = "", sequence: int = 0, more: str = ""
    ) -> None:
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
            f"Contact: {self._contact()}\r\n{more}{kind}Content-Length: {len(body.encode())}\r\n\r\n{body}"
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
            if request.method == "NOTIFY" and call is not None:
                call.notified.append(request.body.splitlines()[0] if request.body else "")
                call.changed.set()
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
