"""forms and rules of reports, and what is frozen of them on each report"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0012"
down_revision = "0013"

FROZEN = ("form", "extra", "confirmed", "routing", "recipients", "override")


def upgrade() -> None:
    for table, column in (("report_forms", "form"), ("report_rules", "rules")):
        op.create_table(
            table,
            sa.Column("client_id", sa.String(length=32), nullable=False),
            sa.Column(column, Json, nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("changed_at", Utc(), nullable=False),
            sa.Column("changed_by", sa.String(length=32), nullable=True),
            sa.ForeignKeyConstraint(
                ["client_id"], ["clients.id"], name=op.f(f"fk_{table}_client_id")
            ),
            sa.PrimaryKeyConstraint("client_id", name=op.f(f"pk_{table}")),
        )
    for name in FROZEN:
        op.add_column("reports", sa.Column(name, Json, nullable=True))
    op.add_column(
        "reports", sa.Column("opportunity", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("reports", sa.Column("due_at", Utc(), nullable=True))


def downgrade() -> None:
    for name in ("due_at", "opportunity", *reversed(FROZEN)):
        op.drop_column("reports", name)
    op.drop_table("report_rules")
    op.drop_table("report_forms")
