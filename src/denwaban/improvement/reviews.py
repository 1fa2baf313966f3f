"""The dates on which scripts are to be looked at again: reminders before, on, and after them."""

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from denwaban.clock import japan_day
from denwaban.improvement.letters import REVIEW, write_letters
from denwaban.improvement.marks import clear_mark, mark_for_review
from denwaban.improvement.model import review_due
from denwaban.improvement.rows import script_marks, script_reviews
from denwaban.journal import Fact, append
from denwaban.scripts import published
from denwaban.store import Store, Tx
from denwaban.work import Duty

LOOK_LATER = timedelta(days=90)
"""Who has looked and found nothing to change is reminded again after this long."""


def plan_review(tx: Tx, script_id: str, client_id: str) -> None:
    """Takes the date of the version that calls follow now; without one nobody is reminded."""
    day = published(tx, script_id).head.review
    values = {
        "review_on": day,
        "due_at": review_due(day, tx.now) if day is not None else None,
        "leased_until": None,
    }
    mine = script_reviews.c.id == script_id
    if tx.first(select(script_reviews.c.id).where(mine)) is None:
        if day is not None:
            tx.execute(insert(script_reviews).values(id=script_id, client_id=client_id, **values))
            tx.touch(f"work:{script_reviews.name}")
    else:
        tx.execute(update(script_reviews).where(mine).values(**values))
        tx.touch(f"work:{script_reviews.name}")


def remind(tx: Tx, script_id: str) -> None:
    """The reminder is due: marks the script and tells the journal. Done twice, it tells once."""
    row = tx.first(select(script_reviews).where(script_reviews.c.id == script_id))
    if row is None or row["due_at"] is None or row["review_on"] is None:
        return
    values: dict[str, datetime | None] = {"leased_until": None}
    if row["due_at"] <= tx.now:
        mark_for_review(tx, script_id)
        data = {"review_on": row["review_on"].isoformat()}
        append(tx, Fact("script.review_due", script_id, row["client_id"], data))
        write_letters(tx, script_id, row["client_id"], REVIEW, japan_day(tx.now))
        values["due_at"] = review_due(row["review_on"], tx.now)
    tx.execute(update(script_reviews).where(script_reviews.c.id == script_id).values(**values))


def found_good(tx: Tx, mark_id: str, user_id: str | None, reason: str) -> str:
    """問題なし: somebody has looked. A review is then due again after `LOOK_LATER`. Returns the script's id. Raises
    `NoSuchMark`."""
    script_id = clear_mark(tx, mark_id, user_id, reason)
    row = tx.first(select(script_marks).where(script_marks.c.id == mark_id))
    if row is not None and row["what"] == "review":
        tx.execute(
            update(script_reviews)
            .where(script_reviews.c.id == script_id, script_reviews.c.due_at.is_not(None))
            .values(due_at=tx.now + LOOK_LATER, leased_until=None)
        )
    append(tx, Fact("script.looked_at", script_id, row["client_id"] if row else None))
    return script_id


def duty(store: Store) -> Duty:
    """Reminders of reviews."""

    async def do(script_id: str) -> None:
        await store.write(lambda tx: remind(tx, script_id))

    return Duty("script reviews", script_reviews, do, late_after=timedelta(hours=1))
