"""Scripts, what their authors write, their versions, who has read them, and one run per call."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from denwaban.store import Id, Json, Utc, metadata
from denwaban.work import due_columns

scripts = Table(
    "scripts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("published_version_id", Id),
    Column("draft_id", Id),  # of script_texts; null: nobody is writing
    Column("created_at", Utc),
)

script_texts = Table(
    "script_texts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False, index=True),
    Column("text", Text, nullable=False),  # as its author wrote it, comments and all
    Column("user_id", Id),
    # draft: is or was the draft; sent: went into a draft by merging; aside: contradicts another's, to be decided
    Column("kind", String(10), nullable=False),
    Column("base_id", Id),  # the text that the author had begun from
    Column("at", Utc, nullable=False),
)

script_editors = Table(
    "script_editors",
    metadata,
    Column("page", String(32), primary_key=True),  # an id that the open page made for itself
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False, index=True),
    Column("seen_at", Utc, nullable=False),
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
    Column("text", Text),  # the author's own; null in versions older than this column
    Column("state", String(12), nullable=False, server_default="published"),  # see scripts.life
    Column("background", Text, nullable=False, server_default=""),
    Column("warnings", Json),  # [{rule, line, message, reason}]: why each warning was let stand
    Column("author_id", Id),
    Column("submitted_at", Utc),
    Column("approval", Boolean),  # whether the client wants to approve it
    Column("decided_at", Utc),  # by the client, or by who took it back
    Column("decided_by", Id),
    Column("decision", Text),  # what they wrote
    Column("publish_at", Utc),  # the wanted date
    Column("published_by", Id),
    Column("of_version", Integer),  # the version whose text came back
    *due_columns(),
    UniqueConstraint("script_id", "version"),
)

script_notices = Table(
    "script_notices",
    metadata,
    Column("version_id", Id, ForeignKey("script_versions.id"), primary_key=True),
    Column("script_id", Id, ForeignKey("scripts.id"), nullable=False, index=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("asked_at", Utc, nullable=False),  # operators who began later need not read it
    Column("read_by", Utc, nullable=False),  # afterwards whoever has not read it is passed over
    Column("done_at", Utc),  # everybody has read it, or a newer version took its place
    Index("ix_script_notices_open", "done_at", "client_id"),
)

script_readings = Table(
    "script_readings",
    metadata,
    Column("version_id", Id, ForeignKey("script_versions.id"), primary_key=True),
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column("at", Utc, nullable=False),
)

script_settings = Table(
    "script_settings",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("approval", Boolean, nullable=False),  # the client approves each version
    Column("grace_minutes", Integer, nullable=False),  # for operators to read a change
    Column("may_promise", Boolean, nullable=False, server_default=true()),  # callers are told times
    Column("shortest_promise", Integer, nullable=False, server_default="5"),  # minutes
    Column("longest_promise", Integer, nullable=False, server_default="20160"),
    Column("restricted_topics", Json),  # [name]: after the identity check only, in every script
    Column("promisers", Json),  # ids of the staff who may keep promises; null: everybody
    Column("characters_per_minute", Integer, nullable=False, server_default="300"),
    Column("seconds_to_question", Integer, nullable=False, server_default="90"),
    Column("depth", Integer, nullable=False, server_default="5"),
    Column("branches", Integer, nullable=False, server_default="7"),
    Column("updated_at", Utc, nullable=False),
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
