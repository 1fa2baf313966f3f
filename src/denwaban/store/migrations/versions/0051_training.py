"""how far operators are in their training"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.create_table(
        "operator_trainings",
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("senior_id", sa.String(length=32), nullable=True),
        sa.Column("set_by", sa.String(length=32), nullable=False),
        sa.Column("set_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_operator_trainings_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["senior_id"], ["operators.id"], name=op.f("fk_operator_trainings_senior_id")
        ),
        sa.PrimaryKeyConstraint("operator_id", name=op.f("pk_operator_trainings")),
    )


def downgrade() -> None:
    op.drop_table("operator_trainings")
