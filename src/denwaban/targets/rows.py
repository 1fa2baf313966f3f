"""What operators aim at."""

from sqlalchemy import Column, ForeignKey, Integer, Table

from denwaban.store import Id, Utc, metadata

operator_targets = Table(
    "operator_targets",
    metadata,
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column("holds_tenths", Integer),  # tenths of holds for each call at most; null: no target
    Column("self_completion", Integer),  # per cent at least; null: no target
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id, nullable=False),  # an account, or an API key
)
