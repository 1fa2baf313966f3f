"""Texts that are found by any two characters of them, on both databases (ADR 16).

What is indexed is a stream of tokens made here: each two neighbouring characters of the folded text. SQLite keeps it in
an FTS5 table beside the texts, PostgreSQL in a `tsvector` with a GIN index; neither has to know any Japanese. The token
streams and the questions are the same on both, only the way of writing them differs.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    delete,
    event,
    func,
    insert,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from denwaban.store.columns import Id, metadata
from denwaban.store.store import Store, StoreError
from denwaban.store.tokens import asked_for, question, stream, tokens_of
from denwaban.store.tx import Tx
from denwaban.store.words import FOLDING, fold

CANDIDATES = 100
"""So many texts are weighed against each other for one question; more are not read, however common the word."""

ENOUGH = 30
"""When so many have the words in their titles, bodies are not searched as well."""

AT_ONCE = 200
"""So many texts are folded anew in one transaction: calls wait for the same writer."""

LONGEST = 30
"""Characters of a word that are looked for; who types more has found it by then."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that was found, as it was put in."""

    kind: str
    ref: str
    client_id: str | None
    title: str
    rank: tuple[int, ...]
    """Smaller is better."""
    also: str = ""
    """The other words it is found by, with blanks between."""


def weigh(
    words: Sequence[str], title: str, body: str | None, also: str = ""
) -> tuple[int, ...] | None:
    """How well a text answers the (folded) words; None when one of them, not counting single characters beside longer
    words, is not in it. What is in the title counts before what is in `also`, and that before the body.
    Body None: what is not in the title is in the body, as the index has found."""
    must = asked_for(words)
    heading, others = fold(title), [fold(key) for key in also.split()]
    rest = ""
    place = 0
    for word in must:
        if word in heading:
            continue
        if any(word in key for key in others):
            place = max(place, 1)
            continue
        if body is not None:
            rest = rest or fold(body)
            if word not in rest:
                return None
        place = 2
    whole = "".join(words)
    near = 0 if heading == whole else 1 if heading.startswith(whole) else 2
    missing = sum(word not in heading for word in words)
    first = heading.find(must[0]) if must[0] in heading else len(heading)
    return (place, missing, near, first, len(heading))


class SearchIndex:
    """Texts of some kinds in one searchable table `name`. Make one at import, beside the tables of a slice."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.texts = Table(
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
            Column("client_id", Id, index=True),
            Column("title", Text, nullable=False),
            Column("body", Text, nullable=False),
            Column("also", Text, nullable=False),  # more words to find it by, with blanks between
            Column("grams", Text().with_variant(TSVECTOR(), "postgresql")),  # the token stream
            Column("folding", Integer, nullable=False),  # by which FOLDING the grams were made
            UniqueConstraint("kind", "ref"),
        )
        for dialect, statements in made_by_hand(name).items():
            for statement in statements:
                event.listen(
                    self.texts,
                    "after_create",
                    DDL(statement).execute_if(dialect=dialect),  # type: ignore[no-untyped-call]
                )

    def put(
        self,
        tx: Tx,
        kind: str,
        ref: str,
        client_id: str | None,
        title: str,
        body: str = "",
        also: Iterable[str] = (),
    ) -> None:
        """From the commit on this is what is found under (kind, ref)."""
        words = " ".join(also)
        values = {
            "client_id": client_id,
            "title": title,
            "body": body,
            "also": words,
            "grams": stream(_dialect(tx), tokens_of(client_id, title, body, words)),
            "folding": FOLDING,
        }
        mine = (self.texts.c.kind == kind) & (self.texts.c.ref == ref)
        if not tx.execute(update(self.texts).where(mine).values(**values)).rowcount:
            tx.execute(insert(self.texts).values(kind=kind, ref=ref, **values))

    def remove(self, tx: Tx, kind: str, ref: str) -> None:
        """It is found no more; nothing happens when it never was."""
        tx.execute(delete(self.texts).where(self.texts.c.kind == kind, self.texts.c.ref == ref))

    def remove_under(self, tx: Tx, kind: str, client_id: str, prefix: str) -> None:
        """Removes all of this kind and client whose ref begins so."""
        tx.execute(
            delete(self.texts).where(
                self.texts.c.kind == kind,
                self.texts.c.client_id == client_id,
                self.texts.c.ref.startswith(prefix, autoescape=True),
            )
        )

    def find(
        self,
        tx: Tx,
        words: Sequence[str],
        *,
        client_id: str | None = None,
        kinds: Sequence[str] = (),
        bodies: bool = True,
    ) -> list[Hit]:
        """Some `CANDIDATES` texts that hold all the words (of `words.query`), best first; of one client, or of all.

        Texts with every word in title or `also` come before those that have one only in the body. A single character is
        looked for in titles and `also` alone, as is everything without `bodies`. Of a word that more than `CANDIDATES` texts have, some are weighed.
        """
        if not words:
            return []
        words = [word[:LONGEST] for word in words]
        rows: dict[int, RowMapping] = {}
        for in_title in (True, False) if bodies else (True,):
            asked = question(_dialect(tx), words, client_id, title_only=in_title)
            for row in self._candidates(tx, asked, kinds):
                rows.setdefault(row["seq"], row)
            if len(rows) >= ENOUGH:
                break
        hits = []
        for row in rows.values():
            rank = weigh(words, row["title"], None, row["also"])
            if rank is not None:
                hits.append(
                    Hit(
                        row["kind"],
                        row["ref"],
                        row["client_id"],
                        row["title"],
                        (*rank, -row["seq"]),
                        row["also"],
                    )
                )
        return sorted(hits, key=lambda hit: hit.rank)

    def _candidates(self, tx: Tx, asked: str, kinds: Sequence[str]) -> list[RowMapping]:
        t = self.texts
        found: Select[Any] = select(t.c.seq, t.c.kind, t.c.ref, t.c.client_id, t.c.title, t.c.also)
        if _dialect(tx) == "postgresql":
            found = found.where(text("grams @@ CAST(:asked AS tsquery)"))
        else:
            # FTS5 gives its rows in the order of the texts, newest first, and stops when there are enough.
            fts = table(f"{self.name}_grams", column("rowid"))
            found = (
                found.join_from(t, fts, fts.c.rowid == t.c.seq)
                .where(text(f"{fts.name} MATCH :asked"))
                .order_by(fts.c.rowid.desc())
            )
        if kinds:
            found = found.where(t.c.kind.in_(kinds))
        return tx.all(found.limit(CANDIDATES), {"asked": asked})

    def refold(self, tx: Tx) -> int:
        """Makes the grams of up to `AT_ONCE` texts that an older `FOLDING` made (or none) anew; how many those were."""
        t = self.texts
        old = tx.all(
            select(t.c.seq, t.c.client_id, t.c.title, t.c.body, t.c.also)
            .where(t.c.folding != FOLDING)
            .limit(AT_ONCE)
        )
        for row in old:
            tokens = tokens_of(row["client_id"], row["title"], row["body"], row["also"])
            tx.execute(
                update(t)
                .where(t.c.seq == row["seq"])
                .values(grams=stream(_dialect(tx), tokens), folding=FOLDING)
            )
        return len(old)

    async def catch_up(self, store: Store) -> None:
        """Makes all grams of an older `FOLDING` anew, some at a time; a database that is away is tried again every second.
        Several programs may do it at once."""
        stale = select(func.count()).where(self.texts.c.folding != FOLDING)
        while True:
            try:
                if not await store.read(lambda tx: tx.scalar(stale)):
                    return
                await store.write(self.refold)
            except StoreError:
                await asyncio.sleep(1)

    def stream_for(
        self, dialect: str, client_id: str | None, title: str, body: str, also: str
    ) -> str:
        """What `grams` holds for a text, for those who load many at once."""
        return stream(dialect, tokens_of(client_id, title, body, also))


def _dialect(tx: Tx) -> str:
    return tx.connection.dialect.name


def made_by_hand(name: str) -> dict[str, list[str]]:
    """What belongs to the table of an index and no table definition can say, by dialect, in order."""
    grams_table = f"{name}_grams"
    add = f"INSERT INTO {grams_table}(rowid, grams) VALUES (new.seq, new.grams);"
    drop = f"INSERT INTO {grams_table}({grams_table}, rowid, grams) VALUES ('delete', old.seq, old.grams);"
    return {
        "sqlite": [
            # ascii: our tokens are cut already; blanks are all that it is to see.
            f"CREATE VIRTUAL TABLE {grams_table} USING fts5(grams, content='{name}', content_rowid='seq', "
            "columnsize=0, tokenize='ascii')",
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
