"""Report accepted → mail accepted by a real SMTP server; and sends per second beside a bare aiosmtplib loop.

`python -m bench.delivery` prints one table and writes var/bench/delivery.json. The server is a private Postfix that throws
mails away after it has accepted them; without root it is Postfix's own smtp-sink.
"""

import asyncio
import contextlib
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import aiosmtplib
import httpx
from tests import postfix
from tests.conftest import free_port

import denwaban.schema  # noqa: F401 - loads every table
from denwaban import access, delivery, oncall, people, reports
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.delivery.channels.mail import compose
from denwaban.delivery.message import Message
from denwaban.delivery.model import Kind, Outcome
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.work import Worker

ONE_BY_ONE = 100
PER_SECOND = 10
AT_ONCE = 600
CONNECTIONS = 8


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
def smtp() -> Iterator[tuple[str, str]]:
    """(address, name) of a real SMTP server."""
    if not postfix.possible():
        with postfix.running("discard:") as server:
            yield server.address, "Postfix"
        return
    address = f"127.0.0.1:{free_port()}"
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", address, "256"])
    time.sleep(0.5)
    try:
        yield address, "smtp-sink"
    finally:
        sink.terminate()
        sink.wait()


def office(tx: Tx) -> tuple[str, str, str]:
    client_id = people.add_client(tx, "bench", "山田設備", "ヤマダセツビ")
    user = access.add_user(tx, "bench", access.Hashed("!"), access.Role.OPERATOR, "田中")
    operator = people.add_operator(tx, user, "田中", "タナカ")
    staff = people.add_staff(tx, client_id, "鈴木", "スズキ", "", in_charge=True)
    oncall.add_contact(tx, client_id, staff, "mail", {"to": "suzuki@example.jp"})
    return client_id, operator, staff


async def bare(address: str, mails: int, connections: int) -> float:
    """Mails per second of aiosmtplib alone, the same mails over the same number of connections."""
    host, port = address.split(":")
    message = Message(
        key=new_id(), report_id=new_id(), client_id="", client_name="山田設備", staff_id="", staff_name="鈴木",
        kind=Kind.FIRST, subject="【要折り返し】佐藤 花子様より", lines=(("ご用件", "給湯器から異音がする"),) * 7,
        link="https://d.example.jp/a/" + "x" * 43, address={"to": "suzuki@example.jp"},
        at=SystemClock().now(), data={},
    )  # fmt: skip
    content = compose(message, "denwaban@example.jp")

    async def loop(count: int) -> None:
        async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
            for _mail in range(count):
                await client.sendmail("denwaban@example.jp", ["suzuki@example.jp"], content)

    began = time.perf_counter()
    await asyncio.gather(*(loop(mails // connections) for _one in range(connections)))
    return mails / (time.perf_counter() - began)


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


async def measure(url: str, address: str) -> dict[str, float]:
    clock = SystemClock()
    store = Store(url, clock)
    metadata.create_all(store.engine)
    await store.open()
    settings = Settings(smtp_url=f"smtp://{address}?starttls=no", mail_from="denwaban@example.jp")
    client_id, operator, staff = await store.write(office)
    draft = reports.Draft(
        who="佐藤 花子", what_for="給湯器から異音がする", done="折り返しをお約束しました", callback_needed=True,
        callback_by=clock.now() + timedelta(days=1), number="+819012345678", urgency="normal", tone="worried",
    )  # fmt: skip

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
        await asyncio.gather(*(store.write(verb) for _report in range(AT_ONCE)))
        began = time.perf_counter()
        workers = start(store, clock, settings, channels)
        await until(lambda: len(channels.done) >= AT_ONCE)
        rate = AT_ONCE / (time.perf_counter() - began)
        await stop(workers)
    await store.close()
    return {
        "accepted_to_mailed_ms_p50": statistics.median(waits),
        "accepted_to_mailed_ms_p99": waits[int(len(waits) * 0.99) - 1],
        "sends_per_second": rate,
    }


async def until(check: Callable[[], bool]) -> None:
    """Waits until `check()` is true."""
    while not check():  # noqa: ASYNC110 - the measured code must not know that it is watched
        await asyncio.sleep(0.005)


async def compare() -> dict[str, float | str]:
    with smtp() as (address, server), tempfile.TemporaryDirectory() as folder:
        alone = await bare(address, AT_ONCE, 1)
        beside = await bare(address, AT_ONCE, CONNECTIONS)
        ours = await measure(f"sqlite:///{folder}/bench.db", address)
    return {
        "server": server,
        **ours,
        "bare_one_connection_per_second": alone,
        f"bare_{CONNECTIONS}_connections_per_second": beside,
        "ours_over_bare_one_connection": ours["sends_per_second"] / alone,
        f"ours_over_bare_{CONNECTIONS}_connections": ours["sends_per_second"] / beside,
    }


def main() -> None:
    result = asyncio.run(compare())
    for name, value in result.items():
        print(f"{name:40} {value if isinstance(value, str) else f'{value:.2f}'}")
    target = Path("var/bench/delivery.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
