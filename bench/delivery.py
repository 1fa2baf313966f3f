"""Report accepted → mail accepted; sends per second beside a bare aiosmtplib loop (`bare_loop`) and, harder, beside loops that
hand over one ready mail again and again (`ready_…`); what waiting escalations and the dispatch board cost.

`python -m bench.delivery` takes all of it on SQLite and PostgreSQL, prints one table and writes var/bench/delivery.json;
`python -m bench.delivery sends`, `… waiting` or `… board` takes a part of it, `… sqlite` or `… postgresql` one database. The server is
Postfix's own smtp-sink: as nearly nothing as a real SMTP server can be, so that what is measured is us.
"""

import asyncio
import contextlib
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import httpx
import psycopg
import uvloop
from sqlalchemy import delete, insert, select, text, update
from tests.keys import lend_keys
from tests.postgres import server

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import described, written
from bench.mail import AT_ONCE, SENDER, all_bare, same_mail, smtp
from denwaban import access, delivery, oncall, people, reports
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.delivery import board as boards
from denwaban.delivery import rows as delivery_rows
from denwaban.delivery.message import Message
from denwaban.delivery.outcome import Outcome
from denwaban.journal import rows as journal_rows
from denwaban.main.serving import SWITCH_SECONDS
from denwaban.reports import rows as report_rows
from denwaban.reports.sealing import sealed, words_of
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.work import Worker

ONE_BY_ONE = 60
PER_SECOND = 10

ON_THE_BOARD = (10, 10_000)
LOOKS = 9

PARTS = ("sends", "board", "waiting")

WAITING = 100_000
IDLE_SECONDS = 8
DUE = 50


class Timed:
    """A channel that notes when each report was accepted by the other side."""

    def __init__(self, inner: delivery.Channel, done: dict[str, float]) -> None:
        self.inner = inner
        self.done = done

    async def send(self, message: Message) -> Outcome:
        outcome = await self.inner.send(message)
        assert isinstance(outcome, delivery.Sent), outcome
        self.done[message.report_id] = time.perf_counter()
        return outcome


class TimedChannels(delivery.Channels):
    """Mail is timed."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        super().__init__(settings, http)
        self.done: dict[str, float] = {}

    def __getitem__(self, name: str) -> delivery.Channel:
        found = super().__getitem__(name)
        return Timed(found, self.done) if name == "mail" else found


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    """An empty database."""
    with contextlib.ExitStack() as stack:
        if kind == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield f"sqlite:///{folder}/bench.db"
            return
        url = stack.enter_context(server("fsync=on"))
        with psycopg.connect(f"{url}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        yield f"{url}/bench"


@dataclass(frozen=True)
class Office:
    """A client with an operator and somebody in charge, in a database."""

    store: Store
    clock: SystemClock
    report: Callable[[Tx], str]
    """Accepts one more report and sends it; its id."""


@contextlib.asynccontextmanager
async def office(url: str) -> AsyncIterator[Office]:
    """Makes it."""
    clock = SystemClock()
    store = Store(url, clock)
    lend_keys(store)
    metadata.create_all(store.engine)
    await store.open()
    client_id, operator, staff = await store.write(_people)
    draft = reports.Draft(
        who="佐藤 花子", what_for="給湯器から異音がする", done="折り返しをお約束しました", callback_needed=True,
        callback_by=clock.now() + timedelta(days=1), number="+819012345678", urgency="normal", tone="worried",
    )  # fmt: skip

    def report(tx: Tx) -> str:
        made = reports.accept(tx, client_id, None, operator, staff, draft, False)
        delivery.send(tx, made, Settings().acknowledge_minutes)
        return made.id

    try:
        yield Office(store, clock, report)
    finally:
        await store.close()


def _people(tx: Tx) -> tuple[str, str, str]:
    client_id = people.add_client(tx, "bench", "山田設備", "ヤマダセツビ")
    user = access.add_user(tx, "bench", access.Hashed("!"), access.Role.OPERATOR, "田中")
    operator = people.add_operator(tx, user, "田中", "タナカ")
    staff = people.add_staff(tx, client_id, "鈴木", "スズキ", "", in_charge=True)
    oncall.add_contact(tx, client_id, staff, "mail", {"to": "suzuki@example.jp"})
    return client_id, operator, staff


def start(it: Office, settings: Settings, channels: delivery.Channels) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(Worker(it.store, it.clock, duty).run())
        for duty in delivery.duties(it.store, it.clock, settings, channels)
    ]


async def stop(workers: list[asyncio.Task[None]]) -> None:
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def measure(url: str, address: str) -> dict[str, float]:
    settings = Settings(smtp_url=f"smtp://{address}?starttls=no", mail_from=SENDER)
    async with (
        office(url) as it,
        httpx.AsyncClient() as http,
        TimedChannels(settings, http) as channels,
    ):
        workers = start(it, settings, channels)
        accepted: dict[str, float] = {}
        for _report in range(ONE_BY_ONE):
            next_at = time.perf_counter() + 1 / PER_SECOND
            report_id = await it.store.write(it.report)
            accepted[report_id] = time.perf_counter()
            await asyncio.sleep(max(0, next_at - time.perf_counter()))
        await until(lambda: len(channels.done) >= ONE_BY_ONE)
        waits = sorted((channels.done[one] - at) * 1000 for one, at in accepted.items())

        # Sending alone: all reports are accepted before the workers begin.
        await stop(workers)
        channels.done.clear()
        pattern = await it.store.write(it.report)
        await it.store.write(lambda tx: copy(tx, pattern, AT_ONCE - 1))
        used, began = time.process_time(), time.perf_counter()
        workers = start(it, settings, channels)
        await until(lambda: len(channels.done) >= AT_ONCE)
        rate = AT_ONCE / (time.perf_counter() - began)
        processor = (time.process_time() - used) * 1000 / AT_ONCE
        await stop(workers)
    return {
        "accepted_to_mailed_ms_p50": statistics.median(waits),
        "accepted_to_mailed_ms_p95": waits[int(len(waits) * 0.95) - 1],
        "accepted_to_mailed_ms_p99": waits[int(len(waits) * 0.99) - 1],
        "sends_per_second": rate,
        "processor_ms_per_send": processor,
    }


async def until(check: Callable[[], bool]) -> None:
    """Waits until `check()` is true."""
    while not check():  # noqa: ASYNC110 - the measured code must not know that it is watched
        await asyncio.sleep(0.02)


async def board(url: str) -> dict[str, float]:
    """What one look at the dispatch board takes with few and with many open reports."""
    async with office(url) as it:
        store = it.store
        pattern, there, found = await store.write(it.report), 1, {}
        for number in ON_THE_BOARD:
            await store.write(partial(copy, pattern=pattern, count=number - there))
            there = number
            if store.engine.dialect.name == "postgresql":
                await store.write(lambda tx: tx.execute(text("ANALYZE")))
            looks = []
            for _look in range(LOOKS):
                began = time.perf_counter()
                await store.read(boards.board)
                looks.append((time.perf_counter() - began) * 1000)
            found[f"board_of_{number}_ms_p50"] = statistics.median(looks)
            found[f"board_of_{number}_ms_max"] = max(looks)
    return found


async def waiting(url: str) -> dict[str, float]:
    """What it costs a worker to have so many ladders that wait, and how late it is when one is due."""
    settings = Settings()
    async with office(url) as it:
        store, clock = it.store, it.clock
        pattern = await store.write(it.report)
        # Nothing is to be sent here: the portal has it.
        await store.write(
            lambda tx: tx.execute(
                delete(delivery_rows.deliveries).where(
                    delivery_rows.deliveries.c.state == "pending"
                )
            )
        )
        await store.write(lambda tx: copy(tx, pattern, WAITING))
        async with httpx.AsyncClient() as http, delivery.Channels(settings, http) as channels:
            workers = start(it, settings, channels)
            await asyncio.sleep(1)
            used, began = time.process_time(), time.perf_counter()
            await asyncio.sleep(IDLE_SECONDS)
            share = (time.process_time() - used) / (time.perf_counter() - began)

            # Some of them become due at moments of their own, set behind the worker's back.
            table = delivery_rows.escalations
            first = clock.now() + timedelta(seconds=7)
            moments = {}

            def due(tx: Tx) -> None:
                ids = [row["id"] for row in tx.all(select(table.c.id).limit(DUE))]
                for number, report_id in enumerate(ids):
                    moments[report_id] = first + timedelta(seconds=number * 3 / DUE)
                    tx.execute(
                        update(table)
                        .where(table.c.id == report_id)
                        .values(due_at=moments[report_id])
                    )

            await store.write(due)
            await asyncio.sleep(7 + 3 + 3)
            climbed = await store.read(
                lambda tx: {
                    entry["subject"]: entry["at"]
                    for entry in tx.all(
                        select(journal_rows.facts).where(
                            journal_rows.facts.c.kind == "report.reminded",
                            journal_rows.facts.c.subject.in_(list(moments)),
                        )
                    )
                }
            )
            await stop(workers)
    late = sorted((climbed[one] - at).total_seconds() for one, at in moments.items())
    return {
        "core_share": share,
        "woken_late_s_p50": statistics.median(late),
        "woken_late_s_max": late[-1],
    }


def copy(tx: Tx, pattern: str, count: int) -> None:
    """So many reports like this one, each with its ladder and its messages; the ladders are due much later."""
    report_table, table = report_rows.reports, delivery_rows.escalations
    told = delivery_rows.deliveries
    row = tx.all(select(report_table).where(report_table.c.id == pattern))[0]
    report, client_id = dict(row), row["client_id"]
    # What is sealed opens in its own row alone.
    words = words_of(tx, row, pattern, client_id)
    ladder = dict(tx.all(select(table).where(table.c.id == pattern))[0])
    pending = select(told).where(told.c.report_id == pattern, told.c.state == "pending")
    messages = [dict(row) for row in tx.all(pending)]
    for begin in range(0, count, 1000):
        ids = [new_id() for _row in range(min(1000, count - begin))]
        tx.execute(
            insert(report_table),
            [{**report, **sealed(tx, client_id, one, words), "id": one} for one in ids],
        )
        later = [tx.now + timedelta(hours=1, seconds=begin + n) for n in range(len(ids))]
        tx.execute(
            insert(table),
            [{**ladder, "id": one, "due_at": at} for one, at in zip(ids, later, strict=True)],
        )
        copies = [
            {**row, "id": new_id(), "report_id": one, "idempotency_key": f"msg_{new_id()}"}
            for one in ids
            for row in messages
        ]
        if copies:
            tx.execute(insert(told), copies)
    tx.touch("work:deliveries")


def show(name: str, values: dict[str, float]) -> dict[str, float]:
    """Prints a part as soon as it is there."""
    print(name)
    for key, value in values.items():
        print(f"  {key:44} {value:.3f}", flush=True)
    return values


async def compare(parts: Sequence[str], kinds: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    with smtp() as address:
        for kind in kinds:
            if "sends" in parts:
                same_mail()
                with database(kind) as url:
                    before = await all_bare(address)
                    ours = await measure(url, address)
                    after = await all_bare(address)
                values = dict(ours)
                for name, both in before.items():
                    # Machines have moods: the better of two is what ours has to stand beside.
                    rate, used = max(both, after[name])
                    values[f"{name}_per_second"] = rate
                    values[f"{name}_processor_ms_per_send"] = used
                    values[f"ours_over_{name}"] = ours["sends_per_second"] / rate
                found[kind] = show(kind, values)
            if "board" in parts:
                with database(kind) as url:
                    name = f"{kind} dispatch board"
                    found[name] = show(name, await board(url))
            if "waiting" in parts:
                with database(kind) as url:
                    name = f"{kind} with {WAITING} waiting"
                    found[name] = show(name, await waiting(url))
    return found


def main() -> None:
    kinds = [one for one in ("sqlite", "postgresql") if one in sys.argv[1:]]
    parts = [one for one in PARTS if one in sys.argv[1:]]
    machine = described()
    # As the program itself does, for both sides.
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    result = uvloop.run(compare(parts or PARTS, kinds or ["sqlite", "postgresql"]))
    written("delivery", {"machine": machine, **result})


if __name__ == "__main__":
    main()
