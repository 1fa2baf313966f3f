"""A storm of calls while the program and the engine are killed at random; what must always be true is then read from the record.

Callers and operators' phones are sipp's. Nobody is offered to two operators at once, no operator is offered two callers at once, nobody is
passed over by one who came later, every call that was taken ends with an outcome, and afterwards every seat takes calls again.
"""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from bench.sip import Phones, calls, register
from sqlalchemy import select
from tests.crash.test_database_stops import ready
from tests.journeys.installation import Installation, running, until
from tests.ports import free_port
from tests.sip_agent import SipAgent
from tests.thorough import examples

from denwaban.calls import calls_of
from denwaban.calls.rows import call_legs
from denwaban.clock import japan_day
from denwaban.store import Tx

pytestmark = pytest.mark.engine

WATER = "05001003001"
LINES = 100
TRUNK = '[[trunk]]\nname = "test"\nkind = "ip"\nmatch = ["127.0.0.1"]\n'
RATE = 4
MOST = 10_000
SECONDS = examples(15)
KILLS = 3

NOW_OR_NEVER = timedelta(milliseconds=50)
"""Two moments of the record that are nearer than this may stand in either order: each is taken when its own event is dealt with."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("storm")
    (folder / "trunks.toml").write_text(TRUNK)
    with running(
        folder / "var",
        trunks=str(folder / "trunks.toml"),
        wrapup_seconds="0",
        calls_in_a_row="0",  # these seats never tire
        ring_seconds="5",
        phone_check_seconds="0",  # sipp answers no question between two calls
    ) as installation:
        yield installation


@contextlib.contextmanager
def locked(house: Installation) -> Iterator[None]:
    """Nothing can be written."""
    base = sqlite3.connect(house.home / "denwaban.db", timeout=20, isolation_level=None)
    with contextlib.closing(base):
        base.execute("BEGIN IMMEDIATE")
        yield
        base.execute("ROLLBACK")


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

    calls: Mapping[str, tuple[datetime, datetime | None, str | None]]
    """Arrived, ended, outcome."""
    callers: set[str]
    """The last eight digits of their numbers."""
    legs: list[str]
    """By which they came, each once for each call."""
    rung: list[Rung]


def record(house: Installation) -> Record:
    def look(tx: Tx) -> Record:
        came = [one for one in calls_of(tx, limit=MOST) if one.caller.startswith("+8180")]
        rows = tx.all(select(call_legs).order_by(call_legs.c.offered_at))
        known = {one.id: (one.arrived_at, one.ended_at, one.outcome) for one in came}
        return Record(
            known,
            {one.caller[-8:] for one in came},
            [one.leg for one in came],
            [
                Rung(row["call_id"], row["operator_id"], row["offered_at"], row["ended_at"])
                for row in rows
                if row["call_id"] in known
            ],
        )

    return house.look(look)


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


def passed_over(found: Record, away: Sequence[tuple[datetime, datetime]]) -> list[tuple[str, str]]:
    """(who was rung for, who had come earlier, still waited, and had not been rung for then). Who came while the program was
    `away` does not count: the engine asks for them every two seconds, and takes their message after six."""
    first: dict[str, datetime] = {}
    for one in found.rung:
        first.setdefault(one.call_id, one.began)
    wrong = []
    for later, at in first.items():
        for earlier, (arrived, ended, outcome) in found.calls.items():
            waits = arrived < found.calls[later][0] - NOW_OR_NEVER
            waits &= ended is None or ended > at + NOW_OR_NEVER
            waits &= not any(left <= arrived <= back for left, back in away)
            waits &= outcome not in ("blocked", "message", "refused", "out_of_hours")
            if waits and (earlier not in first or first[earlier] > at + NOW_OR_NEVER):
                wrong.append((later, earlier))
    return wrong


def seat_ids(house: Installation) -> dict[str, str]:
    """The operators, by the name of their seat."""
    with contextlib.closing(sqlite3.connect(house.home / "denwaban.db", timeout=20)) as base:
        return dict(base.execute("SELECT seat, id FROM operators").fetchall())


def is_back(house: Installation, killed: int) -> bool:
    """Whether another program than the one that was killed takes calls."""
    try:
        return house.child("denwaban serve").pid != killed and house.ready()
    except LookupError:
        return False


def outcomes(house: Installation, callers: set[str]) -> dict[str, list[str | None]]:
    """How every call of these callers ended."""
    with house.api() as api:
        items = api.get("calls").raise_for_status().json()["items"]
    found: dict[str, list[str | None]] = {}
    for one in items:
        if one["caller"] in callers:
            found.setdefault(one["caller"], []).append(one["outcome"])
    return found


@pytest.mark.req("C9")
async def test_callers_of_whom_nothing_was_written_when_the_program_died_are_in_the_record_once(
    house: Installation,
) -> None:
    """They came, and one of them talked, in the instant before a kill -9; all hung up before anybody was back."""
    seat = house.known["people"]["seats"][0]
    talked, waited = "+81311110001", "+81311110002"
    async with (
        SipAgent.open(house.sip_port, seat["phone"], seat["password"]) as phone,
        SipAgent.open(house.sip_port, "network") as network,
    ):
        await phone.register()
        for login in house.logins("operator"):
            await asyncio.to_thread(ready, house, login)
        with locked(house):
            first = await network.dial(WATER, talked)
            rung = await phone.rings()
            rung.answer()
            await first.answered()
            later = [
                await network.dial(WATER, waited),
                await network.dial(WATER, withheld=True),
            ]
            for call in later:
                await call.gets(180)
            killed = house.kill_program()
            for call in (first, *later):
                call.hang_up()
                await call.over()
        await until(lambda: is_back(house, killed), 60)
        expected = {talked: ["answered"], waited: ["abandoned"], "": ["abandoned"]}
        await until(lambda: outcomes(house, set(expected)) == expected, 30)
    with house.api() as api:
        missed = api.get("missed-calls").raise_for_status().json()["items"]
        waits = {one["number"]: one["wait_ms"] for one in missed if one["number"] in (waited, "")}
    assert set(waits) == {waited, ""}
    assert all(0 <= wait < 30_000 for wait in waits.values()), waits
    ledgers = list((house.home / "asterisk/spool/left").iterdir())
    assert {path.stat().st_mode & 0o777 for path in ledgers} <= {0o600}


FIRST, SECOND, SV, CALLER = 1150.0, 1500.0, 1900.0, 650.0


@pytest.mark.req("A1", "A6", "I4")
async def test_who_talks_when_the_program_dies_talks_on_all_of_them(house: Installation) -> None:
    """Two operators who consult while a caller waits, with a supervisor in one ear; then all three, whom the supervisor has joined."""
    seats, logins = house.known["people"]["seats"], house.logins("operator")
    number = "+81311110003"
    async with AsyncExitStack() as stack:

        async def phone(user: str, password: str, tone: float) -> SipAgent:
            opened = SipAgent.open(house.sip_port, user, password, tone)
            agent = await stack.enter_async_context(opened)
            await agent.register()
            return agent

        press = partial(asyncio.to_thread, stack.enter_context(house.pressing(logins[0])))
        supervisor = house.pressing(house.logins("supervisor")[0], "/floor")
        watch = partial(asyncio.to_thread, stack.enter_context(supervisor))
        own = (await watch("/floor/phone")).json()
        name = own["uri"].removeprefix("sip:").partition("@")[0]
        one = await phone(seats[0]["phone"], seats[0]["password"], FIRST)
        await press("/seat/state", state="ready")
        network = await stack.enter_async_context(
            SipAgent.open(house.sip_port, "network", tone=CALLER)
        )
        caller = await network.dial(WATER, number)
        first = await one.rings()
        first.answer()
        await caller.hears(FIRST)
        two = await phone(seats[1]["phone"], seats[1]["password"], SECOND)
        await asyncio.to_thread(ready, house, logins[1])
        ids = seat_ids(house)
        # Asked in just before the end, written or not: the caller, who waited, is back by themselves.
        await press("/seat/mute", on=True)
        await press("/seat/ask", kind="operator", id=ids[seats[1]["seat"]])
        killed = house.kill_program()
        rung = await two.rings()
        await until(lambda: is_back(house, killed), 60)
        await rung.over()
        await press("/seat/mute", on=False)
        await caller.hears(FIRST)
        await press("/seat/ask", kind="operator", id=ids[seats[1]["seat"]])
        second = await two.rings()
        second.answer()
        await second.hears(FIRST)
        await caller.hears_not(FIRST)
        three = await phone(f"{name}-phone", own["password"], SV)
        await watch("/floor/watch", operator_id=ids[seats[0]["seat"]], mode="whisper")
        joined = await three.rings()
        joined.answer()
        await first.hears(SECOND, SV)
        killed = house.kill_program()
        await until(lambda: is_back(house, killed), 60)
        await first.hears(SECOND, SV)
        await joined.hears(FIRST, SECOND)
        await second.hears(FIRST)
        await caller.hears_not(FIRST, SECOND, SV)
        await press("/seat/three")
        await caller.hears(FIRST, SECOND)
        await watch("/floor/watch", operator_id=ids[seats[0]["seat"]], mode="barge")
        await caller.hears(FIRST, SECOND, SV)
        killed = house.kill_program()
        await until(lambda: is_back(house, killed), 60)
        await caller.hears(FIRST, SECOND, SV)
        await joined.hears(FIRST, SECOND, CALLER)
        # One after the other leaves, as if nothing had been.
        await watch("/floor/watch/end")
        await joined.over()
        first.hang_up()
        await caller.hears(SECOND)
        await caller.hears_not(FIRST, SV)
        await second.hears(CALLER)
        second.hang_up()
        await caller.over()
    await until(lambda: outcomes(house, {number}) == {number: ["answered"]}, 30)


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
    away = []
    for kill in range(KILLS):
        await asyncio.sleep(dice.uniform(0.5, 1) * SECONDS / (KILLS + 1))
        killed_at = datetime.now(UTC)
        if kill == 1:
            house.kill_engine()
        else:
            house.kill_program()
        await until(lambda: not house.ready(), 20)
        await until(house.ready, 60)
        away.append((killed_at, datetime.now(UTC)))
    seen = await storm
    assert seen.rang, "no operator was rung in the whole storm"

    def all_over() -> Record | None:
        """Once everybody is there who got so far as to hear something, be it only the apology while there was no program."""
        found = record(house)
        ended = all(ended for _, ended, _ in found.calls.values())
        return found if ended and found.callers >= set(seen.answered) else None

    found: Record = await until(all_over, 60)
    assert all(outcome for _, _, outcome in found.calls.values())
    assert len(set(found.legs)) == len(found.legs), "a call is in the record twice"
    assert overlapping(found.rung, "call_id") == []
    assert overlapping(found.rung, "operator_id") == []
    passed = passed_over(found, away)
    assert passed == [], [(found.calls[one], found.calls[other]) for one, other in passed]

    # No seat is stuck: as many callers as there are operators are all answered at once.
    for login in house.logins("operator"):
        await asyncio.to_thread(ready, house, login)
    await asyncio.to_thread(register, phones, len(seats))
    after = await calls(
        phones, tmp_path / "after", [WATER], rate=10, count=len(seats), talk=3, patience=5
    )  # fmt: skip
    assert len(after.ended) == len(seats)
