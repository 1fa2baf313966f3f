"""`denwaban up`: one process that prepares, starts and watches the engine and the program."""

import asyncio
import contextlib
import fcntl
import json
import signal
import sys
import time
from collections.abc import Iterator
from typing import TextIO

import click
import httpx
import structlog

from denwaban.cli import prepare
from denwaban.config import Settings, load_secrets, load_trunks
from denwaban.main import engine_settings
from denwaban.telephony.engine import Died, Engine, bound_to_us
from denwaban.web import configure_logs

log = structlog.get_logger(__name__)

GRACE = 8.0
"""Seconds the program has to stop by itself."""

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the program is started again, growing while it keeps dying young."""

STABLE = 30.0

ROLES = {
    "operator": "オペレーター / operator",
    "supervisor": "SV / supervisor",
    "administrator": "運用管理 / administrator",
    "client": "顧客の担当者 / client staff",
}


async def up(settings: Settings) -> int:
    """Returns the exit status, when everything is stopped. Raises what `prepare` raises."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    configure_logs(settings.log_level)
    with _alone(settings):
        click.echo("電話番 denwaban を準備しています…")
        packages = prepare.engine(settings)
        prepare.ports(settings)
        prepare.write_credentials(settings, await prepare.database(settings))
        secrets, trunks = load_secrets(settings.home), load_trunks(settings.trunks)
        engine = Engine(engine_settings(settings, secrets, trunks), packages)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        await engine.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(_watch_engine(engine))
                running = tasks.create_task(_run_program())
                telling = tasks.create_task(_tell(settings))
                await stop.wait()
                click.echo("\n止めています…")
                for task in (telling, running, watching):
                    task.cancel()
        finally:
            await engine.stop()
    click.echo("止まりました。データは残っています。 / stopped; the data is kept")
    return 0


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Holds the home for this process. Raises `prepare.CannotStart` when another has it."""
    file: TextIO
    with (settings.home / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise prepare.CannotStart(
                f"{settings.home} ではもう動いています。もう一つ動かすには DENWABAN_HOME とポートを変えてください。\n"
                f"Already running in {settings.home}; a second one needs its own DENWABAN_HOME and ports."
            ) from error
        yield


async def _watch_engine(engine: Engine) -> None:
    async for event in engine.watch():
        if isinstance(event, Died):
            log.error("engine.died", status=event.status)
        else:
            log.warning("engine.back", away_seconds=round(event.after_seconds, 1))


async def _run_program() -> None:
    """Keeps `denwaban serve` running; a program that dies is started again, callers talk on meanwhile."""
    deaths = 0
    while True:
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *bound_to_us(sys.executable, "-m", "denwaban", "serve"), start_new_session=True
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        deaths = 1 if time.monotonic() - started > STABLE else deaths + 1
        log.error("program.died", status=status, deaths=deaths)
        await asyncio.sleep(BACKOFF[min(deaths, len(BACKOFF)) - 1])


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _tell(settings: Settings) -> None:
    """Says once where everything is, as soon as calls can be taken."""
    async with httpx.AsyncClient(timeout=2, trust_env=False) as http:
        local = f"http://{settings.web_host}:{settings.web_port}"
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{local}/health/live")).status_code == 200:
                    break
            await asyncio.sleep(0.1)
    known = json.loads(prepare.credentials_file(settings).read_text("utf-8"))
    click.echo(f"\n  画面 / pages   {known['url']}")
    click.echo(f"  SIP            {known['sip']['host']}:{known['sip']['port']}")
    click.echo("")
    for account in known["people"].get("sign_ins", []):
        role = ROLES[account["role"]] + (f" ({account['client']})" if account["client"] else "")
        click.echo(f"  {account['login']:<12} {account['password']:<18} {role}")
    click.echo(
        f"\n  パスワードなどは {prepare.credentials_file(settings)} にもあります (本人だけが読めます)。"
    )
    click.echo("  練習コール: 別の端末で make ring、または画面の「練習」。終わるには Ctrl-C。\n")
