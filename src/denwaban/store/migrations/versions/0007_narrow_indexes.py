"""Who is in charge and present, and an operator's own day, are read from an index"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    here = sa.text("in_charge AND left_at IS NULL")
    op.create_index(
        "ix_staff_in_charge",
        "staff",
        ["client_id", "presence", "presence_until"],
        sqlite_where=here,
        postgresql_where=here,
    )
    op.drop_index("ix_call_legs_operator_id", "call_legs")
    op.create_index("ix_call_legs_operator_offered", "call_legs", ["operator_id", "offered_at"])


def downgrade() -> None:
    op.drop_index("ix_call_legs_operator_offered", "call_legs")
    op.create_index("ix_call_legs_operator_id", "call_legs", ["operator_id"])
    op.drop_index("ix_staff_in_charge", "staff")
