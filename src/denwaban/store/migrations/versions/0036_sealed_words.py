"""what callers said is sealed: reports have one sealed text, the other words stand sealed in the columns they had"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0038c"


def upgrade() -> None:
    op.add_column("reports", sa.Column("sealed", sa.Text(), nullable=True))
    op.add_column("reports", sa.Column("number_blind", sa.String(length=32), nullable=True))
    op.add_column("recordings", sa.Column("holder", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """What was sealed cannot be read any more after this: take a copy of the database first."""
    with op.batch_alter_table("recordings") as batch_op:
        batch_op.drop_column("holder")
    with op.batch_alter_table("reports") as batch_op:
        batch_op.drop_column("number_blind")
        batch_op.drop_column("sealed")
