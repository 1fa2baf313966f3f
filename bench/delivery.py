"""Report accepted → mail accepted; sends per second beside a bare aiosmtplib loop (`bare_loop`) and, harder, beside loops that
hand over one ready mail again and again (`ready_…`); what waiting escalations and the dispatch board cost.

`python -m bench.delivery` takes all of it on SQLite and PostgreSQL, prints one table and writes var/bench/delivery.json;
`python -m bench.delivery sends`, `… waiting` or `… board` takes a part of it, `… sqlite` or `… postgresql` one database. The server is
Postfix's own smtp-sink: as nearly nothing as a real SMTP server can be, so that what is measured is us.
"""

import asyncio
import contextlib
import email
import email.policy
import gc
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from pathlib import Path

import aiosmtplib
import httpx
import psycopg
import uvloop
from sqlalchemy import delete, insert, select, text, update
from tests.keys import lend_keys
from tests.ports import free_port
from tests.postgres import server

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import described
from denwaban import access, delivery, oncall, people, reports
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.delivery import board as boards
from denwaban.delivery import rows as delivery_rows
from denwaban.delivery.channels.mail import TEXT, compose, page_of
from denwaban.delivery.message import Message, text_of
from denwaban.delivery.model import Kind
from denwaban.delivery.outcome import Outcome
from denwaban.journal import rows as journal_rows
from denwaban.main.serving import SWITCH_SECONDS
from denwaban.reports import rows as report_rows
from denwaban.reports.sealing import sealed, words_of
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.work import Worker

ONE_BY_ONE = 60
PER_SECOND = 10
AT_ONCE = 2000
CONNECTIONS = 8

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
def smtp() -> Iterator[str]:
    """The address of a server that accepts everything."""
    address = f"127.0.0.1:{free_port()}"
    # It refuses to stay root.
    who = ["-u", "postfix"] if os.geteuid() == 0 else []
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", *who, address, "256"])
    host, port = address.split(":")
    end = time.monotonic() + 10
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
                break
            if time.monotonic() > end:
                raise RuntimeError("smtp-sink did not start")
            time.sleep(0.05)
        yield address
    finally:
        sink.terminate()
        sink.wait()


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


def office(tx: Tx) -> tuple[str, str, str]:
    client_id = people.add_client(tx, "bench", "山田設備", "ヤマダセツビ")
    user = access.add_user(tx, "bench", access.Hashed("!"), access.Role.OPERATOR, "田中")
    operator = people.add_operator(tx, user, "田中", "タナカ")
    staff = people.add_staff(tx, client_id, "鈴木", "スズキ", "", in_charge=True)
    oncall.add_contact(tx, client_id, staff, "mail", {"to": "suzuki@example.jp"})
    return client_id, operator, staff


SENDER = "denwaban@example.jp"


def a_message() -> Message:
    """As long as what `measure` sends."""
    return Message(
        key=f"msg_{new_id()}", report_id=new_id(), client_id="", client_name="山田設備", staff_id="", staff_name="鈴木",
        kind=Kind.FIRST, subject="【要折り返し】佐藤 花子様より", lines=(("ご用件", "給湯器から異音がする"),) * 7,
        link="https://d.example.jp/a/" + "x" * 43, address={"to": "suzuki@example.jp"},
        at=SystemClock().now(), data={},
    )  # fmt: skip


def by_the_library(message: Message) -> MIMEMultipart:
    """The mail of `compose`, made by the standard library, by its older classes: `EmailMessage` takes three times as long."""
    mail = MIMEMultipart("alternative")
    mail["From"] = formataddr((f"{message.client_name} 受電報告", SENDER))
    mail["To"] = formataddr((f"{message.staff_name} 様", message.address["to"]))
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.key}@example.jp>"
    mail["References"] = f"<{message.report_id}@example.jp>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.attach(MIMEText(text_of(message, TEXT), "plain", "utf-8"))
    mail.attach(MIMEText(page_of(message), "html", "utf-8"))
    return mail


def same_mail() -> None:
    """Asserts that both sides send the same mail, nearly byte for byte."""
    message = a_message()
    ours, theirs = compose(message, SENDER), by_the_library(message).as_bytes()
    read = email.message_from_bytes(ours, policy=email.policy.SMTP)
    other = email.message_from_bytes(theirs, policy=email.policy.SMTP)
    for name in ("From", "To", "Subject", "Message-ID", "References", "Auto-Submitted"):
        assert str(read[name]) == str(other[name]), name
    texts = [
        [
            part.get_content().rstrip()
            for part in mail.walk()
            if part.get_content_maintype() == "text"
        ]
        for mail in (read, other)
    ]
    assert texts[0] == texts[1]
    assert abs(len(ours) - len(theirs)) < len(ours) / 20, (len(ours), len(theirs))


async def bare(
    address: str, mails: int, connections: int, ready: bytes | None = None
) -> tuple[float, float]:
    """Mails per second of aiosmtplib alone, and milliseconds of processor time for each: a loop over one kept connection,
    or as many loops as connections. Each mail is made as it is sent; with `ready`, one mail that was made before is sent
    again and again, which no program can do, but which shows what the conversation alone costs."""
    host, port = address.split(":")

    async def loop(count: int) -> None:
        async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
            for _mail in range(count):
                if ready is None:
                    await client.send_message(by_the_library(a_message()))
                else:
                    await client.sendmail(SENDER, ["suzuki@example.jp"], ready)

    used, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(loop(mails // connections) for _one in range(connections)))
    rate = mails / (time.perf_counter() - began)
    return rate, (time.process_time() - used) * 1000 / mails


async def all_bare(address: str) -> dict[str, tuple[float, float]]:
    """The bare loops by name; the first is the one that ours is compared with."""
    ready = compose(a_message(), SENDER)
    return {
        "bare_loop": await bare(address, AT_ONCE // 4, 1),
        "ready_one_connection": await bare(address, AT_ONCE, 1, ready),
        f"ready_{CONNECTIONS}_connections": await bare(address, AT_ONCE, CONNECTIONS, ready),
    }


def start(
    store: Store, clock: SystemClock, settings: Settings, channels: delivery.Channels
) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(Worker(store, clock, duty).run())
        for duty in delivery.duties(store, clock, settings, channels)
    ]


async def stop(workers: list[asyncio.Task[None]]) -> None:
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


def a_draft(clock: SystemClock) -> reports.Draft:
    return reports.Draft(
        who="佐藤 花子", what_for="給湯器から異音がする", done="折り返しをお約束しました", callback_needed=True,
        callback_by=clock.now() + timedelta(days=1), number="+819012345678", urgency="normal", tone="worried",
    )  # fmt: skip


async def measure(url: str, address: str) -> dict[str, float]:
    clock = SystemClock()
    store = Store(url, clock)
    lend_keys(store)
    metadata.create_all(store.engine)
    await store.open()
    settings = Settings(smtp_url=f"smtp://{address}?starttls=no", mail_from=SENDER)
    client_id, operator, staff = await store.write(office)
    draft = a_draft(clock)

    def verb(tx: Tx) -> str:
        made = reports.accept(tx, client_id, None, operator, staff, draft, False)
        delivery.send(tx, made, settings.acknowledge_minutes)
        return made.id

    async with httpx.AsyncClient() as http, TimedChannels(settings, http) as channels:
        workers = start(store, clock, settings, channels)
        accepted: dict[str, float] = {}
        for _report in range(ONE_BY_ONE):
            next_at = time.perf_counter() + 1 / PER_SECOND
            report_id = await store.write(verb)
            accepted[report_id] = time.perf_counter()
            await asyncio.sleep(max(0, next_at - time.perf_counter()))
        await until(lambda: len(channels.done) >= ONE_BY_ONE)
        waits = sorted((channels.done[one] - at) * 1000 for one, at in accepted.items())

        # Sending alone: all reports are accepted before the workers begin.
        await stop(workers)
        channels.done.clear()
        pattern = await store.write(verb)
        await store.write(lambda tx: copy(tx, pattern, AT_ONCE - 1))
        used, began = time.process_time(), time.perf_counter()
        workers = start(store, clock, settings, channels)
        await until(lambda: len(channels.done) >= AT_ONCE)
        rate = AT_ONCE / (time.perf_counter() - began)
        processor = (time.process_time() - used) * 1000 / AT_ONCE
        await stop(workers)
    await store.close()
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
    clock = SystemClock()
    store = Store(url, clock)
    lend_keys(store)
    metadata.create_all(store.engine)
    await store.open()
    client_id, operator, staff = await store.write(office)
    draft = a_draft(clock)

    def one(tx: Tx) -> str:
        made = reports.accept(tx, client_id, None, operator, staff, draft, False)
        delivery.send(tx, made, 20)
        return made.id

    pattern, there, found = await store.write(one), 1, {}
    for number in ON_THE_BOARD:
        more, there = number - there, number
        await store.write(lambda tx, more=more: copy(tx, pattern, more))  # type: ignore[misc]
        if store.engine.dialect.name == "postgresql":
            await store.write(lambda tx: tx.execute(text("ANALYZE")))
        looks = []
        for _look in range(LOOKS):
            began = time.perf_counter()
            await store.read(boards.board)
            looks.append((time.perf_counter() - began) * 1000)
        found[f"board_of_{number}_ms_p50"] = statistics.median(looks)
        found[f"board_of_{number}_ms_max"] = max(looks)
    await store.close()
    return found


async def waiting(url: str) -> dict[str, float]:
    """What it costs a worker to have so many ladders that wait, and how late it is when one is due."""
    clock = SystemClock()
    store = Store(url, clock)
    lend_keys(store)
    metadata.create_all(store.engine)
    await store.open()
    settings = Settings()
    client_id, operator, staff = await store.write(office)
    draft = a_draft(clock)

    def one(tx: Tx) -> str:
        made = reports.accept(tx, client_id, None, operator, staff, draft, False)
        delivery.send(tx, made, settings.acknowledge_minutes)
        return made.id

    pattern = await store.write(one)
    # Nothing is to be sent here: the portal has it.
    await store.write(
        lambda tx: tx.execute(
            delete(delivery_rows.deliveries).where(delivery_rows.deliveries.c.state == "pending")
        )
    )
    await store.write(lambda tx: copy(tx, pattern, WAITING))
    async with httpx.AsyncClient() as http, delivery.Channels(settings, http) as channels:
        workers = start(store, clock, settings, channels)
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
                    update(table).where(table.c.id == report_id).values(due_at=moments[report_id])
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
    await store.close()
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
    target = Path("var/bench/delivery.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        json.dumps({"machine": machine, **result}, indent=2, ensure_ascii=False) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
