"""the end of wrap-ups, why a supervisor is called, decisions by keys"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Utc

revision = "0049"
down_revision = "0040"

_BY = "fk_call_decisions_user_id_users"


def upgrade() -> None:
    op.add_column("call_legs", sa.Column("wrapped_at", Utc(), nullable=True))
    op.add_column(
        "help_calls", sa.Column("lost", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    # A program decides with its key, which is no account. Only this table is read for it: one look at `calls`, and SQLAlchemy warns
    # of the index over the ends of numbers, in the first minute of everybody who tries us.
    with op.batch_alter_table("call_decisions", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.drop_constraint(_BY, type_="foreignkey")


def downgrade() -> None:
    """Where a program has decided something, PostgreSQL refuses: its decisions are evidence, and stay."""
    with op.batch_alter_table("call_decisions") as batch:
        batch.create_foreign_key(_BY, "users", ["user_id"], ["id"])
    op.drop_column("help_calls", "lost")
    op.drop_column("call_legs", "wrapped_at")
