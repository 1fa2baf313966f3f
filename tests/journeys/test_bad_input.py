"""What comes in is wrong, at the real SIP door of a whole installation: a defined outcome, and the next call is taken.

One installation for the whole file. Each story ends with an ordinary call.
"""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.journeys.installation import Installation, running, until
from tests.sip_agent import SipAgent

from denwaban.calls import calls_of

pytestmark = [pytest.mark.engine]

WATER = "+815001003001"
TRUNK = '[[trunk]]\nname = "test"\nkind = "ip"\nmatch = ["127.0.0.1"]\n'
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\n"
)
PRIVATE = "0312349911"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("bad-input")
    (folder / "trunks.toml").write_text(TRUNK)
    with running(folder / "var", trunks=str(folder / "trunks.toml")) as installation:
        yield installation


def calls(house: Installation) -> list[dict[str, Any]]:
    with house.api() as api:
        return list(api.get("calls").raise_for_status().json()["items"])


def call_of(house: Installation, caller: str) -> dict[str, Any]:
    """The newest call of a caller that has ended; empty when there is none."""
    return next((c for c in calls(house) if c["caller"] == caller and c["state"] == "ended"), {})


def a_number() -> str:
    return f"03{secrets.randbelow(10**7) + 10**7}"


async def an_ordinary_call_is_taken(house: Installation) -> None:
    """Somebody calls, hears ring-back, gives up, and is in the record."""
    number = a_number()
    async with SipAgent.open(house.sip_port, "network") as network:
        call = await network.dial(WATER, number)
        await call.gets(180)
        call.hang_up()
        await call.over()
    ended = await until(lambda: call_of(house, f"+81{number[1:]}"))
    assert ended["outcome"] == "abandoned"
    assert house.ready()


class Door(asyncio.DatagramProtocol):
    """Sends any bytes to the SIP door and keeps what comes back, whole and the status lines."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.whole: list[bytes] = []

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.whole.append(data)
        self.said.append(data.split(b"\r\n", 1)[0].decode("utf-8", "replace"))


@asynccontextmanager
async def door(
    house: Installation, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[Door, asyncio.DatagramTransport]]:
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Door, remote_addr=("127.0.0.1", house.sip_port), local_addr=(address, 0)
    )
    try:
        yield protocol, transport
    finally:
        transport.close()


def message(
    method: str = "INVITE",
    user: str = "0399999999",
    caller: str = f"<sip:{PRIVATE}@127.0.0.1>",
    more: str = "",
    body: str = SDP,
    sequence: str = "",
    length: str = "",
) -> bytes:
    """A request; what is not said is right, so that each test has one fault."""
    at = f"{user}@" if user else ""
    return (
        f"{method} sip:{at}127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:1;rport;branch=z9hG4bK{secrets.token_hex(8)}\r\n"
        f"Max-Forwards: 70\r\nFrom: {caller};tag={secrets.token_hex(4)}\r\nTo: <sip:{at}127.0.0.1>\r\n"
        f"Call-ID: {secrets.token_hex(8)}\r\nCSeq: {sequence or f'1 {method}'}\r\n"
        f"Contact: <sip:x@127.0.0.1:1>\r\n{more}Content-Type: application/sdp\r\n"
        f"Content-Length: {length or len(body.encode())}\r\n\r\n{body}"
    ).encode()


TORTURE: dict[str, bytes] = {
    "nothing but zeros": b"\0" * 1200,
    "no text": b"\xff" * 1400,
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "cut off in the headers": message()[:190],
    "a negative length": message(length="-999"),
    "a length beyond every integer": message(length="99999999999999999999"),
    "a sequence beyond every integer": message(sequence="36893488147419103232 INVITE"),
    "a sequence of another method": message(sequence="1 BYE"),
    "a method that nobody knows": message("NEWMETHOD"),
    "a voice description that is none": message(body="v=0\r\nm=audio x y z\r\n"),
    "a voice that nobody speaks": message(body=SDP.replace("AVP 0", "AVP 99")),
    "bytes that are no characters": message().replace(PRIVATE.encode(), b"\xed\xa0\x80\xff"),
    "a number of nine hundred digits": message(user="9" * 900),
    "a dialplan in the number": message(user="$%7bSHELL(touch%20x)%7d"),
    "no number": message(user=""),
    "the name of an inner place": message(user="h"),
    "the end of a call that never was": message("BYE", body=""),
    "an end of ringing that never was": message("CANCEL", body=""),
    "a transfer out of nowhere": message("REFER", more="Refer-To: <sip:0@127.0.0.1>\r\n", body=""),
    "an answer that nobody asked for": b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
    "a demand that nobody meets": message(more="Require: nothingSupportsThis\r\n"),
    "four hundred headers": message(more="".join(f"X-{n}: {'a' * 40}\r\n" for n in range(400))),
    "a forged practice call": message(more="X-Denwaban-Practice: guessed\r\n"),
}


@pytest.mark.req("A2")
async def test_malformed_sip_takes_nothing_and_tells_no_log_who_called(
    house: Installation,
) -> None:
    async with door(house) as (said, out):
        for bad in TORTURE.values():
            out.sendto(bad)
            await asyncio.sleep(0.01)
        # What is understood is refused: nothing of it is answered.
        await until(lambda: any("404" in line for line in said.said))
        assert not [line for line in said.said if line.startswith("SIP/2.0 2")]
    await an_ordinary_call_is_taken(house)
    for log in (house.home / "asterisk/log").glob("*.log"):
        assert PRIVATE not in log.read_text("utf-8", errors="replace"), log.name
    assert PRIVATE[1:] not in (house.home / "up.log").read_text("utf-8", errors="replace")


async def test_a_flood_of_wrong_sign_ins_opens_no_seat_and_holds_up_no_caller(
    house: Installation,
) -> None:
    async with door(house) as (said, out):
        for n in range(300):
            seat = f"seat-{n % 4}"
            out.sendto(
                message(
                    "REGISTER",
                    user="",
                    caller=f"<sip:{seat}@127.0.0.1>",
                    body="",
                    more=f'Authorization: Digest username="{seat}",realm="asterisk",nonce="guessed",'
                    'uri="sip:127.0.0.1",response="00000000000000000000000000000000"\r\n',
                )
            )
        await an_ordinary_call_is_taken(house)
        await until(lambda: len(said.said) > 20)
        assert not [line for line in said.said if line.startswith("SIP/2.0 2")]
    with pytest.raises(AssertionError, match="wrong password"):
        async with SipAgent.open(house.sip_port, "seat-1-phone", "guessed") as phone:
            await phone.register()


SCANNER = "127.0.0.9"
"""No trunk's address. Scanners such as sipvicious tell names that exist by what is answered differently."""


def told(said: list[bytes]) -> set[bytes]:
    """What answers say, without what is only of this one answer: its names, marks and moments."""
    mine = (b"Via", b"Call-ID", b"From", b"To", b"CSeq")
    return {
        re.sub(rb'(nonce|opaque)="[^"]*"', b"", line)
        for one in said
        for line in one.split(b"\r\n")
        if not line.startswith(mine)
    }


async def test_a_scanner_learns_no_name_and_no_password_and_holds_up_no_caller(
    house: Installation,
) -> None:
    before = {one["id"] for one in calls(house)}
    seat = house.known["people"]["seats"][0]["phone"]

    async def ask(method: str, name: str, more: str = "") -> list[bytes]:
        async with door(house, SCANNER) as (said, out):
            who = f"<sip:{name}@127.0.0.1>"
            out.sendto(message(method, user="", caller=who, body="", more=more))
            await until(lambda: said.whole)
            return said.whole

    for method in ("REGISTER", "INVITE", "OPTIONS"):
        answers = [told(await ask(method, name)) for name in (seat, "test", "1001", "nobody")]
        assert answers[0] == answers[1] == answers[2] == answers[3], method
        assert any(line.startswith(b"SIP/2.0 401") for line in answers[0]), method
    for guess in ("1234", "password", seat, "denwaban", *(str(n) for n in range(1000, 1040))):
        async with SipAgent.open(house.sip_port, seat, guess) as phone:
            with pytest.raises(AssertionError, match="wrong password"):
                await phone.register()
    await an_ordinary_call_is_taken(house)
    new = {one["id"] for one in calls(house)} - before
    assert len(new) == 1, "a scanner's INVITE is no call"


@pytest.mark.req("A2")
async def test_a_number_of_nobody_is_refused_and_recorded(house: Installation) -> None:
    number = a_number()
    async with SipAgent.open(house.sip_port, "network") as network:
        call = await network.dial("0399999999", number)
        await call.gets(404)
    ended = await until(lambda: call_of(house, f"+81{number[1:]}"))
    assert (ended["outcome"], ended["client_id"]) == ("refused", None)
    await an_ordinary_call_is_taken(house)


@pytest.mark.req("A2", "C9")
@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("%22%27%3b--", "\"'"),
        ("%0d%0aX-Evil%3a%201", None),
        ("%3Cscript%3Ealert(1)%3C%2Fscript%3E", None),
        ("a" * 200, None),
        ("1" * 200, None),
        ("%E5%B1%B1%E7%94%B0", None),
        ("03%00%01", None),
        ("anonymous", ""),
    ],
)
async def test_a_caller_whose_number_is_none_is_taken_all_the_same(
    house: Installation, shown: str, kept: str | None
) -> None:
    before = {c["id"] for c in calls(house)}
    async with SipAgent.open(house.sip_port, "network") as network:
        call = await network.dial(WATER, shown)
        await call.gets(180)
        call.hang_up()
        await call.over()
    [one] = await until(
        lambda: [c for c in calls(house) if c["id"] not in before and c["state"] == "ended"]
    )
    assert one["outcome"] == "abandoned"
    assert len(one["caller"]) <= 100
    assert one["caller"].isprintable()
    if kept is not None:
        assert one["caller"] == kept
    await an_ordinary_call_is_taken(house)


@pytest.mark.req("A6", "C9")
async def test_a_hundred_callers_at_once_get_the_lines_there_are_and_the_rest_is_on_record(
    house: Installation,
) -> None:
    with house.api() as api:
        numbers = api.get("numbers").raise_for_status().json()["items"]
        client_id = next(one["client_id"] for one in numbers if one["number"] == WATER)
        limits = api.get(f"clients/{client_id}/limits").raise_for_status().json()["items"]
        lines = limits[-1]["lines"]
    async with SipAgent.open(house.sip_port, "network") as network:
        came = [await network.dial(WATER, f"03777{n:05}") for n in range(100)]
        await until(lambda: all(one.status in (180, 486) for one in came))
        assert sum(one.status == 180 for one in came) == lines
        for one in came:
            if not one.is_over:
                one.hang_up()
            await one.over()

    def record() -> Counter[str | None]:
        return house.look(
            lambda tx: Counter(
                one.outcome.value if one.outcome else None
                for one in calls_of(tx, limit=500)
                if one.caller.startswith("+81377700")
            )
        )

    await until(lambda: record() == {"blocked": 100 - lines, "abandoned": lines})
    await an_ordinary_call_is_taken(house)
