"""One key calls a supervisor; one who comes says so by name."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update

from denwaban.access.rows import users
from denwaban.calls import Call
from denwaban.calls.rows import calls
from denwaban.care.model import CareError, Help
from denwaban.care.rows import help_calls
from denwaban.journal import Fact, append
from denwaban.people.rows import clients, operators
from denwaban.store import Tx, new_id


@dataclass(frozen=True, slots=True)
class Asked:
    """A call for help as the floor shows it."""

    help: Help
    operator: str
    client: str


def ask_help(
    tx: Tx, call: Call, operator_id: str, *, abuse: bool = False, lost: bool = False
) -> Help:
    """Calls for a supervisor; while one is called for already, it stays that call. `lost`: the operator was lost in the talk. What
    was said once, `abuse` or `lost`, is not taken back by a later one without."""
    known = open_help(tx, call.id)
    if known is not None:
        new = {"abuse": abuse and not known.abuse, "lost": lost and not known.lost}
        more = {name: True for name, is_new in new.items() if is_new}
        if more:
            tx.execute(update(help_calls).where(help_calls.c.id == known.id).values(more))
            _tell(tx, "asked", known, operator_id)
            return _the(tx, known.id)
        return known
    assert call.client_id is not None  # nobody talks on nobody's number
    help_id = new_id()
    tx.execute(
        insert(help_calls).values(
            id=help_id,
            call_id=call.id,
            client_id=call.client_id,
            operator_id=operator_id,
            abuse=abuse,
            lost=lost,
            asked_at=tx.now,
        )
    )
    made = _the(tx, help_id)
    _tell(tx, "asked", made, operator_id)
    return made


def answer_help(tx: Tx, help_id: str, user_id: str) -> Help:
    """A supervisor says that they come. Who said so first stays. Raises `CareError` when there is nobody to come to."""
    found = _open(tx, help_id)
    if found is None:
        raise CareError("この呼び出しは、もう終わっています。")
    if found.answered_at is None:
        tx.execute(
            update(help_calls)
            .where(help_calls.c.id == help_id)
            .values(answered_at=tx.now, answered_by=user_id)
        )
        found = _the(tx, help_id)
        _tell(tx, "answered", found, found.operator_id)
    return found


def end_help(tx: Tx, call_id: str) -> None:
    """Nobody is needed any more; without a call for help, nothing."""
    found = open_help(tx, call_id)
    if found is not None:
        tx.execute(update(help_calls).where(help_calls.c.id == found.id).values(ended_at=tx.now))
        _tell(tx, "ended", found, found.operator_id)


def open_help(tx: Tx, call_id: str) -> Help | None:
    """The call for help of a call, if one is open."""
    row = tx.first(_OPEN.where(help_calls.c.call_id == call_id))
    return _help(row) if row is not None else None


def open_helps(tx: Tx) -> list[Asked]:
    """Every open call for help: abusive calls first, then the longest wait."""
    return [
        Asked(_help(row), row["operator"], row["client"])
        for row in tx.all(_OPEN.order_by(help_calls.c.abuse.desc(), help_calls.c.asked_at))
    ]


_ALL: Select[Any] = (
    select(
        help_calls,
        operators.c.name.label("operator"),
        clients.c.name.label("client"),
        users.c.name.label("by"),
    )
    .join(calls, calls.c.id == help_calls.c.call_id)
    .join(operators, operators.c.id == help_calls.c.operator_id)
    .join(clients, clients.c.id == help_calls.c.client_id)
    .outerjoin(users, users.c.id == help_calls.c.answered_by)
)
_OPEN = _ALL.where(help_calls.c.ended_at.is_(None), calls.c.ended_at.is_(None))


def _open(tx: Tx, help_id: str) -> Help | None:
    row = tx.first(_OPEN.where(help_calls.c.id == help_id))
    return _help(row) if row is not None else None


def _the(tx: Tx, help_id: str) -> Help:
    row = tx.first(_ALL.where(help_calls.c.id == help_id))
    assert row is not None  # it was just written
    return _help(row)


def _help(row: RowMapping) -> Help:
    return Help(
        row["id"],
        row["call_id"],
        row["client_id"],
        row["operator_id"],
        row["abuse"],
        row["asked_at"],
        row["answered_at"],
        row["by"] or "",
        row["lost"],
    )


def _tell(tx: Tx, kind: str, one: Help, operator_id: str) -> None:
    data = {"operator_id": operator_id, "help_id": one.id, "abuse": one.abuse}
    append(tx, Fact(f"care.help_{kind}", one.call_id, one.client_id, data))
