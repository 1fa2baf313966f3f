"""What came of the last test message to a contact"""

import sqlalchemy as sa
from alembic import op

import denwaban.store.columns

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("tested_at", denwaban.store.columns.Utc()))
    op.add_column("contacts", sa.Column("test_result", sa.String(20)))
    op.add_column("contacts", sa.Column("test_detail", sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("contacts") as contacts:
        contacts.drop_column("test_detail")
        contacts.drop_column("test_result")
        contacts.drop_column("tested_at")
