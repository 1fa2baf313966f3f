"""who has the draft of a script open"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "script_editors",
        sa.Column("page", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_editors_script_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_script_editors_user_id")),
        sa.PrimaryKeyConstraint("page", "user_id", name=op.f("pk_script_editors")),
    )
    op.create_index(op.f("ix_script_editors_script_id"), "script_editors", ["script_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_script_editors_script_id"), "script_editors")
    op.drop_table("script_editors")
