"""terms of a client's scripts, letters to their authors"""

import sqlalchemy as sa
from alembic import op

from denwaban.store.columns import Json, Utc

revision = "0011"
down_revision = "0010"

USUAL = {
    "shortest_promise": "5",
    "longest_promise": "20160",
    "characters_per_minute": "300",
    "seconds_to_question": "90",
    "depth": "5",
    "branches": "7",
}


def upgrade() -> None:
    op.create_table(
        "author_letters",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("script_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", Utc(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("leased_until", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_author_letters_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["script_id"], ["scripts.id"], name=op.f("fk_author_letters_script_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_author_letters_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_author_letters")),
        sa.UniqueConstraint(
            "user_id",
            "script_id",
            "what",
            "day",
            name=op.f("uq_author_letters_user_id_script_id_what_day"),
        ),
    )
    op.create_index(op.f("ix_author_letters_due_at"), "author_letters", ["due_at"])
    op.add_column(
        "script_settings",
        sa.Column("may_promise", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    for name, usual in USUAL.items():
        op.add_column(
            "script_settings", sa.Column(name, sa.Integer(), server_default=usual, nullable=False)
        )
    op.add_column("script_settings", sa.Column("restricted_topics", Json, nullable=True))


def downgrade() -> None:
    for name in ("restricted_topics", *reversed(USUAL), "may_promise"):
        op.drop_column("script_settings", name)
    op.drop_index(op.f("ix_author_letters_due_at"), "author_letters")
    op.drop_table("author_letters")
