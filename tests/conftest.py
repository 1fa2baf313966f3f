"""What all tests share: a store on both databases, and a clock that stands still until it is moved."""

import gc
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import structlog
from argon2 import PasswordHasher
from tests.keys import lend_keys
from tests.postgres import binaries, server

import denwaban.schema  # noqa: F401 - loads every table
from denwaban.access import secret
from denwaban.clock import JST, MovedClock
from denwaban.store import Store, metadata, new_id
from denwaban.store.engine import make_engine

pytest_plugins = [
    "tests.thorough",
    "tests.lanes",
    "tests.browsers",
    "tests.engine_fixtures",
    "tests.web_fixtures",
]


# What is loaded now stays: looking through it for garbage again and again takes a third of the time of loading it.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A test that sets up logging writes to its own captured output; the next test must not find that closed."""
    handlers = logging.getLogger().handlers[:]
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


@pytest.fixture(scope="session", autouse=True)
def light_hashes() -> Iterator[None]:
    """Passwords are hashed lightly in the tests' own processes; installations of the journeys hash as those of users."""
    with pytest.MonkeyPatch.context() as patch:
        light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(secret, "_HASHER", light)
        yield


@pytest.fixture
def clock() -> MovedClock:
    """Stands at 10:00 on Tuesday 2026-11-24 in Tokyo: an ordinary working day."""
    return MovedClock(datetime(2026, 11, 24, 10, 0, tzinfo=JST))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of this test session alone; yields a URL without a database name."""
    if binaries() is None:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql")
    with server("full_page_writes=off", "autovacuum=off") as url:
        yield url


def _with_tables(url: str) -> None:
    engine = make_engine(url)
    metadata.create_all(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table, to be copied: making them takes longer than most tests."""
    file = tmp_path_factory.mktemp("tables") / "tables.db"
    _with_tables(f"sqlite:///{file}")
    return file


class Emptied:
    """A PostgreSQL database with every table that one test after another finds without a row and without anybody else.

    One connection stays and asks all tables in one question that the server has planned once: to connect and to plan anew
    takes longer than most tests, a database of its own for each test ten times as long again.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin = self._connect()
        tables = self._names("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        self._filled = " UNION ALL ".join(
            f"SELECT '{one}' WHERE EXISTS (SELECT FROM \"{one}\")" for one in tables
        )

    def again(self) -> None:
        """Leaves no row, nobody connected, and sequences at their beginning."""
        try:
            self._empty()
        except psycopg.OperationalError:
            # A test may end every connection, this one too.
            self._admin.close()
            self._admin = self._connect()
            self._empty()

    def close(self) -> None:
        self._admin.close()

    def _connect(self) -> psycopg.Connection[tuple[str]]:
        return psycopg.connect(self.url, autocommit=True)

    def _names(self, question: str) -> list[str]:
        return [name for (name,) in self._admin.execute(question, prepare=True)]

    def _empty(self) -> None:
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        filled = self._names(self._filled)
        moved = self._names(
            "SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL"
        )
        with self._admin.transaction():
            # Foreign keys do not ask for an order.
            self._admin.execute("SET LOCAL session_replication_role = replica")
            for table in filled:
                self._admin.execute(f'DELETE FROM "{table}"')
            for sequence in moved:
                self._admin.execute("SELECT setval(%s, 1, false)", [sequence])


@pytest.fixture(scope="session")
def postgres_tables(postgres: str) -> Iterator[Emptied]:
    """A PostgreSQL database with every table, which one test after another uses."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE tables")
    _with_tables(f"{postgres}/tables")
    with closing(Emptied(f"{postgres}/tables")) as database:
        yield database


@contextmanager
def _postgres_database(server: str) -> Iterator[str]:
    name = f"t{new_id()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    with _postgres_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with every table and no rows, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    database: Emptied = request.getfixturevalue("postgres_tables")
    database.again()
    yield database.url


@pytest.fixture
async def store(database_url: str, clock: MovedClock, sqlite_tables: Path) -> AsyncIterator[Store]:
    """An open store with every table, on both databases."""
    opened = Store(database_url, clock)
    lend_keys(opened)
    # Files are filled here, as some tests name one of their own.
    if (file := opened.engine.url.database) and opened.engine.dialect.name == "sqlite":
        shutil.copyfile(sqlite_tables, file)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def minute() -> timedelta:
    return timedelta(minutes=1)
