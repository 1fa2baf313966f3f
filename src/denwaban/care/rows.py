"""Rules of clients, calls for help, abusive calls and their record, relay-service calls, supervisors at calls."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from denwaban.store import Id, Json, Utc, metadata

care_rules = Table(
    "care_rules",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("monitored", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("marks", Json, nullable=False),  # minutes, ascending
    Column("from_start", Boolean, nullable=False),
    Column("warning", Text, nullable=False),
    Column("closing", Text, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id, nullable=False),
)

help_calls = Table(
    "help_calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("abuse", Boolean, nullable=False),
    # The operator was lost in the talk and did not ask by themself.
    Column("lost", Boolean, nullable=False, server_default=false()),
    Column("asked_at", Utc, nullable=False),
    Column("answered_at", Utc),
    Column("answered_by", Id, ForeignKey("users.id")),
    Column("ended_at", Utc),  # a call that ends ends it too, without a write
)
Index(
    "ix_help_calls_open",
    help_calls.c.asked_at,
    sqlite_where=help_calls.c.ended_at.is_(None),
    postgresql_where=help_calls.c.ended_at.is_(None),
)

abuse_cases = Table(
    "abuse_cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("marked_at", Utc, nullable=False, index=True),
    Column("counts_from", Utc, nullable=False),
    Column("marks", Json, nullable=False),
    Column("warning", Text, nullable=False),
    Column("closing", Text, nullable=False),
    Column("ended_at", Utc),
)

abuse_events = Table(
    "abuse_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("abuse_cases.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("what", String(20), nullable=False),
    Column("minute", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("operator_id", Id, ForeignKey("operators.id")),
    Column("user_id", Id, ForeignKey("users.id")),
)

# Only the call is marked; the number stays where it is, in the call, and is erased with it.
relay_calls = Table(
    "relay_calls",
    metadata,
    Column("call_id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("marked_at", Utc, nullable=False),
)

supervisions = Table(
    "supervisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", Id, ForeignKey("clients.id")),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),  # whose talk it was
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),  # the supervisor
    Column("mode", String(20), nullable=False),  # listen | whisper | barge | take_over
    Column("told", Boolean, nullable=False),  # the operator saw it
    Column("began_at", Utc, nullable=False),
    Column("ended_at", Utc),
)
