"""Adding, changing, removing. Every change is kept with who made it, goes into the index, and leaves a fact."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, insert, select, update

from denwaban.journal import Fact, append
from denwaban.knowledge import facts
from denwaban.knowledge.model import Author, Content, as_data, checked, content_of, differing
from denwaban.knowledge.queries import faq
from denwaban.knowledge.rows import FAQ, faq_changes, faqs, index
from denwaban.people import Changed, PeopleError, client
from denwaban.store import Tx, new_id


class NoSuchFaq(LookupError):
    """There is no such entry."""


def add_faq(tx: Tx, client_id: str, content: Content, by: Author) -> str:
    """Adds an entry and returns its id. Raises `PeopleError`."""
    if client(tx, client_id) is None:
        raise PeopleError("この顧客企業は登録されていません", "client_id")
    content = checked(content_of(content))
    faq_id = new_id()
    tx.execute(
        insert(faqs).values(
            id=faq_id,
            client_id=client_id,
            created_at=tx.now,
            updated_at=tx.now,
            **asdict(content),
        )
    )
    _keep(tx, faq_id, client_id, content, by, "added", facts.faq_added(faq_id, client_id))
    _index(tx, faq_id, client_id, content)
    return faq_id


def change_faq(
    tx: Tx, faq_id: str, content: Content, by: Author, seen: datetime | None = None
) -> None:
    """Gives an entry a new content; the same content changes nothing. Raises `NoSuchFaq`, `PeopleError`, and `Changed` when
    it is no longer what it was at `seen` (its `updated_at`)."""
    known = faq(tx, faq_id)
    if known is None or known.removed_at is not None:
        raise NoSuchFaq(faq_id)
    assert known.updated_at is not None
    if seen is not None and seen != known.updated_at:
        raise Changed
    content = checked(content_of(content))
    fields = differing(known, content)
    if not fields:
        return
    # Two changes in one moment must differ, or the second editor would not notice the first.
    moment = max(tx.now, known.updated_at + known.updated_at.resolution)
    tx.execute(update(faqs).where(faqs.c.id == faq_id).values(**asdict(content), updated_at=moment))
    _keep(
        tx,
        faq_id,
        known.client_id,
        content,
        by,
        "changed",
        facts.faq_changed(faq_id, known.client_id, *fields),
    )
    _index(tx, faq_id, known.client_id, content)


def remove_faq(tx: Tx, faq_id: str, by: Author) -> None:
    """Takes an entry away: it is found no more and can be brought back. Removing it again changes nothing. Raises
    `NoSuchFaq`."""
    known = faq(tx, faq_id)
    if known is None:
        raise NoSuchFaq(faq_id)
    if known.removed_at is not None:
        return
    tx.execute(update(faqs).where(faqs.c.id == faq_id).values(removed_at=tx.now))
    gone = facts.faq_removed(faq_id, known.client_id)
    _keep(tx, faq_id, known.client_id, content_of(known), by, "removed", gone)
    index.remove(tx, FAQ, faq_id)


def restore_faq(tx: Tx, faq_id: str, by: Author) -> None:
    """Brings back one that was removed, as it was. Raises `NoSuchFaq`."""
    known = faq(tx, faq_id)
    if known is None:
        raise NoSuchFaq(faq_id)
    if known.removed_at is None:
        return
    tx.execute(update(faqs).where(faqs.c.id == faq_id).values(removed_at=None))
    content = content_of(known)
    back = facts.faq_restored(faq_id, known.client_id)
    _keep(tx, faq_id, known.client_id, content, by, "restored", back)
    _index(tx, faq_id, known.client_id, content)


def _keep(
    tx: Tx, faq_id: str, client_id: str, content: Content, by: Author, what: str, fact: Fact
) -> None:
    steps = select(func.count()).where(faq_changes.c.faq_id == faq_id)
    tx.execute(
        insert(faq_changes).values(
            id=new_id(),
            faq_id=faq_id,
            step=tx.scalar(steps) + 1,
            client_id=client_id,
            at=tx.now,
            by_id=by.user_id,
            by_name=by.name,
            what=what,
            content=as_data(content),
        )
    )
    append(tx, fact)


def _index(tx: Tx, faq_id: str, client_id: str, content: Content) -> None:
    # What needs an identity check must not be found by its answer either: the snippet would tell it.
    said = "" if content.restricted else content.answer
    index.put(tx, FAQ, faq_id, client_id, content.question, said, content.wording_list())
