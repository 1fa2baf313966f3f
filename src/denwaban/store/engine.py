"""The two dialects: how a connection is made and kept safe on each."""

import json
from typing import Any

import msgspec
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

BUSY_SECONDS = 4
"""So long a writer waits for another process that holds the file, or a connection for a server that does not answer. Then it
is a `StoreError`: people are told to try again instead of looking at a page that hangs."""


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://…` (psycopg 3)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=8,
            max_overflow=4,
            pool_pre_ping=True,
            connect_args={"connect_timeout": BUSY_SECONDS},
            isolation_level="READ COMMITTED",
            hide_parameters=True,  # errors reach the log; what people said and their numbers must not
            json_deserializer=_read_json,
        )
    raise ValueError("DENWABAN_DATABASE_URL: sqlite:///… か postgresql://… を指定してください")


def _read_json(text: str | bytes) -> Any:
    """A JSON column. Several times as fast as the standard library, which alone bears half a surrogate pair."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=4,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        json_deserializer=_read_json,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # sqlite3's own transaction handling would commit before DDL and not begin before SELECT: ours instead.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # a report that was accepted survives a power cut; group commit pays for it
            "foreign_keys=ON",
            # What is erased is overwritten, in its page and in pages that are not used any more: a destroyed key, a forgotten name.
            "secure_delete=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "cache_size=-32768",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # The driver's own call: it is made for every reading and writing, and SQLAlchemy's costs twenty times as much.
        begun = "BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE"
        connection.connection.dbapi_connection.execute(begun)

    return engine
