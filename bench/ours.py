"""Our side: an engine and the real program beside it, on a prepared database."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.prepare import copied
from bench.rival import TRUNK, watched
from bench.sip import HOST, Phones
from denwaban.clock import SystemClock
from denwaban.config import Settings, load_secrets
from denwaban.main import engine_settings
from denwaban.people import operators
from denwaban.store import Store
from denwaban.telephony.engine import Engine, Packages
from denwaban.vault import unlock

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Ours:
    """A running installation."""

    phones: Phones
    url: str
    home: Path
    pid: int
    engine_pid: int


@asynccontextmanager
async def ours(
    packages: Packages, engine_home: Path, database: Path, home: Path, first_port: int
) -> AsyncIterator[Ours]:
    """Runs it on a copy of `database`, with the engine of `engine_home`. Ports `first_port`…+2999 are its own.

    Nothing is left afterwards but what is in `home`. Raises RuntimeError with the program's last words.
    """
    copied(database, home)
    settings = Settings(
        home=home,
        web_port=first_port + 2,
        engine_http_port=first_port + 1,
        sip_port=first_port,
        rtp_first=first_port + 100,
        rtp_last=first_port + 2989,
        engine=engine_home,
        trunks=home / "trunks.toml",
        wrapup_seconds=0,  # app_queue knows none here either
        calls_in_a_row=0,
        minutes_in_a_row=0,
        vanished_seconds=0,  # sipp sends no voice, and answers no question between two runs
        phone_check_seconds=0,
        log_level="warning",
    )
    (home / "trunks.toml").write_text(
        f'[[trunk]]\nname = "{TRUNK.name}"\nkind = "ip"\nmatch = ["{HOST}"]\n'
    )
    environment = {
        f"DENWABAN_{name.upper()}": str(getattr(settings, name))
        for name in (
            "home", "web_port", "engine_http_port", "sip_port", "rtp_first", "rtp_last", "engine", "trunks", "wrapup_seconds", "calls_in_a_row", "minutes_in_a_row",
            "vanished_seconds", "phone_check_seconds", "log_level",
        )
    }  # fmt: skip
    engine = Engine(engine_settings(settings, load_secrets(home), (TRUNK,)), packages)
    await engine.start()
    async with watched(engine):
        with (home / "program.log").open("wb") as log:
            program = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "denwaban", "serve",
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # as `up` starts it: Linux shares processors between sessions first
            )  # fmt: skip
            try:
                await _ready(program, settings.url, home)
                phones = Phones(first_port, first_port + 10, _seats(settings))
                yield Ours(phones, settings.url, home, program.pid, engine.alive_pid() or 0)
            finally:
                await _end(program)


def _seats(settings: Settings) -> tuple[tuple[str, str], ...]:
    store = Store(settings.database, SystemClock())
    try:
        unlock(store, settings)
        found = store.look(operators)
        return tuple((f"{one.seat}-phone", one.sip_password) for one in found)
    finally:
        store.engine.dispose()


async def _ready(program: asyncio.subprocess.Process, url: str, home: Path) -> None:
    limit = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
        while time.monotonic() < limit and program.returncode is None:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{url}/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.2)
    said = (home / "program.log").read_text(errors="replace")[-1500:]
    raise RuntimeError(f"the program is not ready\n{said}")


async def _end(program: asyncio.subprocess.Process) -> None:
    if program.returncode is None:
        program.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(10):
                await program.wait()
        except TimeoutError:
            program.kill()
    await program.wait()
