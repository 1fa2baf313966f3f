"""The clients' keys, wrapped, and how far old rows have been sealed."""

from sqlalchemy import Column, Index, String, Table, Text

from denwaban.store import Id, Utc, metadata

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("owner", Id, nullable=False),  # a client's id, or `house`
    Column("purpose", String(8), nullable=False),  # seal | blind | own (of one thing)
    Column("master", String(16), nullable=False),  # id of the master key that wraps it
    Column("wrapped", Text, nullable=False),  # empty: destroyed
    Column("created_at", Utc, nullable=False),
    Column("retired_at", Utc),  # null: new data is sealed with it
    Column("destroyed_at", Utc),
)
Index("ix_vault_keys_owner", vault_keys.c.owner, vault_keys.c.purpose, vault_keys.c.retired_at)

vault_turnings = Table(
    "vault_turnings",
    metadata,
    Column("name", String(40), primary_key=True),  # of a `Turning`
    Column("after", String(100), nullable=False),  # the last row that was looked at
    Column("done_at", Utc),  # null: there may be more
)
