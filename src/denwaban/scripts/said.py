"""Answers as they are kept: sealed, each for its run and field."""

from collections.abc import Collection, Iterable

from sqlalchemy import RowMapping, select, update

from denwaban.scripts.rows import answers, runs
from denwaban.store import Tx, among_these
from denwaban.vault import UNOPENED, Texts, Turning, alone, is_sealed

_values = Texts(answers, "value")

RUNS_AT_ONCE = 20
"""So many runs' answers are looked at in one transaction."""


def seal_answer(tx: Tx, client_id: str, run_id: str, field: str, value: str) -> str:
    """As the column has it."""
    return _values.seal(tx, client_id, f"{run_id}/{field}", "value", value)


def shown_answer(tx: Tx, client_id: str, row: RowMapping, instead: str = UNOPENED) -> str:
    """What was answered, or `instead` when it cannot be opened."""
    place = f"{row['run_id']}/{row['field']}"
    return _values.shown(tx, client_id, place, "value", row["value"], instead)


def said_in(
    tx: Tx,
    run_ids: Collection[str],
    fields: Iterable[str] | None = None,
    *,
    instead: str = UNOPENED,
) -> dict[tuple[str, str], str]:
    """What was answered in these runs, by run and field; to these fields, or to all. `instead` of what cannot be opened."""
    query = (
        select(answers, runs.c.client_id)
        .join(runs, runs.c.id == answers.c.run_id)
        .where(among_these(answers.c.run_id, run_ids))
    )
    if fields is not None:
        query = query.where(answers.c.field.in_(list(fields)))
    return {
        (row["run_id"], row["field"]): shown_answer(tx, row["client_id"], row, instead)
        for row in tx.all(query)
    }


def _old_answers(tx: Tx, after: str) -> str | None:
    some = tx.all(
        select(runs.c.id, runs.c.client_id)
        .where(runs.c.id > after)
        .order_by(runs.c.id)
        .limit(RUNS_AT_ONCE)
    )
    owners = {row["id"]: row["client_id"] for row in some}
    for row in tx.all(select(answers).where(among_these(answers.c.run_id, owners))):
        run_id, field, value = row["run_id"], row["field"], row["value"]
        if value and not is_sealed(value):
            mine = (answers.c.run_id == run_id) & (answers.c.field == field)
            with alone(tx, "answers", run_id):
                sealed = seal_answer(tx, owners[run_id], run_id, field, value)
                tx.execute(update(answers).where(mine).values(value=sealed))
    return some[-1]["id"] if some else None


turnings = (Turning("answers.value", _old_answers, _values.plain),)
