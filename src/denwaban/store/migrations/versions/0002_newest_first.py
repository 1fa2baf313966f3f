"""Lists of one operator or one client read the newest rows from an index, however many there are"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_index("ix_calls_operator_id", "calls")
    op.create_index("ix_calls_operator_ended", "calls", ["operator_id", "ended_at"])
    op.drop_index("ix_reports_operator_id", "reports")
    op.create_index("ix_reports_operator", "reports", ["operator_id", "id"])
    op.create_index("ix_reports_client", "reports", ["client_id", "id"])
