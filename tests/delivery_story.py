"""A client's office for stories about delivery: people, their contacts, workers that really run, servers that answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
import msgspec
from sqlalchemy import func, select
from tests.servers.chatwork import chatwork_rule
from tests.servers.http import HttpService
from tests.servers.slack import slack_rule
from tests.servers.smtp import Postman
from tests.servers.webhook import webhook_rule

from denwaban import access, delivery, oncall, people, promises, reports
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.delivery import rows as delivery_rows
from denwaban.delivery.inbound import inbound_duties
from denwaban.delivery.inbound import rows as inbound_rows
from denwaban.journal import after
from denwaban.reports import Draft, Report
from denwaban.store import Store, Tx, new_id
from denwaban.work import Worker

NO_PASSWORD = access.Hashed("!")
"""No argon2 hash: nobody waits for hashing."""


async def eventually(check: Callable[[], Awaitable[object]], seconds: float = 30) -> None:
    """Waits until `check` gives something true."""
    end = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


DRAFT = Draft(
    who="佐藤 花子",
    kana="サトウ ハナコ",
    company="佐藤商店",
    number="+819012345678",
    what_for="給湯器から異音がする",
    done="折り返しをお約束しました",
    callback_needed=True,
    callback_by=datetime(2026, 11, 24, 15, 0, tzinfo=JST),
    urgency="normal",
    tone="worried",
    answers=(("機種", "GT-2000"), ("いつから", "今朝")),
)


@dataclass
class Office:
    """山田設備: 鈴木 is in charge, 伊藤 stands in."""

    store: Store
    clock: MovedClock
    settings: Settings
    client_id: str
    operator_id: str
    suzuki: str
    ito: str
    suzuki_user: str

    async def contact(self, staff_id: str, channel: str, **address: str) -> None:
        await self.store.write(
            lambda tx: oncall.add_contact(tx, self.client_id, staff_id, channel, address)
        )

    async def report(self, to: str | None = None, **changes: object) -> Report:
        """A report that was just sent, with the promise it holds."""
        draft = replace(DRAFT, **changes)  # type: ignore[arg-type]

        def verb(tx: Tx) -> Report:
            made = reports.accept(
                tx, self.client_id, None, self.operator_id, to or self.suzuki, draft, False
            )
            delivery.send(tx, made, self.settings.acknowledge_minutes)
            promises.make(tx, made)
            return made

        return await self.store.write(verb)

    async def settled(self) -> None:
        """Waits until nothing is due any more."""

        def left(tx: Tx) -> int:
            tables = (delivery_rows.deliveries, delivery_rows.escalations, inbound_rows.inbound)
            return sum(
                int(tx.scalar(select(func.count()).where(table.c.due_at <= tx.now)))
                for table in tables
            )

        async def none() -> bool:
            return await self.store.read(left) == 0

        await eventually(none)

    async def pass_time(self, **by: float) -> None:
        """Moves the clock and waits for what that causes."""
        self.clock.advance(timedelta(**by))
        await self.settled()

    async def pass_seconds(self, seconds: float) -> None:
        """Moves the clock alone: what goes on (a telephone call) goes on."""
        await asyncio.sleep(0.02)
        self.clock.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    async def facts(self) -> list[str]:
        """What happened, in order."""
        return [entry.fact.kind for entry in await self.store.read(lambda tx: after(tx, 0))]

    async def deliveries(self, report: Report) -> list[delivery.Delivery]:
        return await self.store.read(lambda tx: delivery.deliveries_of(tx, report.id))

    async def standing(self, report: Report) -> delivery.Standing:
        found = await self.store.read(lambda tx: delivery.standings(tx, [report.id]))
        return found[report.id]


@asynccontextmanager
async def working(
    office: Office,
    chatwork_url: str = "",
    known: delivery.Services | None = None,
    phone: delivery.Channel | None = None,
) -> AsyncIterator[delivery.Channels]:
    """The workers of this slice, really running."""
    if chatwork_url:
        known = msgspec.convert({"chatwork": {"url": chatwork_url}}, delivery.Services)
    async with (
        httpx.AsyncClient() as http,
        delivery.Channels(office.settings, http, known, phone) as channels,
    ):
        duties = delivery.duties(
            office.store, office.clock, office.settings, channels, chance=lambda: 0.5
        )
        duties += inbound_duties(office.store, channels)
        workers = [
            asyncio.create_task(Worker(office.store, office.clock, duty).run()) for duty in duties
        ]
        try:
            yield channels
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def open_office(store: Store, clock: MovedClock, settings: Settings) -> Office:
    """The people, without contacts."""

    def verb(tx: Tx) -> Office:
        client_id = people.add_client(tx, f"c{new_id()[-12:]}", "山田設備", "ヤマダセツビ")
        operator_user = access.add_user(
            tx, f"o{new_id()[-12:]}", NO_PASSWORD, access.Role.OPERATOR, "田中"
        )
        operator_id = people.add_operator(tx, operator_user, "田中", "タナカ")
        user = access.add_user(
            tx, f"s{new_id()[-12:]}", NO_PASSWORD, access.Role.CLIENT, "鈴木", client_id
        )
        ito = people.add_staff(tx, client_id, "伊藤", "イトウ", "工事部")
        suzuki = people.add_staff(
            tx, client_id, "鈴木", "スズキ", "営業部",
            in_charge=True, substitute_id=ito, user_id=user,
        )  # fmt: skip
        return Office(store, clock, settings, client_id, operator_id, suzuki, ito, user)

    return await store.write(verb)


def services() -> tuple[Postman, HttpService, HttpService, HttpService]:
    """A mail server's postman, Slack, Chatwork and a webhook's receiver."""
    return Postman(), HttpService(slack_rule), HttpService(chatwork_rule), HttpService(webhook_rule)
