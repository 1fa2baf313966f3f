"""Escalations (a frozen ladder per report), deliveries, attempts, links and acknowledgements: the tables."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from denwaban.store import Id, Json, Utc, metadata
from denwaban.work import due_columns

escalations = Table(
    "escalations",
    metadata,
    Column("id", Id, ForeignKey("reports.id"), primary_key=True),  # one per report
    Column("client_id", Id, nullable=False),
    Column(
        "ladder", Json, nullable=False
    ),  # see delivery.model.Rung; frozen when the report is sent
    Column("rung", Integer, nullable=False),  # how many rungs have been climbed
    Column("state", String(20), nullable=False),  # waiting | acknowledged | exhausted
    *due_columns(),
)
Index("ix_escalations_state", escalations.c.state, escalations.c.id)
Index("ix_escalations_client", escalations.c.client_id, escalations.c.state, escalations.c.id)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, index=True),
    Column("client_id", Id, nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),  # mail | slack | chatwork | webhook | portal
    Column("rung", Integer, nullable=False),  # the rung of the ladder that made it, from 1
    Column("kind", String(20), nullable=False),  # first | reminder | substitute
    Column("address", Json, nullable=False),  # as it was when the ladder was frozen
    Column("idempotency_key", String(64), nullable=False, unique=True),
    Column("state", String(20), nullable=False),  # pending | sent | failed | cancelled
    Column("tries", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("error", Text),
    *due_columns(),
)
Index("ix_deliveries_state", deliveries.c.state, deliveries.c.id)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),  # null: the sender died in the middle
    Column("result", String(20)),  # sent | retry | failed
    Column("detail", Text, nullable=False),
)

acknowledge_links = Table(
    "acknowledge_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("delivery_id", Id, ForeignKey("deliveries.id")),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("report_id", Id, ForeignKey("reports.id"), primary_key=True),  # the first one counts
    Column("client_id", Id, nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("via", String(20), nullable=False),  # link | portal | api
    Column("at", Utc, nullable=False),
)
