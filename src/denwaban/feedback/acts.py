"""Saying thanks, wishing for something, and dealing with it."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import func, insert, select, update

from denwaban.feedback.model import LONGEST, MOST, Feedback, Kind
from denwaban.feedback.queries import feedback_of, of_report
from denwaban.feedback.rows import feedback, feedback_seen
from denwaban.feedback.sealing import words
from denwaban.journal import Fact, append
from denwaban.reports import Report, mask_cards
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text


class BadFeedback(ValueError):
    """Nothing that could be passed on; the message is a Japanese sentence."""


def give(tx: Tx, report: Report, kind: Kind, text: str, user_id: str, name: str) -> Feedback:
    """Somebody of the client says something of the call that this report is of. Card numbers are masked. The same words
    again are no second entry. Raises `BadFeedback`."""
    text = mask_cards(clean_text(text, lines=True)[:LONGEST])
    if not text:
        raise BadFeedback("ひとこと入れてください。短くてかまいません。")
    for known in of_report(tx, report.id):
        if (known.user_id, known.kind, known.text) == (user_id, kind, text):
            return known
    if tx.scalar(select(func.count()).where(feedback.c.report_id == report.id)) >= MOST:
        raise BadFeedback("この報告へのひとことは、もういっぱいです。SV へ直接お伝えください。")
    made = Feedback(
        id=new_id(),
        client_id=report.client_id,
        report_id=report.id,
        operator_id=report.operator_id,
        kind=kind,
        text=text,
        user_id=user_id,
        name=name,
        at=tx.now,
        dealt_at=None,
        dealt_by_user_id=None,
        answer="",
    )
    sealed = words.seal(tx, made.client_id, made.id, "text", text)
    tx.execute(insert(feedback).values(**{**asdict(made), "kind": kind.value, "text": sealed}))
    about = {"report_id": report.id, "operator_id": report.operator_id, "kind": kind.value}
    append(tx, Fact("feedback.given", made.id, made.client_id, about))
    return made


def deal_with(tx: Tx, feedback_id: str, user_id: str, answer: str) -> Feedback:
    """A supervisor has dealt with a wish; `answer` is what the client reads of it, empty for none. The first one stays.

    Raises `LookupError` when there is no such wish.
    """
    found = feedback_of(tx, feedback_id)
    if found is None or found.kind is not Kind.WISH:
        raise LookupError("no such wish")
    if found.dealt_at is not None:
        return found
    answer = mask_cards(clean_text(answer, lines=True)[:LONGEST])
    tx.execute(
        update(feedback)
        .where(feedback.c.id == feedback_id)
        .values(
            dealt_at=tx.now,
            dealt_by_user_id=user_id,
            answer=words.seal(tx, found.client_id, found.id, "answer", answer),
        )
    )
    about = {"report_id": found.report_id, "user_id": user_id, "answered": bool(answer)}
    append(tx, Fact("feedback.dealt_with", found.id, found.client_id, about))
    return replace(found, dealt_at=tx.now, dealt_by_user_id=user_id, answer=answer)


def mark_seen(tx: Tx, ids: Sequence[str], user_id: str) -> None:
    """This person has seen them. Doing it again does nothing."""
    table = feedback_seen
    known = {
        row["feedback_id"]
        for row in tx.all(
            select(table.c.feedback_id).where(
                table.c.feedback_id.in_(ids), table.c.user_id == user_id
            )
        )
    }
    fresh = [one for one in dict.fromkeys(ids) if one not in known]
    if fresh:
        tx.execute(
            insert(table),
            [{"feedback_id": one, "user_id": user_id, "at": tx.now} for one in fresh],
        )
