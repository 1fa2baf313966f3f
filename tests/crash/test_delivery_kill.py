"""kill -9 of real worker processes, database connections and mail servers at random instants: nothing is lost, no ladder
breaks, copies carry the same key.

    .venv/bin/python -m tests.crash.test_delivery_kill 1000 [sqlite|postgresql]

makes so many runs; the tests make a few.
"""

import asyncio
import multiprocessing
import random
import signal
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx
import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select
from tests.delivery_story import Office, eventually, open_office
from tests.postgres import server
from tests.servers.smtp import Postman, smtp_server

import denwaban.schema  # noqa: F401 - loads every table
from denwaban import delivery
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.delivery import rows
from denwaban.delivery.model import from_json
from denwaban.journal import rows as journal_rows
from denwaban.store import Store, StoreError, Tx, metadata
from denwaban.web import configure_logs
from denwaban.work import Worker

RUNS = 5
"""In the tests; each has one fault."""

REPORTS = 4
"""New reports before each fault."""

LATER = timedelta(minutes=5)
"""Every process lives so much later than the one before: its predecessor's leases have run out, and ladders climb."""

WAIT = 4
"""Minutes between the rungs."""

FAULTS = ("worker", "database", "mail", "worker")
"""In turn, so that few runs have them all; when each comes is left to chance."""


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

    configure_logs("critical", tty=False)

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


@dataclass
class Tally:
    """What came of the runs."""

    runs: int = 0
    cut_off: int = 0
    reports: int = 0
    mails: int = 0
    twice: int = 0
    faults: str = ""


class Workers:
    """One worker process at a time, each later than the one before."""

    def __init__(self, url: str, smtp: str) -> None:
        self._spawn = multiprocessing.get_context("forkserver")
        self._spawn.set_forkserver_preload(["tests.crash.test_delivery_kill"])
        self._url, self._smtp = url, smtp
        self._process: ForkServerProcess | None = None
        self.born = 0

    @property
    def now(self) -> datetime:
        """The time that the worker believes in."""
        return Ahead(LATER * self.born).now()

    async def alive(self) -> None:
        """Starts one if there is none."""
        if self._process is not None:
            return
        self.born += 1
        ready = self._spawn.Event()
        self._process = self._spawn.Process(
            target=work, args=(self._url, self._smtp, LATER * self.born, ready)
        )
        self._process.start()
        assert await asyncio.to_thread(ready.wait, 60)

    async def kill(self) -> None:
        """kill -9."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.join)
            assert process.exitcode == -signal.SIGKILL


async def play(url: str, runs: int, seed: int) -> Tally:
    """So many runs, each with new reports and one fault at a random instant; then everything settles, and is counted."""
    dice, tally = random.Random(seed), Tally(runs)
    store = Store(url, SystemClock())
    metadata.create_all(store.engine)
    await store.open()
    postman, happened = SlowPostman(dice), Counter[str]()
    try:
        async with smtp_server(postman) as smtp:
            settings = Settings(acknowledge_minutes=WAIT)
            office = await open_office(store, store.clock, settings)  # type: ignore[arg-type]
            await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
            await office.contact(office.ito, "mail", to="ito@example.jp")
            workers = Workers(url, smtp)
            try:
                for run in range(runs):
                    await workers.alive()
                    await reports(office, REPORTS)
                    fault = FAULTS[run % len(FAULTS)]
                    if fault == "database" and not url.startswith("postgresql"):
                        fault = "worker"
                    # Into the gap between lease and attempt, or while the server is taking a mail and after.
                    if dice.random() < 0.3:
                        await eventually(lambda: some_leased(store, workers.now), seconds=60)
                    else:
                        await eventually(postman.anything_new, seconds=60)
                    await asyncio.sleep(dice.random() * 0.05)
                    happened[fault] += 1
                    if fault == "worker":
                        await workers.kill()
                    elif fault == "mail":
                        postman.end_all()
                    else:
                        await asyncio.to_thread(end_connections, url)
                tally.cut_off = await again(store, open_attempts)
                # Every ladder goes to its end: the rest of the rungs, each in a later process.
                for _rung in range(7):
                    await workers.kill()
                    await workers.alive()
                    await eventually(lambda: quiet(store, workers.now), seconds=120)
            finally:
                await workers.kill()
            await again(store, lambda tx: count(tx, tally, postman))
    finally:
        await store.close()
    tally.faults = " ".join(f"{name}:{number}" for name, number in sorted(happened.items()))
    return tally


def count(tx: Tx, tally: Tally, postman: Postman) -> None:
    """Asserts that no report is lost, no ladder broken, and every copy known by its key."""
    told = tx.all(select(rows.deliveries))
    ladders = tx.all(select(rows.escalations))
    copies = Counter(str(mail["Message-ID"])[1:].partition("@")[0] for mail in postman.mails)
    keys = {row["idempotency_key"] for row in told if row["channel"] == "mail"}
    assert set(copies) <= keys
    by_report: dict[str, list[tuple[int, str]]] = {}
    for row in told:
        assert row["state"] in ("sent", "cancelled"), dict(row)
        if row["channel"] == "mail" and row["state"] == "sent":
            assert copies[row["idempotency_key"]] >= 1
        by_report.setdefault(row["report_id"], []).append((row["rung"], row["channel"]))
    kinds = ("report.reminded", "report.escalated", "report.unclaimed")
    facts = journal_rows.facts
    steps = Counter(
        (row["subject"], row["kind"])
        for row in tx.all(select(facts).where(facts.c.kind.in_(kinds)))
    )
    assert len(ladders) == tally.runs * REPORTS
    for row in ladders:
        rungs = len(from_json(row["ladder"]).rungs)
        assert (row["state"], row["rung"], row["due_at"]) == ("exhausted", rungs, None)
        # Each rung told its person once by each channel: none was skipped and none came twice.
        wanted = [(rung, channel) for rung in range(1, rungs + 1) for channel in ("mail", "portal")]
        assert sorted(by_report[row["id"]]) == sorted(wanted)
        assert [steps[(row["id"], kind)] for kind in kinds] == [2, 1, 1]
        arrived = {one["idempotency_key"] for one in told if one["report_id"] == row["id"]} & set(
            copies
        )
        assert arrived, "nobody was told"
    tally.reports, tally.mails = len(ladders), copies.total()
    tally.twice = copies.total() - len(copies)


@pytest.mark.req("C5", "C6", "D5")
async def test_no_report_is_lost_no_ladder_breaks_and_copies_carry_the_same_key(
    database_url: str,
) -> None:
    tally = await play(database_url, RUNS, 7)
    print(tally)
    assert tally.cut_off > 0, "no fault fell into an attempt: the test proves nothing"


async def reports(office: Office, number: int) -> None:
    far = datetime.now(tz=SystemClock().now().tzinfo) + timedelta(days=365)
    for _report in range(number):
        for _try in range(20):
            try:
                await office.report(callback_by=far)
                break
            except StoreError:
                # Its connection was ended too. Nothing of it was kept, so that it is accepted once.
                await asyncio.sleep(0.1)


async def again(store: Store, verb):  # type: ignore[no-untyped-def]
    """Reads; a connection that was ended just before is not what is tested here."""
    for _try in range(20):
        try:
            return await store.read(verb)
        except StoreError:
            await asyncio.sleep(0.1)
    return await store.read(verb)


def end_connections(url: str) -> None:
    """Ends every connection to this database but our own."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def open_attempts(tx: Tx) -> int:
    attempts = rows.attempts
    return int(tx.scalar(select(func.count()).where(attempts.c.ended_at.is_(None))))


async def some_leased(store: Store, now: datetime) -> bool:
    table = rows.deliveries
    taken = select(func.count()).where(table.c.leased_until > now)
    return int(await again(store, lambda tx: tx.scalar(taken))) > 0


async def quiet(store: Store, now: datetime) -> bool:
    """Nothing is due at that time, and nothing is being tried again within the lives of these processes."""

    def due(tx: Tx) -> int:
        edges = ((rows.deliveries, now + timedelta(hours=12)), (rows.escalations, now))
        return sum(
            int(tx.scalar(select(func.count()).where(table.c.due_at <= at))) for table, at in edges
        )

    return int(await again(store, due)) == 0


def main() -> None:
    runs = int(sys.argv[1])
    for kind in sys.argv[2:] or ["sqlite", "postgresql"]:
        with ExitStack() as stack:
            if kind == "sqlite":
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                url = f"sqlite:///{Path(folder) / 'kill.db'}"
            else:
                url = f"{stack.enter_context(server())}/postgres"
            print(kind, asyncio.run(play(url, runs, random.randrange(2**32))))


if __name__ == "__main__":
    main()
