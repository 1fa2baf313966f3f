"""Calls whose identity check waits for a supervisor: locked today, or a field that needs a word."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from denwaban.calls import calls_by_ids
from denwaban.calls.rows import calls
from denwaban.clock import day_begins, japan_day
from denwaban.disclosure.rows import tries
from denwaban.disclosure.standing import standing
from denwaban.people.rows import clients, operators
from denwaban.store import Tx

MOST = 50


@dataclass(frozen=True, slots=True)
class Held:
    """A call at which something is not told yet."""

    call_id: str
    client_id: str
    client: str
    operator: str
    at: datetime
    """Of the last try."""
    locked: bool
    going_on: bool
    wants: tuple[str, ...]
    """Fields that a supervisor may allow."""


def held(tx: Tx, *, only_running: bool = False) -> list[Held]:
    """Running calls first, then the newest; at most `MOST`. Calls that went well or were unlocked take nobody's place."""
    wrong = tries.alias()
    waits: ColumnElement[bool] = calls.c.ended_at.is_(None)
    if not only_running:
        waits |= tries.c.call_id.in_(
            select(wrong.c.call_id).where(
                wrong.c.at >= day_begins(japan_day(tx.now)),
                wrong.c.right.is_(False),
                wrong.c.forgiven_at.is_(None),
            )
        )
    last = func.max(tries.c.at).label("last")
    rows = tx.all(
        select(
            tries.c.call_id,
            tries.c.client_id,
            clients.c.name.label("client"),
            operators.c.name.label("operator"),
            last,
        )
        .join(clients, clients.c.id == tries.c.client_id)
        .join(calls, calls.c.id == tries.c.call_id)
        .join(operators, operators.c.id == calls.c.operator_id)
        .where(tries.c.at >= day_begins(japan_day(tx.now)), waits)
        .group_by(
            tries.c.call_id, tries.c.client_id, clients.c.name, operators.c.name, calls.c.ended_at
        )
        .order_by(calls.c.ended_at.is_(None).desc(), last.desc())
    )
    known = calls_by_ids(tx, [row["call_id"] for row in rows])
    found: list[Held] = []
    for row in rows:
        if len(found) == MOST:
            break
        call = known[row["call_id"]]
        now = standing(tx, call)
        if now is None:
            continue
        going_on = call.ended_at is None
        wants = tuple(
            one.field.label for one in now.fields if one.open and not one.allowed and going_on
        )
        if now.locked or wants:
            found.append(
                Held(
                    row["call_id"],
                    row["client_id"],
                    row["client"],
                    row["operator"],
                    row["last"],
                    now.locked,
                    going_on,
                    wants,
                )
            )
    return found
