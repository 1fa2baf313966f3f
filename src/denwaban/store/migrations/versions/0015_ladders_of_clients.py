"""ladders of clients, talk, digests, quiet hours"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0015"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "quiet_hours",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("urgency", sa.String(length=20), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_hours")),
        sa.UniqueConstraint(
            "contact_id", "urgency", name=op.f("uq_quiet_hours_contact_id_urgency")
        ),
    )
    op.create_table(
        "delivery_plans",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("urgency", sa.String(length=20), nullable=False),
        sa.Column("plan", Json, nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_delivery_plans_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_plans")),
        sa.UniqueConstraint(
            "client_id", "urgency", name=op.f("uq_delivery_plans_client_id_urgency")
        ),
    )
    op.create_table(
        "digests",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("times", Json, nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_digests_client_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_digests")),
    )
    op.create_table(
        "report_talk",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_report_talk_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_talk")),
    )
    with op.batch_alter_table("report_talk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_talk_report_id"), ["report_id"], unique=False)

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("digest_id", sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f("ix_deliveries_digest_id"), ["digest_id"], unique=False)
        batch_op.create_index(
            "ix_deliveries_leased",
            ["leased_until"],
            unique=False,
            sqlite_where=sa.text("leased_until IS NOT NULL"),
            postgresql_where=sa.text("leased_until IS NOT NULL"),
        )

    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("floor_since", Utc(), nullable=True))
        batch_op.add_column(sa.Column("reached_at", Utc(), nullable=True))
        batch_op.add_column(sa.Column("closed_at", Utc(), nullable=True))
        batch_op.create_index(
            "ix_escalations_leased",
            ["leased_until"],
            unique=False,
            sqlite_where=sa.text("leased_until IS NOT NULL"),
            postgresql_where=sa.text("leased_until IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_escalations_open",
            ["id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    # What was taken and done before is closed.
    op.execute(
        "UPDATE escalations SET closed_at = "
        "(SELECT a.at FROM acknowledgements a WHERE a.report_id = escalations.id) "
        "WHERE state = 'acknowledged' AND id IN (SELECT id FROM reports WHERE status = 'done')"
    )


def downgrade() -> None:
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_escalations_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_escalations_leased",
            sqlite_where=sa.text("leased_until IS NOT NULL"),
            postgresql_where=sa.text("leased_until IS NOT NULL"),
        )
        batch_op.drop_column("closed_at")
        batch_op.drop_column("reached_at")
        batch_op.drop_column("floor_since")
        batch_op.drop_column("asked")

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_deliveries_leased",
            sqlite_where=sa.text("leased_until IS NOT NULL"),
            postgresql_where=sa.text("leased_until IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_deliveries_digest_id"))
        batch_op.drop_column("digest_id")
        batch_op.drop_column("held")

    with op.batch_alter_table("report_talk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_talk_report_id"))

    op.drop_table("report_talk")
    op.drop_table("digests")
    op.drop_table("delivery_plans")
    op.drop_table("quiet_hours")
