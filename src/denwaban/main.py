"""The only wiring place: settings in, a running program out."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog
import uvicorn
import uvloop
from litestar import Litestar
from litestar.types import ControllerRouterHandler

import denwaban.callback.pages
import denwaban.calls.api
import denwaban.calls.pages
import denwaban.console.pages
import denwaban.delivery.api
import denwaban.delivery.inbound.doors
import denwaban.delivery.pages
import denwaban.delivery.trial
import denwaban.floor.pages
import denwaban.improvement.api
import denwaban.improvement.pages
import denwaban.knowledge.api
import denwaban.knowledge.pages
import denwaban.lines.api
import denwaban.lines.pages
import denwaban.oncall.api
import denwaban.oncall.calendar_pages
import denwaban.oncall.hours_pages
import denwaban.oncall.pages
import denwaban.oncall.roster_api
import denwaban.oncall.roster_pages
import denwaban.people.api
import denwaban.people.pages
import denwaban.portal.pages
import denwaban.practice.api
import denwaban.practice.pages
import denwaban.reports.api
import denwaban.reports.pages
import denwaban.reports.settings_api
import denwaban.schema
import denwaban.scripts.api
import denwaban.scripts.pages
from denwaban.access import Role
from denwaban.callback import CallBacks
from denwaban.calls import Recordings
from denwaban.clock import Clock, SystemClock
from denwaban.config import (
    Secrets,
    Settings,
    Trunk,
    check_way_out,
    load_secrets,
    load_trunks,
)
from denwaban.delivery import Channels, Watch, load_services
from denwaban.delivery import duties as delivery_duties
from denwaban.delivery.channels.phone import Phone as PhoneChannel
from denwaban.delivery.inbound import MailBackRunner, inbound_duties
from denwaban.delivery.inbound.doors import Doors
from denwaban.improvement import Gatherer, letter_duty, review_duty, weekly_duty
from denwaban.journal import Journal
from denwaban.knowledge import index
from denwaban.lines.pages import ScriptNames
from denwaban.oncall import PresenceFollower, calendar_duty, watch_duty
from denwaban.outgoing import Outgoing
from denwaban.practice import FreeSeat, Practice
from denwaban.routing import LeftCalls, SeatState, Switchboard
from denwaban.scripts import duty as script_duty
from denwaban.scripts import names_of, unread
from denwaban.store import Store, migrate
from denwaban.telephony.ari import AriPhone
from denwaban.telephony.ari.practice_caller import CallerLines
from denwaban.telephony.engine import Door, Engine, EngineSettings, obtain
from denwaban.telephony.port import Phone
from denwaban.telephony.speech import Speech
from denwaban.web import MenuEntry, build_app, configure_logs
from denwaban.work import Duty, Worker

log = structlog.get_logger(__name__)

STOPPING_SECONDS = 3
"""How long open pages may take to finish when the program is stopped."""

SWITCH_SECONDS = 0.0005
"""How long a thread of the database may keep the interpreter while a call waits for the event loop."""

PAGES: Sequence[ControllerRouterHandler] = (
    *denwaban.console.pages.routes,
    *denwaban.floor.pages.routes,
    *denwaban.portal.pages.routes,
    *denwaban.callback.pages.routes,
    *denwaban.practice.pages.routes,
    *denwaban.delivery.pages.routes,
    *denwaban.delivery.trial.routes,
    *denwaban.delivery.inbound.doors.routes,
    *denwaban.improvement.pages.routes,
    *denwaban.scripts.pages.routes,
    *denwaban.reports.pages.routes,
    *denwaban.calls.pages.routes,
    *denwaban.knowledge.pages.routes,
    *denwaban.lines.pages.routes,
    *denwaban.oncall.pages.routes,
    *denwaban.oncall.roster_pages.routes,
    *denwaban.oncall.hours_pages.routes,
    *denwaban.oncall.calendar_pages.routes,
    *denwaban.people.pages.routes,
)

API: Sequence[ControllerRouterHandler] = (
    *denwaban.people.api.routes,
    *denwaban.oncall.api.routes,
    *denwaban.oncall.roster_api.routes,
    *denwaban.knowledge.api.routes,
    *denwaban.lines.api.routes,
    *denwaban.calls.api.routes,
    *denwaban.reports.api.routes,
    *denwaban.reports.settings_api.routes,
    *denwaban.scripts.api.routes,
    *denwaban.improvement.api.routes,
    *denwaban.delivery.api.routes,
    *denwaban.practice.api.routes,
)

_FLOOR = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
_INSIDE = _FLOOR | {Role.OPERATOR}

MENU: Sequence[MenuEntry] = (
    MenuEntry("/seat", "受電席", frozenset({Role.OPERATOR})),
    MenuEntry("/floor", "フロア", _FLOOR),
    *denwaban.portal.pages.menu,
    *denwaban.oncall.roster_pages.menu,
    *denwaban.scripts.pages.approval.menu,
    *denwaban.knowledge.pages.menu,
    *denwaban.delivery.pages.dispatch.menu,
    MenuEntry("/reports", "報告", _INSIDE),
    MenuEntry("/calls", "通話", _FLOOR),
    MenuEntry("/clients", "顧客", _INSIDE),
    MenuEntry("/scripts", "台本", _FLOOR),
    MenuEntry("/improvement", "改善", _FLOOR, mark="/improvement/waiting"),
    MenuEntry("/operators", "オペレーター", _FLOOR),
    MenuEntry("/users", "アカウント", frozenset({Role.ADMINISTRATOR})),
    MenuEntry("/keys", "API キー", frozenset({Role.ADMINISTRATOR})),
    MenuEntry("/practice", "練習", _INSIDE),
)


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that runs, put together."""

    app: Litestar
    store: Store
    journal: Journal
    outgoing: Outgoing
    call_backs: CallBacks
    switchboard: Switchboard
    practice: Practice
    left: LeftCalls
    gatherer: Gatherer
    watch: Watch
    presence: PresenceFollower
    mail_back: MailBackRunner
    workers: tuple[Worker, ...]

    async def run(self) -> None:
        """Runs all parts but the web server, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.journal.run())
            tasks.create_task(self.outgoing.run())
            tasks.create_task(self.call_backs.run())
            tasks.create_task(self.switchboard.run())
            tasks.create_task(self.practice.run())
            tasks.create_task(self.left.run())
            tasks.create_task(self.gatherer.run())
            tasks.create_task(self.watch.run())
            tasks.create_task(self.presence.run())
            tasks.create_task(self.mail_back.run())
            tasks.create_task(index.catch_up(self.store))
            for worker in self.workers:
                tasks.create_task(worker.run())

    def stop_streams(self) -> None:
        """Ends open live streams: a server that is asked to stop would wait for them."""
        self.app.state.live.stop()


def build(
    settings: Settings,
    *,
    store: Store,
    journal: Journal,
    clock: Clock,
    phone: Phone,
    speech: Speech,
    callers: CallerLines,
    channels: Channels,
    outgoing: Outgoing,
    left: Path,
    connect: Sequence[str] = (),
    trunks: Callable[[], str | None] = lambda: None,
) -> Program:
    """Puts the parts together over an open store; starts nothing. `left` is where the engine keeps what callers said
    while the program was away; `trunks` tells what is wrong with the lines to the phone network."""
    switchboard = Switchboard(
        store, clock, phone, settings, speech, journal, unread, first=outgoing.take
    )
    call_backs = CallBacks(outgoing, store, speech, settings)
    practice = Practice(
        store,
        journal,
        clock,
        speech,
        callers,
        switchboard.practice_for,
        lambda: [
            FreeSeat(one.operator_id, one.name)
            for one in switchboard.view().seats
            if one.state is SeatState.READY
        ],
    )
    duties: list[Duty] = [
        *delivery_duties(store, clock, settings, channels),
        *inbound_duties(store, clock, channels),
        script_duty(store),
        weekly_duty(store),
        review_duty(store),
        letter_duty(store, settings.url, channels),
        watch_duty(store),
        calendar_duty(store, clock, loopback=settings.calendar_loopback),
    ]
    app = build_app(
        PAGES,
        API,
        store=store,
        clock=clock,
        journal=journal,
        settings=settings,
        services={
            "switchboard": switchboard,
            "practice": practice,
            "call_backs": call_backs,
            "channels": channels,
            "doors": Doors(channels.services),
            "recordings": Recordings(phone.recording),
            "script_names": ScriptNames(names_of),
        },
        duties=duties,
        engine=lambda: trunks() if switchboard.view().engine else "away",
        menu=MENU,
        connect=connect,
    )
    workers = tuple(Worker(store, clock, duty) for duty in duties)
    left_calls = LeftCalls(store, clock, phone, left)
    gatherer = Gatherer(store, clock)
    watch = Watch(store, journal)
    presence = PresenceFollower(store, journal, clock)
    mail_back = MailBackRunner(store, channels.services)
    return Program(
        app,
        store,
        journal,
        outgoing,
        call_backs,
        switchboard,
        practice,
        left_calls,
        gatherer,
        watch,
        presence,
        mail_back,
        workers,
    )


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
    await store.open()
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
                left=told.left,
                connect=denwaban.console.addresses(settings),
                trunks=lambda: door.trouble,
            )
            await _run(program, settings, door)
    finally:
        await store.close()


async def _run(program: Program, settings: Settings, door: Door) -> None:
    server = _Server(
        uvicorn.Config(
            program.app,
            host=settings.web_host,
            port=settings.web_port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOPPING_SECONDS,
            proxy_headers=False,
        )
    )

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
