"""Who has the draft of a script open now. A page that is closed says so; one that is lost is forgotten after a while."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from denwaban.access import rows as access_rows
from denwaban.scripts.drafts import Draft, draft_of, script_row
from denwaban.scripts.rows import script_editors
from denwaban.store import Tx

BEAT = timedelta(seconds=15)
"""A page is noted again after so long: what it asks in between writes nothing, so that calls never wait for authors."""

LOST = timedelta(seconds=45)
"""Who was not heard of for so long is gone."""

_users = access_rows.users


@dataclass(frozen=True, slots=True)
class Company:
    """Who else has the draft open, and what the draft is now."""

    names: tuple[str, ...]
    """Of other people, each once, by name."""
    elsewhere: bool
    """The same person has it open in another page."""
    draft: Draft | None
    by: str
    """Who wrote it; empty when nobody knows."""
    due: bool
    """The page is to be noted again."""


def company(tx: Tx, script_id: str, page: str, user_id: str | None) -> Company:
    """What this page should know. Raises `NoSuchScript`."""
    script_row(tx, script_id)
    rows = tx.all(
        select(
            script_editors.c.page,
            script_editors.c.user_id,
            script_editors.c.seen_at,
            _users.c.name,
        )
        .join(_users, _users.c.id == script_editors.c.user_id)
        .where(script_editors.c.script_id == script_id, script_editors.c.seen_at > tx.now - LOST)
        .order_by(_users.c.name, script_editors.c.page)
    )
    mine = next((row for row in rows if row["page"] == page), None)
    draft = draft_of(tx, script_id)
    author = draft.user_id if draft is not None else None
    by = tx.scalar(select(_users.c.name).where(_users.c.id == author)) if author else None
    return Company(
        tuple(dict.fromkeys(row["name"] for row in rows if row["user_id"] != user_id)),
        any(row["user_id"] == user_id and row["page"] != page for row in rows),
        draft,
        by or "",
        mine is None or mine["seen_at"] <= tx.now - BEAT,
    )


def here(tx: Tx, script_id: str, page: str, user_id: str) -> None:
    """The page is open. Raises `NoSuchScript`."""
    script_row(tx, script_id)
    same = (script_editors.c.page == page, script_editors.c.user_id == user_id)
    values = {"script_id": script_id, "seen_at": tx.now}
    if tx.execute(update(script_editors).where(*same).values(**values)).rowcount == 0:
        tx.execute(delete(script_editors).where(script_editors.c.seen_at <= tx.now - LOST))
        tx.execute(insert(script_editors).values(page=page, user_id=user_id, **values))


def gone(tx: Tx, page: str, user_id: str) -> None:
    """The page was closed."""
    same = (script_editors.c.page == page, script_editors.c.user_id == user_id)
    tx.execute(delete(script_editors).where(*same))
