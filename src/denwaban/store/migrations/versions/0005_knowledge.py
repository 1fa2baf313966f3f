"""Entries of the FAQ, their history, and the index in which the seat searches; nodes of published scripts go into it"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from denwaban.store.columns import Json, Utc

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "faqs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=100), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("wordings", sa.String(length=200), nullable=False),
        sa.Column("bound", sa.String(length=10), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.Column("removed_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_faqs_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faqs")),
    )
    op.create_index("ix_faqs_client", "faqs", ["client_id", "id"])
    op.create_table(
        "faq_changes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("faq_id", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by_id", sa.String(length=32), nullable=True),
        sa.Column("by_name", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_faq_changes_client_id")
        ),
        sa.ForeignKeyConstraint(["faq_id"], ["faqs.id"], name=op.f("fk_faq_changes_faq_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_changes")),
        sa.UniqueConstraint("faq_id", "step", name=op.f("uq_faq_changes_faq_id_step")),
    )
    op.create_table(
        "search_texts",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=100), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("also", sa.Text(), nullable=False),
        sa.Column("grams", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")),
        sa.Column("folding", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_search_texts")),
        sa.UniqueConstraint("kind", "ref", name=op.f("uq_search_texts_kind_ref")),
    )
    op.create_index(op.f("ix_search_texts_client_id"), "search_texts", ["client_id"])
    for statement in MADE_BY_HAND[op.get_bind().dialect.name]:
        op.execute(statement)
    _nodes_of_published_scripts()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_texts_grams")
    op.drop_table("search_texts")
    op.drop_table("faq_changes")
    op.drop_table("faqs")


_ADD = "INSERT INTO search_texts_grams(rowid, grams) VALUES (new.seq, new.grams);"
_DROP = "INSERT INTO search_texts_grams(search_texts_grams, rowid, grams) VALUES ('delete', old.seq, old.grams);"

MADE_BY_HAND = {
    "sqlite": [
        "CREATE VIRTUAL TABLE search_texts_grams USING fts5(grams, content='search_texts', "
        "content_rowid='seq', columnsize=0, tokenize='ascii')",
        f"CREATE TRIGGER search_texts_grams_add AFTER INSERT ON search_texts BEGIN {_ADD} END",
        f"CREATE TRIGGER search_texts_grams_drop AFTER DELETE ON search_texts BEGIN {_DROP} END",
        "CREATE TRIGGER search_texts_grams_change AFTER UPDATE OF grams ON search_texts "
        f"BEGIN {_DROP} {_ADD} END",
    ],
    "postgresql": [
        "CREATE INDEX ix_search_texts_grams ON search_texts USING gin (grams) WITH (fastupdate = off)"
    ],
}


def _nodes_of_published_scripts() -> None:
    """Their grams are made when the program starts: folding 0 is older than any."""
    bind = op.get_bind()
    found = bind.execute(
        sa.text(
            "SELECT scripts.id, scripts.client_id, script_versions.document FROM scripts "
            "JOIN script_versions ON script_versions.id = scripts.published_version_id"
        )
    )
    for script_id, client_id, document in found.fetchall():
        data: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
        for node in data["nodes"]:
            said = () if node.get("restricted") else (node.get("say"), node.get("hint"))
            bind.execute(
                sa.text(
                    "INSERT INTO search_texts (kind, ref, client_id, title, body, also, folding) "
                    "VALUES ('node', :ref, :client_id, :title, :body, '', 0)"
                ),
                {
                    "ref": f"{script_id}:{node['id']}",
                    "client_id": client_id,
                    "title": node["title"],
                    "body": "\n".join(filter(None, said)),
                },
            )
