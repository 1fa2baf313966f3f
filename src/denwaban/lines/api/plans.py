"""Service plans as JSON."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.lines.api.common import ADMINISTRATOR, EVERYONE, changed, of_client
from denwaban.lines.model import DatedPlan, Mode, PlanWindow
from denwaban.lines.plans import plan_of, plans_of, remove_plan, set_plan
from denwaban.store import Store, Tx
from denwaban.web.api import NO_NULL, IdText, ShortText, missing, needs_client


class Window(msgspec.Struct, forbid_unknown_fields=True):
    """A part of the week (JST). `days`: Mon 1, Tue 2 … Sun 64, public holiday 128, added up. Minutes of the day; `closes`
    beyond 1440 reaches into the next day. The first window of the plan that fits decides."""

    name: ShortText
    days: Annotated[int, msgspec.Meta(ge=1, le=255)]
    opens: Annotated[int, msgspec.Meta(ge=0, le=1439)]
    closes: Annotated[int, msgspec.Meta(ge=1, le=2879)]
    mode: Mode
    script_id: IdText | None = None
    message: Annotated[str, msgspec.Meta(max_length=500, pattern=NO_NULL)] = ""
    urgent: bool = False
    """Calls to numbers for emergencies go before all others."""
    least_level: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    """What operators must be able to do; null: as for the client."""


class Plan(msgspec.Struct, forbid_unknown_fields=True):
    """When a client's calls are answered, and how. Outside every window the client is closed."""

    windows: Annotated[list[Window], msgspec.Meta(max_length=50)]


class PlanFrom(msgspec.Struct):
    """A plan and the day (JST) from which it holds; null: from the beginning."""

    effective_from: date | None
    windows: list[Window]


class Plans(msgspec.Struct):
    """A client's plans, past ones too, earliest first."""

    items: list[PlanFrom]


def _windows(windows: Iterable[PlanWindow]) -> list[Window]:
    return [msgspec.convert(window, Window, from_attributes=True) for window in windows]


def _plan(windows: list[PlanWindow]) -> Plan:
    return Plan(_windows(windows))


def _plans(plans: list[DatedPlan]) -> Plans:
    return Plans([PlanFrom(plan.effective_from, _windows(plan.windows)) for plan in plans])


@get("/clients/{client_id:str}/plan", guards=[EVERYONE])
async def get_plan(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Plan:
    """The windows, the deciding order first."""
    needs_client(who, client_id)
    return _plan(await of_client(store, client_id, lambda tx: plan_of(tx, client_id)))


@put("/clients/{client_id:str}/plan", guards=[ADMINISTRATOR])
async def put_plan(
    client_id: FromPath[IdText], data: JSONBody[Plan], store: NamedDependency[Store]
) -> Plan:
    """Replaces the whole plan."""
    windows = [PlanWindow(**msgspec.structs.asdict(window)) for window in data.windows]

    def change(tx: Tx) -> list[PlanWindow]:
        set_plan(tx, client_id, windows)
        return plan_of(tx, client_id)

    return _plan(await changed(store, client_id, change, "windows"))


@get("/clients/{client_id:str}/plans", guards=[EVERYONE])
async def get_plans(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Plans:
    """The plan that holds, those before it and those that are to come."""
    needs_client(who, client_id)
    return _plans(await of_client(store, client_id, lambda tx: plans_of(tx, client_id)))


@put("/clients/{client_id:str}/plans/{effective_from:date}", guards=[ADMINISTRATOR])
async def put_dated_plan(
    client_id: FromPath[IdText],
    effective_from: FromPath[date],
    data: JSONBody[Plan],
    store: NamedDependency[Store],
) -> Plans:
    """Sets the plan that holds from a day (JST) on; one that already begins on it is replaced."""
    windows = [PlanWindow(**msgspec.structs.asdict(window)) for window in data.windows]

    def change(tx: Tx) -> list[DatedPlan]:
        set_plan(tx, client_id, windows, effective_from)
        return plans_of(tx, client_id)

    return _plans(await changed(store, client_id, change, "windows"))


@delete("/clients/{client_id:str}/plans/{effective_from:date}", guards=[ADMINISTRATOR])
async def delete_dated_plan(
    client_id: FromPath[IdText], effective_from: FromPath[date], store: NamedDependency[Store]
) -> None:
    """Takes back the plan that begins on a day; the one before it holds on."""
    if not await store.write(lambda tx: remove_plan(tx, client_id, effective_from)):
        raise missing()


routes = [get_plan, put_plan, get_plans, put_dated_plan, delete_dated_plan]
