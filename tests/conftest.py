"""What all tests share: a store on both databases, and a clock that stands still until it is moved."""

import logging
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import structlog
from tests.postgres import binaries, server

import denwaban.schema  # noqa: F401 - loads every table
from denwaban.clock import JST, MovedClock
from denwaban.store import Store, metadata, new_id

pytest_plugins = ["tests.engine_fixtures", "tests.web_fixtures"]


def free_port() -> int:
    """A TCP port that was free a moment ago on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A test that sets up logging writes to its own captured output; the next test must not find that closed."""
    handlers = logging.getLogger().handlers[:]
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


@pytest.fixture
def clock() -> MovedClock:
    """Stands at 10:00 on Tuesday 2026-11-24 in Tokyo: an ordinary working day."""
    return MovedClock(datetime(2026, 11, 24, 10, 0, tzinfo=JST))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of this test session alone; yields a URL without a database name."""
    if binaries() is None:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql")
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"t{new_id()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def store(database_url: str, clock: MovedClock) -> AsyncIterator[Store]:
    """An open store with every table, on both databases."""
    opened = Store(database_url, clock)
    metadata.create_all(opened.engine)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def minute() -> timedelta:
    return timedelta(minutes=1)
