"""The rival: Asterisk's own `app_queue`, without any program. The engine is configured like ours, with the same seats."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.sip import HOST, Phones
from denwaban.config import Trunk
from denwaban.telephony.engine import Engine, EngineSettings, Packages
from denwaban.telephony.port import SeatAccount, SeatName

RECORDED = "0999999999"
"""Who dials this is recorded."""

TRUNK = Trunk(name="bench", kind="ip", match=(HOST,))

_QUEUE = """
strategy = leastrecent
timeout = 15
retry = 1
wrapuptime = 0
autofill = yes
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-frequency = 0
announce-position = no
announce-holdtime = no
"""


@dataclass(frozen=True)
class Rival:
    """A running engine."""

    phones: Phones
    pid: int


@asynccontextmanager
async def rival(
    packages: Packages, home: Path, first_port: int, agents: int
) -> AsyncIterator[Rival]:
    """Runs it with `agents` members. Ports `first_port`…+2999 are its own. Nothing is left afterwards."""
    members = "".join(f"member => PJSIP/seat-{n}-phone\n" for n in range(1, agents + 1))
    settings = engine_without_us(
        home,
        first_port,
        agents,
        "[rival]\nexten => _X.,1,Queue(main,r)\n same => n,Hangup()\n"
        f"exten => {RECORDED},1,MixMonitor(${{UNIQUEID}}.wav,b)\n same => n,Queue(main,r)\n same => n,Hangup()\n",
        {
            "queues.conf": f"[general]\npersistentmembers = no\nlog_membername_as_agent = no\n[main]{_QUEUE}{members}",
            "queuerules.conf": "",
        },
        modules=("app_queue", "app_mixmonitor"),
    )
    engine = Engine(settings, packages)
    await engine.start()
    async with watched(engine):
        if "main" not in await engine.cli("queue show main"):
            raise RuntimeError("this engine has no app_queue")
        yield Rival(phones_of(settings), engine.alive_pid() or 0)


def engine_without_us(
    home: Path,
    first_port: int,
    agents: int,
    dialplan: str,
    conf: Mapping[str, str] | None = None,
    *,
    modules: tuple[str, ...] = (),
) -> EngineSettings:
    """An engine like ours, in which calls go through another `dialplan`: through the context that it begins with."""
    context = dialplan.partition("]")[0].removeprefix("[")
    return EngineSettings(
        home=home,
        sip_port=first_port,
        http_port=first_port + 1,
        ari_password=secrets.token_hex(12),
        rtp_first=first_port + 100,
        rtp_last=first_port + 2989,
        trunks=(TRUNK,),
        seats=tuple(
            SeatAccount(SeatName(f"seat-{n}"), secrets.token_hex(12)) for n in range(1, agents + 1)
        ),
        phone_check_seconds=0,  # the phones of the bench answer calls alone
        extra_modules=modules,
        extra_conf={
            **(conf or {}),
            "extensions.conf": dialplan,
            "pjsip.conf": f"[{TRUNK.name}](+)\ncontext = {context}\n",
        },
    )


def phones_of(settings: EngineSettings) -> Phones:
    """The telephones of its seats."""
    first = settings.sip_port
    seats = tuple((f"{account.seat}-phone", account.password) for account in settings.seats)
    return Phones(first, first + 10, seats)


@asynccontextmanager
async def watched(engine: Engine) -> AsyncIterator[None]:
    """Watches a started engine and stops it at the end."""

    async def watch() -> None:
        async for event in engine.watch():
            raise RuntimeError(f"the engine died while it was measured: {event}")

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        await engine.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
