"""How far new operators are in their training, and who looks after them."""

from sqlalchemy import RowMapping, delete, insert, select

from denwaban.journal import append
from denwaban.people import facts
from denwaban.people.model import PeopleError, Training, TrainingStage
from denwaban.people.queries import operator
from denwaban.people.rows import operator_trainings, operators
from denwaban.store import Tx


def training_of(tx: Tx, operator_id: str) -> Training | None:
    """What was set last; None for who never was in training."""
    wanted = select(operator_trainings).where(operator_trainings.c.operator_id == operator_id)
    row = tx.first(wanted)
    return _training(row) if row is not None else None


def trainees(tx: Tx) -> list[Training]:
    """Of the operators who are in training now and have not left."""
    rows = tx.all(
        select(operator_trainings)
        .join(operators, operators.c.id == operator_trainings.c.operator_id)
        .where(operator_trainings.c.stage.is_not(None), operators.c.left_at.is_(None))
        .order_by(operator_trainings.c.operator_id)
    )
    return [_training(row) for row in rows]


def set_training(
    tx: Tx, operator_id: str, stage: TrainingStage | None, senior_id: str | None, by: str
) -> Training:
    """From now on the operator is at this stage, looked after by `senior_id`; None: works alone, and nobody needs to. `by`: the
    account or key that decided it. Raises `PeopleError`."""
    if operator(tx, operator_id) is None:
        raise PeopleError("このオペレーターは見つかりません")
    if stage is None:
        senior_id = None
    elif senior_id is not None:
        _check_senior(tx, operator_id, senior_id)
    elif stage is TrainingStage.BESIDE:
        raise PeopleError("同席の段階では、先輩を選んでください", "senior_id")
    made = Training(operator_id, stage, senior_id, by, tx.now)
    tx.execute(delete(operator_trainings).where(operator_trainings.c.operator_id == operator_id))
    tx.execute(
        insert(operator_trainings).values(
            operator_id=operator_id,
            stage=stage.value if stage is not None else None,
            senior_id=senior_id,
            set_by=by,
            set_at=tx.now,
        )
    )
    append(tx, facts.training_set(made))
    return made


def _check_senior(tx: Tx, operator_id: str, senior_id: str) -> None:
    found = operator(tx, senior_id)
    if found is None or found.left_at is not None:
        raise PeopleError("この先輩は見つかりません", "senior_id")
    theirs = training_of(tx, senior_id)
    if senior_id == operator_id or (theirs is not None and theirs.stage is not None):
        raise PeopleError("先輩には、独り立ちしているほかの方を選んでください", "senior_id")


def _training(row: RowMapping) -> Training:
    stage = TrainingStage(row["stage"]) if row["stage"] is not None else None
    return Training(row["operator_id"], stage, row["senior_id"], row["set_by"], row["set_at"])
