"""numbers of kept places and of promises are sealed"""

import sqlalchemy as sa
from alembic import op

revision = "0040b"
down_revision = "0049"


def upgrade() -> None:
    op.add_column("kept_places", sa.Column("sealed", sa.Text(), nullable=True))
    op.add_column("promises", sa.Column("number", sa.Text(), nullable=True))


def downgrade() -> None:
    """What was sealed is lost: a mark is no number."""
    op.execute("UPDATE promises SET caller_number = '' WHERE number IS NOT NULL")
    op.drop_column("promises", "number")
    op.drop_column("kept_places", "sealed")
