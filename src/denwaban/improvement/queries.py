"""What the pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, or_, select, tuple_

from denwaban.improvement.counted import use_of
from denwaban.improvement.figures import Use
from denwaban.improvement.model import Decision
from denwaban.improvement.rows import (
    node_use,
    script_marks,
    script_proposals,
    script_reviews,
    script_weeks,
    unexpected_questions,
)
from denwaban.improvement.sealing import question_words
from denwaban.people import rows as people_rows
from denwaban.scripts import rows as scripts_rows
from denwaban.scripts import said_in
from denwaban.store import Tx

_scripts = scripts_rows.scripts
_clients = people_rows.clients


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal with its evidence."""

    id: str
    script_id: str
    client_id: str
    what: str
    node: str
    label: str
    count: int
    of: int
    calls: tuple[str, ...]
    words: tuple[str, ...]
    """As callers said it, or operators wrote it."""
    state: str
    reason: str
    monday: date
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """見直しが必要: something that the script mentions is not what it was."""

    id: str
    script_id: str
    what: str
    why: str
    words: str
    lines: tuple[int, ...]
    at: datetime
    review_on: date | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A script that something waits for."""

    id: str
    name: str
    client_id: str
    client: str
    proposals: int
    marks: int


def waiting(
    tx: Tx, *, client_id: str | None = None, after: tuple[str, str, str] | None, limit: int
) -> list[Waiting]:
    """Scripts with open proposals or marks, by client and name; what comes after that place."""
    proposed = (
        script_proposals.c.script_id == _scripts.c.id,
        script_proposals.c.state == Decision.OPEN.value,
    )
    marked = (script_marks.c.script_id == _scripts.c.id, script_marks.c.cleared_at.is_(None))
    order = (_clients.c.name, _scripts.c.name, _scripts.c.id)
    wanted = (
        select(
            _scripts.c.id,
            _scripts.c.name,
            _scripts.c.client_id,
            _clients.c.name.label("client"),
        )
        .join(_clients, _clients.c.id == _scripts.c.client_id)
        .where(or_(exists().where(*proposed), exists().where(*marked)))
        .order_by(*order)
        .limit(limit)
    )
    if client_id is not None:
        wanted = wanted.where(_scripts.c.client_id == client_id)
    if after is not None:
        wanted = wanted.where(tuple_(*order) > after)
    rows = tx.all(wanted)
    ids = [row["id"] for row in rows]
    proposals, marks = (
        {
            row["script_id"]: row["count"]
            for row in tx.all(
                select(table.c.script_id, func.count().label("count"))
                .where(table.c.script_id.in_(ids), is_open)
                .group_by(table.c.script_id)
            )
        }
        for table, is_open in ((script_proposals, proposed[1]), (script_marks, marked[1]))
    )
    return [
        Waiting(**row, proposals=proposals.get(row["id"], 0), marks=marks.get(row["id"], 0))
        for row in rows
    ]


def proposals_of(
    tx: Tx, script_id: str, states: Sequence[Decision], limit: int = 200
) -> list[Proposal]:
    """What happened most often first."""
    rows = tx.all(
        select(script_proposals, script_weeks.c.monday)
        .join(script_weeks, script_weeks.c.id == script_proposals.c.week_id)
        .where(
            script_proposals.c.script_id == script_id,
            script_proposals.c.state.in_([state.value for state in states]),
        )
        .order_by(
            script_weeks.c.monday.desc(), script_proposals.c.count.desc(), script_proposals.c.id
        )
        .limit(limit)
    )
    said = _said(tx, [tuple(place) for row in rows for place in row["words"]])
    return [
        Proposal(
            id=row["id"],
            script_id=row["script_id"],
            client_id=row["client_id"],
            what=row["what"],
            node=row["node"],
            label=row["label"],
            count=row["count"],
            of=row["of"],
            calls=tuple(row["calls"]),
            words=tuple(
                dict.fromkeys(
                    text for place in row["words"] if (text := said.get(tuple(place), "").strip())
                )
            ),
            state=row["state"],
            reason=row["reason"],
            monday=row["monday"],
            decided_at=row["decided_at"],
            decided_by=row["decided_by"],
        )
        for row in rows
    ]


def _said(tx: Tx, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The words at these places, from where they can be erased."""
    found: dict[tuple[str, str], str] = {}
    questions = sorted({answer for run, answer in places if not run})
    runs = sorted({run for run, _answer in places if run})
    for begin in range(0, len(questions), 500):
        for row in tx.all(
            select(unexpected_questions).where(
                unexpected_questions.c.id.in_(questions[begin : begin + 500]),
                unexpected_questions.c.withdrawn_at.is_(None),
            )
        ):
            found["", row["id"]] = question_words(tx, row)
    for begin in range(0, len(runs), 500):
        found |= said_in(tx, runs[begin : begin + 500])
    return found


def marks_of(tx: Tx, script_id: str) -> list[Mark]:
    """Open ones, newest first."""
    return [
        Mark(
            id=row["id"],
            script_id=row["script_id"],
            what=row["what"],
            why=row["why"],
            words=row["words"],
            lines=tuple(row["lines"]),
            at=row["at"],
            review_on=row["review_on"],
        )
        for row in tx.all(
            select(script_marks, script_reviews.c.review_on)
            .outerjoin(script_reviews, script_reviews.c.id == script_marks.c.script_id)
            .where(script_marks.c.script_id == script_id, script_marks.c.cleared_at.is_(None))
            .order_by(script_marks.c.at.desc(), script_marks.c.id)
        )
    ]


def use(tx: Tx, version_id: str, begin: date, end: date) -> dict[str, Use]:
    """What calls did at each node of a version from the first day to the last (JST); under the empty name whole calls.
    Reads a row for each node and day, however many calls there were."""
    found: dict[str, Use] = {}
    for row in tx.all(
        select(node_use).where(
            node_use.c.version_id == version_id, node_use.c.day.between(begin, end)
        )
    ):
        found.setdefault(row["node"], Use()).add(use_of(row))
    return found
