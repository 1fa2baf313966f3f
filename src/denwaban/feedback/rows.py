"""Words about calls, and who has seen them."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from denwaban.store import Id, Utc, metadata

feedback = Table(
    "feedback",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, index=True),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # thanks | wish
    Column("text", Text, nullable=False),
    Column("user_id", Id, nullable=False),
    Column("name", String(100), nullable=False),
    Column("at", Utc, nullable=False),
    Column("dealt_at", Utc),
    Column("dealt_by_user_id", Id),
    Column("answer", Text, nullable=False, server_default=""),
)
Index("ix_feedback_operator", feedback.c.operator_id, feedback.c.id)
Index("ix_feedback_user", feedback.c.user_id, feedback.c.dealt_at)

# Our own people: the word itself. The client's: the answer to it.
feedback_seen = Table(
    "feedback_seen",
    metadata,
    Column("feedback_id", Id, ForeignKey("feedback.id"), primary_key=True),
    Column("user_id", Id, primary_key=True),
    Column("at", Utc, nullable=False),
)
