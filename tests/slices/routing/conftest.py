"""A house with a telephone: a client with a number, operators with seats, a switchboard on a fake phone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.some_people import a_client, an_operator

from denwaban.calls import Call, calls_of
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.journal import Journal, after
from denwaban.lines import EVERY_DAY, Mode, PlanWindow, add_number, set_limit, set_plan
from denwaban.outgoing import Outgoing
from denwaban.routing import FloorView, SeatState, SeatView, Switchboard
from denwaban.store import Store, StoreError, Tx
from denwaban.telephony.engine import Ledger
from denwaban.telephony.fake import FakePhone
from denwaban.telephony.port import Leg

NUMBER = "0312345678"
ALWAYS = PlanWindow("24時間", EVERY_DAY, 0, 1440, Mode.FULL)


class Voice:
    """Speech whose files are named by what they say."""

    async def wav(self, text: str) -> Path:
        if text == "…":
            raise ValueError("nothing to say")
        return Path("/spoken") / text


class _Gone(Store):
    """Takes nothing any more."""

    async def write(self, verb: Callable[[Tx], Any]) -> Any:
        raise StoreError("gone")


@dataclass
class House:
    """Everything a story needs."""

    store: Store
    clock: MovedClock
    phone: FakePhone
    settings: Settings
    board: Switchboard = field(init=False)
    operators: dict[str, str] = field(default_factory=dict)
    ledger: Ledger | None = None
    client: str = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Switchboard]:
        """The program runs inside; leaving it is a restart of the program alone."""
        journal = Journal(self.store)
        outgoing = Outgoing(self.phone, self.clock, self.settings)
        self.board = Switchboard(
            self.store,
            self.clock,
            self.phone,
            self.settings,
            Voice(),
            journal,
            outgoing=outgoing,
            ledger=self.ledger,
        )
        async with asyncio.TaskGroup() as tasks:
            parts = (journal, outgoing, self.board)
            running = [tasks.create_task(part.run()) for part in parts]
            await asyncio.wait_for(self.board.ready(), 10)
            yield self.board
            for task in running:
                task.cancel()

    async def dies(self) -> None:
        """As by kill -9: what is not written yet never will be. To be called last inside `open`."""
        recorder = self.board._recorder
        recorder._store, recorder._until = _Gone(self.store.url, self.clock), 0.0
        recorder._some.set()
        await asyncio.sleep(0)

    async def until(self, condition: Callable[[], object]) -> None:
        """Returns when the condition holds; fails after twenty seconds."""
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.001)

    async def settled(self) -> None:
        """Returns when everything that follows from what happened has been done and written."""
        for _ in range(30):
            await asyncio.sleep(0)
        await asyncio.wait_for(self.board.written(), 10)

    async def passes(self, seconds: float) -> None:
        """Time goes by, second by second."""
        for _ in range(int(seconds)):
            self.clock.advance(timedelta(seconds=1))
            await self.settled()
        if rest := seconds % 1:
            self.clock.advance(timedelta(seconds=rest))
            await self.settled()

    async def until_written(self, condition: Callable[[Tx], bool]) -> None:
        """Returns when the database says so."""
        async with asyncio.timeout(10):
            while not await self.store.read(condition):
                await asyncio.sleep(0.005)

    async def forgotten(self, number: str) -> None:
        """Returns when the switchboard has heard that a number's rows have changed."""
        await self.until(lambda: self.board._cache.known(number, self.clock.now()) is None)

    def seat(self, name: str) -> SeatView:
        found = self.view.seat(self.operators[name])
        assert found is not None
        return found

    @property
    def view(self) -> FloorView:
        return self.board.view()

    async def comes(self, name: str, ready: bool = True) -> None:
        """An operator signs in with a phone and says ready."""
        self.phone.seat_online(f"seat-{name}")
        await self.until(lambda: self.seat(name).online)
        if ready:
            self.clock.advance(timedelta(milliseconds=1))
            await self.board.set_state(self.operators[name], "ready")

    async def rings(self, name: str) -> None:
        """An operator's telephone rings."""
        await self.until(lambda: self.phone.seat_rings(f"seat-{name}"))

    async def hears(self, leg: Leg, words: str) -> None:
        """Somebody is told this."""
        await self.until(lambda: self.phone.hears(leg) == f"prompt /spoken/{words}")

    async def talks(self, name: str) -> None:
        """What rings at the seat is answered and joined."""
        await self.until(lambda: self.phone.seat_rings(f"seat-{name}"))
        self.phone.seat_answers(f"seat-{name}")
        await self.until(lambda: self.seat(name).state is SeatState.TALKING)

    async def calls(self) -> list[Call]:
        """Everything in the record, oldest first."""
        await self.settled()
        return await self.calls_in_record()

    async def calls_in_record(self) -> list[Call]:
        """The same, as it is at this moment."""
        return list(reversed(await self.store.read(calls_of)))

    async def facts(self, prefix: str = "call.") -> list[str]:
        entries = await self.store.read(lambda tx: after(tx, 0))
        return [entry.fact.kind for entry in entries if entry.fact.kind.startswith(prefix)]

    def dials(self, number: str = NUMBER, from_: str = "09012345678", trunk: str = "trunk") -> Leg:
        """Somebody calls, a moment after whatever was before."""
        self.clock.advance(timedelta(milliseconds=1))
        return self.phone.caller_dials(number, from_, trunk=trunk)

    def acts(self, verb: str) -> int:
        return sum(act.verb == verb for act in self.phone.acts)


def _client(tx: Tx, code: str, number: str, window: PlanWindow | None) -> str:
    client_id = a_client(tx, code)
    add_number(tx, client_id, number, "代表")
    set_plan(tx, client_id, [window] if window else [])
    return client_id


@pytest.fixture
async def house(store: Store, clock: MovedClock) -> House:
    """One client (03-1234-5678, always open), one that is closed (…5679), operators suzuki and tanaka."""
    made = House(store, clock, FakePhone(clock), Settings(wrapup_seconds=0, outbound_trunk="trunk"))

    def furnish(tx: Tx) -> None:
        made.client = _client(tx, "yamada", NUMBER, ALWAYS)
        _client(tx, "shika", "0312345679", None)
        for name in ("suzuki", "tanaka"):
            made.operators[name] = an_operator(tx, name)

    await store.write(furnish)
    return made


@pytest.fixture
def limited(house: House) -> Callable[[int], object]:
    async def limit(lines: int) -> None:
        await house.store.write(lambda tx: set_limit(tx, house.client, lines, date(2026, 1, 1)))

    return limit
