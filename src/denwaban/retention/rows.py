"""How long each client's data is kept, what must not be erased, and that something was."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from denwaban.store import Id, Utc, metadata
from denwaban.work import due_columns

retention_terms = Table(
    "retention_terms",
    metadata,
    Column("id", Id, ForeignKey("clients.id"), primary_key=True),  # one per client
    Column("recordings", Integer),  # months; null: kept until somebody says otherwise
    Column("reports", Integer),  # reports with their answers
    Column("callers", Integer),  # names and numbers of who called
    Column("version", Integer, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id),  # null: a program
    *due_columns(),
)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("call_id", Id, ForeignKey("calls.id")),  # null: everything of the client
    Column("reason", Text, nullable=False),  # sealed
    Column("placed_at", Utc, nullable=False),
    Column("placed_by", Id),
    Column("lifted_at", Utc),
    Column("lifted_by", Id),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # see model.Kind
    Column("recordings", Integer, nullable=False),
    Column("reports", Integer, nullable=False),
    Column("callers", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("by_user_id", Id),  # null: the schedule, or a program
    Column("number", Text),  # sealed, while a caller goes on being erased: of whom
    Column("left", Integer),  # how many calls and reports then go on being erased
    *due_columns(),
)
Index("ix_erasures_client", erasures.c.client_id, erasures.c.id)
