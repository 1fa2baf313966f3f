"""Entries, their history, and the index in which the seat searches."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from denwaban.store import Id, Json, Utc, metadata
from denwaban.store.search import SearchIndex

faqs = Table(
    "faqs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("question", String(100), nullable=False),
    Column("answer", Text, nullable=False),  # as it is said to the caller
    Column("wordings", String(200), nullable=False),
    Column("bound", String(10), nullable=False),  # explain | take | decide
    Column("restricted", Boolean, nullable=False),  # not before the identity check
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("removed_at", Utc),
    Index("ix_faqs_client", "client_id", "id"),
)

faq_changes = Table(
    "faq_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("faq_id", Id, ForeignKey("faqs.id"), nullable=False),
    Column("step", Integer, nullable=False),  # 1, 2, … within the entry
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("by_id", Id),  # an account or an API key; null: the installation itself
    Column("by_name", String(100), nullable=False),
    Column("what", String(10), nullable=False),  # added | changed | removed | restored
    Column("content", Json, nullable=False),  # what it said from then on
    UniqueConstraint("faq_id", "step"),
)

FAQ, NODE = "faq", "node"
"""Kinds of the index: an entry (ref: its id), a node of a published script (ref: `<script id>:<node id>`)."""

index = SearchIndex("search_texts")
"""What an operator may look for and say. No answer that needs an identity check is in it."""
