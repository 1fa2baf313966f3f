"""callers of whom much is kept are erased some at a time"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.add_column("erasures", sa.Column("number", sa.Text(), nullable=True))
    op.add_column("erasures", sa.Column("left", sa.Integer(), nullable=True))
    op.add_column("erasures", sa.Column("due_at", Utc(), nullable=True))
    op.add_column("erasures", sa.Column("leased_until", Utc(), nullable=True))
    op.create_index(op.f("ix_erasures_due_at"), "erasures", ["due_at"])


def downgrade() -> None:
    """What was not erased yet stays: it is to be asked for again."""
    op.drop_index(op.f("ix_erasures_due_at"), table_name="erasures")
    with op.batch_alter_table("erasures") as batch:
        for name in ("leased_until", "due_at", "left", "number"):
            batch.drop_column(name)
