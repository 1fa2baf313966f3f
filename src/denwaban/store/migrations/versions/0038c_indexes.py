"""by when of the audit, and by whom we called"""

from alembic import op

revision = "0038c"
down_revision = "0038b"


def upgrade() -> None:
    op.create_index("ix_audit_rows_at", "audit_rows", ["at"])
    op.create_index("ix_calls_client_dialled", "calls", ["client_id", "dialled"])


def downgrade() -> None:
    op.drop_index("ix_calls_client_dialled", table_name="calls")
    op.drop_index("ix_audit_rows_at", table_name="audit_rows")
