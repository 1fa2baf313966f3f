"""regular callers, experienced operators"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "callers", sa.Column("regular", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "operators",
        sa.Column("experienced", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("operators", "experienced")
    op.drop_column("callers", "regular")
