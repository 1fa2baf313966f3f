"""Calls and their legs to operators."""

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
    false,
    func,
    literal_column,
)

from denwaban.store import Id, Utc, metadata
from denwaban.work import due_columns

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id")),  # null: nobody's number
    Column("leg", String(100), nullable=False, index=True),  # the caller's leg in the engine
    Column("trunk", String(40), nullable=False),
    # The other party's of these two is a mark, and the number itself sealed below: see `numbers`.
    Column("dialled", String(100), nullable=False),  # E.164, or as received when it is no number
    Column("caller", String(100), nullable=False),  # E.164; empty when withheld
    Column("plan", String(100), nullable=False),  # name of the window that decided
    Column("mode", String(20), nullable=False),
    Column("script_id", Id),
    Column("state", String(20), nullable=False),  # see model.CallState
    Column(
        "outcome", String(20)
    ),  # answered | abandoned | blocked | out_of_hours | message | lost | refused | not_reached
    Column("operator_id", Id, ForeignKey("operators.id")),
    Column("arrived_at", Utc, nullable=False),
    Column("answered_at", Utc),
    Column("ended_at", Utc),
    Column("wait_ms", Integer, nullable=False),  # until answered or given up
    Column("recording", Text),  # file name under home/recordings
    Column("practice", Boolean, nullable=False),
    Column("direction", String(10), nullable=False, server_default="inbound"),  # inbound | outbound
    Column("holds", Integer, nullable=False, server_default="0"),  # how often on hold
    Column("held_at", Utc),
    Column("silenced", Boolean, nullable=False, server_default=false()),  # recording pauses
    Column("slot", Integer),  # where the caller is parked
    Column("staff_id", Id),  # who of the client's took the caller over
    Column("number", Text),  # sealed; null: withheld, erased, or from before it was
)
Index("ix_calls_arrived", calls.c.arrived_at, calls.c.id)
Index("ix_calls_operator_ended", calls.c.operator_id, calls.c.ended_at)
Index("ix_calls_client_arrived", calls.c.client_id, calls.c.arrived_at)
Index("ix_calls_client_caller", calls.c.client_id, calls.c.caller, calls.c.arrived_at)
# Whom we called for a client.
Index("ix_calls_client_dialled", calls.c.client_id, calls.c.dialled)
caller_tail = func.substr(calls.c.caller, func.length(calls.c.caller) - literal_column("3"))
"""What tells the last four digits of a caller's number; written like this, an index has it."""

Index("ix_calls_tail", caller_tail, calls.c.client_id)
Index(
    "ix_calls_open",
    calls.c.arrived_at,
    sqlite_where=calls.c.ended_at.is_(None),
    postgresql_where=calls.c.ended_at.is_(None),
)

call_legs = Table(
    "call_legs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, index=True),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("offered_at", Utc, nullable=False),
    Column("answered_at", Utc),
    Column("ended_at", Utc),
    # The end of the wrap-up after it; null: there was none, or it goes on.
    Column("wrapped_at", Utc),
    Column("result", String(20)),  # answered | no_answer | refused | withdrawn | failed
)
Index("ix_call_legs_operator_offered", call_legs.c.operator_id, call_legs.c.offered_at)

# What supervisors decided about a call, and why.
call_decisions = Table(
    "call_decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call_id", Id, ForeignKey("calls.id"), nullable=False, index=True),
    Column("client_id", Id, ForeignKey("clients.id")),
    Column("user_id", Id, nullable=False),  # an account, or an API key
    Column("kind", String(20), nullable=False),  # see decisions.Decided
    Column("target_id", Id),  # the group, or the operator
    Column("reason", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

# A recording whose call is over and that somebody has found; until then there is the engine's own file, or none.
recordings = Table(
    "recordings",
    metadata,
    Column("id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("client_id", Id),
    Column("state", String(10), nullable=False),  # see recordings.State
    Column("size", BigInteger),  # bytes of the WAV; null: not sealed yet
    Column("ended_at", Utc, nullable=False),  # of the call
    Column("sealed_at", Utc),
    Column("erased_at", Utc),
    Column("holder", String(32)),  # whose disk its files lie on; null: nobody has said
    *due_columns(),
)
Index("ix_recordings_client_ended", recordings.c.client_id, recordings.c.ended_at)
