"""Calls as they were: a caller's earlier ones, and those that nobody took."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from denwaban.calls.current import read_calls
from denwaban.calls.model import MISSED, Call, Direction, Missed, Outcome
from denwaban.calls.numbers import forms, parties
from denwaban.calls.rows import calls
from denwaban.store import Tx

Place = tuple[datetime, str]
"""(arrived_at, id) of a call: where a page of a list begins."""

NOBODY_TALKED = and_(
    calls.c.outcome.in_([outcome.value for outcome in MISSED]),
    calls.c.direction == Direction.INBOUND,
    # Lost in the middle of a talk is not missed: somebody knows the caller's matter.
    or_(calls.c.outcome != Outcome.LOST.value, calls.c.answered_at.is_(None)),
)


def older(place: Place) -> ColumnElement[bool]:
    """Calls behind this place, in lists whose newest come first."""
    at, call_id = place
    return or_(calls.c.arrived_at < at, and_(calls.c.arrived_at == at, calls.c.id < call_id))


def history(tx: Tx, client_id: str, caller: str, limit: int = 10) -> list[Call]:
    """The newest calls of a caller (E.164) to a client; none when the number was withheld."""
    if not caller:
        return []
    rows = tx.all(
        select(calls)
        .where(
            calls.c.client_id == client_id,
            calls.c.caller.in_(forms(tx, client_id, [caller])),
            calls.c.direction == Direction.INBOUND,
        )
        .order_by(calls.c.arrived_at.desc())
        .limit(limit)
    )
    return read_calls(tx, rows)


def last_operator(
    tx: Tx, client_id: str, numbers: Collection[str], also: Collection[str] = ()
) -> str | None:
    """The operator who talked last with a caller of this client who has these numbers (E.164), or in one of the calls `also`
    (ids); None when nobody did yet."""
    found = [
        tx.first(_LAST_OPERATOR, {"client": client_id, "callers": forms(tx, client_id, numbers)})
        if numbers
        else None,
        tx.first(_LAST_OF_CALLS, {"those": list(also)}) if also else None,
    ]
    rows = [row for row in found if row is not None]
    return max(rows, key=lambda row: row["arrived_at"])["operator_id"] if rows else None


_TALKED_LAST = (
    select(calls.c.operator_id, calls.c.arrived_at)
    .where(calls.c.operator_id.is_not(None), calls.c.practice.is_(False))
    .order_by(calls.c.arrived_at.desc())
    .limit(1)
)
_LAST_OPERATOR = _TALKED_LAST.where(
    calls.c.client_id == bindparam("client"),
    calls.c.caller.in_(bindparam("callers", expanding=True)),
)
_LAST_OF_CALLS = _TALKED_LAST.where(calls.c.id.in_(bindparam("those", expanding=True)))


def calls_of(
    tx: Tx, client_id: str | None = None, before: Place | None = None, limit: int = 100
) -> list[Call]:
    """Calls that came in for a client (for all when None), newest first, older than `before`."""
    wanted = (
        select(calls)
        .where(calls.c.direction == Direction.INBOUND)
        .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
        .limit(limit)
    )
    if client_id is not None:
        wanted = wanted.where(calls.c.client_id == client_id)
    if before is not None:
        wanted = wanted.where(older(before))
    return read_calls(tx, tx.all(wanted))


def missed(
    tx: Tx, client_id: str, since: datetime, before: Place | None = None, limit: int = 1000
) -> list[Missed]:
    """Callers since then whom nobody talked with to the end, newest first, older than `before`."""
    wanted = (
        select(calls)
        .where(calls.c.client_id == client_id, calls.c.arrived_at >= since, NOBODY_TALKED)
        .order_by(calls.c.arrived_at.desc(), calls.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(older(before))
    return [
        Missed(
            call_id=row["id"],
            number=parties(tx, row).caller,
            dialled=row["dialled"],
            at=row["arrived_at"],
            wait_ms=row["wait_ms"],
            outcome=Outcome(row["outcome"]),
            recording=row["recording"],
            answered_at=row["answered_at"],
            practice=row["practice"],
        )
        for row in tx.all(wanted)
    ]
