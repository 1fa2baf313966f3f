"""what persons are called and reached by is sealed; the ends of numbers are found by a keyed hash"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0036"


def upgrade() -> None:
    for table in ("persons", "person_ways", "person_names"):
        op.add_column(table, sa.Column("sealed", sa.Text(), nullable=True))
    op.add_column("person_ways", sa.Column("tail_blind", sa.String(length=32), nullable=True))
    op.create_index("ix_person_ways_tail_blind", "person_ways", ["tail_blind", "client_id"])


def downgrade() -> None:
    """What was sealed cannot be read any more after this: take a copy of the database first."""
    op.drop_index("ix_person_ways_tail_blind", "person_ways")
    # Not by `batch_alter_table`, which makes the table anew: SQLite lets nobody drop one that others refer to.
    op.drop_column("person_ways", "tail_blind")
    for table in ("person_names", "person_ways", "persons"):
        op.drop_column(table, "sealed")
