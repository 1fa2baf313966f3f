"""The tables of disclosure."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from denwaban.store import Id, Json, Utc, metadata
from denwaban.work import due_columns

policies = Table(
    "disclosure_policies",
    metadata,
    Column("id", Id, ForeignKey("clients.id"), primary_key=True),  # of the client
    Column("fields", Json, nullable=False),  # [GatedField]
    Column("tries_call", Integer, nullable=False),
    Column("tries_day", Integer, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("demands", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id),
)

members = Table(
    "disclosure_members",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("answers", Text, nullable=False),  # JSON {kind: [normal form]}
    Column("told", Text, nullable=False),  # JSON {label of the field: value}
    Column("changed_at", Utc, nullable=False),
)

member_keys = Table(
    "disclosure_keys",
    metadata,
    Column("member_id", Id, ForeignKey("disclosure_members.id"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("key", String(128), primary_key=True),  # what the person is found by
    Column("client_id", Id, nullable=False),
)
Index("ix_disclosure_keys_found", member_keys.c.client_id, member_keys.c.kind, member_keys.c.key)

tries = Table(
    "disclosure_tries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("right", Boolean, nullable=False),
    Column("kinds", String(60), nullable=False),  # what was said, with commas between
    Column("member_id", Id),  # who was proved to call, when it was right; they may be gone by now
    Column("forgiven_at", Utc),  # a supervisor has unlocked it
)
Index("ix_disclosure_tries_call", tries.c.call_id, tries.c.at)
Index("ix_disclosure_tries_at", tries.c.at)

targets = Table(
    "disclosure_targets",
    metadata,
    Column("member_id", Id, primary_key=True),  # whom a wrong try was about
    Column("try_id", Id, ForeignKey("disclosure_tries.id"), primary_key=True, index=True),
    Column("at", Utc, nullable=False),
)

unlocks = Table(
    "disclosure_unlocks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, index=True),
    Column("label", Text),  # the field that is allowed for this call; null: the lock is taken off
    Column("at", Utc, nullable=False),
    Column("by_user_id", Id, nullable=False),
    Column("reason", Text, nullable=False),
)

leak_cases = Table(
    "leak_cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("known_at", Utc, nullable=False),  # the legal clock begins
    Column("what", Text, nullable=False),
    Column("wrongful", Boolean, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("property", Boolean, nullable=False),
    Column("people", Integer),  # null: nobody knows yet
    Column("opened_at", Utc, nullable=False),
    Column("opened_by", Id, nullable=False),
    Column("closed_at", Utc),
    Column("closed_by", Id),
    Column("closing", Text, nullable=False),
)
Index("ix_leak_cases_open", leak_cases.c.closed_at, leak_cases.c.known_at)

leak_steps = Table(
    "leak_steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("leak_cases.id"), nullable=False),
    Column("what", String(20), nullable=False),
    Column("by", Utc, nullable=False),
    *due_columns(),  # when somebody is reminded next: before its time, at it, and every day after it
    Column("warned_at", Utc),
    Column("late_at", Utc),
    Column("done_at", Utc),
    Column("done_by", Id),
    Column("note", Text, nullable=False),  # who was told, and how
    UniqueConstraint("case_id", "what"),
)
