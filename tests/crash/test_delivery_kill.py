"""kill -9 of real programs that accept and send, ended database connections, mail servers that fall silent, at random instants:
nothing that was accepted is lost, no ladder breaks, copies carry the same key.

    .venv/bin/python -m tests.crash.test_delivery_kill 1000 [sqlite|postgresql]

makes so many runs on each; the tests make a few.
"""

import asyncio
import multiprocessing
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from itertools import count as count_up
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx
import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select
from tests.delivery_story import Office, eventually, open_office
from tests.keys import lend_keys
from tests.postgres import server
from tests.servers.smtp import Postman, smtp_server

import denwaban.schema  # noqa: F401 - loads every table
from denwaban import delivery
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.delivery import rows
from denwaban.delivery.model import from_json
from denwaban.journal import rows as journal_rows
from denwaban.promises import rows as promise_rows
from denwaban.reports import rows as report_rows
from denwaban.store import Store, StoreError, Tx, metadata
from denwaban.web import configure_logs
from denwaban.work import Worker

RUNS = 5
"""In the tests; each has one fault."""

TOGETHER = 50
"""Runs on one installation when there are many."""

REPORTS = 4
"""New reports before each fault."""

LATER = timedelta(minutes=5)
"""Every process lives so much later than the one before: its predecessor's leases have run out, and ladders climb."""

PATIENCE = 300
"""Seconds, on a machine that is busy with other work."""

MOST_LATER = 100
"""Processes that finish what was left; a message that was cut off often is tried again after an hour."""

WAIT = 4
"""Minutes between the rungs."""

FAULTS = ("worker", "database", "mail", "accepting", "worker")
"""In turn, so that few runs have them all; when each comes is left to chance. worker: kill -9 while messages are sent;
accepting: kill -9 while reports are accepted."""


class Ahead(SystemClock):
    """The machine's clock, set forward."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return super().now() + self.by

    async def sleep_until(self, at: datetime) -> None:
        await super().sleep_until(at - self.by)


@dataclass(frozen=True, slots=True)
class Ids:
    """An office as another process needs it."""

    client_id: str
    operator_id: str
    suzuki: str
    ito: str
    suzuki_user: str


def work(url: str, smtp: str, ahead: timedelta, ready: Event, ids: Ids, desk: Connection) -> None:
    """A program: sends and climbs, and accepts a report whenever `desk` says so, telling its id when it is kept. It never
    ends by itself."""

    configure_logs("critical", tty=False)

    async def run() -> None:
        clock = Ahead(ahead)
        store = Store(url, clock)
        lend_keys(store)
        await store.open()
        settings = Settings(smtp_url=f"smtp://{smtp}?starttls=no", mail_from="d@example.jp")
        async with (
            httpx.AsyncClient() as http,
            delivery.Channels(settings, http) as channels,
            asyncio.TaskGroup() as tasks,
        ):
            for duty in delivery.duties(store, clock, settings, channels):
                tasks.create_task(Worker(store, clock, duty).run())
            settings = Settings(acknowledge_minutes=WAIT)
            office = Office(store, clock, settings, **asdict(ids))  # type: ignore[arg-type]
            ready.set()
            while True:
                await asyncio.to_thread(desk.recv)
                desk.send(await accepted(office))

    asyncio.run(run())


async def accepted(office: Office) -> str:
    """The id of a report that is kept; whoever hears that it was not says it again."""
    while True:
        with suppress(StoreError):
            return (await office.report(callback_by=far())).id
        await asyncio.sleep(0.05)


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
    faults: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Tally") -> "Tally":
        for name in ("runs", "cut_off", "reports", "mails", "twice", "faults"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def __str__(self) -> str:
        kills = " ".join(f"{name}:{number}" for name, number in sorted(self.faults.items()))
        return (
            f"{self.runs} runs ({kills}), {self.cut_off} attempts cut off, {self.reports} reports,"
            f" none lost, {self.mails} mails, {self.twice} of them copies with the same key"
        )


class Workers:
    """One worker process at a time, each later than the one before."""

    def __init__(self, url: str, smtp: str, office: Office) -> None:
        self._spawn = multiprocessing.get_context("forkserver")
        self._spawn.set_forkserver_preload(["tests.crash.test_delivery_kill"])
        self._url, self._smtp = url, smtp
        self._ids = Ids(**{one.name: getattr(office, one.name) for one in fields(Ids)})
        self._process: ForkServerProcess | None = None
        self._desk: Connection | None = None
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
        self._desk, theirs = self._spawn.Pipe()
        self._process = self._spawn.Process(
            target=work,
            args=(self._url, self._smtp, LATER * self.born, ready, self._ids, theirs),
        )
        self._process.start()
        theirs.close()
        assert await asyncio.to_thread(ready.wait, PATIENCE)

    def order(self, number: int) -> None:
        """So many reports are to be accepted, one after the other."""
        assert self._desk is not None
        for _report in range(number):
            self._desk.send(None)

    async def kept(self, at_least: int = 0) -> list[str]:
        """The reports that it said it has accepted since this was asked last."""
        assert self._desk is not None
        told = []
        for _report in range(at_least):
            assert await asyncio.to_thread(self._desk.poll, PATIENCE), "nothing was accepted"
            told.append(self._desk.recv())
        with suppress(EOFError, ConnectionResetError):
            while self._desk.poll():
                told.append(self._desk.recv())
        return told

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
    lend_keys(store)
    metadata.create_all(store.engine)
    await store.open()
    postman, accepted = SlowPostman(dice), set[str]()
    try:
        async with smtp_server(postman) as smtp:
            settings = Settings(acknowledge_minutes=WAIT)
            office = await open_office(store, store.clock, settings)  # type: ignore[arg-type]
            await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
            await office.contact(office.ito, "mail", to="ito@example.jp")
            workers = Workers(url, smtp, office)
            try:
                for run in range(runs):
                    await workers.alive()
                    fault = FAULTS[run % len(FAULTS)]
                    if fault == "accepting":
                        workers.order(3 * REPORTS)
                        accepted |= set(await workers.kept(dice.randrange(2 * REPORTS)))
                        await asyncio.sleep(dice.random() * 0.02)
                        await workers.kill()
                        accepted |= set(await workers.kept())
                        tally.faults[fault] += 1
                        continue
                    accepted |= await reports(office, REPORTS)
                    if fault == "database" and not url.startswith("postgresql"):
                        fault = "worker"
                    # Into the gap between lease and attempt, or while the server is taking a mail and after.
                    if dice.random() < 0.3:
                        await eventually(lambda: some_leased(store, workers.now), seconds=PATIENCE)
                    else:
                        await eventually(postman.anything_new, seconds=PATIENCE)
                    await asyncio.sleep(dice.random() * 0.05)
                    tally.faults[fault] += 1
                    if fault == "worker":
                        await workers.kill()
                    elif fault == "mail":
                        postman.end_all()
                    else:
                        await asyncio.to_thread(end_connections, url)
                tally.cut_off = await again(store, open_attempts)
                # Every ladder goes to its end, and what is tried again later has its time: each in a later process.
                for _later in range(MOST_LATER):
                    await workers.kill()
                    await workers.alive()
                    await eventually(lambda: quiet(store, workers.now), seconds=PATIENCE)
                    if await again(store, lambda tx: left(tx, None)) == 0:
                        break
            finally:
                await workers.kill()
            await again(store, lambda tx: count(tx, tally, postman, accepted))
    finally:
        await store.close()
    return tally


def count(tx: Tx, tally: Tally, postman: Postman, accepted: set[str]) -> None:
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
    # What somebody was told is accepted is there; what is there is on its way, with its promise.
    there = {row["id"] for row in ladders}
    assert accepted <= there
    assert there == {row["id"] for row in tx.all(select(report_rows.reports.c.id))}
    assert there == {row["report_id"] for row in tx.all(select(promise_rows.promises.c.report_id))}
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


def far() -> datetime:
    """So late that it plays no part."""
    return SystemClock().now() + timedelta(days=365)


async def reports(office: Office, number: int) -> set[str]:
    """Accepts so many; their ids."""
    made = set[str]()
    while len(made) < number:
        try:
            made.add((await office.report(callback_by=far())).id)
        except StoreError:
            # Its connection was ended too. Nothing of it was kept, so that it is accepted once.
            await asyncio.sleep(0.1)
    return made


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
    """Nothing is due at that time."""
    return int(await again(store, lambda tx: left(tx, now))) == 0


def left(tx: Tx, now: datetime | None) -> int:
    """How much is due at that time; at any time when None."""
    found = 0
    for table in (rows.deliveries, rows.escalations):
        due = table.c.due_at.is_not(None) if now is None else table.c.due_at <= now
        found += int(tx.scalar(select(func.count()).where(due)))
    return found


@contextmanager
def databases(kind: str) -> Iterator[Callable[[], str]]:
    """Gives the URL of a new empty database each time it is asked."""
    numbers = count_up()
    with ExitStack() as stack:
        if kind == "sqlite":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield lambda: f"sqlite:///{folder / f'kill{next(numbers)}.db'}"
            return
        url = stack.enter_context(server("fsync=on"))

        def fresh() -> str:
            name = f"kill{next(numbers)}"
            with psycopg.connect(f"{url}/postgres", autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {name}")
            return f"{url}/{name}"

        yield fresh


def many(kind: str, runs: int) -> bool:
    """So many runs, `TOGETHER` on one installation; a line for each lot, and the sum. Whether none broke a promise."""
    whole, broken = Tally(), 0
    began = time.monotonic()
    with databases(kind) as fresh:
        for begin in range(0, runs, TOGETHER):
            number, seed = min(TOGETHER, runs - begin), random.randrange(2**32)
            try:
                tally = asyncio.run(play(fresh(), number, seed))
            except Exception:
                broken += 1
                print(f"{kind} BROKEN: a lot of {number} runs, seed {seed}", flush=True)
                traceback.print_exc(file=sys.stdout)
                continue
            whole += tally
            print(f"{kind} seed {seed}: {tally}", flush=True)
    minutes = (time.monotonic() - began) / 60
    print(f"{kind} sum: {whole}, {broken} lots broken, {minutes:.0f} minutes", flush=True)
    return not broken


def main() -> None:
    runs = int(sys.argv[1])
    kinds = sys.argv[2:] or ["sqlite", "postgresql"]
    sys.exit(0 if all([many(kind, runs) for kind in kinds]) else 1)


if __name__ == "__main__":
    main()
