"""Numbers, service plans by weekday, time and holiday, and line limits."""

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from denwaban.store import Id, Utc, metadata

numbers = Table(
    "numbers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),  # E.164
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("label", String(100), nullable=False),
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
