"""How long calls took, for supervisors: by client and by operator, of a day. Never shown at a seat."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from denwaban.access import Role
from denwaban.calls.words import span
from denwaban.care import NO_CALLS, Handling, HandlingBy, handling
from denwaban.clock import Clock, day_begins, japan_day
from denwaban.floor.rows import client_names, operator_names
from denwaban.store import Store, Tx
from denwaban.web import needs, page

SHOWN_CLIENTS = 200
"""Those with the most calls; the API has all of them."""


class Line(NamedTuple):
    """One row of the table."""

    name: str
    found: Handling


@get("/floor/handling", guards=[needs(Role.SUPERVISOR, Role.ADMINISTRATOR)])
async def handling_times(
    store: NamedDependency[Store], clock: NamedDependency[Clock], day: FromQuery[str] = ""
) -> Template:
    """Of `day` (2026-11-23), else of today."""
    today = japan_day(clock.now())
    chosen = _day(day, today)
    return page(
        "floor/handling.html",
        day=chosen,
        before=chosen - timedelta(days=1),
        after=chosen + timedelta(days=1) if chosen < today else None,
        today=today,
        minutes=minutes,
        shown=SHOWN_CLIENTS,
        **await store.read(lambda tx: _look(tx, chosen)),
    )


def minutes(seconds: float | None) -> str:
    """5:12, 1:02:03; — for none."""
    return "—" if seconds is None else span(seconds)


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return found if found.year >= 2000 and found <= today else today


def _look(tx: Tx, day: date) -> dict[str, Any]:
    whole = day_begins(day), day_begins(day + timedelta(days=1))
    clients = handling(tx, *whole, HandlingBy.CLIENT)
    operators = handling(tx, *whole, HandlingBy.OPERATOR)
    kept = sorted(clients, key=lambda one: -(clients[one].usual.calls + clients[one].relay.calls))
    of_clients = client_names(tx, kept[:SHOWN_CLIENTS])
    of_operators = operator_names(tx, operators)
    return {
        "all": handling(tx, *whole, HandlingBy.ALL).get("", NO_CALLS),
        "clients": [Line(name, clients[key]) for key, name in of_clients.items()],
        "in_all": len(clients),
        # By name, not by time: this is no ranking.
        "operators": [Line(name, operators[key]) for key, name in of_operators.items()],
    }


routes = [handling_times]
