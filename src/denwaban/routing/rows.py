"""What each operator is doing, kept so that a restart does not change it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    ForeignKey,
    RowMapping,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)

from denwaban.people.rows import operators
from denwaban.store import Id, Tx, Utc, metadata

operator_states = Table(
    "operator_states",
    metadata,
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column(
        "state", String(20), nullable=False
    ),  # ready | break | away | wrap_up  (chosen by the operator)
    Column("since", Utc, nullable=False),
    Column("idle_since", Utc, nullable=False),  # the longest idle is offered the next call
)


@dataclass(frozen=True, slots=True)
class StateRow:
    """What an operator is between calls."""

    operator_id: str
    state: str
    since: datetime
    idle_since: datetime
    new: bool = False
    """The operator may have no row yet."""


def seats(tx: Tx) -> list[RowMapping]:
    """Operators who have not left, with the state that was kept (null when none was yet)."""
    return tx.all(
        select(
            operators.c.id,
            operators.c.name,
            operators.c.seat,
            operators.c.sip_password,
            operator_states.c.state,
            operator_states.c.since,
            operator_states.c.idle_since,
        )
        .outerjoin(operator_states, operator_states.c.operator_id == operators.c.id)
        .where(operators.c.left_at.is_(None))
        .order_by(operators.c.id)
    )


def save_states(tx: Tx, states: list[StateRow]) -> None:
    """Keeps what operators are; the last of several of one operator counts."""
    for row in states:
        if row.new and tx.first(_KNOWN, {"who": row.operator_id}) is None:
            tx.execute(insert(operator_states).values(_values(row)))
    last = {row.operator_id: _values(row) for row in states}
    tx.execute(_UPDATE, [{f"b_{name}": row[name] for name in row} for row in last.values()])


def _values(row: StateRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in _COLUMNS}


_COLUMNS = ("operator_id", "state", "since", "idle_since")
_KNOWN = select(operator_states.c.state).where(operator_states.c.operator_id == bindparam("who"))
_UPDATE = (
    update(operator_states)
    .where(operator_states.c.operator_id == bindparam("b_operator_id"))
    .values({name: bindparam(f"b_{name}") for name in ("state", "since", "idle_since")})
)
