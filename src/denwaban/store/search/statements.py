"""What the database is asked for the texts that may answer a question, on either database."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    RowMapping,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    table,
    text,
)

from denwaban.store.among import among
from denwaban.store.columns import Id
from denwaban.store.question import Question
from denwaban.store.search.tokens import question
from denwaban.store.tx import Tx

CANDIDATES = 100
"""So many texts are weighed against each other for one question; more are not read, however common the word."""

ENOUGH = 30
"""When so many have the words in their titles, bodies are not searched as well."""

NEWEST = 1000
"""So many of the newest texts PostgreSQL looks through before it asks its index, which has to list all texts that have a token
before it gives the first: of a word that is used a lot there are `ENOUGH` among these, and they are what is weighed."""

OWN = 1000
"""A client that has no more texts than this is looked through without the index."""

_HAS = text("grams @@ CAST(:asked AS tsquery)")


class Statements:
    """What one index is asked. Rows have seq, kind, ref, client_id, title, also, heads, in this order. `guarded`: no text of
    it can be looked into."""

    def __init__(self, texts: Table, *, guarded: bool) -> None:
        self._texts = texts
        self._guarded = guarded
        # Each built once: building one takes as long as asking it.
        self._built: dict[tuple[object, ...], Question] = {}

    def own(
        self,
        tx: Tx,
        must: Sequence[str],
        client_id: str,
        kinds: Sequence[str],
        *,
        bodies: bool,
    ) -> list[RowMapping]:
        """All candidates of a client that has few texts, those with the words in their heads first; of others, or when there are
        none, nothing."""
        dialect = dialect_of(tx)
        shape = ("own", dialect, len(must), bool(kinds), bodies)
        known = self._built.get(shape)
        if known is None:
            statement = self._own(dialect, len(must), of_kinds=bool(kinds), bodies=bodies)
            known = self._built[shape] = Question(statement)
        return tx.all(known, _values(must, client_id, kinds))

    def candidates(
        self,
        tx: Tx,
        must: Sequence[str],
        client_id: str | None,
        kinds: Sequence[str],
        *,
        in_title: bool,
        hide: Callable[[str], str] | None,
    ) -> list[RowMapping]:
        """Up to `CANDIDATES` texts that the index has for the words, of one client or of all. `hide` as in `tokens`."""
        dialect, words = dialect_of(tx), len(must)
        # Two characters are a token: what the index says of them needs no second look.
        long = [n for n, word in enumerate(must) if len(word) > 2 and not self._guarded]
        shape = (dialect, words, *long, client_id is None, bool(kinds), in_title)
        known = self._built.get(shape)
        if known is None:
            listed = self._indexed(dialect, long, of_kinds=bool(kinds), in_title=in_title)
            statement = listed
            if dialect == "postgresql" and not self._guarded:
                statement = self._newest_first(
                    listed, words, of_all=client_id is None, of_kinds=bool(kinds), in_title=in_title
                )
            known = self._built[shape] = Question(statement)
        values = _values(must, client_id, kinds)
        values["asked"] = question(dialect, must, client_id, title_only=in_title, hide=hide)
        return tx.all(known, values)

    def _own(self, dialect: str, words: int, *, of_kinds: bool, bodies: bool) -> Select[Any]:
        t = self._texts
        theirs = t.c.client_id == bindparam("client", type_=Id)
        more = exists(select(t.c.seq).where(theirs).offset(OWN).limit(1))
        statement = select(*_shown(t)).where(theirs, ~more)
        statement = statement.where(*_hold(t, dialect, range(words), in_title=not bodies))
        if of_kinds:
            statement = statement.where(_of_kinds(t))
        first = [and_(*_hold(t, dialect, range(words), in_title=True)).desc()] if bodies else []
        return statement.order_by(*first, t.c.seq.desc()).limit(CANDIDATES)

    def _indexed(
        self, dialect: str, long: Sequence[int], *, of_kinds: bool, in_title: bool
    ) -> Select[Any]:
        """Asks the index; the words at the places `long` are looked for in the texts themselves as well."""
        t = self._texts
        found = select(*_shown(t))
        if dialect == "sqlite":
            # FTS5 gives its rows in the order of the texts, newest first, and stops when there are enough.
            fts = table(f"{t.name}_grams", column("rowid"))
            found = found.join_from(t, fts, fts.c.rowid == t.c.seq)
            found = found.where(text(f"{fts.name} MATCH :asked")).order_by(fts.c.rowid.desc())
        elif self._guarded:
            # Planned by itself, as in `_newest_first`; and only the newest are opened.
            listed = select(t.c.seq).where(_HAS).cte("listed").prefix_with("MATERIALIZED")
            newest = select(listed.c.seq).order_by(listed.c.seq.desc()).limit(CANDIDATES)
            found = found.where(t.c.seq.in_(newest))
        else:
            found = found.where(_HAS)
        found = found.where(*_hold(t, dialect, long, in_title=in_title))
        return (found.where(_of_kinds(t)) if of_kinds else found).limit(CANDIDATES)

    def _newest_first(
        self, listed: Select[Any], words: int, *, of_all: bool, of_kinds: bool, in_title: bool
    ) -> Select[Any]:
        """The same on PostgreSQL: whether the newest texts are enough, and only then what the index says."""
        t = self._texts
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


def _values(must: Sequence[str], client_id: str | None, kinds: Sequence[str]) -> dict[str, Any]:
    words = {f"word{n}": word for n, word in enumerate(must)}
    return {**words, "client": client_id, "kinds": list(kinds)}


def dialect_of(tx: Tx) -> str:
    """postgresql or sqlite."""
    return tx.connection.dialect.name
