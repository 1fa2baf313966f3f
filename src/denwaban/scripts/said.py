"""Answers as they are kept: sealed, each for its run and field."""

from collections.abc import Collection, Iterable

from sqlalchemy import RowMapping, select, update

from denwaban.scripts.rows import answers, runs
from denwaban.store import Tx
from denwaban.vault import Texts, Turning, is_sealed

_values = Texts(answers, "value")

RUNS_AT_ONCE = 20
"""So many runs' answers are looked at in one transaction."""


def seal_answer(tx: Tx, client_id: str, run_id: str, field: str, value: str) -> str:
    """As the column has it."""
    return _values.seal(tx, client_id, f"{run_id}/{field}", "value", value)


def open_answer(tx: Tx, client_id: str, row: RowMapping) -> str:
    """What was answered. Raises `VaultError`."""
    return _values.open(tx, client_id, f"{row['run_id']}/{row['field']}", "value", row["value"])


def said_in(
    tx: Tx, run_ids: Collection[str], fields: Iterable[str] | None = None
) -> dict[tuple[str, str], str]:
    """What was answered in these runs, by run and field; to these fields, or to all."""
    query = (
        select(answers, runs.c.client_id)
        .join(runs, runs.c.id == answers.c.run_id)
        .where(answers.c.run_id.in_(run_ids))
    )
    if fields is not None:
        query = query.where(answers.c.field.in_(list(fields)))
    return {
        (row["run_id"], row["field"]): open_answer(tx, row["client_id"], row)
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
    for row in tx.all(select(answers).where(answers.c.run_id.in_(owners))):
        run_id, field, value = row["run_id"], row["field"], row["value"]
        if value and not is_sealed(value):
            mine = (answers.c.run_id == run_id) & (answers.c.field == field)
            sealed = seal_answer(tx, owners[run_id], run_id, field, value)
            tx.execute(update(answers).where(mine).values(value=sealed))
    return some[-1]["id"] if some else None


turnings = (Turning("answers.value", _old_answers, _values.plain),)
