"""Setting targets, and reading what is set."""

from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Select, func, insert, select, update

from denwaban.access.rows import api_keys, users
from denwaban.journal import Fact, append
from denwaban.people.rows import operators
from denwaban.store import Tx
from denwaban.targets.model import NO_TARGETS, Targets
from denwaban.targets.rows import operator_targets


class Listed(NamedTuple):
    """One operator of the list."""

    id: str
    name: str
    targets: Targets


def set_targets(
    tx: Tx, operator_id: str, holds: float | None, self_completion: int | None, user_id: str
) -> None:
    """Settles both targets of an operator who is there; None takes one away. `user_id`: of an account or a key. Results of
    months before are seen against the new ones too."""
    values = {
        "holds_tenths": None if holds is None else round(holds * 10),
        "self_completion": self_completion,
        "changed_at": tx.now,
        "changed_by": user_id,
    }
    mine = operator_targets.c.operator_id == operator_id
    if tx.first(select(operator_targets.c.operator_id).where(mine)) is None:
        tx.execute(insert(operator_targets).values(operator_id=operator_id, **values))
    else:
        tx.execute(update(operator_targets).where(mine).values(**values))
    append(tx, Fact("targets.set", operator_id, None, {"user_id": user_id}))


def targets_of(tx: Tx, operator_id: str) -> Targets:
    """What this operator aims at; `NO_TARGETS` where nothing was ever settled."""
    row = tx.first(_SET.where(operators.c.id == operator_id))
    return _targets(row) if row is not None else NO_TARGETS


def listed(tx: Tx) -> list[Listed]:
    """Every operator who has not left, by reading: this is no ranking."""
    rows = tx.all(
        _SET.where(operators.c.left_at.is_(None)).order_by(
            operators.c.kana, operators.c.name, operators.c.id
        )
    )
    return [Listed(row["id"], row["name"], _targets(row)) for row in rows]


_SET: Select[Any] = (
    select(
        operators.c.id,
        operators.c.name,
        operator_targets.c.holds_tenths,
        operator_targets.c.self_completion,
        operator_targets.c.changed_at,
        func.coalesce(users.c.name, api_keys.c.name, "").label("by"),
    )
    .outerjoin(operator_targets, operator_targets.c.operator_id == operators.c.id)
    .outerjoin(users, users.c.id == operator_targets.c.changed_by)
    .outerjoin(api_keys, api_keys.c.id == operator_targets.c.changed_by)
)


def _targets(row: RowMapping) -> Targets:
    tenths = row["holds_tenths"]
    return Targets(
        None if tenths is None else tenths / 10,
        row["self_completion"],
        row["changed_at"],
        row["by"],
    )
