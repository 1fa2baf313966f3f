"""Work that shares transactions, on both databases: each gets its own result, nobody waits for nothing, nothing is lost
with a caller that goes."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Boolean, Column, Integer, String, Table, select

from denwaban.clock import MovedClock
from denwaban.store import Id, Json, Store, StoreError, Tx, Utc, add_rows, metadata, new_id
from denwaban.work import Together

slips = Table(
    "test_slips",
    metadata,
    Column("id", Id, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("words", String(20), nullable=False),
    Column("at", Utc),
    Column("more", Json),
    Column("good", Boolean, nullable=False),
    Column("usual", String(20), nullable=False, server_default="usual"),
)

LONG = 60.0
"""Seconds that no test waits for."""


class Shared:
    """Doubles numbers, and remembers which came together."""

    def __init__(self, store: Store, most: int = 128, rest: float = 0.0) -> None:
        self.batches: list[list[int]] = []
        self.double = Together[int, int](store, self._doubled, most, rest)

    def _doubled(self, _tx: Tx, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


async def test_who_comes_together_shares_and_each_has_its_own_result(store: Store) -> None:
    shared = Shared(store, most=4)
    assert await shared.double(7) == 14
    found = await asyncio.gather(*(shared.double(n) for n in range(10)))
    assert found == [2 * n for n in range(10)]
    assert shared.batches == [[7], [0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    # One that is bad fails by itself.
    mixed = await asyncio.gather(*(shared.double(n) for n in (1, 13, 2)), return_exceptions=True)
    assert [mixed[0], type(mixed[1]), mixed[2]] == [2, ValueError, 4]


async def test_after_a_transaction_those_who_come_one_by_one_are_gathered(store: Store) -> None:
    shared = Shared(store, most=3, rest=LONG)
    assert await asyncio.wait_for(shared.double(0), LONG / 2) == 0, "alone it waits for nobody"
    async with asyncio.TaskGroup() as tasks:
        for n in (1, 2, 3):
            tasks.create_task(shared.double(n))
            await asyncio.sleep(0)
    assert shared.batches == [[0], [1, 2, 3]]


async def test_a_caller_that_goes_leaves_the_turn_to_the_others(store: Store) -> None:
    shared = Shared(store, most=4, rest=LONG)
    await shared.double(0)
    first, second, third = (asyncio.create_task(shared.double(n)) for n in (1, 2, 3))
    for _step in range(3):
        await asyncio.sleep(0)
    # Whoever has the turn goes while it gathers, and the next one in the moment in which its turn has come.
    first.cancel()
    asyncio.get_running_loop().call_soon(second.cancel)
    await asyncio.gather(first, second, return_exceptions=True)
    others = [asyncio.create_task(shared.double(n)) for n in (4, 5, 6)]
    assert await asyncio.wait_for(asyncio.gather(third, *others), LONG / 2) == [6, 8, 10, 12]
    assert shared.batches == [[0], [3, 4, 5, 6]]
    assert first.cancelled()
    assert second.cancelled()
    # Nobody is left who would have the turn: the next one takes it.
    gone = asyncio.create_task(shared.double(7))
    for _step in range(3):
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    last = [asyncio.create_task(shared.double(n)) for n in (8, 9, 10, 11)]
    assert await asyncio.wait_for(asyncio.gather(*last), LONG / 2) == [16, 18, 20, 22]


async def test_a_database_that_is_away_fails_all_that_came_together(store: Store) -> None:
    def away(_tx: Tx, _items: Sequence[int]) -> list[int]:
        raise StoreError("away")

    together = Together[int, int](store, away)
    found = await asyncio.gather(*(together(n) for n in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [StoreError] * 3


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_many_rows_are_kept_in_order_with_what_they_hold(
    store: Store, clock: MovedClock, count: int
) -> None:
    made = [
        {
            "id": new_id(),
            "place": place,
            "words": "「髙橋」\\ \"'\n",
            "at": clock.now() if place else None,
            "more": {"a": [place, None, "ä"]},
            "good": place == 1,
        }
        for place in range(count)
    ]
    await store.write(lambda tx: add_rows(tx, slips, made))
    found = await store.read(lambda tx: tx.all(select(slips).order_by(slips.c.place)))
    assert [dict(row) for row in found] == [{**row, "usual": "usual"} for row in made]
