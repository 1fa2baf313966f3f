"""Scripts, their versions, and one run per call."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from denwaban.store import Id, Json, Utc, metadata

scripts = Table(
    "scripts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("published_version_id", Id),
)

script_versions = Table(
    "script_versions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Json, nullable=False),  # see scripts.model.Script
    Column("reason", Text, nullable=False),
    Column("published_at", Utc),
    UniqueConstraint("script_id", "version"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, unique=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("script_version_id", Id, ForeignKey("script_versions.id"), nullable=False),
    Column("node", String(64), nullable=False),
    Column(
        "path", Json, nullable=False
    ),  # [[node, choice], …] walked so far, in order; see scripts.walk
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
)

answers = Table(
    "answers",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id"), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("known", Integer, nullable=False),  # 1: filled in from what was known, not yet confirmed
    Column(
        "counter", BigInteger, nullable=False
    ),  # the writer's clock; a smaller one came late and is ignored
    Column("at", Utc, nullable=False),
)
