"""disclosure: rules, people, tries, locks, suspected leaks"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0031b"
down_revision = "0029"

ID = sa.String(length=32)


def _belongs(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.create_table(
        "disclosure_policies",
        sa.Column("id", ID, nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("tries_call", sa.Integer(), nullable=False),
        sa.Column("tries_day", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("demands", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("changed_by", ID, nullable=True),
        _belongs("disclosure_policies", "id", "clients"),
        _key("disclosure_policies", "id"),
    )
    op.create_table(
        "disclosure_members",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        _belongs("disclosure_members", "client_id", "clients"),
        _key("disclosure_members", "id"),
    )
    op.create_index("ix_disclosure_members_client_id", "disclosure_members", ["client_id"])
    op.create_table(
        "disclosure_keys",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("client_id", ID, nullable=False),
        _belongs("disclosure_keys", "member_id", "disclosure_members"),
        _key("disclosure_keys", "member_id", "kind", "key"),
    )
    op.create_index("ix_disclosure_keys_found", "disclosure_keys", ["client_id", "kind", "key"])
    op.create_table(
        "disclosure_tries",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=False),
        sa.Column("operator_id", ID, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("kinds", sa.String(length=60), nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("forgiven_at", Utc(), nullable=True),
        _belongs("disclosure_tries", "client_id", "clients"),
        _belongs("disclosure_tries", "call_id", "calls"),
        _belongs("disclosure_tries", "operator_id", "operators"),
        _key("disclosure_tries", "id"),
    )
    op.create_index("ix_disclosure_tries_call", "disclosure_tries", ["call_id", "at"])
    op.create_index("ix_disclosure_tries_at", "disclosure_tries", ["at"])
    op.create_table(
        "disclosure_targets",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("try_id", ID, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        _belongs("disclosure_targets", "try_id", "disclosure_tries"),
        _key("disclosure_targets", "member_id", "try_id"),
    )
    op.create_index("ix_disclosure_targets_try_id", "disclosure_targets", ["try_id"])
    op.create_table(
        "disclosure_unlocks",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by_user_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _belongs("disclosure_unlocks", "client_id", "clients"),
        _belongs("disclosure_unlocks", "call_id", "calls"),
        _key("disclosure_unlocks", "id"),
    )
    op.create_index("ix_disclosure_unlocks_call_id", "disclosure_unlocks", ["call_id"])
    op.create_table(
        "leak_cases",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("known_at", Utc(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("wrongful", sa.Boolean(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("property", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.Column("closed_by", ID, nullable=True),
        sa.Column("closing", sa.Text(), nullable=False),
        _belongs("leak_cases", "client_id", "clients"),
        _key("leak_cases", "id"),
    )
    op.create_index("ix_leak_cases_open", "leak_cases", ["closed_at", "known_at"])
    op.create_table(
        "leak_steps",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("by", Utc(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.Column("warned_at", Utc(), nullable=True),
        sa.Column("late_at", Utc(), nullable=True),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("done_by", ID, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        _belongs("leak_steps", "case_id", "leak_cases"),
        _key("leak_steps", "id"),
        sa.UniqueConstraint("case_id", "what", name=op.f("uq_leak_steps_case_id_what")),
    )
    op.create_index("ix_leak_steps_due_at", "leak_steps", ["due_at"])


def downgrade() -> None:
    for table in (
        "leak_steps",
        "leak_cases",
        "disclosure_unlocks",
        "disclosure_targets",
        "disclosure_tries",
        "disclosure_keys",
        "disclosure_members",
        "disclosure_policies",
    ):
        op.drop_table(table)
