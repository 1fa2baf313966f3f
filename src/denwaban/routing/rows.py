"""What each operator is doing, and whose place in line is kept: so that a restart does not change it."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from denwaban.calls import WrapUp, wrapped_up
from denwaban.people import open_sip_password
from denwaban.people.rows import operators
from denwaban.routing.model import Chosen
from denwaban.store import Id, Question, Tx, Utc, among, metadata
from denwaban.vault import shown
from denwaban.work import due_columns

operator_states = Table(
    "operator_states",
    metadata,
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column(
        "state", String(20), nullable=False
    ),  # ready | break | away | wrap_up  (chosen by the operator)
    Column("since", Utc, nullable=False),
    Column("idle_since", Utc, nullable=False),  # the longest idle is offered the next call
    Column("after", String(20)),  # asked for, for when the present talk is over
    Column("until", Utc),  # the end of a rest that was granted
)

# Callers who hung up to be called back when their turn comes. The call's row stays open until then.
kept_places = Table(
    "kept_places",
    metadata,
    Column("id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("number", String(20), nullable=False),  # who is called (E.164), before it was sealed
    Column("sealed", Text),  # the number
    Column("shown", String(20), nullable=False),  # the client's number that they dialled (E.164)
    Column("kept_at", Utc, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),  # not called before
    Column("operator_id", Id, ForeignKey("operators.id")),  # who tried last
    Column("result", String(20)),  # talked | given_up | came_again; null: open
    Column("ended_at", Utc),
    *due_columns(),  # given up: a promise is to be made of it
)
Index(
    "ix_kept_places_open",
    kept_places.c.kept_at,
    sqlite_where=kept_places.c.ended_at.is_(None),
    postgresql_where=kept_places.c.ended_at.is_(None),
)

# What callers said to the engine because nobody could talk with them; the recording is the call's.
left_messages = Table(
    "left_messages",
    metadata,
    Column("id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("left_at", Utc, nullable=False),
    *due_columns(),  # a report and a promise are to be made of it
)


@dataclass(frozen=True, slots=True)
class StateRow:
    """What an operator is between calls."""

    operator_id: str
    state: str
    since: datetime
    idle_since: datetime
    after: str | None = None
    until: datetime | None = None
    new: bool = False
    """The operator may have no row yet."""


@dataclass(frozen=True, slots=True)
class SeatRow:
    """An operator who has not left, with the state that was kept; None when none was yet."""

    id: str
    name: str
    seat: str
    sip_password: str = field(repr=False)
    state: str | None
    since: datetime | None
    idle_since: datetime | None
    after: str | None
    until: datetime | None


def seats(tx: Tx) -> list[SeatRow]:
    """Operators who have not left."""
    rows = tx.all(
        select(
            operators.c.id,
            operators.c.name,
            operators.c.seat,
            operators.c.sip_password,
            operators.c.sip_sealed,
            operator_states.c.state,
            operator_states.c.since,
            operator_states.c.idle_since,
            operator_states.c.after,
            operator_states.c.until,
        )
        .outerjoin(operator_states, operator_states.c.operator_id == operators.c.id)
        .where(operators.c.left_at.is_(None))
        .order_by(operators.c.id)
    )
    return [_seat(tx, row) for row in rows]


def _seat(tx: Tx, row: RowMapping) -> SeatRow:
    values = dict(row)
    sealed = values.pop("sip_sealed")
    if sealed is not None:
        # Nobody knows what stands for one that cannot be opened: an empty one would let anybody in.
        unknown = hashlib.sha256(sealed.encode()).hexdigest()[:32]
        values["sip_password"] = shown(lambda: open_sip_password(tx, row["id"], sealed), unknown)
    return SeatRow(**values)


def save_states(tx: Tx, states: list[StateRow]) -> None:
    """Keeps what operators are; the last of several of one operator counts. The end of a wrap-up is written to the talk before
    it, also where the program was new in between."""
    wrapped_up(tx, _wrap_ups(tx, states))
    for row in states:
        if row.new and tx.first(_KNOWN, {"who": row.operator_id}) is None:
            tx.execute(insert(operator_states).values(_values(row)))
    last = {row.operator_id: _values(row) for row in states}
    tx.execute(_UPDATE, [{f"b_{name}": row[name] for name in row} for row in last.values()])


def _wrap_ups(tx: Tx, states: list[StateRow]) -> list[WrapUp]:
    """Those that are over with one of these states."""
    ids = {row.operator_id for row in states}
    was = {row["operator_id"]: row["state"] for row in tx.all(_WERE, {"those": ids})}
    over = []
    for row in states:
        if was.get(row.operator_id) == Chosen.WRAP_UP and row.state != Chosen.WRAP_UP:
            over.append(WrapUp(row.operator_id, row.since))
        was[row.operator_id] = row.state
    return over


def _values(row: StateRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in _COLUMNS}


_COLUMNS = ("operator_id", "state", "since", "idle_since", "after", "until")
_WERE = Question(
    select(operator_states.c.operator_id, operator_states.c.state).where(
        among(operator_states.c.operator_id, "those")
    )
)
_KNOWN = select(operator_states.c.state).where(operator_states.c.operator_id == bindparam("who"))
_UPDATE = (
    update(operator_states)
    .where(operator_states.c.operator_id == bindparam("b_operator_id"))
    .values({name: bindparam(f"b_{name}") for name in _COLUMNS[1:]})
)
