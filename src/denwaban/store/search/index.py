"""Putting texts into a search index, finding them, and making anew what an older program made."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import RowMapping, bindparam, delete, func, insert, select, update

from denwaban.store.failing import StoreError
from denwaban.store.search.guarding import GUARDED, Folded, Guard, GuardError
from denwaban.store.search.statements import ENOUGH, Statements, dialect_of
from denwaban.store.search.table import texts_table
from denwaban.store.search.tokens import heads_of, stream, tokens_of
from denwaban.store.search.weighing import Asked
from denwaban.store.store import Store
from denwaban.store.tx import Tx
from denwaban.store.words import FOLDING, fold

log = structlog.get_logger(__name__)

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


class SearchIndex:
    """Texts of some kinds in one searchable table `name`. Make one at import, beside the tables of a slice. With a `guard` the
    database holds nothing that can be read: which texts hold a longer word is asked of them when they are opened. What was
    put in before there was a guard is sealed by `catch_up`, and found from then on."""

    def __init__(self, name: str, guard: Guard | None = None) -> None:
        self.name = name
        self._guard = guard
        self.folding = FOLDING + (GUARDED if guard is not None else 0)
        self.texts = texts_table(name)
        self._statements = Statements(self.texts, guarded=guard is not None)

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
            made = self.made_of(dialect_of(tx), client_id, title, body, words)
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
        asked = Asked([word[:LONGEST] for word in words])
        bodies = bodies and not asked.letters
        rows = self._rows(tx, asked, client_id, kinds, bodies=bodies)
        hits = [self._weighed(tx, asked, row, client_id, bodies=bodies) for row in rows]
        return sorted((hit for hit in hits if hit is not None), key=lambda hit: hit.rank)

    def _rows(
        self, tx: Tx, asked: Asked, client_id: str | None, kinds: Sequence[str], *, bodies: bool
    ) -> Iterable[RowMapping]:
        """What may answer the question."""
        if client_id is not None and self._guard is None:
            own = self._statements.own(tx, asked.must, client_id, kinds, bodies=bodies)
            if own:
                return own
        hide = self._guard.hider(tx) if self._guard is not None else None
        rows: dict[int, RowMapping] = {}
        for in_title in (True, False) if bodies else (True,):
            for row in self._statements.candidates(
                tx, asked.must, client_id, kinds, in_title=in_title, hide=hide
            ):
                rows.setdefault(row["seq"], row)
            if len(rows) >= ENOUGH:
                break
        return rows.values()

    def _weighed(
        self, tx: Tx, asked: Asked, row: RowMapping, client_id: str | None, *, bodies: bool
    ) -> Hit | None:
        """The hit of a row; None when it does not answer the question after all."""
        cells: Any = row.values()  # in the order that `Statements` tells
        seq, kind, ref, owner, title, also, heads = cells
        if client_id is not None and owner != client_id:
            return None  # the hash of another client is the same: there are only so many
        if self._guard is not None:
            try:
                said = self._guard.open(tx, owner, self._place(f"{kind}/{ref}"), title)
            except GuardError as error:
                self._tell([seq], error)
                return None
            if said is None or not said.hold(asked.must, bodies=bodies):
                return None
            title, also, heads = said.title, said.also, said.heads
        rank = asked.weigh(heads if heads is not None else heads_of(title, also), None)
        return Hit(kind, ref, owner, title, (*rank, -seq), also) if rank is not None else None

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
            return self.made_of(dialect_of(tx), row["client_id"], *said)
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
            "grams": stream(dialect_of(tx), tokens),
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
