"""skills, groups, levels and ladders; kept places; dated plans"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0027"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "operator_groups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_operator_groups_name")),
    )
    op.create_table(
        "operator_group_members",
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["operator_groups.id"], name=op.f("fk_operator_group_members_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_operator_group_members_operator_id")
        ),
        sa.PrimaryKeyConstraint("group_id", "operator_id", name=op.f("pk_operator_group_members")),
    )
    op.create_table(
        "operator_skills",
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=50), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_operator_skills_operator_id")
        ),
        sa.PrimaryKeyConstraint("operator_id", "kind", "key", name=op.f("pk_operator_skills")),
    )
    op.create_table(
        "service_levels",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("least_level", sa.Integer(), nullable=False),
        sa.Column("previous_seconds", sa.Integer(), nullable=False),
        sa.Column("callers_first", sa.Boolean(), nullable=False),
        sa.Column("says_place", sa.Boolean(), nullable=False),
        sa.Column("answer_seconds", sa.Integer(), nullable=False),
        sa.Column("answer_percent", sa.Integer(), nullable=False),
        sa.Column("ladder", Json, nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["clients.id"], name=op.f("fk_service_levels_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_levels")),
    )
    op.create_table(
        "duty_lists",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.Column("alone_seconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["operator_groups.id"], name=op.f("fk_duty_lists_group_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_lists")),
    )
    op.create_table(
        "kept_places",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("shown", sa.String(length=20), nullable=False),
        sa.Column("kept_at", Utc(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", Utc(), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=True),
        sa.Column("result", sa.String(length=20), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_kept_places_client_id")
        ),
        sa.ForeignKeyConstraint(["id"], ["calls.id"], name=op.f("fk_kept_places_id")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_kept_places_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_places")),
    )
    with op.batch_alter_table("kept_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_places_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            "ix_kept_places_open",
            ["kept_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    with op.batch_alter_table("callers", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("put_first", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("numbers", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("matter", sa.String(length=50), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("plan_windows", schema=None) as batch_op:
        batch_op.add_column(sa.Column("effective_from", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("least_level", sa.Integer(), nullable=True))
    with op.batch_alter_table("operator_states", schema=None) as batch_op:
        batch_op.add_column(sa.Column("after", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("until", Utc(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("operator_states", schema=None) as batch_op:
        batch_op.drop_column("until")
        batch_op.drop_column("after")
    with op.batch_alter_table("plan_windows", schema=None) as batch_op:
        batch_op.drop_column("least_level")
        batch_op.drop_column("urgent")
        batch_op.drop_column("effective_from")
    with op.batch_alter_table("numbers", schema=None) as batch_op:
        batch_op.drop_column("urgent")
        batch_op.drop_column("matter")
    with op.batch_alter_table("callers", schema=None) as batch_op:
        batch_op.drop_column("put_first")
    op.drop_table("kept_places")
    op.drop_table("duty_lists")
    op.drop_table("service_levels")
    op.drop_table("operator_skills")
    op.drop_table("operator_group_members")
    op.drop_table("operator_groups")
