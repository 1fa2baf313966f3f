"""What was promised to whom by when."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from denwaban.store import Id, Utc, metadata

promises = Table(
    "promises",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, unique=True),
    Column("caller_number", String(100), nullable=False),
    Column("caller_name", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Utc),
    Column("made_at", Utc, nullable=False),
    Column("kept_at", Utc),
    Column("kept_by_user_id", Id),
    Column("evidence", Text, nullable=False),
)
Index("ix_promises_caller", promises.c.client_id, promises.c.caller_number)
