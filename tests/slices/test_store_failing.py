"""A disk without room, a database that is read-only: a clear error, nothing lost, and all goes on when it is over."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from tests.delivery_story import eventually

from denwaban.clock import MovedClock
from denwaban.delivery import Watch
from denwaban.improvement import Gatherer
from denwaban.journal import Fact, Journal, after, append
from denwaban.oncall import PresenceFollower
from denwaban.promises import Evidence
from denwaban.store import Store, StoreError, Tx
from denwaban.summaries import Enrolling
from denwaban.vault import Turnings
from denwaban.web.errors import as_problem
from denwaban.web.health import Readiness

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END$$;
CREATE TRIGGER full_disk BEFORE INSERT ON facts EXECUTE FUNCTION full_disk()"""


@contextmanager
def failing(store: Store, why: str) -> Iterator[None]:
    """As the database itself fails, with the driver's own errors."""
    sqlite = store.engine.dialect.name == "sqlite"
    full = "PRAGMA max_page_count=1", "PRAGMA max_page_count=1073741823"
    ways = {
        ("no room on the disk", True): full,
        ("read-only", True): ("PRAGMA query_only=ON", "PRAGMA query_only=OFF"),
        ("read-only", False): ("SET TRANSACTION READ ONLY", ""),
    }
    begin, end = ways.get((why, sqlite), ("", ""))

    def before(connection: Any) -> None:
        if begin and not connection.get_execution_options().get("reading"):
            connection.connection.dbapi_connection.cursor().execute(begin)

    def put_right(connection: Any) -> None:
        connection.connection.dbapi_connection.cursor().execute(end)

    if not begin:
        _run(store, FULL)
    event.listen(store.engine, "begin", before)
    try:
        yield
    finally:
        event.remove(store.engine, "begin", before)
        if end:
            event.listen(store.engine, "begin", put_right)
        if not begin:
            _run(store, "DROP FUNCTION full_disk CASCADE")


def _run(store: Store, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(statement))


def told(tx: Tx) -> None:
    append(tx, Fact("test.told", "x", data={"much": "y" * 200_000}))


@pytest.mark.parametrize("why", ["no room on the disk", "read-only"])
async def test_it_is_said_nothing_is_kept_by_half_and_it_goes_on(
    store: Store, clock: MovedClock, why: str
) -> None:
    journal = Journal(store)
    parts = (
        journal,
        Gatherer(store, clock),
        Enrolling(store, clock),
        Watch(store, journal),
        Evidence(store, journal),
        PresenceFollower(store, journal, clock),
        Turnings(store, ()),
    )
    health = Readiness(store, (), lambda: None)
    with failing(store, why):
        running = [asyncio.create_task(part.run()) for part in parts]
        alone = await asyncio.gather(store.write(told), return_exceptions=True)
        many = await asyncio.gather(*(store.write(told) for _ in range(3)), return_exceptions=True)
        for error in (*alone, *many):
            assert isinstance(error, StoreError), error
            assert error.why == why
            problem = as_problem(error)
            assert (problem.status, problem.title) == (503, "いま保存できません")
        assert await health.check() == [f"database: nothing can be written: {why}"]
        waiting = asyncio.create_task(store.write_at_last(told, "a test"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        ended = [one for one in running if one.done() and one is not running[-1]]
        assert ended == [], [one.exception() for one in ended]
    try:
        await waiting
        clock.advance(timedelta(minutes=1))
        assert await health.check() == []
        entries = await store.read(lambda tx: after(tx, 0))
        assert [one.fact.kind for one in entries].count("test.told") == 1

        async def all_there() -> bool:
            return not any(one.done() for one in running[:-1])

        await eventually(all_there)
    finally:
        for one in running:
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one
