"""The parts put together."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from litestar import Litestar

from denwaban import vault
from denwaban.audit import Signer, Witness
from denwaban.callback import CallBacks
from denwaban.calls import Keeper, Recordings, bucket_of
from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.console import WaitingRoom, conditions
from denwaban.delivery import Channels, Watch
from denwaban.delivery import duties as delivery_duties
from denwaban.delivery.inbound import MailBackRunner, inbound_duties
from denwaban.delivery.inbound.doors import Doors
from denwaban.disclosure import leak_duty
from denwaban.improvement import Gatherer, letter_duty, review_duty, weekly_duty
from denwaban.journal import Journal
from denwaban.knowledge import index
from denwaban.lines.pages import ScriptNames
from denwaban.main.routes import API, MENU, PAGES
from denwaban.main.sealing import TURNINGS
from denwaban.memory import Indexing
from denwaban.oncall import PresenceFollower, calendar_duty, watch_duty
from denwaban.outgoing import Outgoing
from denwaban.practice import FreeSeat, Practice
from denwaban.promises import Evidence, message_duty, unreached_duty
from denwaban.promises import duty as promise_duty
from denwaban.retention import caller_duty
from denwaban.retention import duty as retention_duty
from denwaban.routing import LeftCalls, SeatState, Switchboard
from denwaban.scripts import duty as script_duty
from denwaban.scripts import names_of, unread
from denwaban.store import Store
from denwaban.summaries import Enrolling, Press, Returns
from denwaban.summaries import duties as summary_duties
from denwaban.telephony.ari.practice_caller import CallerLines
from denwaban.telephony.engine import Ledger
from denwaban.telephony.port import Phone
from denwaban.telephony.recording import no_room
from denwaban.telephony.speech import Speech
from denwaban.vault import Turnings
from denwaban.web import build_app
from denwaban.work import Duty, Worker


class Part(Protocol):
    """Something that runs as long as the program does."""

    async def run(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that runs, put together."""

    app: Litestar
    store: Store
    parts: tuple[Part, ...]
    """What runs until it is cancelled: what listens to the journal, the telephone, the mailbox."""
    workers: tuple[Worker, ...]

    async def run(self) -> None:
        """Runs all parts but the web server, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for part in self.parts:
                tasks.create_task(part.run())
            faqs = partial(index.catch_up, self.store)
            tasks.create_task(vault.survived(self.store, index.name, faqs))
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
    ledger: Ledger,
    connect: Sequence[str] = (),
    trunks: Callable[[], str | None] = lambda: None,
) -> Program:
    """Puts the parts together over an open store; starts nothing. `ledger` is what the engine writes of callers by itself;
    `trunks` tells what is wrong with the lines to the phone network."""
    switchboard = Switchboard(
        store,
        clock,
        phone,
        settings,
        speech,
        journal,
        unread,
        outgoing=outgoing,
        conditions=conditions,
        ledger=ledger,
    )
    waiting_room = WaitingRoom(store, journal)
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
            if one.state is SeatState.READY and not one.held_back
        ],
    )
    left = LeftCalls(store, clock, phone, ledger, switchboard)
    press = Press()
    away = bucket_of(settings)
    keeper = Keeper(store, clock, phone.recording, settings.recordings, away)
    duties: list[Duty] = [
        *delivery_duties(store, clock, settings, channels),
        *inbound_duties(store, channels, Returns()),
        script_duty(store),
        weekly_duty(store),
        review_duty(store),
        letter_duty(store, settings.url, channels),
        promise_duty(store),
        unreached_duty(store, settings.acknowledge_minutes),
        message_duty(store, settings.acknowledge_minutes),
        leak_duty(store),
        *summary_duties(store, settings.url, channels, press),
        watch_duty(store),
        calendar_duty(store, clock, loopback=settings.calendar_loopback),
        keeper.duty(),
        retention_duty(store),
        caller_duty(store),
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
            "waiting_room": waiting_room,
            "practice": practice,
            "call_backs": call_backs,
            "channels": channels,
            "press": press,
            "doors": Doors(channels.services),
            "recordings": Recordings(store, phone.recording, settings.recordings, away),
            "script_names": ScriptNames(names_of),
        },
        duties=duties,
        engine=lambda: (
            switchboard.trouble()
            or left.trouble()
            or trunks()
            or no_room(phone.recording("").parent)
        ),
        menu=MENU,
        connect=connect,
    )
    workers = tuple(Worker(store, clock, duty) for duty in duties)
    parts: tuple[Part, ...] = (
        journal,
        app.state.lookup,
        outgoing,
        call_backs,
        switchboard,
        waiting_room,
        practice,
        left,
        keeper,
        Turnings(store, TURNINGS),
        Gatherer(store, clock),
        Enrolling(store, clock),
        Watch(store, journal),
        Evidence(store, journal),
        PresenceFollower(store, journal, clock),
        MailBackRunner(store, channels.services, Returns()),
        Indexing(store),
    )
    keys = vault.load(settings)
    if keys is not None:
        signer = Signer(keys.current, keys.keys)
        parts = (*parts, Witness(store, clock, vault.seals_of(settings), signer))
    return Program(app, store, parts, workers)
