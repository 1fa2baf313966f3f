"""what operators aim at"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0050"
down_revision = "0040b"


def upgrade() -> None:
    op.create_table(
        "operator_targets",
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("holds_tenths", sa.Integer(), nullable=True),
        sa.Column("self_completion", sa.Integer(), nullable=True),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("changed_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operators.id"],
            name=op.f("fk_operator_targets_operator_id_operators"),
        ),
        sa.PrimaryKeyConstraint("operator_id", name=op.f("pk_operator_targets")),
    )


def downgrade() -> None:
    op.drop_table("operator_targets")
