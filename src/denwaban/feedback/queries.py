"""Who reads what of the words about calls."""

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, func, select

from denwaban.access.rows import users
from denwaban.feedback.model import Feedback, Kind, Shown
from denwaban.feedback.rows import feedback, feedback_seen
from denwaban.feedback.sealing import words
from denwaban.people.rows import clients, operators
from denwaban.reports import words_shown
from denwaban.reports.rows import reports
from denwaban.store import Tx


def feedback_of(tx: Tx, feedback_id: str) -> Feedback | None:
    """The one of this id."""
    row = tx.first(select(feedback).where(feedback.c.id == feedback_id))
    return _one(tx, row) if row is not None else None


def of_report(tx: Tx, report_id: str) -> list[Feedback]:
    """All about one report, oldest first."""
    rows = tx.all(select(feedback).where(feedback.c.report_id == report_id).order_by(feedback.c.id))
    return [_one(tx, row) for row in rows]


def page_of(
    tx: Tx,
    user_id: str | None,
    *,
    operator_id: str | None = None,
    client_id: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Shown]:
    """Newest first: about one operator's calls, of one client, or all. `new`: this user has not seen it. `before` is the last
    id of the page before."""
    query = (
        select(
            feedback,
            clients.c.name.label("client_name"),
            reports.c.subject,
            reports.c.sealed,
            operators.c.name.label("operator_name"),
            users.c.name.label("dealt_by"),
            feedback_seen.c.at.label("seen_at"),
        )
        .join(clients, clients.c.id == feedback.c.client_id)
        .join(reports, reports.c.id == feedback.c.report_id)
        .join(operators, operators.c.id == feedback.c.operator_id)
        .outerjoin(users, users.c.id == feedback.c.dealt_by_user_id)
        .outerjoin(feedback_seen, _seen_by(user_id or ""))
        .order_by(feedback.c.id.desc())
        .limit(limit)
    )
    if operator_id is not None:
        query = query.where(feedback.c.operator_id == operator_id)
    if client_id is not None:
        query = query.where(feedback.c.client_id == client_id)
    if before is not None:
        query = query.where(feedback.c.id < before)
    return [
        Shown(
            _one(tx, row),
            row["client_name"],
            words_shown(tx, row, row["report_id"], row["client_id"])["subject"],
            row["operator_name"],
            row["dealt_by"] or "",
            row["seen_at"] is None,
        )
        for row in tx.all(query)
    ]


def count_unseen(tx: Tx, user_id: str, operator_id: str | None = None) -> int:
    """How many this person has not seen; about one operator's calls, or all."""
    query: Select[Any] = (
        select(func.count())
        .select_from(feedback)
        .outerjoin(feedback_seen, _seen_by(user_id))
        .where(feedback_seen.c.at.is_(None))
    )
    if operator_id is not None:
        query = query.where(feedback.c.operator_id == operator_id)
    return int(tx.scalar(query))


def answers_for(tx: Tx, user_id: str) -> list[Feedback]:
    """Wishes of this person that were dealt with, and that they have not looked at since, oldest first."""
    rows = tx.all(
        select(feedback)
        .outerjoin(feedback_seen, _seen_by(user_id))
        .where(
            feedback.c.user_id == user_id,
            feedback.c.dealt_at.is_not(None),
            feedback_seen.c.at.is_(None),
        )
        .order_by(feedback.c.dealt_at)
    )
    return [_one(tx, row) for row in rows]


def _seen_by(user_id: str) -> ColumnElement[bool]:
    return (feedback_seen.c.feedback_id == feedback.c.id) & (feedback_seen.c.user_id == user_id)


def _one(tx: Tx, row: RowMapping) -> Feedback:
    values = {name: row[name] for name in feedback.c.keys()}  # noqa: SIM118 - a collection, no mapping
    for name in words.columns:
        values[name] = words.shown(tx, row["client_id"], row["id"], name, row[name])
    return Feedback(**{**values, "kind": Kind(values["kind"])})
