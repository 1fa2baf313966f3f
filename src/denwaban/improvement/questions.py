"""Questions that nobody expected, as operators note them in the middle of a call."""

from datetime import datetime

from sqlalchemy import insert, select, update

from denwaban.improvement.model import LONGEST_WORDS, closes_at, monday_of
from denwaban.improvement.rows import script_weeks, unexpected_questions
from denwaban.improvement.sealing import kept_words
from denwaban.scripts import RunView
from denwaban.scripts import rows as scripts_rows
from denwaban.store import Tx, new_id

script_versions, runs = scripts_rows.script_versions, scripts_rows.runs


class NotThisCall(LookupError):
    """The note belongs to another call."""


def note_question(
    tx: Tx,
    run: RunView,
    question_id: str,
    words: str,
    counter: int,
    *,
    operator_id: str,
    practice: bool,
    withdrawn: bool = False,
) -> bool:
    """Keeps the question under the id that the page gave it: what is typed on goes to the same one. Words may be empty
    (there was something; no time to write). Says whether it was kept: a smaller `counter` came late, and a practice call
    teaches nothing about callers. Raises `NotThisCall`."""
    if practice:
        return False
    row = tx.first(select(unexpected_questions).where(unexpected_questions.c.id == question_id))
    if row is not None and row["call_id"] != run.call_id:
        raise NotThisCall(question_id)
    said = words.replace("\x00", "")[:LONGEST_WORDS]
    new = {
        "words": kept_words.seal(tx, run.client_id, question_id, "words", said),
        "counter": counter,
        "withdrawn_at": tx.now if withdrawn else None,
    }
    if row is not None:
        if counter <= row["counter"]:
            return False
        same = unexpected_questions.c.id == question_id
        tx.execute(update(unexpected_questions).where(same).values(**new))
        return True
    script_id = tx.scalar(
        select(script_versions.c.script_id)
        .join(runs, runs.c.script_version_id == script_versions.c.id)
        .where(runs.c.id == run.id)
    )
    tx.execute(
        insert(unexpected_questions).values(
            id=question_id,
            call_id=run.call_id,
            run_id=run.id,
            client_id=run.client_id,
            script_id=script_id,
            node=run.node.id,
            operator_id=operator_id,
            at=tx.now,
            **new,
        )
    )
    need_list(tx, script_id, run.client_id, tx.now)
    return True


def need_list(tx: Tx, script_id: str, client_id: str, at: datetime) -> None:
    """There will be a list for the week of `at`."""
    monday = monday_of(at)
    mine = (script_weeks.c.script_id == script_id) & (script_weeks.c.monday == monday)
    if tx.first(select(script_weeks.c.id).where(mine)) is None:
        tx.execute(
            insert(script_weeks).values(
                id=new_id(),
                script_id=script_id,
                client_id=client_id,
                monday=monday,
                due_at=closes_at(monday, script_id),
            )
        )
