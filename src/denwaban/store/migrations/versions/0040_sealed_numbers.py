"""calls' numbers are sealed"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("calls", sa.Column("number", sa.Text(), nullable=True))


def downgrade() -> None:
    """What was sealed is lost: a mark is no number."""
    outbound = "direction = 'outbound'"
    op.execute(f"UPDATE calls SET dialled = '' WHERE number IS NOT NULL AND {outbound}")
    op.execute(f"UPDATE calls SET caller = '' WHERE number IS NOT NULL AND NOT {outbound}")
    op.drop_column("calls", "number")
