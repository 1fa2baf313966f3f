"""Calls through us and through Asterisk's own `app_queue`, in one run, with the same callers and the same answering phones.

`python -m bench.side_by_side [--quick]`. Three sides run beside each other and are measured in turn, there and back, so that
what else the machine does falls on all of them: `app_queue` without a program; ours with 10 clients; ours with 10,000 clients
and a million past calls.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import FOLDER, REPOSITORY, at, described, table, written
from bench.ours import ours
from bench.prepare import OPERATORS, number_of, prepared
from bench.rival import RECORDED, rival
from bench.sip import Phones, Seen, calls, ports, register
from denwaban.telephony.engine import Packages, obtain

THEIRS, SMALL, LARGE = "app_queue", "ours small", "ours large"
SIDES = (THEIRS, SMALL, LARGE)

TALK = 0.2
RECORDED_RATE = 50
PATIENCE = 2.0
"""Seconds after which a caller who is not answered counts as a failed call."""


@dataclass(frozen=True)
class Plan:
    """How much is measured. Rates in calls per second."""

    seconds: float
    rounds: int
    steps: Sequence[int]
    step_seconds: float
    past_calls: int
    clients: int


FULL = Plan(10, 2, range(80, 421, 20), 8, 1_000_000, 10_000)
QUICK = Plan(4, 1, range(100, 401, 50), 4, 100_000, 1_000)


@dataclass
class Side:
    """One of the three."""

    name: str
    phones: Phones
    numbers: list[str]
    recorded: str
    """A number whose talks are recorded; those of the others are not."""
    home: Path
    pids: dict[str, int]
    runs: int = 0
    placed: int = 0

    async def calls(
        self,
        rate: int,
        count: int,
        talk: float = TALK,
        patience: float = PATIENCE,
        *,
        recorded: bool = False,
    ) -> Seen:
        self.runs += 1
        self.placed += count
        folder = self.home / f"sipp-{self.runs}"
        numbers = [self.recorded] if recorded else self.numbers
        seen = await calls(
            self.phones, folder, numbers, rate=rate, count=count, talk=talk, patience=patience
        )
        await asyncio.sleep(0.5)
        return seen


@dataclass
class Figures:
    """What was found, by side."""

    latency: dict[int, dict[str, list[float]]] = field(default_factory=dict)
    recorded: dict[str, list[float]] = field(default_factory=dict)
    """The same at 50 calls a second when both record."""
    failed: dict[int, dict[str, int]] = field(default_factory=dict)
    processor: dict[int, dict[str, dict[str, float]]] = field(default_factory=dict)
    sustained: dict[str, list[int]] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    crowd: dict[str, list[tuple[float, float, float, int]]] = field(default_factory=dict)
    on_the_wire: bool = True


@asynccontextmanager
async def sides(packages: Packages, plan: Plan, folder: Path) -> AsyncIterator[list[Side]]:
    """All three, running, with the first 20 seats signed in."""
    small = await prepared(FOLDER, 10, 0)
    large = await prepared(FOLDER, plan.clients, plan.past_calls)
    async with AsyncExitStack() as stack:
        found = []
        first = stack.enter_context(ports(3000))
        engine = await stack.enter_async_context(
            rival(packages, folder / "theirs", first, OPERATORS)
        )
        pids = {"engine": engine.pid}
        found.append(Side(THEIRS, engine.phones, [number_of(0)], RECORDED, folder / "theirs", pids))
        for name, base, clients in ((SMALL, small, 10), (LARGE, large, plan.clients)):
            first, home = stack.enter_context(ports(3000)), folder / f"ours-{clients}"
            running = await stack.enter_async_context(
                ours(packages, REPOSITORY / "var", base, home, first)
            )
            numbers = [number_of(n) for n in range(clients)]
            pids = {"engine": running.engine_pid, "program": running.pid}
            found.append(Side(name, running.phones, numbers[:-1], numbers[-1], home, pids))
        for side in found:
            register(side.phones, 20)
        yield found


async def measure(found: list[Side], plan: Plan) -> Figures:
    print(f"small: 10 clients; large: {plan.clients:,} clients and {plan.past_calls:,} past calls")
    figures = Figures()
    there_and_back = [*found, *reversed(found)]
    for side in found:  # files, caches and threads as they are after the first minute of a day
        await side.calls(15, 60)
    print("300 callers on 20 agents")
    for side in there_and_back if plan.rounds > 1 else found:
        seen = await side.calls(15, 300, talk=2.0, patience=90)
        row = (seen.took, at(seen.waits, 0.5), max(seen.waits, default=float("nan")), seen.failed)
        figures.crowd.setdefault(side.name, []).append(row)
        print(
            f"  {side.name:12} {row[0]:6.1f} s, wait p50 {row[1]:5.2f} max {row[2]:5.2f} s, failed {row[3]}"
        )
    for side in found:
        register(side.phones, OPERATORS)
        await side.calls(30, 90)
    for rate in (50, 100):
        print(f"{rate} calls/s")
        for side in there_and_back * plan.rounds:
            await _latency(side, rate, plan, figures)
    print(f"{RECORDED_RATE} calls/s, both recording")
    for side in there_and_back:
        seen = await side.calls(RECORDED_RATE, round(RECORDED_RATE * plan.seconds), recorded=True)
        figures.recorded.setdefault(side.name, []).extend(seen.to_phone)
        p50, p99 = (at(seen.to_phone, share) * 1000 for share in (0.5, 0.99))
        print(f"  {side.name:12} p50 {p50:6.2f}  p99 {p99:7.2f} ms  failed {seen.failed}")
    print("highest sustained")
    for side in there_and_back if plan.rounds > 1 else found:
        await _climb(side, plan, figures)
    return figures


async def _latency(side: Side, rate: int, plan: Plan, figures: Figures) -> None:
    before = {what: _cpu_seconds(pid) for what, pid in side.pids.items()}
    seen = await side.calls(rate, round(rate * plan.seconds))
    used = {
        what: (_cpu_seconds(pid) - before[what]) / plan.seconds for what, pid in side.pids.items()
    }
    figures.latency.setdefault(rate, {}).setdefault(side.name, []).extend(seen.to_phone)
    failed = figures.failed.setdefault(rate, {})
    failed[side.name] = failed.get(side.name, 0) + seen.failed
    figures.processor.setdefault(rate, {})[side.name] = used
    figures.on_the_wire &= seen.on_the_wire
    p50, p99 = (at(seen.to_phone, share) * 1000 for share in (0.5, 0.99))
    cores = ", ".join(f"{what} {share * 100:.0f} %" for what, share in used.items())
    print(
        f"  {side.name:12} p50 {p50:6.2f}  p99 {p99:7.2f} ms  failed {seen.failed}  ({cores} of a core)"
    )


async def _climb(side: Side, plan: Plan, figures: Figures) -> None:
    """Steps up until a call fails; a step that failed is tried once more, because the machine has other work too."""
    best = 0
    for rate in plan.steps:
        for _ in range(2):
            seen = await side.calls(rate, round(rate * plan.step_seconds))
            figures.steps.append({"side": side.name, "rate": rate, "failed": seen.failed})
            if not seen.failed:
                break
            await asyncio.sleep(2)
        if seen.failed:
            break
        best = rate
    figures.sustained.setdefault(side.name, []).append(best)
    print(f"  {side.name:12} {best} calls/s (stopped at {rate}, {seen.failed} failed)")


def _cpu_seconds(pid: int) -> float:
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def kept(side: Side, since: datetime) -> dict[str, int]:
    """What one of our sides has in its database of this run."""
    stamp = since.strftime("%Y-%m-%d %H:%M:%S")
    with contextlib.closing(sqlite3.connect(side.home / "denwaban.db")) as base:
        counted = "SELECT count(*) FROM calls WHERE arrived_at >= ?"
        every = base.execute(counted, (stamp,)).fetchone()[0]
        good = base.execute(f"{counted} AND outcome = 'answered'", (stamp,)).fetchone()[0]
        told = base.execute("SELECT count(*) FROM facts WHERE at >= ?", (stamp,)).fetchone()[0]
    return {"placed": side.placed, "calls": every, "answered": good, "facts": told}


def ratios(figures: Figures) -> list[dict[str, Any]]:
    """Ours ÷ theirs with the bar for each, and how much the large installation adds."""
    rows = []
    for rate, by_side in figures.latency.items():
        # A call that failed has no latency: a figure without it would be too good.
        whole = not any(figures.failed[rate][side] for side in SIDES[1:])
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            theirs, small, large = (at(sorted(by_side[side]), share) * 1000 for side in SIDES)
            rows.append(
                _row(f"INVITE → phone, {rate}/s, {name}", "ms", theirs, small, large, "≤ 1.5", 1.5)
            )
            rows[-1]["reached"] &= whole
            if name == "p99":
                grown = large / small if small else float("nan")
                rows.append(
                    {"what": f"p99 at {rate}/s, large ÷ small", "unit": "×", "theirs": None, "small": 1.0,
                     "large": grown, "ratio_small": None, "ratio_large": grown, "bar": "< 1.5", "reached": grown < 1.5 and whole}
                )  # fmt: skip
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        theirs, small, large = (at(sorted(figures.recorded[side]), share) * 1000 for side in SIDES)
        what = f"both recording: INVITE → phone, {RECORDED_RATE}/s, {name}"
        rows.append(_row(what, "ms", theirs, small, large, "", 1.5))
    theirs, small, large = (float(max(figures.sustained[side])) for side in SIDES)
    rows.append(_row("highest sustained", "calls/s", theirs, small, large, "≥ 0.8", 0.8, more=True))
    for what, column in (
        ("300 callers on 20 agents: all served", 0),
        ("300 callers on 20 agents: longest wait", 2),
    ):
        theirs, small, large = (min(run[column] for run in figures.crowd[side]) for side in SIDES)
        rows.append(_row(what, "s", theirs, small, large, "≤ 1.0", 1.0))
    return rows


def _row(
    what: str,
    unit: str,
    theirs: float,
    small: float,
    large: float,
    bar: str,
    limit: float,
    *,
    more: bool = False,
) -> dict[str, Any]:
    first, second = (value / theirs if theirs else float("nan") for value in (small, large))
    good = min(first, second) >= limit if more else max(first, second) <= limit
    return {
        "what": what, "unit": unit, "theirs": theirs, "small": small, "large": large,
        "ratio_small": first, "ratio_large": second, "bar": bar, "reached": good,
    }  # fmt: skip


def shown(rows: list[dict[str, Any]]) -> None:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    table(
        ["", "unit", *SIDES, "ratio small", "ratio large", "bar", "reached"],
        [
            [row["what"], row["unit"], *(number(row[key]) for key in ("theirs", "small", "large", "ratio_small", "ratio_large")),
             row["bar"], "yes" if row["reached"] else "NO"]
            for row in rows
        ],
    )  # fmt: skip


async def main(plan: Plan) -> None:
    packages = obtain(REPOSITORY / "var")
    about = described(packages)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    since = datetime.now(UTC)
    try:
        async with sides(packages, plan, folder) as found:
            figures = await measure(found, plan)
            await asyncio.sleep(2)
            database = {side.name: kept(side, since) for side in found if side.name != THEIRS}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = ratios(figures)
    print()
    shown(rows)
    for name, counts in database.items():
        print(
            f"  {name}: {counts['placed']} calls placed; in the database {counts['calls']}, {counts['facts']} facts"
        )
    written(
        "side_by_side",
        {
            **about,
            "plan": {
                **plan.__dict__,
                "steps": list(plan.steps),
                "talk": TALK,
                "patience": PATIENCE,
            },
            "stamps": "kernel, on the wire" if figures.on_the_wire else "sipp",
            "ratios": rows,
            "failed_at": figures.failed,
            "processor_cores": figures.processor,
            "sustained": figures.sustained,
            "steps": figures.steps,
            "crowd": figures.crowd,
            "database": database,
        },
    )


if __name__ == "__main__":
    # Told to end in any way, nothing may be left running.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument(
        "--quick",
        action="store_true",
        help="shorter runs and a smaller database: for a look, not for a figure",
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(QUICK if asked.parse_args().quick else FULL))
        sys.exit(0)
    sys.exit(130)
