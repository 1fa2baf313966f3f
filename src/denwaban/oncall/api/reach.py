"""Who takes reports, and when nobody does, as JSON, under /api/v1."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from denwaban.access import Principal
from denwaban.oncall.api.common import aware, seen
from denwaban.oncall.pages.common import ROSTER
from denwaban.oncall.reaching import holes, reach
from denwaban.oncall.roster import NobodyOnDuty, OnDuty, PassedOver
from denwaban.store import Store, Tx
from denwaban.web.api import IdText

Weeks = Annotated[int, QueryParameter(ge=1, le=8)]


class PassedOut(msgspec.Struct):
    """Somebody who does not take reports, and why (see `oncall.Passed`)."""

    staff_id: str
    why: str
    until: datetime | None


class ReachOut(msgspec.Struct):
    """Who takes reports at a moment; `staff_id` is null when nobody does."""

    at: datetime
    staff_id: str | None
    why: str
    """lunch, duty, in_charge, swap or substitute; closed or nobody when nobody does."""
    instead_of: str | None
    because: str | None
    channels: list[str] | None
    """The only channels that reach them; null: all they have."""
    in_meeting: bool
    default_id: str | None
    """Whom reports go to while nobody takes them."""
    since: datetime | None
    until: datetime | None
    next_id: str | None
    passed: list[PassedOut]


class HoleOut(msgspec.Struct):
    """A time in which somebody should take reports and nobody does."""

    since: datetime
    until: datetime
    passed: list[PassedOut]


class Holes(msgspec.Struct):
    items: list[HoleOut]


def _passed(found: tuple[PassedOver, ...]) -> list[PassedOut]:
    return [PassedOut(one.staff.id, one.why.value, one.until) for one in found]


def _reach(found: OnDuty | NobodyOnDuty, at: datetime) -> ReachOut:
    values: dict[str, Any] = (
        {
            "staff_id": None,
            "why": "closed" if found.closed else "nobody",
            "instead_of": None,
            "because": None,
            "channels": None,
            "in_meeting": False,
            "default_id": found.default.id if found.default is not None else None,
            "since": found.since,
            "until": found.until,
            "next_id": found.next.staff.id if found.next is not None else None,
        }
        if isinstance(found, NobodyOnDuty)
        else {
            "staff_id": found.staff.id,
            "why": found.why.value,
            "instead_of": found.instead_of.id if found.instead_of is not None else None,
            "because": found.because.value if found.because is not None else None,
            "channels": list(found.channels) if found.channels is not None else None,
            "in_meeting": found.in_meeting,
            "default_id": None,
            "since": None,
            "until": None,
            "next_id": None,
        }
    )
    return ReachOut(at=at, passed=_passed(found.passed), **values)


@get("/clients/{client_id:str}/reach", guards=[ROSTER], tags=["roster"])
async def get_reach(
    client_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    at: FromQuery[datetime | None] = None,
) -> ReachOut:
    """Who takes this client's reports, now or at a moment, why, and why not each of the others."""

    def look(tx: Tx) -> ReachOut:
        seen(tx, who, client_id)
        moment = tx.now if at is None else aware(at, "at")
        return _reach(reach(tx, client_id, moment), moment)

    return await store.read(look)


@get("/clients/{client_id:str}/holes", guards=[ROSTER], tags=["roster"])
async def get_holes(
    client_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    weeks: FromQuery[Weeks] = 4,
) -> Holes:
    """When nobody would take this client's reports in the weeks to come."""

    def look(tx: Tx) -> list[HoleOut]:
        seen(tx, who, client_id)
        found = holes(tx, client_id, tx.now, weeks)
        return [HoleOut(one.since, one.until, _passed(one.passed)) for one in found]

    return Holes(await store.read(look))


routes = [get_reach, get_holes]
