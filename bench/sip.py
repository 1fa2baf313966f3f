"""Callers and answering phones made of sipp, the same for every side that is measured.

The way of an INVITE to the operator's phone is measured on the wire where that is allowed (see `wire`), else by sipp's own
stamps; answers and ends always by the latter. All are matched by the caller's number, which no other call has.
"""

import asyncio
import hashlib
import re
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.wire import open_wire

HOST = "127.0.0.1"

_CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
<nop><action><log message="S [timestamp] [field1]"/></action></nop>
<send retrans="500"><![CDATA[
INVITE sip:[field0]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[field0]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:[field1]@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 9 RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=ptime:20

]]></send>
<recv response="100" optional="true" timeout="@PATIENCE@"/>
<recv response="180" optional="true" timeout="@PATIENCE@"/>
<recv response="183" optional="true" timeout="@PATIENCE@"/>
<recv response="200" rrs="true" timeout="@PATIENCE@"><action><log message="A [timestamp] [field1]"/></action></recv>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[field0]@[remote_ip]:[remote_port]>[peer_tag_param]
[routes]
Call-ID: [call_id]
CSeq: 1 ACK
Contact: <sip:[field1]@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause milliseconds="@TALK@"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[field0]@[remote_ip]:[remote_port]>[peer_tag_param]
[routes]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200" timeout="5000"><action><log message="E [timestamp] [field1]"/></action></recv>
</scenario>
"""

_PHONE = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="phone">
<recv request="INVITE"><action>
<ereg regexp="[0-9]{8}[;@>]" search_in="hdr" header="From:" check_it="true" assign_to="who"/>
<log message="R [timestamp] [$who]"/></action></recv>
<send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]p[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]p[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=phone 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 9 RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=ptime:20

]]></send>
<recv request="ACK"/>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
Content-Length: 0

]]></send>
</scenario>
"""

SETTLE = 15.0
"""Seconds a run may take beyond what it should; then sipp is ended and what is open counts as failed."""


@dataclass(frozen=True)
class Phones:
    """The operators' phones of one side: `seats` (name, password), all at one address."""

    sip_port: int
    port: int
    seats: tuple[tuple[str, str], ...]


@dataclass
class Seen:
    """What one run saw. Moments in seconds, by the caller's number (last eight digits)."""

    wanted: int
    on_the_wire: bool
    """Where `sent` and `rang` come from."""
    sent: dict[str, float] = field(default_factory=dict)
    rang: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Calls that did not go as told: refused, not answered in time, not ended, or never begun."""
        return self.wanted - len(self.ended)

    @property
    def to_phone(self) -> list[float]:
        """Seconds from the caller's INVITE to the INVITE at the operator's phone, sorted."""
        return sorted(self.rang[who] - at for who, at in self.sent.items() if who in self.rang)

    @property
    def waits(self) -> list[float]:
        """Seconds from the caller's INVITE until answered, sorted."""
        return sorted(
            self.answered[who] - at for who, at in self.sent.items() if who in self.answered
        )

    @property
    def took(self) -> float:
        """Seconds from the first INVITE to the end of the last call."""
        return max(self.ended.values()) - min(self.sent.values()) if self.ended else float("inf")


@contextmanager
def ports(count: int) -> Iterator[int]:
    """The first of `count` UDP and TCP ports that no other bench uses, held by a sign at the last."""
    for first in range(10000, 31001 - count, count):
        with socket.socket() as sign:
            try:
                sign.bind((HOST, first + count - 1))
            except OSError:
                continue
            yield first
            return
    raise RuntimeError("no free ports between 10000 and 31000")


def register(phones: Phones, count: int, seconds: int = 3600) -> None:
    """Signs the first `count` seats in (0 seconds: out), from the very port on which sipp will answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind((HOST, phones.port))
        door.settimeout(5.0)
        door.connect((HOST, phones.sip_port))
        for name, password in phones.seats[:count]:
            challenge = _ask(door, phones, name, seconds, 1, "")
            if " 401 " in challenge.split("\r\n", 1)[0]:
                answer = _digest(challenge, name, password, phones.sip_port)
                challenge = _ask(door, phones, name, seconds, 2, answer)
            if " 200 " not in challenge.split("\r\n", 1)[0]:
                raise RuntimeError(f"REGISTER of {name}: {challenge.splitlines()[0]}")


def _ask(
    door: socket.socket, phones: Phones, name: str, seconds: int, number: int, proof: str
) -> str:
    who = f"<sip:{name}@{HOST}>"
    door.send(
        (
            f"REGISTER sip:{HOST}:{phones.sip_port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {HOST}:{phones.port};branch=z9hG4bK{secrets.token_hex(8)}\r\n"
            f"From: {who};tag={secrets.token_hex(4)}\r\nTo: {who}\r\nCall-ID: {name}-{phones.port}\r\n"
            f"CSeq: {number} REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:{name}@{HOST}:{phones.port}>\r\n"
            f"Expires: {seconds}\r\n{proof}Content-Length: 0\r\n\r\n"
        ).encode()
    )
    while True:
        answer = door.recv(65536).decode()
        if f"Call-ID: {name}-{phones.port}" in answer and f"CSeq: {number} REGISTER" in answer:
            return answer


def _digest(challenge: str, name: str, password: str, sip_port: int) -> str:
    given = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))
    uri, once = f"sip:{HOST}:{sip_port}", secrets.token_hex(4)

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    who, what = md5(f"{name}:{given['realm']}:{password}"), md5(f"REGISTER:{uri}")
    proof = md5(f"{who}:{given['nonce']}:00000001:{once}:auth:{what}")
    return (
        f'Authorization: Digest username="{name}", realm="{given["realm"]}", nonce="{given["nonce"]}", '
        f'uri="{uri}", response="{proof}", algorithm=MD5, cnonce="{once}", qop=auth, nc=00000001, '
        f'opaque="{given.get("opaque", "")}"\r\n'
    )


_callers = iter(range(1, 10**7))


async def calls(
    phones: Phones,
    folder: Path,
    numbers: Sequence[str],
    *,
    rate: int,
    count: int,
    talk: float,
    patience: float,
) -> Seen:
    """`count` callers at `rate` per second dial `numbers` in turn, hang up `talk` seconds after the answer and give up after
    `patience` seconds. The seats must be registered. Files go to `folder`. All of sipp is gone afterwards."""
    await asyncio.to_thread(_write, folder, numbers, count, talk, patience)
    server = f"{HOST}:{phones.sip_port}"
    phone = _sipp(folder, "phone", "-p", str(phones.port))
    wire = open_wire(phones.sip_port, phones.port)
    async with AsyncExitStack() as stack:
        if wire is not None:
            stack.callback(wire.close)
        await stack.enter_async_context(phone)
        call = _sipp(
            folder, "caller", server, "-inf", "callers.csv", "-p", str(phones.port + 1),
            "-r", str(rate), "-m", str(count), "-l", "20000",
        )  # fmt: skip
        async with call as process:
            limit = count / rate + patience + talk + SETTLE
            try:
                async with asyncio.timeout(limit):
                    await process.wait()
            except TimeoutError:
                pass  # what has not ended counts as failed
        await asyncio.sleep(0.2)
    seen = Seen(count, wire is not None)
    kinds = {"S": seen.sent, "A": seen.answered, "E": seen.ended, "R": seen.rang}
    for name in ("caller", "phone"):
        for line in (folder / f"{name}.log").read_text(errors="replace").splitlines():
            found = _LINE.match(line)
            if found:
                kinds[found[1]].setdefault(found[3][-8:], float(found[2]))
    if wire is not None:
        seen.sent, seen.rang = wire.sent, wire.rang
    return seen


def _write(folder: Path, numbers: Sequence[str], count: int, talk: float, patience: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "phone.xml").write_text(_PHONE)
    caller = _CALLER.replace("@PATIENCE@", str(round(patience * 1000)))
    (folder / "caller.xml").write_text(caller.replace("@TALK@", str(round(talk * 1000))))
    lines = [
        f"{numbers[at % len(numbers)]};080{20_000_000 + next(_callers)};" for at in range(count)
    ]
    (folder / "callers.csv").write_text("SEQUENTIAL\n" + "\n".join(lines) + "\n")


_LINE = re.compile(r"([SAER]) \S+[\t ]\S+[\t ]([0-9.]+) ([0-9]+)")


@asynccontextmanager
async def _sipp(
    folder: Path, name: str, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    program = shutil.which("sipp")
    if program is None:
        raise RuntimeError("sipp is needed: apt-get install sip-tester")
    (folder / f"{name}.log").unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        program, *arguments, "-sf", f"{name}.xml", "-i", HOST, "-t", "u1", "-nostdin",
        "-trace_logs", "-log_file", f"{name}.log", "-trace_err", "-error_file", f"{name}.err",
        "-buff_size", "4000000", "-nd",
        cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL, env={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    try:
        await asyncio.sleep(0.3)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
