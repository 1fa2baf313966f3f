"""data at rest: keys, sealed recordings and secrets, retention"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0032"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "vault_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("master", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("retired_at", Utc(), nullable=True),
        sa.Column("destroyed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_keys")),
    )
    op.create_index("ix_vault_keys_owner", "vault_keys", ["owner", "purpose", "retired_at"])
    op.create_table(
        "vault_turnings",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=100), nullable=False),
        sa.Column("done_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vault_turnings")),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=False),
        sa.Column("sealed_at", Utc(), nullable=True),
        sa.Column("erased_at", Utc(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["calls.id"], name=op.f("fk_recordings_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
    )
    op.create_index("ix_recordings_client_ended", "recordings", ["client_id", "ended_at"])
    op.create_index(op.f("ix_recordings_due_at"), "recordings", ["due_at"])
    op.create_table(
        "retention_terms",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recordings", sa.Integer(), nullable=True),
        sa.Column("reports", sa.Integer(), nullable=True),
        sa.Column("callers", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("changed_by", sa.String(length=32), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["clients.id"], name=op.f("fk_retention_terms_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_terms")),
    )
    op.create_index(op.f("ix_retention_terms_due_at"), "retention_terms", ["due_at"])
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", Utc(), nullable=False),
        sa.Column("placed_by", sa.String(length=32), nullable=True),
        sa.Column("lifted_at", Utc(), nullable=True),
        sa.Column("lifted_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_legal_holds_client_id")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_legal_holds_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_client_id"), "legal_holds", ["client_id"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("recordings", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("callers", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by_user_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_erasures_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_client", "erasures", ["client_id", "id"])
    op.add_column("reports", sa.Column("erased_at", Utc(), nullable=True))
    op.add_column("operators", sa.Column("sip_sealed", sa.Text(), nullable=True))


def downgrade() -> None:
    """What was sealed cannot be read any more after this: take a copy of the database first."""
    with op.batch_alter_table("operators") as batch_op:
        batch_op.drop_column("sip_sealed")
    with op.batch_alter_table("reports") as batch_op:
        batch_op.drop_column("erased_at")
    for table in ("erasures", "legal_holds", "retention_terms", "recordings"):
        op.drop_table(table)
    op.drop_table("vault_turnings")
    op.drop_table("vault_keys")
