"""The program as a process: it starts, runs and stops."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Iterator, Sequence

import httpx
import uvicorn
import uvloop
from litestar.types import ASGIApp
from sqlalchemy import func, select

import denwaban.console
import denwaban.schema
from denwaban.calls.rows import calls
from denwaban.clock import SystemClock
from denwaban.config import (
    Secrets,
    Settings,
    Trunk,
    check_way_out,
    load_secrets,
    load_trunks,
)
from denwaban.delivery import Channels, load_services
from denwaban.delivery.channels.phone import Phone as PhoneChannel
from denwaban.delivery.rows import deliveries, report_talk
from denwaban.journal import Journal
from denwaban.main.program import Program, build
from denwaban.outgoing import Outgoing
from denwaban.reports.rows import reports
from denwaban.store import Store, Tx, go_on_after, migrate
from denwaban.telephony.ari import AriPhone
from denwaban.telephony.ari.practice_caller import CallerLines
from denwaban.telephony.engine import Door, Engine, EngineSettings, Ledger, obtain
from denwaban.telephony.speech import Speech
from denwaban.vault import unlock
from denwaban.web import configure_logs

STOPPING_SECONDS = 3
"""How long open pages may take to finish when the program is stopped."""

SWITCH_SECONDS = 0.0001
"""How long a thread of the database may keep the interpreter while a call waits for the event loop."""


def engine_settings(
    settings: Settings, secrets: Secrets, trunks: Sequence[Trunk] = ()
) -> EngineSettings:
    """What the engine of this installation is told. Raises `SettingsError`."""
    check_way_out(settings, trunks)
    return EngineSettings(
        home=settings.home,
        sip_host=settings.sip_host,
        sip_port=settings.sip_port,
        http_host=settings.engine_http_host,
        http_port=settings.engine_http_port,
        ari_password=secrets.ari_password,
        rtp_first=settings.rtp_first,
        rtp_last=settings.rtp_last,
        media_address=settings.media_address,
        speech=settings.speech,
        trunks=tuple(trunks),
        vanished_seconds=settings.vanished_seconds,
        phone_check_seconds=settings.phone_check_seconds,
    )


def serve(settings: Settings) -> None:
    """Runs the program until SIGTERM or SIGINT, beside an engine that `up` (or somebody else) runs."""
    configure_logs(settings.log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    secrets, trunks = load_secrets(settings.home), load_trunks(settings.trunks)
    services = load_services(settings.services)
    told = engine_settings(settings, secrets, trunks)
    engine = Engine(told, obtain(settings.engine or settings.home))
    door = Door(engine)
    clock = SystemClock()
    store = Store(settings.database, clock)
    await asyncio.to_thread(migrate, store.engine)
    await asyncio.to_thread(unlock, store, settings)
    await store.open()
    await store.read(_ids_go_on)
    phone = AriPhone(
        url=told.ari_url,
        user=told.ari_user,
        password=told.ari_password,
        clock=clock,
        recordings=told.recordings,
        make_seats=engine.seats,
        lines=trunks,
    )
    journal, speech = Journal(store), Speech(settings.speech)
    outgoing = Outgoing(phone, clock, settings)
    try:
        async with (
            httpx.AsyncClient(timeout=20) as http,
            Channels(
                settings, http, services, PhoneChannel(outgoing, speech, store, journal)
            ) as channels,
        ):
            program = build(
                settings,
                store=store,
                journal=journal,
                clock=clock,
                phone=phone,
                speech=speech,
                callers=CallerLines(told.ari_url, told.ari_user, told.ari_password),
                channels=channels,
                outgoing=outgoing,
                ledger=Ledger(told.left, told.run),
                connect=denwaban.console.addresses(settings),
                trunks=lambda: door.trouble,
            )
            await _run(program, settings, door)
    finally:
        await store.close()


def _ids_go_on(tx: Tx) -> None:
    """Lists go by id: what is made from now on comes after what is there, though the machine's clock was set back."""
    for column in (calls.c.id, reports.c.id, report_talk.c.id, deliveries.c.id):
        if newest := tx.scalar(select(func.max(column))):
            go_on_after(newest)


def web_server(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How the pages are served. Behind a proxy on this machine a request comes from whom the proxy names: else one stranger's
    wrong passwords would keep everybody from signing in."""
    return uvicorn.Config(
        app,
        host=settings.web_host,
        port=settings.web_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOPPING_SECONDS,
        proxy_headers=True,
        forwarded_allow_ips=settings.web_proxies,
    )


async def _run(program: Program, settings: Settings, door: Door) -> None:
    server = _Server(web_server(program.app, settings))

    def stop() -> None:
        program.stop_streams()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    # What is loaded by now lives as long as the program: the collector need not walk it during calls.
    gc.collect()
    gc.freeze()
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(program.run()), tasks.create_task(door.run())]
        await server.serve()
        for task in running:
            task.cancel()


class _Server(uvicorn.Server):
    """Leaves the signals to us: streams must end before the server waits for them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
