"""Texts that are found by any two characters of them, on both databases (ADR 16, 35).

What is indexed are tokens made here: each two neighbouring characters of the folded text. SQLite keeps them in an FTS5 table
beside the texts, PostgreSQL in a `tsvector` with a GIN index; neither has to know any Japanese. Both know only which texts have
a token, not where: which of them hold a longer word is asked of the folded text itself. Tokens and questions are the same on
both, only the way of writing them differs.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    column,
    delete,
    event,
    exists,
    func,
    insert,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from denwaban.store.among import among
from denwaban.store.columns import Id, metadata
from denwaban.store.guarding import GUARDED, Folded, Guard, GuardError
from denwaban.store.question import Question
from denwaban.store.store import Store, StoreError
from denwaban.store.tokens import BETWEEN, asked_for, heads_of, question, stream, tokens_of
from denwaban.store.tx import Tx
from denwaban.store.words import FOLDING, fold

log = structlog.get_logger(__name__)

CANDIDATES = 100
"""So many texts are weighed against each other for one question; more are not read, however common the word."""

ENOUGH = 30
"""When so many have the words in their titles, bodies are not searched as well."""

AT_ONCE = 200
"""So many texts are folded anew in one transaction: calls wait for the same writer."""

NEWEST = 1000
"""So many of the newest texts PostgreSQL looks through before it asks its index, which has to list all texts that have a token
before it gives the first: of a word that is used a lot there are `ENOUGH` among these, and they are what is weighed."""

OWN = 1000
"""A client that has no more texts than this is looked through without the index."""

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
    return _Asked(words).weigh(heads_of(title, also), body)


class _Asked:
    """The (folded) words of one question."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.must = asked_for(words)
        self.whole = "".join(words)
        self.letters = all(len(word) == 1 for word in self.must)

    def weigh(self, heads: str, body: str | None) -> tuple[int, ...] | None:
        """`weigh` for heads that are folded already (`heads_of`)."""
        heading, _between, others = heads.partition(BETWEEN)
        rest = ""
        place = 0
        for word in self.must:
            if word in heading:
                continue
            if word in others:  # not across two of them: they are apart
                place = max(place, 1)
                continue
            if body is not None:
                rest = rest or fold(body)
                if word not in rest:
                    return None
            place = 2
        first = heading.find(self.must[0])
        missing = 0
        for word in self.words:
            if word not in heading:
                missing += 1
        near = 2
        if heading.startswith(self.whole):
            near = 0 if heading == self.whole else 1
        return (place, missing, near, first if first >= 0 else len(heading), len(heading))


class SearchIndex:
    """Texts of some kinds in one searchable table `name`. Make one at import, beside the tables of a slice. With a `guard` the
    database holds nothing that can be read: which texts hold a longer word is asked of them when they are opened. What was
    put in before there was a guard is sealed by `catch_up`, and found from then on."""

    def __init__(self, name: str, guard: Guard | None = None) -> None:
        self.name = name
        self._guard = guard
        self.folding = FOLDING + (GUARDED if guard is not None else 0)
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
        # Each built once: building one takes as long as asking it.
        self._asked: dict[tuple[object, ...], Question] = {}
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
        if self._guard is not None:
            values = self._sealed(tx, f"{kind}/{ref}", client_id, title, body, words)
        else:
            made = self.made_of(_dialect(tx), client_id, title, body, words)
            values = {"title": title, "body": body, "also": words, **made}
        values["client_id"] = client_id
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
        looked for in titles and `also` alone, as is everything without `bodies`. Of a word that more than `CANDIDATES` texts have
        (on PostgreSQL: `ENOUGH` of the `NEWEST`), some are weighed, new ones before old ones. What cannot be opened is logged and
        not found.
        """
        if not words:
            return []
        asked = _Asked([word[:LONGEST] for word in words])
        bodies = bodies and not asked.letters
        rows: dict[int, RowMapping] = {}
        if client_id is not None and self._guard is None:
            rows = {
                row["seq"]: row for row in self._own(tx, asked, client_id, kinds, bodies=bodies)
            }
        if not rows:
            for in_title in (True, False) if bodies else (True,):
                for row in self._candidates(tx, asked, client_id, kinds, in_title=in_title):
                    rows.setdefault(row["seq"], row)
                if len(rows) >= ENOUGH:
                    break
        hits = []
        for row in rows.values():
            cells: Any = row.values()  # in the order of `_shown`
            seq, kind, ref, owner, title, also, heads = cells
            if client_id is not None and owner != client_id:
                continue  # the hash of another client is the same: there are only so many
            if self._guard is not None:
                try:
                    said = self._guard.open(tx, owner, self._place(f"{kind}/{ref}"), title)
                except GuardError as error:
                    self._tell([seq], error)
                    continue
                if said is None or not said.hold(asked.must, bodies=bodies):
                    continue
                title, also, heads = said.title, said.also, said.heads
            known = heads if heads is not None else heads_of(title, also)
            rank = asked.weigh(known, None)
            if rank is not None:
                hits.append(Hit(kind, ref, owner, title, (*rank, -seq), also))
        return sorted(hits, key=lambda hit: hit.rank)

    def _own(
        self, tx: Tx, asked: _Asked, client_id: str, kinds: Sequence[str], *, bodies: bool
    ) -> list[RowMapping]:
        """All candidates of a client that has few texts, those with the words in their heads first; of others, or when there are
        none, nothing."""
        dialect = _dialect(tx)
        shape = ("own", dialect, len(asked.must), bool(kinds), bodies)
        known = self._asked.get(shape)
        if known is None:
            t, words = self.texts, range(len(asked.must))
            theirs = t.c.client_id == bindparam("client", type_=Id)
            more = exists(select(t.c.seq).where(theirs).offset(OWN).limit(1))
            statement = select(*_shown(t)).where(theirs, ~more)
            statement = statement.where(*_hold(t, dialect, words, in_title=not bodies))
            if kinds:
                statement = statement.where(_of_kinds(t))
            first = [and_(*_hold(t, dialect, words, in_title=True)).desc()] if bodies else []
            statement = statement.order_by(*first, t.c.seq.desc()).limit(CANDIDATES)
            known = self._asked[shape] = Question(statement)
        return tx.all(known, _values(asked, client_id, kinds))

    def _candidates(
        self,
        tx: Tx,
        asked: _Asked,
        client_id: str | None,
        kinds: Sequence[str],
        *,
        in_title: bool,
    ) -> list[RowMapping]:
        dialect, words = _dialect(tx), len(asked.must)
        # Two characters are a token: what the index says of them needs no second look.
        long = [n for n, word in enumerate(asked.must) if len(word) > 2 and self._guard is None]
        shape = (dialect, words, *long, client_id is None, bool(kinds), in_title)
        known = self._asked.get(shape)
        if known is None:
            listed = self._indexed(dialect, long, of_kinds=bool(kinds), in_title=in_title)
            statement = listed
            if dialect == "postgresql" and self._guard is None:
                statement = self._newest_first(
                    listed, words, of_all=client_id is None, of_kinds=bool(kinds), in_title=in_title
                )
            known = self._asked[shape] = Question(statement)
        values = _values(asked, client_id, kinds)
        hide = self._guard.hider(tx) if self._guard is not None else None
        values["asked"] = question(dialect, asked.must, client_id, title_only=in_title, hide=hide)
        return tx.all(known, values)

    def _indexed(
        self, dialect: str, long: Sequence[int], *, of_kinds: bool, in_title: bool
    ) -> Select[Any]:
        """Asks the index; the words at the places `long` are looked for in the texts themselves as well."""
        t = self.texts
        if dialect == "postgresql":
            found = select(*_shown(t)).where(text("grams @@ CAST(:asked AS tsquery)"))
            if self._guard is not None:
                # Planned by itself, as in `_newest_first`; and only the newest are opened.
                all_of = select(t.c.seq).where(text("grams @@ CAST(:asked AS tsquery)"))
                listed = all_of.cte("listed").prefix_with("MATERIALIZED")
                newest = select(listed.c.seq).order_by(listed.c.seq.desc()).limit(CANDIDATES)
                found = select(*_shown(t)).where(t.c.seq.in_(newest))
        else:
            # FTS5 gives its rows in the order of the texts, newest first, and stops when there are enough.
            fts = table(f"{self.name}_grams", column("rowid"))
            found = select(*_shown(t)).join_from(t, fts, fts.c.rowid == t.c.seq)
            found = found.where(text(f"{fts.name} MATCH :asked")).order_by(fts.c.rowid.desc())
        found = found.where(*_hold(t, dialect, long, in_title=in_title))
        return (found.where(_of_kinds(t)) if of_kinds else found).limit(CANDIDATES)

    def _newest_first(
        self, listed: Select[Any], words: int, *, of_all: bool, of_kinds: bool, in_title: bool
    ) -> Select[Any]:
        """The same on PostgreSQL: whether the newest texts are enough, and only then what the index says."""
        t = self.texts
        newest = select(*_shown(t), t.c.rest).order_by(t.c.seq.desc()).limit(NEWEST)
        if not of_all:
            newest = newest.where(t.c.client_id == bindparam("client", type_=Id))
        new = newest.subquery()
        found = select(*_shown(new)).where(
            *_hold(new, "postgresql", range(words), in_title=in_title)
        )
        if of_kinds:
            found = found.where(_of_kinds(new))
        common = found.limit(CANDIDATES).cte("common").prefix_with("MATERIALIZED")
        many = select(func.count()).select_from(common).scalar_subquery()
        # Planned by itself: for the sake of the limit the whole table would be read from its beginning.
        rare = listed.limit(None).where(many < ENOUGH).cte("rare").prefix_with("MATERIALIZED")
        both = select(common).union_all(select(rare).limit(CANDIDATES))
        return select(both.subquery())

    def refold(self, tx: Tx, after: int = 0) -> int:
        """Makes what an older `FOLDING` made (or nobody yet) anew, of up to `AT_ONCE` texts behind the place `after`; the place
        to go on from, 0 when there are no more. What cannot be opened is logged and stays as it is."""
        t = self.texts
        old = tx.all(
            select(t.c.seq, t.c.kind, t.c.ref, t.c.client_id, t.c.title, t.c.body, t.c.also)
            .where(t.c.folding != self.folding, t.c.seq > after)
            .order_by(t.c.seq)
            .limit(AT_ONCE)
        )
        if not old:
            return 0
        made, closed = [], []
        for row in old:
            try:
                made.append({"of": row["seq"], **self._made_again(tx, row)})
            except GuardError as error:
                closed.append((row["seq"], error))
        if made:
            tx.execute(update(t).where(t.c.seq == bindparam("of")), made)
        if closed:
            self._tell([seq for seq, _error in closed], closed[0][1])
        return int(old[-1]["seq"])

    async def catch_up(self, store: Store) -> None:
        """Makes all that an older `FOLDING` made anew, some at a time; a database that is away is tried again every second.
        Several programs may do it at once. Ends with what cannot be opened left over; the next start tries that again."""
        stale = select(func.count()).where(self.texts.c.folding != self.folding)
        place, left = 0, -1
        while True:
            try:
                if not place:
                    before, left = left, await store.read(lambda tx: int(tx.scalar(stale)))
                    if left in (0, before):
                        return
                place = await store.write(partial(self.refold, after=place))
            except StoreError:
                left = -1  # nothing is known of this round
                await asyncio.sleep(1)

    def _tell(self, seqs: Sequence[int], error: GuardError) -> None:
        log.error("search.not_opened", index=self.name, seqs=list(seqs), error=type(error).__name__)

    def _made_again(self, tx: Tx, row: RowMapping) -> dict[str, Any]:
        said = row["title"], row["body"], row["also"]
        if self._guard is None:
            return self.made_of(_dialect(tx), row["client_id"], *said)
        place = f"{row['kind']}/{row['ref']}"
        opened = self._guard.open(tx, row["client_id"], self._place(place), row["title"])
        said = opened[:3] if opened is not None else said
        return self._sealed(tx, place, row["client_id"], *said)

    def _sealed(
        self, tx: Tx, place: str, client_id: str | None, title: str, body: str, also: str
    ) -> dict[str, Any]:
        """All columns of a text as the guard wants them."""
        assert self._guard is not None
        said = Folded(title, body, also, heads_of(title, also), fold(body))
        tokens = tokens_of(client_id, said.heads, said.rest, self._guard.hider(tx))
        return {
            "title": self._guard.seal(tx, client_id, self._place(place), said),
            "body": "",
            "also": "",
            "grams": stream(_dialect(tx), tokens),
            "heads": None,
            "rest": None,
            "folding": self.folding,
        }

    def _place(self, place: str) -> str:
        return f"{self.name}/{place}"

    def made_of(
        self, dialect: str, client_id: str | None, title: str, body: str, also: str
    ) -> dict[str, Any]:
        """The columns of a text that are made of the others."""
        heads, rest = heads_of(title, also), fold(body)
        grams = stream(dialect, tokens_of(client_id, heads, rest))
        return {"grams": grams, "heads": heads, "rest": rest, "folding": FOLDING}


def _shown(t: FromClause) -> list[ColumnElement[Any]]:
    return [t.c.seq, t.c.kind, t.c.ref, t.c.client_id, t.c.title, t.c.also, t.c.heads]


def _of_kinds(t: FromClause) -> ColumnElement[bool]:
    return among(t.c.kind, "kinds")


def _hold(
    t: FromClause, dialect: str, places: Iterable[int], *, in_title: bool
) -> list[ColumnElement[bool]]:
    """That the text itself has the words at these places of the question."""
    position = func.strpos if dialect == "postgresql" else func.instr

    def has(n: int) -> ColumnElement[bool]:
        word = bindparam(f"word{n}", type_=Text())
        here: ColumnElement[bool] = position(t.c.heads, word) > 0
        return here if in_title else or_(here, position(t.c.rest, word) > 0)

    return [has(n) for n in places]


def _values(asked: _Asked, client_id: str | None, kinds: Sequence[str]) -> dict[str, Any]:
    words = {f"word{n}": word for n, word in enumerate(asked.must)}
    return {**words, "client": client_id, "kinds": list(kinds)}


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
