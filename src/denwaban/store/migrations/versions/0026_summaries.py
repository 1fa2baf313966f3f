"""summaries to clients"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "summaries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_user_id", sa.String(length=32), nullable=True),
        sa.Column("wanted_at", Utc(), nullable=False),
        sa.Column("made_at", Utc(), nullable=True),
        sa.Column("document", Json, nullable=True),
        sa.Column("calls", Json, nullable=True),
        sa.Column("received", sa.Integer(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=True),
        sa.Column("mailed", sa.Boolean(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_summaries_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summaries")),
        sa.UniqueConstraint(
            "client_id",
            "kind",
            "first",
            "last",
            "edition",
            name=op.f("uq_summaries_client_id_kind_first_last_edition"),
        ),
    )
    with op.batch_alter_table("summaries", schema=None) as batch_op:
        batch_op.create_index("ix_summaries_client_last", ["client_id", "last", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_summaries_due_at"), ["due_at"], unique=False)

    op.create_table(
        "summary_plans",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("daily", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("open_days", sa.Boolean(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("monthly", sa.Boolean(), nullable=False),
        sa.Column("month_day", sa.Integer(), nullable=False),
        sa.Column("staff", Json, nullable=False),
        sa.Column("daily_done", sa.Date(), nullable=False),
        sa.Column("monthly_done", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("changed_by", sa.String(length=32), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["clients.id"], name=op.f("fk_summary_plans_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_plans")),
    )
    with op.batch_alter_table("summary_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_summary_plans_due_at"), ["due_at"], unique=False)

    op.create_table(
        "summary_mails",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("summary_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("sent_at", Utc(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["summary_id"], ["summaries.id"], name=op.f("fk_summary_mails_summary_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_mails")),
        sa.UniqueConstraint(
            "summary_id",
            "staff_id",
            "round",
            name=op.f("uq_summary_mails_summary_id_staff_id_round"),
        ),
    )
    with op.batch_alter_table("summary_mails", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_summary_mails_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            "ix_summary_mails_failed",
            ["made_at"],
            unique=False,
            sqlite_where=sa.text("state = 'failed'"),
            postgresql_where=sa.text("state = 'failed'"),
        )
        batch_op.create_index(
            batch_op.f("ix_summary_mails_summary_id"), ["summary_id"], unique=False
        )

    op.create_table(
        "summary_tries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("mail_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("result", sa.String(length=20), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["summary_mails.id"], name=op.f("fk_summary_tries_mail_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_tries")),
    )
    with op.batch_alter_table("summary_tries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_summary_tries_mail_id"), ["mail_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("summary_tries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_summary_tries_mail_id"))

    op.drop_table("summary_tries")
    with op.batch_alter_table("summary_mails", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_summary_mails_summary_id"))
        batch_op.drop_index(
            "ix_summary_mails_failed",
            sqlite_where=sa.text("state = 'failed'"),
            postgresql_where=sa.text("state = 'failed'"),
        )
        batch_op.drop_index(batch_op.f("ix_summary_mails_due_at"))

    op.drop_table("summary_mails")
    with op.batch_alter_table("summary_plans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_summary_plans_due_at"))

    op.drop_table("summary_plans")
    with op.batch_alter_table("summaries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_summaries_due_at"))
        batch_op.drop_index("ix_summaries_client_last")

    op.drop_table("summaries")
