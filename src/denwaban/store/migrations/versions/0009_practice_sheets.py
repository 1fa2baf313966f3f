"""sheets of operators' practices"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "practice_sheets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("script_version_id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=True),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("path", Json, nullable=False),
        sa.Column("late", Json, nullable=False),
        sa.Column("finished_at", Utc(), nullable=True),
        sa.Column("score", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_practice_sheets_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_practice_sheets_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_version_id"],
            ["script_versions.id"],
            name=op.f("fk_practice_sheets_script_version_id"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_practice_sheets_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_sheets")),
        sa.UniqueConstraint("call_id", name=op.f("uq_practice_sheets_call_id")),
    )
    op.create_index("ix_practice_sheets_operator", "practice_sheets", ["operator_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_practice_sheets_operator", "practice_sheets")
    op.drop_table("practice_sheets")
