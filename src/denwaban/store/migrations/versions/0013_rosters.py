"""Rosters, calendars, business hours, and whether a client is live"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0013"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "oncall_hours",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("hours", Json, nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_oncall_hours_client_id")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_oncall_hours")),
    )
    op.create_table(
        "oncall_watches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("nobody_since", Utc(), nullable=True),
        sa.Column("holes", sa.Integer(), nullable=False),
        sa.Column("first_hole", Utc(), nullable=True),
        sa.Column("looked_at", Utc(), nullable=True),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_oncall_watches_client_id")
        ),
        sa.ForeignKeyConstraint(["id"], ["clients.id"], name=op.f("fk_oncall_watches_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oncall_watches")),
    )
    with op.batch_alter_table("oncall_watches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oncall_watches_due_at"), ["due_at"], unique=False)

    op.create_table(
        "roster_changes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("undone_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_roster_changes_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_changes")),
    )
    with op.batch_alter_table("roster_changes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_roster_changes_client_id"), ["client_id"], unique=False
        )

    op.create_table(
        "calendars",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("last_modified", sa.String(length=100), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("tried_at", Utc(), nullable=True),
        sa.Column("good_at", Utc(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_calendars_client_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_calendars_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
    )
    with op.batch_alter_table("calendars", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendars_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendars_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "roster_entries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("starts", Utc(), nullable=False),
        sa.Column("ends", Utc(), nullable=False),
        sa.Column("channels", Json, nullable=False),
        sa.Column("other_id", sa.String(length=32), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("made_id", sa.String(length=32), nullable=False),
        sa.Column("removed_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_roster_entries_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["made_id"], ["roster_changes.id"], name=op.f("fk_roster_entries_made_id")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["staff.id"], name=op.f("fk_roster_entries_other_id")
        ),
        sa.ForeignKeyConstraint(
            ["removed_id"], ["roster_changes.id"], name=op.f("fk_roster_entries_removed_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_roster_entries_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_entries")),
    )
    with op.batch_alter_table("roster_entries", schema=None) as batch_op:
        batch_op.create_index("ix_roster_entries_client", ["client_id", "ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_roster_entries_made_id"), ["made_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_roster_entries_removed_id"), ["removed_id"], unique=False
        )

    op.create_table(
        "shifts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.Column("made_id", sa.String(length=32), nullable=False),
        sa.Column("removed_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_shifts_client_id")),
        sa.ForeignKeyConstraint(["made_id"], ["roster_changes.id"], name=op.f("fk_shifts_made_id")),
        sa.ForeignKeyConstraint(
            ["removed_id"], ["roster_changes.id"], name=op.f("fk_shifts_removed_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_shifts_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.create_index("ix_shifts_client", ["client_id", "removed_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_shifts_made_id"), ["made_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shifts_removed_id"), ["removed_id"], unique=False)

    op.create_table(
        "calendar_busy",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("calendar_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("starts", Utc(), nullable=False),
        sa.Column("ends", Utc(), nullable=False),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendars.id"], name=op.f("fk_calendar_busy_calendar_id")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_calendar_busy_client_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_calendar_busy_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_busy")),
    )
    with op.batch_alter_table("calendar_busy", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_calendar_busy_calendar_id"), ["calendar_id"], unique=False
        )
        batch_op.create_index("ix_calendar_busy_client", ["client_id", "ends"], unique=False)

    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("live_at", Utc(), nullable=True))
    # Whose calls were taken until now are live, and somebody looks at their rosters from now on.
    op.execute("UPDATE clients SET live_at = created_at")
    op.execute(
        "INSERT INTO oncall_watches (id, client_id, holes, due_at)"
        " SELECT id, id, 0, created_at FROM clients WHERE ended_at IS NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_column("live_at")

    with op.batch_alter_table("calendar_busy", schema=None) as batch_op:
        batch_op.drop_index("ix_calendar_busy_client")
        batch_op.drop_index(batch_op.f("ix_calendar_busy_calendar_id"))

    op.drop_table("calendar_busy")
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shifts_removed_id"))
        batch_op.drop_index(batch_op.f("ix_shifts_made_id"))
        batch_op.drop_index("ix_shifts_client")

    op.drop_table("shifts")
    with op.batch_alter_table("roster_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_entries_removed_id"))
        batch_op.drop_index(batch_op.f("ix_roster_entries_made_id"))
        batch_op.drop_index("ix_roster_entries_client")

    op.drop_table("roster_entries")
    with op.batch_alter_table("calendars", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendars_staff_id"))
        batch_op.drop_index(batch_op.f("ix_calendars_due_at"))

    op.drop_table("calendars")
    with op.batch_alter_table("roster_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_changes_client_id"))

    op.drop_table("roster_changes")
    with op.batch_alter_table("oncall_watches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oncall_watches_due_at"))

    op.drop_table("oncall_watches")
    op.drop_table("oncall_hours")
