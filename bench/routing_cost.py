"""What the switchboard itself costs: processor time per call on a phone that costs almost nothing.

    python -m bench.routing_cost [--calls 2000] [--past 1000000]

Prints microseconds of processor time per call (all threads: deciding, writing, following the journal) with 10 and with
10,000 clients, the second one with past calls in the database, and their ratio. Time is real, the disk is real SQLite. Also writes var/bench/routing_cost.json.
"""

import argparse
import asyncio
import itertools
import json
import random
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert
from tests.keys import lend_keys

import denwaban.schema  # noqa: F401 - loads every table
from bench.machine import described, written
from denwaban.access.rows import users
from denwaban.calls.rows import calls
from denwaban.clock import Clock, SystemClock
from denwaban.config import Settings
from denwaban.journal import Journal
from denwaban.lines.rows import line_limits, numbers, plan_windows
from denwaban.people.rows import clients, operators
from denwaban.routing import Switchboard
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg, SeatName
from denwaban.vault import unlock

OPERATORS = 100
RATE = 100.0
TALK_SECONDS = 0.3
TIRELESS = Settings(wrapup_seconds=0, calls_in_a_row=0, minutes_in_a_row=0)


class Voice:
    """Speech that says nothing."""

    async def wav(self, text: str) -> Path:
        return Path("/dev/null")


class QuickPhone(FakePhone):
    """Keeps no story; every seat answers at once; tells when a seat was dialled."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.arrived: dict[str, float] = {}
        self.late: list[float] = []

    def dial(self, seat: SeatName, *, call: str, caller: str, title: str, seconds: int) -> Leg:
        """Notes how long after the arrival it is asked."""
        if (asked := self.arrived.pop(caller, None)) is not None:
            self.late.append(time.perf_counter() - asked)
        leg = super().dial(seat, call=call, caller=caller, title=title, seconds=seconds)
        self.seat_answers(seat)
        if len(self.acts) > 1000:
            self.acts.clear()
            self._gone.clear()
        return leg


def number(n: int) -> str:
    return f"+8150{n:08}"


def furnish(tx: Tx, client_count: int, past: int) -> None:
    """Clients with three windows and a limit each, operators, and past calls."""

    def groups(rows: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
        while group := list(itertools.islice(rows, 5000)):
            yield group

    ids = [new_id() for _ in range(client_count)]
    now = tx.now
    for group in groups(
        {"id": c, "code": f"c{n}", "name": f"会社{n}", "kana": "", "industry": "", "greeting": "",
         "policy": "", "live_at": now, "created_at": now, "updated_at": now}
        for n, c in enumerate(ids)
    ):  # fmt: skip
        tx.execute(insert(clients), group)
    for group in groups(
        {"id": new_id(), "number": number(n), "client_id": c, "label": "代表", "created_at": now}
        for n, c in enumerate(ids)
    ):
        tx.execute(insert(numbers), group)
    for group in groups(
        {"id": new_id(), "client_id": c, "position": p, "name": f"窓{p}", "days": days, "opens": 0,
         "closes": 1440, "mode": "full", "script_id": None, "message": ""}
        for c in ids for p, days in enumerate((128, 31, 255))
    ):  # fmt: skip
        tx.execute(insert(plan_windows), group)
    for group in groups(
        {"id": new_id(), "client_id": c, "effective_from": now.date() - timedelta(1), "lines": 900}
        for c in ids
    ):
        tx.execute(insert(line_limits), group)
    for n in range(OPERATORS):
        user, operator = new_id(), new_id()
        tx.execute(insert(users).values(id=user, login=f"o{n}", password_hash="x", role="operator", name=f"o{n}", created_at=now))  # fmt: skip
        tx.execute(insert(operators).values(id=operator, user_id=user, name=f"o{n}", kana="", seat=f"seat-{n}", sip_password="x", created_at=now, updated_at=now))  # fmt: skip
    dice = random.Random(1)
    for group in groups(
        {"id": new_id(), "client_id": dice.choice(ids), "leg": f"old{n}", "trunk": "t",
         "dialled": number(0), "caller": f"+8190{dice.randrange(10**8):08}", "plan": "窓", "mode": "full",
         "state": "ended", "outcome": "answered", "arrived_at": now - timedelta(seconds=dice.randrange(10**7)),
         "answered_at": now, "ended_at": now, "wait_ms": 4000, "practice": False}
        for n in range(past)
    ):  # fmt: skip
        tx.execute(insert(calls), group)


async def measure(folder: Path, client_count: int, past: int, how_many: int) -> dict[str, float]:
    """Figures of one run."""
    clock = SystemClock()
    store = Store(f"sqlite:///{folder / f'{client_count}.db'}", clock)
    metadata.create_all(store.engine)
    lend_keys(store)
    await store.open()
    unlock(store, Settings(home=folder))
    await store.write(lambda tx: furnish(tx, client_count, past))
    journal, phone = Journal(store), QuickPhone(clock)
    board = Switchboard(store, clock, phone, TIRELESS, Voice(), journal)
    for n in range(OPERATORS):
        phone.seat_online(f"seat-{n}")
    dice = random.Random(2)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(journal.run()), tasks.create_task(board.run())]
        await board.ready()
        for seat in board.view().seats:
            await board.set_state(seat.operator_id, "ready")
        await board.written()
        ends: deque[tuple[float, Leg]] = deque()
        begun, used = time.perf_counter(), time.process_time()
        for n in range(how_many):
            await asyncio.sleep(max(0.0, begun + n / RATE - time.perf_counter()))
            while ends and ends[0][0] < time.perf_counter():
                phone.caller_hangs_up(ends.popleft()[1])
            caller = f"090{n:08}"
            phone.arrived[f"+81{caller[1:]}"] = time.perf_counter()
            leg = phone.caller_dials(number(dice.randrange(client_count)), caller)
            ends.append((time.perf_counter() + TALK_SECONDS, leg))
        for _, leg in ends:
            phone.caller_hangs_up(leg)
        await board.written()
        cost = time.process_time() - used
        for task in running:
            task.cancel()
    await store.close()
    late = sorted(phone.late)
    return {
        "cpu_us_per_call": cost / how_many * 1e6,
        "arrival_to_dial_p50_ms": late[len(late) // 2] * 1e3,
        "arrival_to_dial_p99_ms": late[int(len(late) * 0.99)] * 1e3,
    }


def main() -> None:
    """Prints and writes the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--calls", type=int, default=2000)
    asked.add_argument("--past", type=int, default=1_000_000)
    asked.add_argument("--clients", type=int, default=10_000, help="of the larger one")
    given = asked.parse_args()
    about = described()
    with tempfile.TemporaryDirectory(prefix="dwb-bench-") as name:
        few = asyncio.run(measure(Path(name), 10, 0, given.calls))
        many = asyncio.run(measure(Path(name), given.clients, given.past, given.calls))
    ratio = {key: round(many[key] / few[key], 2) for key in few}
    rounded = [{key: round(value, 2) for key, value in figures.items()} for figures in (few, many)]
    found = {
        "clients_10": rounded[0],
        f"clients_{given.clients}": rounded[1],
        "ratio": ratio,
        "past_calls": given.past,
    }
    print(json.dumps(found, indent=2))
    written("routing_cost", {**about, **found})


if __name__ == "__main__":
    main()
