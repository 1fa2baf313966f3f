"""conditions of transfers, and what supervisors decide about calls"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0038b"
down_revision = "0038"


def upgrade() -> None:
    op.create_table(
        "transfer_terms",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conditions", Json, nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["clients.id"], name=op.f("fk_transfer_terms_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_terms")),
    )
    op.create_table(
        "call_decisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=True),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_decisions_call_id_calls")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_call_decisions_client_id_clients")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_call_decisions_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_decisions")),
    )
    op.create_index(op.f("ix_call_decisions_call_id"), "call_decisions", ["call_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_call_decisions_call_id"), table_name="call_decisions")
    op.drop_table("call_decisions")
    op.drop_table("transfer_terms")
