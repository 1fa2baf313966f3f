"""calls for help, abusive calls, relay-service calls, supervisors at calls, pictures of recordings"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0029"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "care_rules",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("monitored", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("from_start", sa.Boolean(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
        sa.Column("changed_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_care_rules_client_id")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_care_rules")),
    )

    op.create_table(
        "help_calls",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("abuse", sa.Boolean(), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.Column("answered_at", Utc(), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_help_calls_call_id")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_help_calls_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_help_calls_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["users.id"], name=op.f("fk_help_calls_answered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_calls")),
    )
    with op.batch_alter_table("help_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_help_calls_call_id"), ["call_id"], unique=False)
        batch_op.create_index(
            "ix_help_calls_open",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "abuse_cases",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("marked_at", Utc(), nullable=False),
        sa.Column("counts_from", Utc(), nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_abuse_cases_call_id")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_abuse_cases_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_abuse_cases_operator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abuse_cases")),
    )
    with op.batch_alter_table("abuse_cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_abuse_cases_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_abuse_cases_marked_at"), ["marked_at"], unique=False)

    op.create_table(
        "abuse_events",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=True),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["abuse_cases.id"], name=op.f("fk_abuse_events_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_abuse_events_operator_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_abuse_events_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abuse_events")),
    )
    with op.batch_alter_table("abuse_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_abuse_events_case_id"), ["case_id"], unique=False)

    op.create_table(
        "relay_calls",
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("marked_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_relay_calls_call_id")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_relay_calls_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_relay_calls_operator_id")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_relay_calls")),
    )

    op.create_table(
        "supervisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=True),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("began_at", Utc(), nullable=False),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_supervisions_call_id")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_supervisions_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_supervisions_operator_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_supervisions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisions")),
    )
    with op.batch_alter_table("supervisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supervisions_call_id"), ["call_id"], unique=False)

    op.create_table(
        "recording_peaks",
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("mark", sa.String(length=100), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_recording_peaks_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_recording_peaks")),
    )


def downgrade() -> None:
    op.drop_table("recording_peaks")
    op.drop_table("supervisions")
    op.drop_table("relay_calls")
    op.drop_table("abuse_events")
    op.drop_table("abuse_cases")
    op.drop_table("help_calls")
    op.drop_table("care_rules")
