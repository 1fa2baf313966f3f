"""the indexes know which texts have a pair of characters, and no longer where"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0032"

INDEXES = ("search_texts", "person_texts", "call_texts")


def upgrade() -> None:
    """What is found by is made anew in the background when the program starts."""
    for name in INDEXES:
        _forget(name)
        op.add_column(name, sa.Column("heads", sa.Text(), nullable=True))
        op.add_column(name, sa.Column("rest", sa.Text(), nullable=True))
        op.drop_index(f"ix_{name}_client_id", name)
        op.create_index(f"ix_{name}_client", name, ["client_id", "seq"])
        _make(name, "detail='none', ")


def downgrade() -> None:
    for name in INDEXES:
        _forget(name)
        op.drop_index(f"ix_{name}_client", name)
        op.create_index(f"ix_{name}_client_id", name, ["client_id"])
        # Not as a batch: a table that is made anew has no triggers.
        op.drop_column(name, "rest")
        op.drop_column(name, "heads")
        _make(name, "")


def _forget(name: str) -> None:
    """No text has tokens: those that there were are of the other kind."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("add", "drop", "change"):
            op.execute(f"DROP TRIGGER {name}_grams_{what}")
        op.execute(f"DROP TABLE {name}_grams")
    else:
        op.execute(f"DROP INDEX ix_{name}_grams")
    op.execute(f"UPDATE {name} SET grams = NULL, folding = 0")


def _make(name: str, detail: str) -> None:
    grams = f"{name}_grams"
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"CREATE INDEX ix_{grams} ON {name} USING gin (grams) WITH (fastupdate = off)")
        return
    add = f"INSERT INTO {grams}(rowid, grams) VALUES (new.seq, new.grams);"
    drop = f"INSERT INTO {grams}({grams}, rowid, grams) VALUES ('delete', old.seq, old.grams);"
    op.execute(
        f"CREATE VIRTUAL TABLE {grams} USING fts5(grams, content='{name}', content_rowid='seq', "
        f"{detail}columnsize=0, tokenize='ascii')"
    )
    # It counts its rows, those without tokens too: it takes a change of one that it never heard of for damage.
    op.execute(f"INSERT INTO {grams}({grams}) VALUES ('rebuild')")
    op.execute(f"CREATE TRIGGER {grams}_add AFTER INSERT ON {name} BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {grams}_drop AFTER DELETE ON {name} BEGIN {drop} END")
    op.execute(
        f"CREATE TRIGGER {grams}_change AFTER UPDATE OF grams ON {name} BEGIN {drop} {add} END"
    )
