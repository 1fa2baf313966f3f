"""the life of a script"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "script_settings",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("approval", sa.Boolean(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_settings_client_id")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_script_settings")),
    )
    op.create_table(
        "script_texts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("base_id", sa.String(length=32), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_texts_script_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_texts")),
    )
    with op.batch_alter_table("script_texts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_script_texts_script_id"), ["script_id"], unique=False)

    op.create_table(
        "script_notices",
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.Column("read_by", Utc(), nullable=False),
        sa.Column("done_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_notices_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_notices_script_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["script_versions.id"], name=op.f("fk_script_notices_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_script_notices")),
    )
    with op.batch_alter_table("script_notices", schema=None) as batch_op:
        batch_op.create_index("ix_script_notices_open", ["done_at", "client_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_script_notices_script_id"), ["script_id"], unique=False
        )

    op.create_table(
        "script_readings",
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_script_readings_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["script_versions.id"], name=op.f("fk_script_readings_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "operator_id", name=op.f("pk_script_readings")),
    )
    with op.batch_alter_table("script_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("text", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("state", sa.String(length=12), server_default="published", nullable=False)
        )
        batch_op.add_column(sa.Column("background", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("warnings", Json, nullable=True))
        batch_op.add_column(sa.Column("author_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("submitted_at", Utc(), nullable=True))
        batch_op.add_column(sa.Column("approval", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("decided_at", Utc(), nullable=True))
        batch_op.add_column(sa.Column("decided_by", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("decision", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("publish_at", Utc(), nullable=True))
        batch_op.add_column(sa.Column("published_by", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("of_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("due_at", Utc(), nullable=True))
        batch_op.add_column(sa.Column("leased_until", Utc(), nullable=True))
        batch_op.create_index(batch_op.f("ix_script_versions_due_at"), ["due_at"], unique=False)

    with op.batch_alter_table("scripts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("draft_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("created_at", Utc(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("scripts", schema=None) as batch_op:
        batch_op.drop_column("created_at")
        batch_op.drop_column("draft_id")

    with op.batch_alter_table("script_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_script_versions_due_at"))
        batch_op.drop_column("leased_until")
        batch_op.drop_column("due_at")
        batch_op.drop_column("of_version")
        batch_op.drop_column("published_by")
        batch_op.drop_column("publish_at")
        batch_op.drop_column("decision")
        batch_op.drop_column("decided_by")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("approval")
        batch_op.drop_column("submitted_at")
        batch_op.drop_column("author_id")
        batch_op.drop_column("warnings")
        batch_op.drop_column("background")
        batch_op.drop_column("state")
        batch_op.drop_column("text")

    op.drop_table("script_readings")
    with op.batch_alter_table("script_notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_script_notices_script_id"))
        batch_op.drop_index("ix_script_notices_open")

    op.drop_table("script_notices")
    with op.batch_alter_table("script_texts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_script_texts_script_id"))

    op.drop_table("script_texts")
    op.drop_table("script_settings")
