"""The store keeps what it says it keeps, on both databases."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Column, Integer, String, Table, insert, select, text, update

from denwaban.clock import MovedClock
from denwaban.journal import Entry, Fact, Journal, after, append
from denwaban.store import Id, Store, StoreError, Tx, among, metadata, new_id
from denwaban.store.engine import BUSY_SECONDS
from denwaban.store.store import WRITER_LOCK
from denwaban.work import Duty, Worker, due_columns, overdue

chores = Table(
    "test_chores",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(20), nullable=False),
    Column("times", Integer, nullable=False),
    *due_columns(),
)


def add_chore(tx: Tx, name: str, in_minutes: float = 0) -> str:
    chore = new_id()
    tx.execute(
        insert(chores).values(
            id=chore, name=name, times=0, due_at=tx.now + timedelta(minutes=in_minutes)
        )
    )
    tx.touch("work:test_chores")
    return chore


def counted(n: int) -> Callable[[Tx], None]:
    return lambda tx: append(tx, Fact("test.counted", str(n)))


def times(tx: Tx, chore: str) -> int:
    return int(tx.scalar(select(chores.c.times).where(chores.c.id == chore)))


async def test_a_failing_verb_takes_only_itself_back(store: Store) -> None:
    def fails(tx: Tx) -> None:
        append(tx, Fact("test.lost", "a"))
        raise ValueError("no")

    def works(tx: Tx) -> None:
        append(tx, Fact("test.kept", "b"))

    results = await asyncio.gather(
        store.write(works), store.write(fails), store.write(works), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    kinds = [entry.fact.kind for entry in await store.read(lambda tx: after(tx, 0))]
    assert kinds == ["test.kept", "test.kept"]


async def test_a_follower_sees_every_fact_once_and_in_order_while_many_write(store: Store) -> None:
    journal = Journal(store)
    seen: list[Entry] = []
    wanted = 300

    async def follow() -> None:
        async for entry in journal.follow(0):
            seen.append(entry)
            if len(seen) == wanted:
                return

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(journal.run())
        following = tasks.create_task(follow())
        for n in range(wanted):
            tasks.create_task(store.write(counted(n)))
        await asyncio.wait_for(asyncio.shield(following), 30)
        running.cancel()
    assert [entry.seq for entry in seen] == sorted(entry.seq for entry in seen)
    assert {entry.fact.subject for entry in seen} == {str(n) for n in range(wanted)}


async def test_two_workers_do_each_row_once_and_only_when_it_is_due(
    store: Store, clock: MovedClock
) -> None:
    done: list[str] = []

    async def do(row: str) -> None:
        def finish(tx: Tx) -> None:
            tx.execute(
                update(chores)
                .where(chores.c.id == row)
                .values(times=chores.c.times + 1, due_at=None, leased_until=None)
            )

        await store.write(finish)
        done.append(row)

    duty = Duty("chores", chores, do)
    now = [await store.write(lambda tx: add_chore(tx, "now")) for _ in range(20)]
    later = await store.write(lambda tx: add_chore(tx, "later", in_minutes=10))
    async with asyncio.TaskGroup() as tasks:
        workers = [tasks.create_task(Worker(store, clock, duty).run()) for _ in range(2)]
        async with asyncio.timeout(30):
            while len(done) < len(now):
                await asyncio.sleep(0.01)
            assert later not in done
            clock.advance(timedelta(minutes=10))
            while later not in done:
                await asyncio.sleep(0.01)
        for worker in workers:
            worker.cancel()
    assert sorted(done) == sorted([*now, later])
    assert {await store.read(partial(times, chore=row)) for row in done} == {1}


async def test_a_row_whose_doer_died_is_done_again_and_counts_as_late(
    store: Store, clock: MovedClock
) -> None:
    asked: list[str] = []

    async def dies(row: str) -> None:
        asked.append(row)
        raise RuntimeError("killed in the middle")

    duty = Duty("chores", chores, dies, lease=timedelta(seconds=30))
    await store.write(lambda tx: add_chore(tx, "hard"))
    async with asyncio.TaskGroup() as tasks:
        worker = tasks.create_task(Worker(store, clock, duty).run())
        async with asyncio.timeout(30):
            for tries in (1, 2, 3):
                while len(asked) < tries:
                    await asyncio.sleep(0.01)
                clock.advance(timedelta(minutes=1))
        worker.cancel()
    late = await store.read(lambda tx: overdue(tx, duty))
    assert (late.rows, late.seconds) == (1, 180.0)


async def test_one_text_asks_for_any_number_of_values(store: Store) -> None:
    ids = await store.write(lambda tx: [add_chore(tx, f"chore {n}") for n in range(300)])
    asked = select(chores.c.id).where(among(chores.c.id, "ids"), chores.c.times == 0)

    def found(tx: Tx, wanted: Sequence[str]) -> list[str]:
        return sorted(row["id"] for row in tx.all(asked, {"ids": wanted}))

    for wanted in (ids, ids[:1], [], ['"', "');--", *ids[5:7]]):
        got = await store.read(partial(found, wanted=wanted))
        assert got == sorted(set(wanted) & set(ids))
    change = update(chores).where(among(chores.c.id, "ids"))
    await store.write(lambda tx: tx.execute(change, {"ids": set(ids[:2]), "times": 3}))
    assert [await store.read(partial(times, chore=one)) for one in ids[:3]] == [3, 3, 0]


async def test_who_reads_for_long_leaves_readers_to_those_at_a_screen(store: Store) -> None:
    go_on = threading.Event()
    files = [asyncio.create_task(store.read_long(lambda _tx: go_on.wait(20))) for _ in range(8)]
    try:
        async with asyncio.timeout(10):
            assert await store.read(lambda tx: tx.scalar(select(1))) == 1
    finally:
        go_on.set()
    assert await asyncio.gather(*files) == [True] * 8


async def test_who_gives_up_on_a_long_read_does_not_let_the_next_in_before_it_ends(
    store: Store,
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def first(_tx: Tx) -> None:
        begun.set()
        go_on.wait(20)
        order.append("first")

    given_up = asyncio.create_task(store.read_long(first))
    await asyncio.to_thread(begun.wait, 10)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    second = asyncio.create_task(store.read_long(lambda _tx: order.append("second")))
    # Another reader is free, and has answered: the second long one would have begun by now.
    for _ in range(3):
        await store.read(lambda tx: tx.scalar(select(1)))
    assert order == []
    go_on.set()
    await second
    assert order == ["first", "second"]


async def test_a_moment_without_a_zone_is_refused(store: Store, clock: MovedClock) -> None:
    naive = clock.now().replace(tzinfo=None)
    with pytest.raises(Exception, match="time zone"):
        await store.write(
            lambda tx: tx.execute(insert(chores).values(id="x", name="x", times=0, due_at=naive))
        )


async def test_a_writer_elsewhere_that_hangs_is_not_waited_for_for_ever(store: Store) -> None:
    with store.engine.connect() as elsewhere:
        elsewhere.begin()
        if store.engine.dialect.name == "postgresql":
            elsewhere.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": WRITER_LOCK})
        async with asyncio.timeout(BUSY_SECONDS * 4):
            with pytest.raises(StoreError):
                await store.write(lambda tx: add_chore(tx, "later"))
        elsewhere.rollback()
    await store.write(lambda tx: add_chore(tx, "now"))


def test_one_of_many_is_asked_so_that_an_index_can_answer(store: Store) -> None:
    """`… IN (…) = 1` would read the whole table on SQLite."""
    asked = select(chores).where(among(chores.c.id, "ids")).compile(store.engine)
    assert "= 1" not in str(asked)
