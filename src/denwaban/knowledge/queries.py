"""Reading entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, select

from denwaban.knowledge.model import Bound, Change, Content, Faq, differing, from_data, veiled
from denwaban.knowledge.rows import FAQ, faq_changes, faqs, index
from denwaban.store import Question, Tx, among
from denwaban.store.search import Hit


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: an entry that holds today, or a text of another kind."""

    hit: Hit
    faq: Faq | None


def _faq(row: RowMapping) -> Faq:
    values: dict[str, Any] = {**row, "bound": Bound(row["bound"])}
    return Faq(**values)


def faq(tx: Tx, faq_id: str) -> Faq | None:
    """Also one that was removed."""
    row = tx.first(select(faqs).where(faqs.c.id == faq_id))
    return _faq(row) if row is not None else None


_BY_IDS = Question(select(faqs).where(among(faqs.c.id, "ids")))


def faqs_by_ids(tx: Tx, ids: Iterable[str]) -> dict[str, Faq]:
    asked = list(ids)
    return {row["id"]: _faq(row) for row in tx.all(_BY_IDS, {"ids": asked})} if asked else {}


def faqs_page(
    tx: Tx,
    client_id: str | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
    removed: bool = False,
) -> list[Faq]:
    """Entries (of one client, or of all) in the order in which they came; those that were removed only when asked for."""
    found = select(faqs).order_by(faqs.c.id).limit(limit)
    if client_id is not None:
        found = found.where(faqs.c.client_id == client_id)
    if after is not None:
        found = found.where(faqs.c.id > after)
    if not removed:
        found = found.where(faqs.c.removed_at.is_(None))
    return [_faq(row) for row in tx.all(found)]


def changes_of(tx: Tx, faq_id: str) -> list[Change]:
    """The history of an entry, newest first."""
    found: list[Change] = []
    before: Content | None = None
    for row in tx.all(
        select(faq_changes).where(faq_changes.c.faq_id == faq_id).order_by(faq_changes.c.step)
    ):
        content = from_data(row["content"])
        fields = differing(before, content) if before is not None else ()
        found.append(Change(row["at"], row["by_name"], row["what"], content, fields))
        before = content
    return found[::-1]


def find(
    tx: Tx,
    words: Sequence[str],
    day: date,
    *,
    client_id: str | None = None,
    kinds: Sequence[str] = (),
    limit: int = 20,
) -> list[Found]:
    """What may be said on that day (JST) and holds the words (of `store.words.query`), best first. Answers that need an
    identity check are left out."""
    hits = index.find(tx, words, client_id=client_id, kinds=kinds)
    found: list[Found] = []
    for begin in range(0, len(hits), limit):
        some = hits[begin : begin + limit]
        entries = faqs_by_ids(tx, [hit.ref for hit in some if hit.kind == FAQ])
        for hit in some:
            entry = entries.get(hit.ref)
            if hit.kind != FAQ or (entry is not None and entry.holds_on(day)):
                found.append(Found(hit, veiled(entry) if entry else None))
        if len(found) >= limit:
            break
    return found[:limit]
