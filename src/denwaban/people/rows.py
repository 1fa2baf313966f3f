"""Clients (tenants), their staff, our operators. Their callers: `persons.rows`."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    true,
)

from denwaban.store import Id, Utc, metadata

clients = Table(
    "clients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(32), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("kana", String(100), nullable=False),
    Column("industry", String(50), nullable=False),
    Column("greeting", Text, nullable=False),  # first words of a call, in the client's name
    Column("policy", Text, nullable=False),  # how to deal with calls, what is not said (お断り)
    Column("recorded", Boolean, nullable=False, server_default=true()),  # talks are recorded
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("live_at", Utc),  # since when its calls are taken; null: being prepared (準備中)
    Column("ended_at", Utc),  # contract over
)

staff = Table(
    "staff",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("kana", String(100), nullable=False),
    Column("department", String(100), nullable=False),
    Column("presence", String(20), nullable=False),  # present | away | busy | off
    Column("presence_until", Utc),
    Column("presence_note", String(200), nullable=False),
    Column("substitute_id", Id, ForeignKey("staff.id")),
    Column("in_charge", Boolean, nullable=False),  # takes reports when nothing else decides
    Column("user_id", Id, ForeignKey("users.id"), index=True),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("left_at", Utc),
)

# Who is in charge and may be reached is asked of all clients at once.
Index(
    "ix_staff_in_charge",
    staff.c.client_id,
    staff.c.presence,
    staff.c.presence_until,
    sqlite_where=staff.c.in_charge & staff.c.left_at.is_(None),
    postgresql_where=staff.c.in_charge & staff.c.left_at.is_(None),
)

operators = Table(
    "operators",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("kana", String(100), nullable=False),
    Column("seat", String(40), nullable=False, unique=True),
    Column("sip_password", String(64), nullable=False),  # empty: sealed
    Column("sip_sealed", Text),
    Column("experienced", Boolean, nullable=False, server_default=false()),  # 自由応対
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("left_at", Utc),
)

# What operators can do. Only rows of level 1 and more; key: a client's id, a trade (clients.industry) or a matter (numbers.matter).
operator_skills = Table(
    "operator_skills",
    metadata,
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column("kind", String(10), primary_key=True),  # client | trade | matter
    Column("key", String(50), primary_key=True),
    Column("level", Integer, nullable=False),  # 1 … 5
)

# How far operators are in their training; who never was in any has no row.
operator_trainings = Table(
    "operator_trainings",
    metadata,
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column("stage", String(20)),  # observes | beside | looked_after; null: works alone (独り立ち)
    Column("senior_id", Id, ForeignKey("operators.id")),  # who looks after them
    Column("set_by", Id, nullable=False),  # the account, or the key of a program
    Column("set_at", Utc, nullable=False),
)

operator_groups = Table(
    "operator_groups",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(50), nullable=False, unique=True),  # 班
    Column("created_at", Utc, nullable=False),
)

operator_group_members = Table(
    "operator_group_members",
    metadata,
    Column("group_id", Id, ForeignKey("operator_groups.id"), primary_key=True),
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
)
