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
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import FOLDER, REPOSITORY, at, described, disturbances, written
from bench.prepare import OPERATORS, QUICK_SIZE, SIZE
from bench.ratios import SIDES, Figures, ratios, shown
from bench.sides import AGAIN, PATIENCE, TALK, Side, kept, rested, run, sides
from bench.sip import register
from denwaban.telephony.engine import obtain

PARTS = ("latency", "crowd", "recorded", "sustained", "recording")
RECORDED_RATE = 50
DISTURBED = 0.02
"""The share of the processors taken by others above which a rate that fails is tried again."""


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


async def latency(found: list[Side], plan: Plan, figures: Figures) -> None:
    """From the caller's INVITE to the operator's phone, nothing recorded."""
    for rate, turns in plan.turns.items():
        print(f"{rate} calls/s")
        for side in [*found, *reversed(found)] * turns:
            one = await run(found, side, rate, round(rate * plan.seconds), recorded=False)
            figures.latency.setdefault(rate, {}).setdefault(side.name, []).extend(one.spared)
            failed = figures.failed.setdefault(rate, {})
            failed[side.name] = failed.get(side.name, 0) + one.seen.failed
            figures.processor.setdefault(rate, {}).setdefault(side.name, []).append(one.processor)
            figures.disturbed.setdefault(rate, {}).setdefault(side.name, []).append(one.disturbed)
            figures.on_the_wire &= one.seen.on_the_wire


async def crowd(found: list[Side], plan: Plan, figures: Figures) -> None:
    """More callers than operators: when all are served, and who waits longest."""
    print("300 callers on 20 agents")
    for side in found:
        await rested(found)
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
        one = await run(found, side, RECORDED_RATE, count, recorded=True)
        figures.recorded.setdefault(side.name, []).extend(one.spared)


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
        await rested(found)
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
        await rested([side])
        if seen.failed > count // 100 and others.share <= DISTURBED:
            break
    return False


_MEASURES = dict(zip(PARTS, (latency, crowd, recorded, sustained, recording), strict=True))
_WITH_BARE = ("latency", "sustained")


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
            async with sides(packages, plan.large, folder / part, with_bare=with_bare) as found:
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
