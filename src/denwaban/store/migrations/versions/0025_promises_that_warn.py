"""promises that warn, how deadlines are counted, thanks and wishes"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0025"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "deadline_terms",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("business", sa.Boolean(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_deadline_terms_client_id")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_deadline_terms")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("dealt_at", Utc(), nullable=True),
        sa.Column("dealt_by_user_id", sa.String(length=32), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_feedback_client_id")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_feedback_operator_id")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_feedback_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index("ix_feedback_operator", ["operator_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_report_id"), ["report_id"], unique=False)
        batch_op.create_index("ix_feedback_user", ["user_id", "dealt_at"], unique=False)

    op.create_table(
        "feedback_seen",
        sa.Column("feedback_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name=op.f("fk_feedback_seen_feedback_id")
        ),
        sa.PrimaryKeyConstraint("feedback_id", "user_id", name=op.f("pk_feedback_seen")),
    )
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", Utc(), nullable=True))
        batch_op.add_column(sa.Column("leased_until", Utc(), nullable=True))
        batch_op.add_column(sa.Column("warned_at", Utc(), nullable=True))
        batch_op.add_column(sa.Column("broken_at", Utc(), nullable=True))
        batch_op.create_index("ix_promises_by", ["client_id", "by"], unique=False)
        batch_op.create_index(batch_op.f("ix_promises_due_at"), ["due_at"], unique=False)

    # What is open is looked at when its time comes; what has passed already, at once.
    promises = sa.table("promises", sa.column("by"), sa.column("due_at"), sa.column("kept_at"))
    op.execute(promises.update().where(promises.c.kept_at.is_(None)).values(due_at=promises.c.by))

    with op.batch_alter_table("script_settings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("promisers", Json, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("script_settings", schema=None) as batch_op:
        batch_op.drop_column("promisers")

    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promises_due_at"))
        batch_op.drop_index("ix_promises_by")
        batch_op.drop_column("broken_at")
        batch_op.drop_column("warned_at")
        batch_op.drop_column("leased_until")
        batch_op.drop_column("due_at")

    op.drop_table("feedback_seen")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index("ix_feedback_user")
        batch_op.drop_index(batch_op.f("ix_feedback_report_id"))
        batch_op.drop_index("ix_feedback_operator")

    op.drop_table("feedback")
    op.drop_table("deadline_terms")
