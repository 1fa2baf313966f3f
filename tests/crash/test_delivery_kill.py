"""kill -9 of real worker processes between lease, send and record: nothing is lost, copies carry the same key."""

import asyncio
import multiprocessing
import random
import signal
from collections import Counter
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select
from tests.delivery_story import Office, eventually, open_office
from tests.servers.smtp import Postman, smtp_server

import denwaban.schema  # noqa: F401 - loads every table
from denwaban import delivery
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.delivery import rows
from denwaban.store import Store, Tx, metadata
from denwaban.work import Worker

KILLS = 20
REPORTS = 6
"""New reports before each kill."""

LATER = timedelta(minutes=5)
"""Every process lives so much later than the one before: its predecessor's leases have run out."""

NEVER = 100_000
"""Minutes: no reminder in this story."""


class Ahead(SystemClock):
    """The machine's clock, set forward."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return super().now() + self.by

    async def sleep_until(self, at: datetime) -> None:
        await super().sleep_until(at - self.by)


def work(url: str, smtp: str, ahead: timedelta, ready: Event) -> None:
    """A worker process; it never ends by itself."""

    async def run() -> None:
        clock = Ahead(ahead)
        store = Store(url, clock)
        await store.open()
        settings = Settings(smtp_url=f"smtp://{smtp}?starttls=no", mail_from="d@example.jp")
        async with (
            httpx.AsyncClient() as http,
            delivery.Channels(settings, http) as channels,
            asyncio.TaskGroup() as tasks,
        ):
            for duty in delivery.duties(store, clock, settings, channels):
                tasks.create_task(Worker(store, clock, duty).run())
            ready.set()

    asyncio.run(run())


class SlowPostman(Postman):
    """Thinks a moment before and after it has taken a mail, so that kills fall into every gap."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice = dice
        self.begun = self.noticed = 0

    async def anything_new(self) -> bool:
        """Whether a mail was begun since this was asked last."""
        new, self.noticed = self.begun > self.noticed, self.begun
        return new

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.begun += 1
        await asyncio.sleep(self.dice.random() * 0.02)
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(self.dice.random() * 0.02)
        return answer


@pytest.mark.req("C5", "C6")
async def test_no_report_is_lost_and_copies_carry_the_same_key(
    database_url: str, tmp_path: Path
) -> None:
    dice = random.Random(7)
    spawn = multiprocessing.get_context("forkserver")
    spawn.set_forkserver_preload(["tests.crash.test_delivery_kill"])
    store = Store(database_url, SystemClock())
    metadata.create_all(store.engine)
    await store.open()
    postman = SlowPostman(dice)
    try:
        async with smtp_server(postman) as smtp:
            settings = Settings(acknowledge_minutes=NEVER)
            office = await open_office(store, store.clock, settings)  # type: ignore[arg-type]
            await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
            for kill in range(KILLS):
                await reports(office, REPORTS)
                ready = spawn.Event()
                process = spawn.Process(target=work, args=(database_url, smtp, LATER * kill, ready))
                process.start()
                assert await asyncio.to_thread(ready.wait, 30)
                # Into the gap between lease and attempt, or while the server is taking a mail and after.
                if dice.random() < 0.3:
                    await eventually(lambda: some_leased(store))
                else:
                    await eventually(postman.anything_new)
                await asyncio.sleep(dice.random() * 0.05)
                process.kill()
                await asyncio.to_thread(process.join)
                assert process.exitcode == -signal.SIGKILL
            cut_off = await store.read(open_attempts)
            ready = spawn.Event()
            process = spawn.Process(target=work, args=(database_url, smtp, LATER * KILLS, ready))
            process.start()
            try:
                await eventually(lambda: all_sent(store), seconds=60)
            finally:
                process.kill()
                await asyncio.to_thread(process.join)
            keys = await store.read(mail_keys)
    finally:
        await store.close()
    copies = Counter(str(mail["Message-ID"]) for mail in postman.mails)
    assert len(keys) == KILLS * REPORTS
    assert set(copies) == {f"<{key}@example.jp>" for key in keys}
    print(f"{KILLS} kills, {cut_off} attempts cut off, {copies.total() - len(keys)} mails twice")
    assert cut_off > 0, "no kill fell into an attempt: the test proves nothing"


async def reports(office: Office, count: int) -> None:
    far = datetime.now(tz=office.clock.now().tzinfo) + timedelta(days=365)
    for _report in range(count):
        await office.report(callback_by=far)


def open_attempts(tx: Tx) -> int:
    attempts = rows.attempts
    return int(tx.scalar(select(func.count()).where(attempts.c.ended_at.is_(None))))


def mail_keys(tx: Tx) -> list[str]:
    table = rows.deliveries
    query = select(table.c.idempotency_key).where(table.c.channel == "mail")
    return [row["idempotency_key"] for row in tx.all(query)]


async def some_leased(store: Store) -> bool:
    table = rows.deliveries
    taken = select(func.count()).where(table.c.leased_until > store.clock.now())
    return int(await store.read(lambda tx: tx.scalar(taken))) > 0


async def all_sent(store: Store) -> bool:
    table = rows.deliveries
    left = select(func.count()).where(table.c.state != "sent")
    return int(await store.read(lambda tx: tx.scalar(left))) == 0
