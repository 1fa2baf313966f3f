"""Those that are compared, running beside each other, and one run of calls at one of them."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.bare import bare
from bench.machine import FOLDER, REPOSITORY, at, disturbances
from bench.ours import ours
from bench.prepare import OPERATORS, number_of, prepared
from bench.ratios import BARE, LARGE, SMALL, THEIRS
from bench.rival import RECORDED, rival
from bench.sip import Phones, Seen, calls, ports, register
from denwaban.telephony.engine import Packages

TALK = 0.2
PATIENCE = 2.0
"""Seconds after which a caller who is not answered counts as a failed call."""
SPARED = 0.5
"""A run is made again when other machines left fewer than this share of its calls alone: it says little about either side."""
AGAIN = 2
"""So often at most."""


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
    packages: Packages, large_size: tuple[int, int], folder: Path, *, with_bare: bool
) -> AsyncIterator[list[Side]]:
    """All of them, running, with every seat signed in and the first calls behind them."""
    small = await prepared(FOLDER, 10, 0)
    large = await prepared(FOLDER, *large_size)
    async with AsyncExitStack() as stack:
        found = []
        first = stack.enter_context(ports(3000))
        engine = await stack.enter_async_context(
            rival(packages, folder / "theirs", first, OPERATORS)
        )
        pids = {"engine": engine.pid}
        found.append(Side(THEIRS, engine.phones, [number_of(0)], RECORDED, folder / "theirs", pids))
        for name, base, clients in ((SMALL, small, 10), (LARGE, large, large_size[0])):
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


async def run(found: list[Side], side: Side, rate: int, count: int, *, recorded: bool) -> Run:
    """`count` calls at `rate` a second when nobody is busy any more, made again where other machines disturbed it."""
    best = await _run_once(found, side, rate, count, recorded=recorded)
    for _ in range(AGAIN):
        if len(best.spared) >= count * SPARED:
            break
        other = await _run_once(found, side, rate, count, recorded=recorded)
        best = max(best, other, key=lambda run: len(run.spared))
    return best


async def _run_once(found: list[Side], side: Side, rate: int, count: int, *, recorded: bool) -> Run:
    await rested(found)
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


async def rested(found: list[Side], most: int = 120) -> None:
    """Waits until no side is busy any more (for `most` seconds): one that was asked too much works on for long after the
    callers have gone, on the processors of the next."""
    pids = [pid for side in found for pid in side.pids.values()]
    for _ in range(most):
        before = sum(map(_cpu_seconds, pids))
        await asyncio.sleep(1)
        if sum(map(_cpu_seconds, pids)) - before < 0.3:
            return


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
