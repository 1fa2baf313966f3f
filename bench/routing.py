"""What one decision costs: who is offered which caller, on a small floor and on a large one.

    python -m bench.routing [--decisions 20000]

The small floor has 10 operators and 10 clients, the large one 1,000 operators and 10,000 clients, each with skills, groups and
minimum levels; on both all operators are busy with talks that end at random, a line of callers waits (two for each operator), and
callers arrive as fast as they are served. Every call of the floor is timed: an arrival, the answer, the end of a talk with the next
offer. Only the decision is measured: no engine, no database. The bar: p99 of the large floor ≤ 2 × that of the small one.
"""

import argparse
import gc
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.machine import at, described, table, written
from denwaban.lines import Step, StepKind
from denwaban.routing.floor import Floor
from denwaban.routing.model import Action, Chosen, Offer, Priority, Terms
from denwaban.routing.skills import Need

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
LADDER = (Step(3600, StepKind.WIDER),)
TRADES = ("歯科", "不動産", "設備", "通販", "士業")
SMALL, LARGE = (10, 10), (1_000, 10_000)
ROUNDS = 5
BAR = 2.0


@dataclass(frozen=True)
class Learned:
    """A skill."""

    operator_id: str
    kind: str
    key: str
    level: int


class Busy:
    """A floor on which everybody works."""

    def __init__(self, operators: int, clients: int, dice: random.Random) -> None:
        self.floor = Floor(15, 6, 0)
        self.dice = dice
        self.now = START
        self.clients = clients
        self.took: list[float] = []
        self.talking: list[str] = []
        self._next = 0
        names = [f"o{n}" for n in range(operators)]
        for name in names:
            self.floor.add_seat(name, Chosen.READY, START, START)
        skills = [
            Learned(name, "trade", trade, dice.randint(1, 5))
            for name in names
            for trade in dice.sample(TRADES, 3)
        ]
        skills += [
            Learned(name, "client", f"c{dice.randrange(clients)}", dice.randint(1, 5))
            for name in names
            for _ in range(10)
        ]
        self.floor.queue.skills.set(skills, {"night": names[::7]})
        self.terms = [
            Terms(
                Need(f"c{n}", TRADES[n % len(TRADES)], "", (0, 0, 0, 1, 2, 3)[n % 6]),
                Priority.FIRST if n % 50 == 0 else Priority.NORMAL,
                ladder=LADDER,
            )
            for n in range(clients)
        ]
        for name in names:
            self._do(self.floor.online(name, True, START))
        for _ in range(3 * operators):
            self.arrives()

    def arrives(self) -> None:
        """A caller of any client."""
        self.now += timedelta(milliseconds=10)
        self._next += 1
        terms = self.terms[self.dice.randrange(self.clients)]
        call, moment = f"call{self._next}", self.now
        self._timed(lambda: self.floor.arrive(call, moment, moment, terms))

    def ends(self) -> None:
        """One of the talks ends; the seat is offered the next caller and answers."""
        place = self.dice.randrange(len(self.talking))
        self.talking[place], self.talking[-1] = self.talking[-1], self.talking[place]
        seat = self.floor.seats[self.talking.pop()]
        self.now += timedelta(milliseconds=10)
        call, moment = seat.call_id or "", self.now
        self._timed(lambda: self.floor.leave(call, moment))

    def _timed(self, decide: Callable[[], list[Action]]) -> None:
        began = time.perf_counter()
        actions = decide()
        self.took.append(time.perf_counter() - began)
        self._do(actions)

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Offer):
                self.floor.answered(action.operator_id)
                self.floor.connected(action.operator_id, self.now)
                self.talking.append(action.operator_id)


def measure(size: tuple[int, int], decisions: int, seed: int) -> list[float]:
    """Seconds of each decision, sorted."""
    busy = Busy(*size, random.Random(seed))
    busy.took.clear()
    gc.collect()
    gc.freeze()
    for _ in range(decisions // 2):
        busy.arrives()
        busy.ends()
    return sorted(busy.took)


def main() -> None:
    """Prints and writes the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--decisions", type=int, default=20_000)
    given = asked.parse_args()
    machine = described()
    # In turns, so that whatever else the machine does meets both; of each the best round: noise only adds.
    rounds = [
        [measure(size, given.decisions // ROUNDS, seed) for size in (SMALL, LARGE)]
        for seed in range(ROUNDS)
    ]
    rows: list[dict[str, Any]] = []
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        small, large = (min(at(one[side], share) for one in rounds) * 1e6 for side in (0, 1))
        rows.append({"what": name, "small_us": small, "large_us": large, "ratio": large / small})
    reached = rows[-1]["ratio"] <= BAR
    table(
        ["", "10 × 10, µs", "1,000 × 10,000, µs", "ratio"],
        [
            [r["what"], f"{r['small_us']:.1f}", f"{r['large_us']:.1f}", f"{r['ratio']:.2f}"]
            for r in rows
        ],
    )
    print(f"\n  p99 ≤ {BAR:g} ×: {'reached' if reached else 'NOT REACHED'}")
    written("routing", {**machine, "decisions": given.decisions, "rows": rows, "reached": reached})


if __name__ == "__main__":
    main()
