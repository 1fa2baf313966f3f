"""The table of a search index, and what belongs to it that no table definition can say."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from denwaban.store.columns import Id, metadata


def texts_table(name: str) -> Table:
    """The table of the texts of one index, made with all that belongs to it."""
    texts = Table(
        name,
        metadata,
        Column(
            "seq",
            BigInteger().with_variant(Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        Column("kind", String(16), nullable=False),
        Column("ref", String(100), nullable=False),
        Column("client_id", Id),
        Column("title", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("also", Text, nullable=False),  # more words to find it by, with blanks between
        Column("grams", Text().with_variant(TSVECTOR(), "postgresql")),  # the tokens
        Column("heads", Text),  # title and also, folded
        Column("rest", Text),  # the body, folded
        Column("folding", Integer, nullable=False),  # by which FOLDING these three were made
        UniqueConstraint("kind", "ref"),
        Index(f"ix_{name}_client", "client_id", "seq"),
    )
    for dialect, statements in _made_by_hand(name).items():
        for statement in statements:
            event.listen(
                texts,
                "after_create",
                DDL(statement).execute_if(dialect=dialect),  # type: ignore[no-untyped-call]
            )
    return texts


def _made_by_hand(name: str) -> dict[str, list[str]]:
    """What belongs to the table of an index and no table definition can say, by dialect, in order."""
    grams_table = f"{name}_grams"
    add = f"INSERT INTO {grams_table}(rowid, grams) VALUES (new.seq, new.grams);"
    drop = f"INSERT INTO {grams_table}({grams_table}, rowid, grams) VALUES ('delete', old.seq, old.grams);"
    return {
        "sqlite": [
            # ascii: our tokens are cut already; blanks are all that it is to see.
            # detail: which texts have a token is all that is kept.
            f"CREATE VIRTUAL TABLE {grams_table} USING fts5(grams, content='{name}', content_rowid='seq', "
            "detail='none', columnsize=0, tokenize='ascii')",
            f"CREATE TRIGGER {grams_table}_add AFTER INSERT ON {name} BEGIN {add} END",
            f"CREATE TRIGGER {grams_table}_drop AFTER DELETE ON {name} BEGIN {drop} END",
            f"CREATE TRIGGER {grams_table}_change AFTER UPDATE OF grams ON {name} BEGIN {drop} {add} END",
        ],
        # Written rarely, read at every key: what is new goes into the index at once, not on to a list beside it.
        "postgresql": [
            f"CREATE INDEX ix_{grams_table} ON {name} USING gin (grams) WITH (fastupdate = off)"
        ],
    }


def is_made_by_hand(name: str | None) -> bool:
    """Whether a table or index of the database is one of those, which the migrations' comparison cannot know."""
    return "_grams" in (name or "")
