"""What calls tell about scripts: figures per node, unexpected questions, proposals, marks"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "gathered",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gathered")),
    )
    op.create_table(
        "script_marks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=100), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("cleared_at", Utc(), nullable=True),
        sa.Column("cleared_by", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_marks_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_marks_script_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_marks")),
    )
    with op.batch_alter_table("script_marks", schema=None) as batch_op:
        batch_op.create_index("ix_script_marks_open", ["cleared_at", "client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_script_marks_script_id"), ["script_id"], unique=False)

    op.create_table(
        "script_mentions",
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("words", sa.String(length=100), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_mentions_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_mentions_script_id")
        ),
        sa.PrimaryKeyConstraint(
            "script_id", "what", "subject_id", "words", name=op.f("pk_script_mentions")
        ),
    )
    with op.batch_alter_table("script_mentions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_script_mentions_client_id"), ["client_id"], unique=False
        )

    op.create_table(
        "script_reviews",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_reviews_client_id")
        ),
        sa.ForeignKeyConstraint(["id"], ["scripts.id"], name=op.f("fk_script_reviews_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_reviews")),
    )
    with op.batch_alter_table("script_reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_script_reviews_due_at"), ["due_at"], unique=False)

    op.create_table(
        "script_weeks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_weeks_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_weeks_script_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_weeks")),
        sa.UniqueConstraint("script_id", "monday", name=op.f("uq_script_weeks_script_id_monday")),
    )
    with op.batch_alter_table("script_weeks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_script_weeks_due_at"), ["due_at"], unique=False)

    op.create_table(
        "node_use",
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("drops", sa.Integer(), nullable=False),
        sa.Column("forks", sa.Integer(), nullable=False),
        sa.Column("otherwise", sa.Integer(), nullable=False),
        sa.Column("times", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["script_versions.id"], name=op.f("fk_node_use_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "day", "node", name=op.f("pk_node_use")),
    )
    op.create_table(
        "script_proposals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("week_id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("calls", Json, nullable=False),
        sa.Column("words", Json, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("decided_at", Utc(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_proposals_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_proposals_script_id")
        ),
        sa.ForeignKeyConstraint(
            ["week_id"], ["script_weeks.id"], name=op.f("fk_script_proposals_week_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_proposals")),
    )
    with op.batch_alter_table("script_proposals", schema=None) as batch_op:
        batch_op.create_index("ix_script_proposals_open", ["state", "client_id"], unique=False)
        batch_op.create_index("ix_script_proposals_script", ["script_id", "state"], unique=False)

    op.create_table(
        "script_notes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_script_notes_call_id")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_script_notes_client_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_script_notes_run_id")),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_script_notes_script_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_notes")),
    )
    with op.batch_alter_table("script_notes", schema=None) as batch_op:
        batch_op.create_index("ix_script_notes_script", ["script_id", "at"], unique=False)

    op.create_table(
        "unexpected_questions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("withdrawn_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_unexpected_questions_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_unexpected_questions_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_unexpected_questions_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_unexpected_questions_script_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unexpected_questions")),
    )
    with op.batch_alter_table("unexpected_questions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_unexpected_questions_call_id"), ["call_id"], unique=False
        )
        batch_op.create_index("ix_unexpected_questions_script", ["script_id", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("unexpected_questions", schema=None) as batch_op:
        batch_op.drop_index("ix_unexpected_questions_script")
        batch_op.drop_index(batch_op.f("ix_unexpected_questions_call_id"))

    op.drop_table("unexpected_questions")
    with op.batch_alter_table("script_notes", schema=None) as batch_op:
        batch_op.drop_index("ix_script_notes_script")

    op.drop_table("script_notes")
    with op.batch_alter_table("script_proposals", schema=None) as batch_op:
        batch_op.drop_index("ix_script_proposals_script")
        batch_op.drop_index("ix_script_proposals_open")

    op.drop_table("script_proposals")
    op.drop_table("node_use")
    with op.batch_alter_table("script_weeks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_script_weeks_due_at"))

    op.drop_table("script_weeks")
    with op.batch_alter_table("script_reviews", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_script_reviews_due_at"))

    op.drop_table("script_reviews")
    with op.batch_alter_table("script_mentions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_script_mentions_client_id"))

    op.drop_table("script_mentions")
    with op.batch_alter_table("script_marks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_script_marks_script_id"))
        batch_op.drop_index("ix_script_marks_open")

    op.drop_table("script_marks")
    op.drop_table("gathered")
