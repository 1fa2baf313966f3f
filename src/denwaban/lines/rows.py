"""Numbers, service plans by weekday, time and holiday, and line limits."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from denwaban.store import Id, Json, Utc, metadata

numbers = Table(
    "numbers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),  # E.164
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("label", String(100), nullable=False),
    Column("matter", String(50), nullable=False, server_default=""),  # 用件: 予約, 修理 …
    Column("urgent", Boolean, nullable=False, server_default=false()),  # for emergencies
    Column("created_at", Utc, nullable=False),
)

plan_windows = Table(
    "plan_windows",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),  # the first window that fits decides
    Column("name", String(100), nullable=False),  # 平日昼間, 夜間 …
    Column("days", Integer, nullable=False),  # bits: Mon 1 … Sun 64, holiday 128
    Column("opens", Integer, nullable=False),  # minute of the day, JST
    Column("closes", Integer, nullable=False),  # minute; beyond 1440 reaches into the next day
    Column("mode", String(20), nullable=False),  # full | first_response | closed
    Column("script_id", Id),  # scripts.id
    Column("message", Text, nullable=False),  # what is spoken when closed
    Column("effective_from", Date),  # JST; null: from the beginning
    Column("urgent", Boolean, nullable=False, server_default=false()),  # emergencies go first
    Column("least_level", Integer),  # null: as for the client
)

line_limits = Table(
    "line_limits",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("effective_from", Date, nullable=False),  # JST
    Column("lines", Integer, nullable=False),
    UniqueConstraint("client_id", "effective_from"),
)

# What is agreed with a client beside its hours; a client without a row has the defaults.
service_levels = Table(
    "service_levels",
    metadata,
    Column("id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("least_level", Integer, nullable=False),
    Column("previous_seconds", Integer, nullable=False),
    Column("callers_first", Boolean, nullable=False),
    Column("says_place", Boolean, nullable=False),
    Column("answer_seconds", Integer, nullable=False),
    Column("answer_percent", Integer, nullable=False),
    Column("ladder", Json, nullable=False),  # [{after, kind, level, group, words}]
    Column("updated_at", Utc, nullable=False),
)

# Who of a client may be put through when; a client without a row: everybody.
transfer_terms = Table(
    "transfer_terms",
    metadata,
    Column("id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("conditions", Json, nullable=False),  # see transfer.model.Condition
    Column("updated_at", Utc, nullable=False),
)

# Who is tried first in a part of the week, while others rest.
duty_lists = Table(
    "duty_lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False),  # 昼当番
    Column("group_id", Id, ForeignKey("operator_groups.id"), nullable=False),
    Column("days", Integer, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("closes", Integer, nullable=False),
    Column("alone_seconds", Integer, nullable=False),  # so long a caller waits for them alone
)
