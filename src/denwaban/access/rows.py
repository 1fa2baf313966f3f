"""Accounts, sessions, API keys and tries to sign in."""

from sqlalchemy import Column, ForeignKey, String, Table

from denwaban.store import Id, Utc, metadata

TOPIC = "access"
"""Touched when a session, account or key ends, so that nobody goes on with what was cached."""

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", String(100), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False),  # operator | supervisor | client | administrator
    Column("name", String(100), nullable=False),
    Column("client_id", Id, index=True),  # set for role client, and only there
    Column("created_at", Utc, nullable=False),
    Column("disabled_at", Utc),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("agent", String(200), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("client_id", Id, index=True),
    Column("created_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("bucket", String(100), nullable=False, index=True),  # see signing_in
    Column("at", Utc, nullable=False),
)
