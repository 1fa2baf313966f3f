"""A storm of calls while the program and the engine are killed at random; what must always be true is then read from the record.

Callers and operators' phones are sipp's. Nobody is offered to two operators at once, no operator is offered two callers at once, nobody is
passed over by one who came later, every call that was taken ends with an outcome, and afterwards every seat takes calls again.
"""

import asyncio
import contextlib
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from bench.sip import Phones, calls, register
from tests.crash.test_database_stops import ready
from tests.journeys.installation import Installation, running, until
from tests.ports import free_port
from tests.thorough import examples

from denwaban.clock import japan_day

pytestmark = pytest.mark.engine

WATER = "05001003001"
LINES = 100
TRUNK = '[[trunk]]\nname = "test"\nkind = "ip"\nmatch = ["127.0.0.1"]\n'
RATE = 4
SECONDS = examples(15)
KILLS = 3

NOW_OR_NEVER = timedelta(milliseconds=50)
"""Two moments of the record that are nearer than this may stand in either order: each is taken when its own event is dealt with."""


UNWRITTEN = 2.0
"""Seconds. The phones ring before anything is written, so that a call which began so shortly before a kill -9, and whose caller hung up before
anybody was back, is in no record: known, and to be closed (the engine would have to keep it)."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "trunks.toml").write_text(TRUNK)
    with running(
        tmp_path / "var",
        trunks=str(tmp_path / "trunks.toml"),
        wrapup_seconds="0",
        calls_in_a_row="0",  # these seats never tire
        ring_seconds="5",
        phone_check_seconds="0",  # sipp answers no question between two calls
    ) as installation:
        yield installation


def let_many_in(house: Installation) -> None:
    """The client's lines are no bottleneck."""
    with house.api() as api:
        numbers = api.get("numbers").raise_for_status().json()["items"]
        client_id = next(one["client_id"] for one in numbers if one["number"].endswith(WATER[1:]))
        today = japan_day(datetime.now(UTC)).isoformat()
        path = f"clients/{client_id}/limits/{today}"
        api.put(path, json={"lines": LINES}).raise_for_status()


class Rung(NamedTuple):
    """From when to when an operator was rung for, or talked with, a caller."""

    call_id: str
    operator_id: str
    began: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Record:
    """What the database says of everybody who called."""

    calls: dict[str, tuple[datetime, datetime | None, str | None]]
    """Arrived, ended, outcome."""
    callers: set[str]
    """The last eight digits of their numbers."""
    rung: list[Rung]


def record(house: Installation) -> Record:
    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    def known(text: str) -> datetime:
        return datetime.fromisoformat(text)

    with contextlib.closing(sqlite3.connect(house.home / "denwaban.db", timeout=20)) as base:
        came = base.execute(
            "SELECT id, arrived_at, ended_at, outcome, caller FROM calls WHERE caller LIKE '+8180%'"
        ).fetchall()
        legs = base.execute(
            "SELECT l.call_id, l.operator_id, l.offered_at, l.ended_at FROM call_legs l"
            " JOIN calls c ON c.id = l.call_id WHERE c.caller LIKE '+8180%' ORDER BY l.offered_at"
        ).fetchall()
    return Record(
        {one: (known(arrived), moment(ended), outcome) for one, arrived, ended, outcome, _ in came},
        {caller[-8:] for *_, caller in came},
        [Rung(call, who, known(began), moment(ended)) for call, who, began, ended in legs],
    )


def overlapping(rung: list[Rung], whose: str) -> list[tuple[Rung, Rung]]:
    """Pairs of the same call, or of the same operator, that were rung at the same time."""
    ways: dict[str, list[Rung]] = {}
    for one in rung:
        ways.setdefault(getattr(one, whose), []).append(one)
    return [
        (first, second)
        for line in ways.values()
        for first, second in pairwise(line)
        if first.ended is None or first.ended > second.began + NOW_OR_NEVER
    ]


def passed_over(found: Record) -> list[tuple[str, str]]:
    """(who was rung for, who had come earlier, still waited, and had not been rung for then)."""
    first: dict[str, datetime] = {}
    for one in found.rung:
        first.setdefault(one.call_id, one.began)
    wrong = []
    for later, at in first.items():
        for earlier, (arrived, ended, outcome) in found.calls.items():
            waits = arrived < found.calls[later][0] - NOW_OR_NEVER
            waits &= ended is None or ended > at + NOW_OR_NEVER
            waits &= outcome not in ("blocked", "message", "refused", "out_of_hours")
            if waits and (earlier not in first or first[earlier] > at + NOW_OR_NEVER):
                wrong.append((later, earlier))
    return wrong


@pytest.mark.req("A4", "A6", "C9")
async def test_a_storm_with_random_kills_leaves_nobody_without_an_end(
    house: Installation, tmp_path: Path
) -> None:
    dice = random.Random(22)
    seats = tuple((one["phone"], one["password"]) for one in house.known["people"]["seats"])
    phones = Phones(house.sip_port, free_port(), seats)
    await asyncio.to_thread(register, phones, len(seats))
    await asyncio.to_thread(let_many_in, house)
    for login in house.logins("operator"):
        await asyncio.to_thread(ready, house, login)

    storm = asyncio.create_task(
        calls(
            phones, tmp_path / "storm", [WATER], rate=RATE, count=RATE * SECONDS, talk=0.5, patience=8
        )
    )  # fmt: skip
    kills: list[float] = []
    for kill in range(KILLS):
        await asyncio.sleep(dice.uniform(0.5, 1) * SECONDS / (KILLS + 1))
        if kill == 1:
            house.kill_engine()
        else:
            house.kill_program()
            kills.append(time.time())
        await until(lambda: not house.ready(), 20)
        await until(house.ready, 60)
    seen = await storm
    assert seen.rang, "no operator was rung in the whole storm"

    def all_over() -> Record | None:
        """Once everybody is there who got so far as to hear something, be it only the apology while there was no program."""
        found = record(house)
        ended = all(ended for _, ended, _ in found.calls.values())
        missing = set(seen.answered) - found.callers
        unwritten = {
            who for who in missing if any(0 <= kill - seen.sent[who] <= UNWRITTEN for kill in kills)
        }
        return found if ended and missing == unwritten else None

    found: Record = await until(all_over, 60)
    assert all(outcome for _, _, outcome in found.calls.values())
    assert overlapping(found.rung, "call_id") == []
    assert overlapping(found.rung, "operator_id") == []
    assert passed_over(found) == []

    # No seat is stuck: as many callers as there are operators are all answered at once.
    for login in house.logins("operator"):
        await asyncio.to_thread(ready, house, login)
    await asyncio.to_thread(register, phones, len(seats))
    after = await calls(
        phones, tmp_path / "after", [WATER], rate=10, count=len(seats), talk=3, patience=5
    )  # fmt: skip
    assert len(after.ended) == len(seats)
