"""PostgreSQL is stopped in the middle of calls and started again: nobody who talks hears anything of it, and no call is lost."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.journeys.installation import Installation, running, until
from tests.ports import free_port
from tests.postgres import binaries
from tests.sip_agent import SipAgent

pytestmark = pytest.mark.engine

WATER, NOBODY = "+815001003001", "0399999999"
TRUNK = '[[trunk]]\nname = "test"\nkind = "ip"\nmatch = ["127.0.0.1"]\n'
CALLER_TONES, OPERATOR_TONES = (450.0, 650.0), (1150.0, 1500.0)


class Server:
    """A PostgreSQL server that can be killed and started again. It keeps its promises: fsync is on."""

    def __init__(self, base: Path) -> None:
        self.base, self.port = base, free_port()
        self.runs = False
        # PostgreSQL refuses to run as root.
        as_root = os.geteuid() == 0
        self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._as = self._as if as_root else []
        if as_root:
            account = pwd.getpwnam("postgres")
            os.chown(base, account.pw_uid, account.pw_gid)
        self._run("initdb", "-D", f"{base}/data", "-U", "denwaban", "-A", "trust", "-E", "UTF8")

    @property
    def url(self) -> str:
        return f"postgresql://denwaban@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.base}"
        )
        self._control("-o", options, "-l", f"{self.base}/log", "start")
        self.runs = True

    def kill(self) -> None:
        """Every connection breaks, nothing is finished."""
        self._control("-m", "immediate", "stop")
        self.runs = False

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-D", f"{self.base}/data", "-w", *words)

    def _run(self, program: str, *words: str) -> None:
        programs = binaries()
        assert programs is not None, "PostgreSQL is missing: apt-get install postgresql"
        command = [*self._as, str(programs / program), *words]
        subprocess.run(command, check=True, capture_output=True, cwd=self.base, timeout=60)


@pytest.fixture
def server() -> Iterator[Server]:
    base = Path(tempfile.mkdtemp(prefix="dwb-pg-"))
    made = Server(base)
    made.start()
    try:
        yield made
    finally:
        if made.runs:
            made.kill()
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def house(server: Server, tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "trunks.toml").write_text(TRUNK)
    with running(
        tmp_path / "var", database_url=server.url, trunks=str(tmp_path / "trunks.toml")
    ) as installation:
        yield installation


def ready(house: Installation, login: str) -> None:
    """The operator signs in and says ready, as the page does."""
    with house.pressing(login) as press:
        press("/seat/state", state="ready")


def outcomes(house: Installation) -> dict[str, str | None]:
    """The outcome of every call of this story, by caller."""
    with house.api() as api:
        items = api.get("calls").raise_for_status().json()["items"]
    found = [
        (one["caller"], one["outcome"]) for one in items if one["caller"].startswith("+8131111")
    ]
    assert len(found) == len(dict(found)), "a call is in the record twice"
    return dict(found)


@pytest.mark.req("A2", "A6")
async def test_the_database_is_killed_while_people_talk_and_call(
    house: Installation, server: Server
) -> None:
    async with AsyncExitStack() as stack:
        phones = []
        for seat, tone in zip(house.known["people"]["seats"], OPERATOR_TONES, strict=True):
            phone = SipAgent.open(house.sip_port, seat["phone"], seat["password"], tone)
            phones.append(await stack.enter_async_context(phone))
            await phones[-1].register()
        network = []
        for hums in (*CALLER_TONES, None):
            caller = SipAgent.open(house.sip_port, "network", tone=hums)
            network.append(await stack.enter_async_context(caller))
        for login in house.logins("operator"):
            await asyncio.to_thread(ready, house, login)
        rings = {asyncio.create_task(phone.rings(60)): phone for phone in phones}
        first = await network[0].dial(WATER, "0311110001")
        [rung], [to_ring] = await asyncio.wait(rings, return_when=asyncio.FIRST_COMPLETED)
        first_phone, answered = rings[rung], rung.result()
        program = house.child("denwaban serve").pid
        answered.answer()
        await answered.hears(CALLER_TONES[0])

        await asyncio.to_thread(server.kill)
        assert not house.ready()
        # A known number is put through as always, also now.
        second = await network[1].dial(WATER, "0311110002")
        answered_then = await to_ring
        answered_then.answer()
        await answered_then.hears(CALLER_TONES[1])
        # Nobody knows by heart whether this number is somebody's: the caller hears ring-back until it can be looked up.
        unknown = await network[2].dial(NOBODY, "0311110003")
        await unknown.gets(180)
        # Those who talk hear nothing of it.
        await first.hears_on()
        await first.hears(*[tone for tone in [first_phone.tone] if tone])

        await asyncio.to_thread(server.start)
        await unknown.gets(404, within=30)
        await until(house.ready, within=60)
        assert not first.is_over
        assert not second.is_over
        await answered.hears(CALLER_TONES[0])
        for call in (first, second):
            call.hang_up()
            await call.over()
        expected = {
            "+81311110001": "answered",
            "+81311110002": "answered",
            "+81311110003": "refused",
        }
        await until(lambda: outcomes(house) == expected)
        assert house.child("denwaban serve").pid == program, "the program was not restarted"
