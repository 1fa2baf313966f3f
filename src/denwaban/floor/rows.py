"""Questions that only the floor asks, over the tables of other slices."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Table, case, func, select

from denwaban.access import Role
from denwaban.access.rows import users
from denwaban.calls import CallState, Direction, Outcome, open_calls
from denwaban.calls.rows import calls
from denwaban.floor.model import LONG_WAIT, Due, Today
from denwaban.lines import Service, service_for
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


def lines_in_use(tx: Tx) -> tuple[dict[str, int], dict[str, tuple[str, int]]]:
    """Calls by client now, and of those clients the (name, lines)."""
    used: dict[str, int] = {}
    limits: dict[str, tuple[str, int]] = {}
    for call in open_calls(tx):
        if call.client_id is None or call.state is CallState.ENDED:
            continue
        used[call.client_id] = used.get(call.client_id, 0) + 1
        if call.client_id in limits:
            continue
        service = service_for(tx, call.dialled, tx.now)
        if isinstance(service, Service) and service.limit is not None:
            limits[call.client_id] = (service.client_name, service.limit)
    return used, limits


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
