"""persons with several numbers, joined and parted; their calls are searched; how often people were asked twice"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from denwaban.store.columns import Json, Utc

revision = "0030"
down_revision = "0027"


def upgrade() -> None:
    _persons()
    for name in ("person_texts", "call_texts"):
        _search_index(name)
    op.create_table(
        "askings",
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("asked_again", sa.Integer(), nullable=False),
        sa.Column("called_again", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_askings_call_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_askings_client_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_askings")),
    )
    op.create_index("ix_askings_client", "askings", ["client_id", "at"])
    op.create_index("ix_askings_at", "askings", ["at"])
    op.create_index(
        "ix_calls_tail", "calls", [sa.text("substr(caller, length(caller) - 3)"), "client_id"]
    )
    _what_there_was()


def _persons() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kana", sa.String(length=100), nullable=False),
        sa.Column("company", sa.String(length=100), nullable=False),
        sa.Column("regular", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("put_first", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("sound", sa.String(length=100), nullable=True),
        sa.Column("name_key", sa.String(length=200), server_default="", nullable=False),
        sa.Column("company_key", sa.String(length=200), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("into_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_persons_client_id")),
        sa.ForeignKeyConstraint(["into_id"], ["persons.id"], name=op.f("fk_persons_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
    )
    op.create_index("ix_persons_sound", "persons", ["client_id", "sound"])
    op.create_index("ix_persons_newest", "persons", ["client_id", "updated_at", "id"])
    op.create_index("ix_persons_all_newest", "persons", ["updated_at", "id"])
    unheard = sa.text("sound IS NULL")
    op.create_index(
        "ix_persons_unheard", "persons", ["id"], sqlite_where=unheard, postgresql_where=unheard
    )
    op.create_table(
        "person_ways",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("tail", sa.String(length=4), nullable=False),
        sa.Column("added_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_person_ways_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_person_ways_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_ways")),
        sa.UniqueConstraint(
            "client_id", "kind", "value", name=op.f("uq_person_ways_client_id_kind_value")
        ),
    )
    op.create_index(op.f("ix_person_ways_person_id"), "person_ways", ["person_id"])
    op.create_index("ix_person_ways_tail", "person_ways", ["tail", "client_id"])
    op.create_table(
        "person_names",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kana", sa.String(length=100), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_person_names_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_person_names_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_names")),
    )
    op.create_index(op.f("ix_person_names_person_id"), "person_names", ["person_id"])
    op.create_table(
        "person_calls",
        sa.Column("call_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_person_calls_call_id")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_person_calls_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_person_calls_person_id")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_person_calls")),
    )
    op.create_index(op.f("ix_person_calls_person_id"), "person_calls", ["person_id"])
    op.create_table(
        "person_acts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("other_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by_id", sa.String(length=32), nullable=True),
        sa.Column("by_name", sa.String(length=100), nullable=False),
        sa.Column("moved", Json, nullable=False),
        sa.Column("undone_at", Utc(), nullable=True),
        sa.Column("undone_by", sa.String(length=100), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_person_acts_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_person_acts_person_id")
        ),
        sa.ForeignKeyConstraint(["other_id"], ["persons.id"], name=op.f("fk_person_acts_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_acts")),
    )
    op.create_index(op.f("ix_person_acts_person_id"), "person_acts", ["person_id"])
    op.create_index(op.f("ix_person_acts_other_id"), "person_acts", ["other_id"])
    op.create_table(
        "person_apart",
        sa.Column("one_id", sa.String(length=32), nullable=False),
        sa.Column("other_id", sa.String(length=32), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["one_id"], ["persons.id"], name=op.f("fk_person_apart_one_id")),
        sa.ForeignKeyConstraint(
            ["other_id"], ["persons.id"], name=op.f("fk_person_apart_other_id")
        ),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_person_apart")),
    )


def _search_index(name: str) -> None:
    op.create_table(
        name,
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
        sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("kind", "ref", name=op.f(f"uq_{name}_kind_ref")),
    )
    op.create_index(op.f(f"ix_{name}_client_id"), name, ["client_id"])
    add = f"INSERT INTO {name}_grams(rowid, grams) VALUES (new.seq, new.grams);"
    drop = (
        f"INSERT INTO {name}_grams({name}_grams, rowid, grams) "
        "VALUES ('delete', old.seq, old.grams);"
    )
    made_by_hand = {
        "sqlite": [
            f"CREATE VIRTUAL TABLE {name}_grams USING fts5(grams, content='{name}', "
            "content_rowid='seq', columnsize=0, tokenize='ascii')",
            f"CREATE TRIGGER {name}_grams_add AFTER INSERT ON {name} BEGIN {add} END",
            f"CREATE TRIGGER {name}_grams_drop AFTER DELETE ON {name} BEGIN {drop} END",
            f"CREATE TRIGGER {name}_grams_change AFTER UPDATE OF grams ON {name} "
            f"BEGIN {drop} {add} END",
        ],
        "postgresql": [
            f"CREATE INDEX ix_{name}_grams ON {name} USING gin (grams) WITH (fastupdate = off)"
        ],
    }
    for statement in made_by_hand[op.get_bind().dialect.name]:
        op.execute(statement)


def _what_there_was() -> None:
    """Each caller becomes a person of one number, under the same id. Sounds and grams are made
    while the program runs, and so is the index of their calls."""
    op.execute(
        "INSERT INTO persons (id, client_id, name, kana, company, regular, put_first, created_at, "
        "updated_at) SELECT id, client_id, name, kana, company, regular, put_first, updated_at, "
        "updated_at FROM callers"
    )
    op.execute(
        "INSERT INTO person_ways (id, client_id, person_id, kind, value, tail, added_at) "
        "SELECT id, client_id, id, 'phone', number, substr(number, length(number) - 3), updated_at "
        "FROM callers"
    )
    op.drop_table("callers")


def downgrade() -> None:
    op.create_table(
        "callers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kana", sa.String(length=100), nullable=False),
        sa.Column("company", sa.String(length=100), nullable=False),
        sa.Column("regular", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("put_first", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_callers_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callers")),
        sa.UniqueConstraint("client_id", "number", name=op.f("uq_callers_client_id_number")),
    )
    op.execute(
        "INSERT INTO callers (id, client_id, number, name, kana, company, regular, put_first, "
        "updated_at) SELECT person_ways.id, person_ways.client_id, person_ways.value, "
        "persons.name, persons.kana, persons.company, persons.regular, persons.put_first, "
        "persons.updated_at FROM person_ways "
        "JOIN persons ON persons.id = person_ways.person_id WHERE person_ways.kind = 'phone'"
    )
    op.drop_index("ix_calls_tail", "calls")
    op.drop_table("askings")
    for name in ("person_texts", "call_texts"):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TABLE {name}_grams")
        op.drop_table(name)
    for name in ("person_apart", "person_acts", "person_calls", "person_names", "person_ways"):
        op.drop_table(name)
    op.drop_table("persons")
