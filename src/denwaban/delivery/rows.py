"""Escalations (a frozen ladder per report), deliveries, attempts, links and acknowledgements: the tables."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

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
    Column(
        "asked", Integer, nullable=False, server_default="0"
    ),  # after it was taken; see asked_at
    Column("floor_since", Utc),  # since when our own floor is asked to look after it
    Column("reached_at", Utc),  # when a channel other than the portal first accepted it
    Column("closed_at", Utc),  # taken and done; null: open
    *due_columns(),
)
Index("ix_escalations_state", escalations.c.state, escalations.c.id)
Index(
    "ix_escalations_open",
    escalations.c.id,
    sqlite_where=escalations.c.closed_at.is_(None),
    postgresql_where=escalations.c.closed_at.is_(None),
)
# A worker asks twice a second when the next lease ends: of a few rows, not of all that wait.
Index(
    "ix_escalations_leased",
    escalations.c.leased_until,
    sqlite_where=escalations.c.leased_until.is_not(None),
    postgresql_where=escalations.c.leased_until.is_not(None),
)
Index("ix_escalations_client", escalations.c.client_id, escalations.c.state, escalations.c.id)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, index=True),
    Column("client_id", Id, nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),  # see oncall.address.KEYS, and portal
    Column("rung", Integer, nullable=False),  # the rung of the ladder that made it, from 1
    Column("kind", String(20), nullable=False),  # see delivery.model.Kind
    Column("address", Json, nullable=False),  # as it was when the ladder was frozen
    Column("idempotency_key", String(64), nullable=False, unique=True),
    Column("state", String(20), nullable=False),  # pending | sent | failed | cancelled
    Column("tries", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("error", Text),
    Column("held", String(20)),  # quiet | digest: why it did not go at once
    Column("digest_id", Id, index=True),  # the delivery that carries this one with it
    *due_columns(),
)
Index("ix_deliveries_state", deliveries.c.state, deliveries.c.id)
Index(
    "ix_deliveries_leased",
    deliveries.c.leased_until,
    sqlite_where=deliveries.c.leased_until.is_not(None),
    postgresql_where=deliveries.c.leased_until.is_not(None),
)

delivery_receipts = Table(
    "delivery_receipts",
    metadata,
    Column("delivery_id", Id, ForeignKey("deliveries.id"), primary_key=True),
    Column(
        "state", String(20), nullable=False
    ),  # by its service's own word: see inbound.model.Arrival; only ever rises
    Column("delivered_at", Utc),  # when we heard of it
    Column("read_at", Utc),
    Column("updated_at", Utc, nullable=False),
)

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

report_talk = Table(
    "report_talk",
    metadata,
    Column("id", Id, primary_key=True),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, index=True),
    Column("client_id", Id, nullable=False),
    Column(
        "kind", String(20), nullable=False
    ),  # comment | handed_back | reassigned | resent | confirmed
    Column("staff_id", Id),  # who said it: somebody of the client …
    Column("user_id", Id),  # … or an account; both null: the system
    Column("via", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

delivery_plans = Table(
    "delivery_plans",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("urgency", String(20), nullable=False),  # normal | soon | emergency
    Column("plan", Json, nullable=False),  # see delivery.plan
    Column("updated_at", Utc, nullable=False),
    UniqueConstraint("client_id", "urgency"),
)

digests = Table(
    "digests",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("times", Json, nullable=False),  # minutes of the day in Tokyo
    Column("updated_at", Utc, nullable=False),
)

quiet_hours = Table(
    "quiet_hours",
    metadata,
    Column("id", Id, primary_key=True),
    # No foreign key: who removes a contact need not know of this.
    Column("contact_id", Id, nullable=False),
    Column("client_id", Id, nullable=False),
    Column("urgency", String(20), nullable=False),  # normal | soon; an emergency always goes
    Column("begins", Integer, nullable=False),  # minute of the day in Tokyo
    Column("ends", Integer, nullable=False),
    UniqueConstraint("contact_id", "urgency"),
)
