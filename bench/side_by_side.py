"""Calls through us and through Asterisk's own `app_queue`, in one run, with the same callers and the same answering phones.

`python -m bench.side_by_side [--quick] [PART…]`; parts: latency, crowd, recorded, sustained, recording. The sides run beside each
other and are measured in turn, there and back, so that what else the machine does falls on all of them: `app_queue` without a
program; ours with 10 clients; ours with 10,000 clients and a million past calls; and, to tell what of ours is the way through ARI,
a router that does nothing else. Each part has engines of its own: one that was asked too much is not itself again for minutes.
What is found is written after each part.
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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.bare import bare
from bench.machine import FOLDER, REPOSITORY, at, described, disturbances, written
from bench.ours import ours
from bench.prepare import OPERATORS, QUICK_SIZE, SIZE, number_of, prepared
from bench.ratios import BARE, LARGE, SIDES, SMALL, THEIRS, Figures, ratios, shown
from bench.rival import RECORDED, rival
from bench.sip import Phones, Seen, calls, ports, register
from denwaban.telephony.engine import Packages, obtain

PARTS = ("latency", "crowd", "recorded", "sustained", "recording")
TALK = 0.2
RECORDED_RATE = 50
PATIENCE = 2.0
"""Seconds after which a caller who is not answered counts as a failed call."""
SPARED = 0.5
"""A run is made again when other machines left fewer than this share of its calls alone: it says little about either side."""
DISTURBED = 0.02
"""The share of the processors taken by others above which a rate that fails is tried again."""
AGAIN = 2
"""So often at most."""


@dataclass(frozen=True)
class Plan:
    """How much is measured. Rates in calls per second; `turns` there and back for each rate."""

    seconds: float
    turns: dict[int, int]
    steps: Sequence[int]
    step_seconds: float
    large: tuple[int, int]
    """Clients and past calls."""


# 2,000 calls for each side and rate: fewer have no p99 to speak of.
FULL = Plan(10, {50: 2, 100: 1}, range(20, 401, 20), 5, SIZE)
QUICK = Plan(4, {50: 1, 100: 1}, range(100, 401, 50), 4, QUICK_SIZE)


@dataclass
class Side:
    """One of those that are compared."""

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


@asynccontextmanager
async def sides(
    packages: Packages, plan: Plan, folder: Path, *, with_bare: bool
) -> AsyncIterator[list[Side]]:
    """All of them, running, with every seat signed in and the first calls behind them."""
    small = await prepared(FOLDER, 10, 0)
    large = await prepared(FOLDER, *plan.large)
    async with AsyncExitStack() as stack:
        found = []
        first = stack.enter_context(ports(3000))
        engine = await stack.enter_async_context(
            rival(packages, folder / "theirs", first, OPERATORS)
        )
        pids = {"engine": engine.pid}
        found.append(Side(THEIRS, engine.phones, [number_of(0)], RECORDED, folder / "theirs", pids))
        for name, base, clients in ((SMALL, small, 10), (LARGE, large, plan.large[0])):
            first, home = stack.enter_context(ports(3000)), folder / f"ours-{clients}"
            running = await stack.enter_async_context(
                ours(packages, REPOSITORY / "var", base, home, first)
            )
            numbers = [number_of(n) for n in range(clients)]
            pids = {"engine": running.engine_pid, "program": running.pid}
            found.append(Side(name, running.phones, numbers[:-1], numbers[-1], home, pids))
        if with_bare:
            first = stack.enter_context(ports(3000))
            router = await stack.enter_async_context(
                bare(packages, folder / "bare", first, OPERATORS)
            )
            pids = {"engine": router.engine_pid, "program": router.pid}
            found.append(Side(BARE, router.phones, [number_of(0)], RECORDED, folder / "bare", pids))
        for side in found:
            register(side.phones, OPERATORS)
        for side in found:  # files, caches and threads as they are after the first minute of a day
            await side.calls(30, 150)
        yield found


@dataclass(frozen=True)
class Run:
    """Calls of one side."""

    seen: Seen
    spared: list[float]
    """Seconds to the phone of the calls that other machines left alone, sorted."""
    processor: dict[str, float]
    """Milliseconds for a call, of each process."""
    disturbed: float
    """The share of the processors that other machines took."""

    def line(self, side: Side) -> str:
        p50, p99 = (at(self.spared, share) * 1000 for share in (0.5, 0.99))
        cores = ", ".join(f"{what} {cost:.1f}" for what, cost in self.processor.items())
        return (
            f"  {side.name:12} p50 {p50:6.2f}  p99 {p99:7.2f} ms of {len(self.spared)} left alone, failed {self.seen.failed}  "
            f"(processor for a call, ms: {cores}; others took {self.disturbed:.1%})"
        )


async def _run(found: list[Side], side: Side, rate: int, count: int, *, recorded: bool) -> Run:
    best = await _run_once(found, side, rate, count, recorded=recorded)
    for _ in range(AGAIN):
        if len(best.spared) >= count * SPARED:
            break
        other = await _run_once(found, side, rate, count, recorded=recorded)
        best = max(best, other, key=lambda run: len(run.spared))
    return best


async def _run_once(found: list[Side], side: Side, rate: int, count: int, *, recorded: bool) -> Run:
    await _rested(found)
    before = {what: _cpu_seconds(pid) for what, pid in side.pids.items()}
    async with disturbances() as others:
        seen = await side.calls(rate, count, recorded=recorded)
    used = {
        what: (_cpu_seconds(pid) - before[what]) * 1000 / count for what, pid in side.pids.items()
    }
    spared = sorted(
        seen.rang[who] - sent
        for who, sent in seen.sent.items()
        if who in seen.rang and others.spared(sent)
    )
    run = Run(seen, spared, used, others.share)
    print(run.line(side), flush=True)
    return run


async def latency(found: list[Side], plan: Plan, figures: Figures) -> None:
    """From the caller's INVITE to the operator's phone, nothing recorded."""
    for rate, turns in plan.turns.items():
        print(f"{rate} calls/s")
        for side in [*found, *reversed(found)] * turns:
            run = await _run(found, side, rate, round(rate * plan.seconds), recorded=False)
            figures.latency.setdefault(rate, {}).setdefault(side.name, []).extend(run.spared)
            failed = figures.failed.setdefault(rate, {})
            failed[side.name] = failed.get(side.name, 0) + run.seen.failed
            figures.processor.setdefault(rate, {}).setdefault(side.name, []).append(run.processor)
            figures.disturbed.setdefault(rate, {}).setdefault(side.name, []).append(run.disturbed)
            figures.on_the_wire &= run.seen.on_the_wire


async def crowd(found: list[Side], plan: Plan, figures: Figures) -> None:
    """More callers than operators: when all are served, and who waits longest."""
    print("300 callers on 20 agents")
    for side in found:
        await _rested(found)
        # The others sign out for the time.
        register(side.phones, OPERATORS, 0)
        register(side.phones, 20)
        await asyncio.sleep(1)
        seen = await side.calls(15, 300, talk=2.0, patience=90)
        row = (seen.took, at(seen.waits, 0.5), max(seen.waits, default=float("nan")), seen.failed)
        figures.crowd.setdefault(side.name, []).append(row)
        print(
            f"  {side.name:12} {row[0]:6.1f} s, wait p50 {row[1]:5.2f} max {row[2]:5.2f} s, failed {row[3]}",
            flush=True,
        )
        register(side.phones, OPERATORS)
    await asyncio.sleep(1)


async def recorded(found: list[Side], plan: Plan, figures: Figures) -> None:
    """The same as `latency`, both recording."""
    print(f"{RECORDED_RATE} calls/s, both recording")
    count = round(RECORDED_RATE * plan.seconds)
    for side in [*found, *reversed(found)]:
        run = await _run(found, side, RECORDED_RATE, count, recorded=True)
        figures.recorded.setdefault(side.name, []).extend(run.spared)


async def sustained(found: list[Side], plan: Plan, figures: Figures) -> None:
    """The highest rate at which no call fails, nothing recorded."""
    await _climb(found, plan, figures, recorded=False)


async def recording(found: list[Side], plan: Plan, figures: Figures) -> None:
    """The same, all recording."""
    await _climb(found, plan, figures, recorded=True)


async def _climb(found: list[Side], plan: Plan, figures: Figures, *, recorded: bool) -> None:
    name = "recording" if recorded else "plain"
    print(f"highest sustained, {name}")
    for side in found:
        await _rested(found)
        best = await _highest(side, plan, figures, recorded=recorded)
        figures.sustained.setdefault(name, {})[side.name] = best
        print(f"  {side.name:12} {best} calls/s", flush=True)


async def _highest(side: Side, plan: Plan, figures: Figures, *, recorded: bool) -> int:
    """Climbed from below, as an engine that was asked too much is busy with it for minutes; 0 when even the lowest is too
    much."""
    best = 0
    for rate in plan.steps:
        if not await _holds(side, rate, plan.step_seconds, figures, recorded=recorded):
            break
        best = rate
    return best


async def _holds(
    side: Side, rate: int, seconds: float, figures: Figures, *, recorded: bool
) -> bool:
    """Whether no call fails. A rate that nearly holds, or that fails while other machines disturb, is tried again."""
    count = round(rate * seconds)
    for _ in range(1 + AGAIN):
        async with disturbances() as others:
            seen = await side.calls(rate, count, recorded=recorded)
        figures.steps.append(
            {
                "side": side.name,
                "rate": rate,
                "recorded": recorded,
                "failed": seen.failed,
                "disturbed": others.share,
            }
        )
        if not seen.failed:
            return True
        await asyncio.sleep(2)
        if seen.failed > count // 100 and others.share <= DISTURBED:
            break
    return False


async def _rested(found: list[Side], most: int = 120) -> None:
    """Waits until no side is busy any more (for `most` seconds): one that was asked too much works on for long after the
    callers have gone, on the processors of the next."""
    pids = [pid for side in found for pid in side.pids.values()]
    for _ in range(most):
        before = sum(map(_cpu_seconds, pids))
        await asyncio.sleep(1)
        if sum(map(_cpu_seconds, pids)) - before < 0.3:
            return


_MEASURES = dict(zip(PARTS, (latency, crowd, recorded, sustained, recording), strict=True))
_WITH_BARE = ("latency", "sustained")


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


async def main(plan: Plan, parts: Sequence[str]) -> None:
    packages = obtain(REPOSITORY / "var")
    about = described(packages)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    figures = Figures()
    database: dict[str, dict[str, int]] = {}
    print("small: 10 clients; large: {:,} clients and {:,} past calls".format(*plan.large))
    try:
        for part in parts:
            since = datetime.now(UTC)
            with_bare = part in _WITH_BARE
            async with sides(packages, plan, folder / part, with_bare=with_bare) as found:
                await _MEASURES[part](found, plan, figures)
                await asyncio.sleep(2)
                for side in found:
                    if side.name in SIDES[1:]:
                        database[f"{side.name}, {part}"] = kept(side, since)
            _write(about, plan, figures, {"parts": list(parts), "so_far": part})
            shutil.rmtree(folder / part)  # a large database each
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print()
    shown(ratios(figures, RECORDED_RATE))
    for name, counts in database.items():
        print(
            f"  {name}: {counts['placed']} calls placed; in the database {counts['calls']}, {counts['facts']} facts"
        )
    _write(about, plan, figures, {"parts": list(parts), "database": database})


def _write(about: dict[str, Any], plan: Plan, figures: Figures, more: dict[str, Any]) -> None:
    written(
        "side_by_side",
        {
            **about,
            **more,
            "plan": {
                **plan.__dict__,
                "steps": list(plan.steps),
                "talk": TALK,
                "patience": PATIENCE,
            },
            "stamps": "kernel, on the wire" if figures.on_the_wire else "sipp",
            "ratios": ratios(figures, RECORDED_RATE),
            "failed_at": figures.failed,
            "calls_left_alone": {
                rate: {side: len(them) for side, them in by_side.items()}
                for rate, by_side in figures.latency.items()
            },
            "processor_ms_for_a_call": figures.processor,
            "taken_by_other_machines": figures.disturbed,
            "sustained": figures.sustained,
            "steps": figures.steps,
            "crowd": figures.crowd,
        },
    )


if __name__ == "__main__":
    # Told to end in any way, nothing may be left running.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all when none is named"
    )
    asked.add_argument(
        "--quick",
        action="store_true",
        help="shorter runs and a smaller database: for a look, not for a figure",
    )
    given = asked.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        asked.error(f"no such part: {', '.join(sorted(unknown))}")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(QUICK if given.quick else FULL, given.parts or PARTS))
        sys.exit(0)
    sys.exit(130)
