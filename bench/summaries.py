"""What summaries cost: one client's month of 3,000 calls, and a night of many small clients.

    .venv/bin/python -m bench.summaries [CLIENTS]

On SQLite, in a folder of its own. Prints seconds; nothing is mailed.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from tests.keys import lend_keys

import denwaban.schema  # noqa: F401 - loads every table
from denwaban.access import rows as access_rows
from denwaban.calls.rows import calls
from denwaban.clock import JST, MovedClock
from denwaban.people.rows import clients, operators, staff
from denwaban.reports.rows import reports
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.store.engine import make_engine
from denwaban.summaries import Press, acts, plans
from denwaban.summaries.model import month_of
from denwaban.summaries.paper import paper
from denwaban.summaries.queries import kept, listed

NIGHT = datetime(2026, 11, 25, 8, 30, tzinfo=JST)
ALONE_SECONDS = 3.0
PAPERS = 50
MATTERS = (
    "給湯器から異音がする",
    "修理日を変えたい",
    "見積書を送ってほしい",
    "採用の応募",
    "営業時間を知りたい",
)


def client_rows(count: int) -> list[dict[str, Any]]:
    made = NIGHT - timedelta(days=90)
    return [
        {
            "id": new_id(), "code": f"c{n:05}", "name": f"会社{n:05}", "kana": "カイシャ", "industry": "", "greeting": "", "policy": "",
            "recorded": True, "created_at": made, "updated_at": made, "live_at": made,
        }
        for n in range(count)
    ]  # fmt: skip


def call_rows(client_id: str, count: int, first: datetime, days: int) -> list[dict[str, Any]]:
    found = []
    for n in range(count):
        at = first + timedelta(seconds=random.randrange(days * 86400))
        talked = n % 5 != 0
        found.append(
            {
                "id": new_id(), "client_id": client_id, "leg": "l", "trunk": "t", "dialled": "+81355550101",
                "caller": f"+8190{random.randrange(10**8):08}", "plan": "", "mode": "full", "state": "ended",
                "outcome": "answered" if talked else "abandoned", "arrived_at": at,
                "answered_at": at + timedelta(seconds=5) if talked else None, "ended_at": at + timedelta(seconds=95),
                "wait_ms": 5000, "practice": False, "direction": "inbound",
            }
        )  # fmt: skip
    return found


def report_rows(
    found: Sequence[dict[str, Any]], operator_id: str, staff_id: str
) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(), "client_id": one["client_id"], "call_id": one["id"], "operator_id": operator_id,
            "in_charge_id": staff_id, "caller_name": "佐藤", "caller_kana": "", "caller_company": "", "caller_number": one["caller"],
            "what_for": MATTERS[n % 5], "done": "承りました", "callback_needed": False, "urgency": "normal", "tone": "calm",
            "note": "", "answers": [], "subject": "【通常報告】佐藤様より", "status": "done", "call_ended_at": one["ended_at"],
            "sent_at": one["ended_at"] + timedelta(seconds=20 + n % 60), "practice": False,
        }
        for n, one in enumerate(found) if one["answered_at"] is not None
    ]  # fmt: skip


def fill(tx: Tx, small: int) -> str:
    """Small clients with three calls yesterday, and a large one with 3,000 in October; returns its id."""
    every = client_rows(small + 1)
    large = str(every[-1]["id"])
    user, operator, person, now = new_id(), new_id(), new_id(), NIGHT
    tx.execute(insert(clients), every)
    tx.execute(
        insert(access_rows.users).values(
            id=user, login="o", password_hash="!", role="operator", name="田中", created_at=now
        )
    )
    tx.execute(
        insert(operators).values(
            id=operator, user_id=user, name="田中", kana="", seat="1", sip_password="x", created_at=now, updated_at=now
        )
    )  # fmt: skip
    tx.execute(
        insert(staff).values(
            id=person, client_id=large, name="鈴木", kana="", department="", presence="present", presence_note="",
            in_charge=True, created_at=now, updated_at=now,
        )
    )  # fmt: skip
    yesterday = datetime(2026, 11, 24, tzinfo=JST)
    rows = [row for one in every[:-1] for row in call_rows(one["id"], 3, yesterday, 1)]
    rows += call_rows(large, 3000, datetime(2026, 10, 1, tzinfo=JST), 31)
    for begin in range(0, len(rows), 5000):
        part = rows[begin : begin + 5000]
        tx.execute(insert(calls), part)
        tx.execute(insert(reports), report_rows(part, operator, person))
    return large


def shares(waits: list[float]) -> str:
    """p50 and p99 in milliseconds."""
    found = sorted(waits)
    return f"p50 {found[len(found) // 2] * 1000:.1f} ms, p99 {found[int(len(found) * 0.99)] * 1000:.1f} ms"


async def measure(small: int, folder: Path) -> None:
    url = f"sqlite:///{folder / 'bench.db'}"
    engine = make_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    clock = MovedClock(NIGHT - timedelta(days=1))
    store, press = Store(url, clock), Press()
    lend_keys(store)
    await store.open()
    try:
        large = await store.write(lambda tx: fill(tx, small))

        began = time.perf_counter()
        wanted = await store.write(
            lambda tx: plans.add_summary(tx, large, month_of(date(2026, 10, 1)), 1, "", None)
        )
        await acts.make(store, wanted)
        print(f"a month of 3,000 calls, made and kept: {time.perf_counter() - began:.2f} s")
        found = await store.read(lambda tx: kept(tx, wanted))
        assert found is not None
        began = time.perf_counter()
        pdf = await press.pdf(paper(found.document, found.calls, mail=True))
        print(
            f"its paper ({found.document.missed} missed calls, {len(pdf) // 1024} kB): "
            f"{time.perf_counter() - began:.2f} s"
        )

        began = time.perf_counter()
        while await store.write(plans.enrol):
            pass
        print(f"{small} clients taken up: {time.perf_counter() - began:.2f} s")
        clock.advance(NIGHT - clock.now())
        ids = [
            row for row in await store.read(lambda tx: [r["id"] for r in tx.all(clients.select())])
        ]
        waits: list[float] = []

        async def others() -> None:
            """A call's own write, again and again."""
            while True:
                begin = time.perf_counter()
                await store.write(lambda tx: tx.scalar(clients.select().limit(1)))
                waits.append(time.perf_counter() - begin)
                await asyncio.sleep(0.02)

        beside = asyncio.create_task(others())
        await asyncio.sleep(ALONE_SECONDS)
        alone = shares(waits)
        waits.clear()
        began, used = time.perf_counter(), time.process_time()
        looking, making = plans.look_duty(store), acts.duty(store)
        for client_id in ids:
            await looking.do(client_id)
        for made in await store.read(lambda tx: listed(tx, None, made=False, limit=small + 1)):
            if made.made_at is None:
                await making.do(made.id)
        seconds, used = time.perf_counter() - began, time.process_time() - used
        beside.cancel()
        print(
            f"{small} daily summaries: {seconds:.1f} s ({seconds / small * 1000:.1f} ms each, of a processor "
            f"{used / small * 1000:.1f} ms); a write beside them: {shares(waits)}; a write alone: {alone}"
        )

        shown = await store.read(lambda tx: kept(tx, wanted))
        assert shown is not None
        small_paper = paper(shown.document, shown.calls[:3], mail=True)
        began = time.perf_counter()
        await asyncio.gather(*(press.pdf(small_paper) for _one in range(PAPERS)))
        print(
            f"{PAPERS} small papers, one after another: {(time.perf_counter() - began) / PAPERS * 1000:.0f} ms each"
        )
    finally:
        await store.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, Path(where)))
