"""One client, one script, one operator, and calls as many as a story needs; time is moved."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from tests.seat_story import PLUMBER
from tests.some_people import an_operator

import denwaban.calls
from denwaban.calls import Call, Outcome
from denwaban.clock import MovedClock
from denwaban.improvement import note_question
from denwaban.improvement.figures import Use
from denwaban.improvement.gathering import Gatherer, gathered_until
from denwaban.improvement.model import Decision
from denwaban.improvement.queries import (
    Mark,
    Proposal,
    marks_of,
    proposals_of,
    use,
)
from denwaban.improvement.weekly import duty as weekly_duty
from denwaban.journal import after
from denwaban.lines import add_number
from denwaban.people import add_client, add_staff
from denwaban.reports import Draft
from denwaban.reports import accept as accept_report
from denwaban.scripts import (
    RunView,
    add_script,
    go,
    save_answer,
    start_run,
    versions_of,
)
from denwaban.scripts import back as go_back
from denwaban.store import Store, Tx, new_id
from denwaban.work import Duty, Worker

OPEN = [Decision.OPEN]
FULL = {"caller_name": "佐藤", "caller_number": "03-1234-5678", "address": "港区"}
"""What every call has to bring."""

SCRIPT = (
    PLUMBER.replace("お名前と、つな", "担当の鈴木へつなぎます。お名前と、つな")
    .replace("状況を伺い、", "受付時間は平日9時からです。状況を伺い、")
    .replace("山田設備の田中", "山田設備(03-5555-0101)の田中")
)


@dataclass
class World:
    """One client with a script and an operator, and time that is moved."""

    store: Store
    clock: MovedClock
    client_id: str
    script_id: str
    operator_id: str
    staff_id: str
    number_id: str

    async def gathered(self) -> None:
        gatherer = Gatherer(self.store, self.clock)
        await gatherer.catch_up(await self.store.read(gathered_until))

    async def called(
        self,
        *steps: str,
        seconds: float = 10,
        slow: dict[str, float] | None = None,
        answers: dict[str, str] | None = None,
        done: str = "",
        questions: tuple[str, ...] = (),
        practice: bool = False,
        reported: bool = True,
    ) -> Call:
        """A call that takes these steps, each node `seconds` long, and is then over and reported."""

        def begin(tx: Tx) -> tuple[Call, RunView]:
            call = denwaban.calls.begin(
                tx,
                client_id=self.client_id,
                dialled="+81355550101",
                caller="+819012345678",
                script_id=self.script_id,
                practice=practice,
            )
            call = denwaban.calls.answered(tx, call.id, self.operator_id)
            return call, start_run(tx, call)

        call, run = await self.store.write(begin)
        for words in questions:
            await self.store.write(partial(self._ask, run, words, practice))
        for step in steps:
            self._pass(run, seconds, slow)
            move = (
                partial(go_back, which=run.id)
                if step == "back"
                else partial(go, which=run.id, choice=step)
            )
            run = await self.store.write(move)
        for name, value in (FULL | (answers or {})).items():
            await self.store.write(partial(save_answer, which=run.id, field=name, value=value))
        self._pass(run, seconds, slow)
        await self.store.write(
            partial(denwaban.calls.ended, call_id=call.id, outcome=Outcome.ANSWERED)
        )
        if reported:
            draft = Draft("佐藤", "水漏れ", done or "伺いました", False, "normal", "calm")
            await self.store.write(
                lambda tx: accept_report(
                    tx, self.client_id, call.id, self.operator_id, self.staff_id, draft, practice
                )
            )
        return call

    def _ask(self, run: RunView, words: str, practice: bool, tx: Tx) -> bool:
        return note_question(
            tx, run, new_id(), words, 1, operator_id=self.operator_id, practice=practice
        )

    def _pass(self, run: RunView, seconds: float, slow: dict[str, float] | None) -> None:
        self.clock.advance(timedelta(seconds=(slow or {}).get(run.node.id, seconds)))

    async def used(self, version: int = 1) -> dict[str, Use]:
        def look(tx: Tx) -> dict[str, Use]:
            found = next(v for v in versions_of(tx, self.script_id) if v.number == version)
            return use(tx, found.id, date(2026, 11, 1), date(2027, 3, 1))

        return await self.store.read(look)

    async def closed(self) -> list[Proposal]:
        """The list of this week, made next Monday by the worker."""
        await self.gathered()
        self.clock.advance(timedelta(days=7))
        await worked(self, weekly_duty(self.store))
        return await self.open()

    async def open(self) -> list[Proposal]:
        return await self.store.read(lambda tx: proposals_of(tx, self.script_id, OPEN))

    async def marks(self) -> list[Mark]:
        await self.gathered()
        return await self.store.read(lambda tx: marks_of(tx, self.script_id))

    async def kinds(self) -> list[str]:
        return [e.fact.kind for e in await self.store.read(lambda tx: after(tx, 0, 100_000))]


async def worked(world: World, duty: Duty) -> None:
    """The worker has done everything that is due."""
    task = asyncio.create_task(Worker(world.store, world.clock, duty).run())
    try:
        async with asyncio.timeout(20):
            while await world.store.read(
                lambda tx: tx.scalar(
                    select(func.count())
                    .select_from(duty.table)
                    .where(duty.table.c.due_at <= tx.now)
                )
            ):
                await asyncio.sleep(0.01)
    finally:
        task.cancel()


@pytest.fixture
async def world(store: Store, clock: MovedClock) -> World:
    def fill(tx: Tx) -> World:
        client_id = add_client(tx, "yamada", "山田設備")
        staff_id = add_staff(tx, client_id, "鈴木 一郎", in_charge=True)
        number_id = add_number(tx, client_id, "03-5555-0101", "代表")
        script_id = add_script(tx, client_id, "緊急受付", SCRIPT, "はじめ")
        return World(
            store, clock, client_id, script_id, an_operator(tx, "tanaka"), staff_id, number_id
        )

    return await store.write(fill)


TO_MATTER = ("2", "next")
OTHERWISE = (*TO_MATTER, "0", "next")
