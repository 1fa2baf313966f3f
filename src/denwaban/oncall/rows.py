"""By which contacts a staff member is reached."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from denwaban.store import Id, Json, Utc, metadata

contacts = Table(
    "contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),  # see oncall.address.KEYS
    Column(
        "address", Json, nullable=False
    ),  # what the channel needs; secrets in it are never shown again
    Column("position", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("tested_at", Utc),  # null: this address has not been tested
    Column("test_result", String(20)),  # sent | retry | failed | not_set_up
    Column("test_detail", Text),
)
