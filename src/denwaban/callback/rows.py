"""Call-backs; the call itself is a row of `calls` with the same id."""

from sqlalchemy import Column, ForeignKey, Index, String, Table

from denwaban.store import Id, Utc, metadata

call_backs = Table(
    "call_backs",
    metadata,
    Column("id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    Column("user_id", Id, nullable=False),
    Column("stage", String(20), nullable=False),  # own | caller | talking | ended
    Column("result", String(20)),  # see callback.model.Result
    Column("began_at", Utc, nullable=False),
    Column("answered_at", Utc),
    Column("ended_at", Utc),
)
Index("ix_call_backs_report", call_backs.c.report_id, call_backs.c.began_at)
# Two clicks, on whatever pages, make one call.
Index(
    "uq_call_backs_open",
    call_backs.c.report_id,
    unique=True,
    sqlite_where=call_backs.c.ended_at.is_(None),
    postgresql_where=call_backs.c.ended_at.is_(None),
)
