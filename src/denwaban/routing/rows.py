"""What each operator is doing, kept so that a restart does not change it."""

from sqlalchemy import Column, ForeignKey, String, Table

from denwaban.store import Id, Utc, metadata

operator_states = Table(
    "operator_states",
    metadata,
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column(
        "state", String(20), nullable=False
    ),  # ready | break | away | wrap_up  (chosen by the operator)
    Column("since", Utc, nullable=False),
    Column("idle_since", Utc, nullable=False),  # the longest idle is offered the next call
)
