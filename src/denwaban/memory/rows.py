"""The index of calls, and how often people were asked twice."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, false

from denwaban.store import Id, Utc, metadata
from denwaban.store.search import SearchIndex
from denwaban.vault import Hidden

CALL = "call"
"""The kind of the index: a call with a report (ref: the call's id)."""

index = SearchIndex("call_texts", Hidden())
"""What a caller wanted, what was done and answered, and who they were. Nothing that a report keeps secret is in it."""

askings = Table(
    "askings",
    metadata,
    Column("call_id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("at", Utc, nullable=False),  # when the report was sent
    Column("asked_again", Integer, nullable=False),  # answers that were known
    Column(
        "called_again", Boolean, nullable=False, server_default=false()
    ),  # soon after another call
    Index("ix_askings_client", "client_id", "at"),
    Index("ix_askings_at", "at"),
)
