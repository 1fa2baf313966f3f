"""Questions that only the floor asks, over the tables of other slices."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Table, case, func, select

from denwaban.access import Role
from denwaban.access.rows import users
from denwaban.calls import Direction, Outcome
from denwaban.calls.rows import calls
from denwaban.floor.model import LONG_WAIT, Due, Today
from denwaban.lines import LineLimit, limit_at
from denwaban.lines.rows import line_limits as limits
from denwaban.lines.rows import service_levels
from denwaban.people.rows import clients, operators
from denwaban.promises.rows import KEPT, promises, read
from denwaban.store import Tx
from denwaban.vault import learn_keys

# As was agreed with the client, else the usual time.
_soon_ms = func.coalesce(
    service_levels.c.answer_seconds * 1000, round(LONG_WAIT.total_seconds() * 1000)
)


def supervisors(tx: Tx) -> tuple[dict[str, str], dict[str, str]]:
    """Names of supervisors, and the operators that they are themselves, by user id."""
    rows = tx.all(
        select(users.c.id, users.c.name, operators.c.id.label("operator_id"))
        .outerjoin(operators, operators.c.user_id == users.c.id)
        .where(users.c.role == Role.SUPERVISOR.value)
    )
    own = {row["id"]: row["operator_id"] for row in rows if row["operator_id"] is not None}
    return {row["id"]: row["name"] for row in rows}, own


def today(tx: Tx, since: datetime) -> Today:
    """How the calls that came in since then ended."""
    rows = tx.all(
        select(
            calls.c.outcome,
            calls.c.practice,
            func.count().label("n"),
            func.sum(case((calls.c.wait_ms <= _soon_ms, 1), else_=0)).label("soon"),
        )
        .outerjoin(service_levels, service_levels.c.id == calls.c.client_id)
        .where(calls.c.arrived_at >= since, calls.c.outcome.is_not(None))
        .where(
            calls.c.outcome != Outcome.REFUSED.value, calls.c.direction == Direction.INBOUND.value
        )
        .group_by(calls.c.outcome, calls.c.practice)
    )
    real = {row["outcome"]: row["n"] for row in rows if not row["practice"]}
    soon = {row["outcome"]: int(row["soon"]) for row in rows if not row["practice"]}
    return Today(
        answered=real.get(Outcome.ANSWERED, 0),
        soon=soon.get(Outcome.ANSWERED, 0),
        abandoned=real.get(Outcome.ABANDONED, 0),
        blocked=real.get(Outcome.BLOCKED, 0),
        other_missed=sum(
            real.get(one, 0) for one in (Outcome.LOST, Outcome.MESSAGE, Outcome.NOT_REACHED)
        ),
        out_of_hours=real.get(Outcome.OUT_OF_HOURS, 0),
        practice=sum(row["n"] for row in rows if row["practice"]),
    )


def due_promises(tx: Tx, before: datetime, limit: int = 50) -> list[Due]:
    """Open promises whose time is before then, nearest (longest late) first."""
    rows = tx.all(
        select(*KEPT, clients.c.name.label("client_name"))
        .join(clients, clients.c.id == promises.c.client_id)
        .where(promises.c.kept_at.is_(None), promises.c.by < before)
        .order_by(promises.c.by, promises.c.id)
        .limit(limit)
    )
    learn_keys(tx, ((row["client_id"], row["what"]) for row in rows))
    found = []
    for row in rows:
        one = read(tx, row)
        late = one.late(tx.now)
        found.append(
            Due(one.report_id, row["client_name"], one.caller_name, one.what, row["by"], late)
        )
    return found


def line_limits(tx: Tx, ids: Collection[str]) -> dict[str, tuple[str, int]]:
    """(name, lines) of those of these clients who have a limit today."""
    rows = tx.all(
        select(limits.c.client_id, limits.c.lines, limits.c.effective_from, clients.c.name)
        .join(clients, clients.c.id == limits.c.client_id)
        .where(limits.c.client_id.in_(ids))
    )
    begin: dict[tuple[str, str], list[LineLimit]] = {}
    for row in rows:
        limit = LineLimit(row["effective_from"], row["lines"])
        begin.setdefault((row["client_id"], row["name"]), []).append(limit)
    now = {whose: limit_at(found, tx.now) for whose, found in begin.items()}
    return {one: (name, lines) for (one, name), lines in now.items() if lines is not None}


def client_names(tx: Tx, ids: Collection[str]) -> dict[str, str]:
    """Names by id, in their order."""
    return _names(tx, clients, ids)


def operator_names(tx: Tx, ids: Collection[str]) -> dict[str, str]:
    """The same of operators, those who have left with them."""
    return _names(tx, operators, ids)


def _names(tx: Tx, table: Table, ids: Collection[str]) -> dict[str, str]:
    wanted = select(table.c.id, table.c.name).where(table.c.id.in_(ids))
    found = tx.all(wanted.order_by(table.c.name, table.c.id))
    return {row["id"]: row["name"] for row in found}
