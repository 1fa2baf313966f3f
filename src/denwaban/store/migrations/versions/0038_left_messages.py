"""what callers said to the engine: due to be told"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0038"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "left_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("left_at", Utc(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_left_messages_client_id_clients")
        ),
        sa.ForeignKeyConstraint(["id"], ["calls.id"], name=op.f("fk_left_messages_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_left_messages")),
    )
    op.create_index(op.f("ix_left_messages_due_at"), "left_messages", ["due_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_left_messages_due_at"), table_name="left_messages")
    op.drop_table("left_messages")
