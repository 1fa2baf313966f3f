"""calls that are passed on: holds, pauses of the recording, parked callers, who took over"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0028"
down_revision = "0031b"


def upgrade() -> None:
    for column in (
        sa.Column("holds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held_at", Utc(), nullable=True),
        sa.Column("silenced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
    ):
        op.add_column("calls", column)


def downgrade() -> None:
    for name in ("staff_id", "slot", "silenced", "held_at", "holds"):
        op.drop_column("calls", name)
