"""Numbers, plans and line limits as JSON, under /api/v1."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, TypeVar

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.lines.acts import (
    ClientNumber,
    add_number,
    limits_of,
    number,
    numbers_of,
    remove_limit,
    remove_number,
    set_limit,
    set_number,
)
from denwaban.lines.ladder import ServiceLevel, Step
from denwaban.lines.levels import LinesError, level_of, set_level
from denwaban.lines.model import DatedPlan, LineLimit, Mode, PlanWindow
from denwaban.lines.plans import plan_of, plans_of, remove_plan, set_plan
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import needs
from denwaban.web.api import (
    NO_NULL,
    Cursor,
    IdText,
    Limit,
    OptionalText,
    Page,
    ShortText,
    decode_cursor,
    make_page,
    missing,
    needs_client,
    only_client,
    refused,
)

T = TypeVar("T")

EVERYONE = needs()
ADMINISTRATOR = needs(Role.ADMINISTRATOR)


class NumberOut(msgspec.Struct):
    """A telephone number that is answered for a client."""

    id: str
    client_id: str
    number: str
    """E.164."""
    label: str
    matter: str
    """What it is for; empty: for everything."""
    urgent: bool
    """For emergencies: goes first in the windows that say so."""


class UseIn(msgspec.Struct, forbid_unknown_fields=True):
    """What a number is for."""

    matter: Annotated[str, msgspec.Meta(max_length=50, pattern=NO_NULL)] = ""
    urgent: bool = False


class NumberIn(msgspec.Struct, forbid_unknown_fields=True):
    """A number to be answered. Any usual way of writing a Japanese number."""

    client_id: IdText
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=30, pattern=NO_NULL)]
    label: OptionalText = ""


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


class LevelIn(msgspec.Struct, forbid_unknown_fields=True):
    """How a client's calls are put through. `ladder`: what is done the longer a caller waits; `after` in seconds."""

    least_level: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    previous_seconds: Annotated[int, msgspec.Meta(ge=0, le=600)] = 0
    callers_first: bool = False
    says_place: bool = False
    answer_seconds: Annotated[int, msgspec.Meta(ge=1, le=600)] = 20
    answer_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 80
    ladder: Annotated[list[Step], msgspec.Meta(max_length=8)] = []


class LimitLine(msgspec.Struct):
    """From this day (JST) on, at most so many calls at the same time."""

    effective_from: date
    lines: int


class LimitIn(msgspec.Struct, forbid_unknown_fields=True):
    """At most so many calls at the same time."""

    lines: Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Limits(msgspec.Struct):
    """A client's line limits, earliest first."""

    items: list[LimitLine]


def _show(found: ClientNumber) -> NumberOut:
    return NumberOut(
        found.id, found.client_id, found.number, found.label, found.matter, found.urgent
    )


def _windows(windows: Iterable[PlanWindow]) -> list[Window]:
    return [msgspec.convert(window, Window, from_attributes=True) for window in windows]


def _plan(windows: list[PlanWindow]) -> Plan:
    return Plan(_windows(windows))


def _plans(plans: list[DatedPlan]) -> Plans:
    return Plans([PlanFrom(plan.effective_from, _windows(plan.windows)) for plan in plans])


def _limits(limits: list[LineLimit]) -> Limits:
    return Limits([LimitLine(limit.effective_from, limit.lines) for limit in limits])


async def _of_client(store: Store, client_id: str, verb: Callable[[Tx], T]) -> T:
    """Reads something of a client that is there; 404 when it is not."""

    def read(tx: Tx) -> T:
        client_here(tx, client_id)
        return verb(tx)

    return await store.read(read)


async def _change(store: Store, client_id: str, verb: Callable[[Tx], T], field: str) -> T:
    """Changes something of a client that is there."""

    def change(tx: Tx) -> T:
        client_here(tx, client_id)
        return verb(tx)

    try:
        return await store.write(change)
    except LinesError as error:
        raise refused(field, " ".join(error.sentences)) from error


@get("/numbers", guards=[EVERYONE])
async def list_numbers(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[NumberOut]:
    """Numbers, oldest first; of one client when `client_id` is given. A client's key sees its own only."""
    place = decode_cursor(cursor)
    only = only_client(who, client_id)
    after = place[0] if place is not None else ""
    found = await store.read(lambda tx: numbers_of(tx, only, after, limit + 1))
    return make_page(found, limit, _show, lambda item: (item.id,))


@post("/numbers", guards=[ADMINISTRATOR])
async def post_number(data: JSONBody[NumberIn], store: NamedDependency[Store]) -> NumberOut:
    """Gives a number to a client; 422 when it is no Japanese number or taken."""

    def add(tx: Tx) -> ClientNumber | None:
        return number(tx, add_number(tx, data.client_id, data.number, data.label))

    made = await _change(store, data.client_id, add, "number")
    if made is None:
        raise missing()
    return _show(made)


@delete("/numbers/{number_id:str}", guards=[ADMINISTRATOR])
async def delete_number(number_id: FromPath[IdText], store: NamedDependency[Store]) -> None:
    """Takes a number away. Past calls keep it."""

    def remove(tx: Tx) -> bool:
        found = number(tx, number_id)
        return found is not None and remove_number(tx, found.client_id, number_id)

    if not await store.write(remove):
        raise missing()


@patch("/numbers/{number_id:str}", guards=[ADMINISTRATOR])
async def patch_number(
    number_id: FromPath[IdText], data: JSONBody[UseIn], store: NamedDependency[Store]
) -> NumberOut:
    """Says what a number is for."""

    def change(tx: Tx) -> ClientNumber | None:
        found = number(tx, number_id)
        if found is None:
            return None
        set_number(tx, found.client_id, number_id, matter=data.matter, urgent=data.urgent)
        return number(tx, number_id)

    try:
        found = await store.write(change)
    except LinesError as error:
        raise refused("matter", " ".join(error.sentences)) from error
    if found is None:
        raise missing()
    return _show(found)


@get("/clients/{client_id:str}/plan", guards=[EVERYONE])
async def get_plan(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Plan:
    """The windows, the deciding order first."""
    needs_client(who, client_id)
    return _plan(await _of_client(store, client_id, lambda tx: plan_of(tx, client_id)))


@put("/clients/{client_id:str}/plan", guards=[ADMINISTRATOR])
async def put_plan(
    client_id: FromPath[IdText], data: JSONBody[Plan], store: NamedDependency[Store]
) -> Plan:
    """Replaces the whole plan."""
    windows = [PlanWindow(**msgspec.structs.asdict(window)) for window in data.windows]

    def change(tx: Tx) -> list[PlanWindow]:
        set_plan(tx, client_id, windows)
        return plan_of(tx, client_id)

    return _plan(await _change(store, client_id, change, "windows"))


@get("/clients/{client_id:str}/plans", guards=[EVERYONE])
async def get_plans(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Plans:
    """The plan that holds, those before it and those that are to come."""
    needs_client(who, client_id)
    return _plans(await _of_client(store, client_id, lambda tx: plans_of(tx, client_id)))


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

    return _plans(await _change(store, client_id, change, "windows"))


@delete("/clients/{client_id:str}/plans/{effective_from:date}", guards=[ADMINISTRATOR])
async def delete_dated_plan(
    client_id: FromPath[IdText], effective_from: FromPath[date], store: NamedDependency[Store]
) -> None:
    """Takes back the plan that begins on a day; the one before it holds on."""
    if not await store.write(lambda tx: remove_plan(tx, client_id, effective_from)):
        raise missing()


@get("/clients/{client_id:str}/level", guards=[EVERYONE])
async def get_level(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> LevelIn:
    """How the client's calls are put through."""
    needs_client(who, client_id)
    return _level(await _of_client(store, client_id, lambda tx: level_of(tx, client_id)))


@put("/clients/{client_id:str}/level", guards=[ADMINISTRATOR])
async def put_level(
    client_id: FromPath[IdText], data: JSONBody[LevelIn], store: NamedDependency[Store]
) -> LevelIn:
    """Replaces all of it; what is left out gets its default. Calls that come from now on are put through so."""
    values = msgspec.structs.asdict(data)
    wanted = ServiceLevel(**{**values, "ladder": tuple(data.ladder)})

    def change(tx: Tx) -> ServiceLevel:
        set_level(tx, client_id, wanted)
        return level_of(tx, client_id)

    return _level(await _change(store, client_id, change, "ladder"))


def _level(level: ServiceLevel) -> LevelIn:
    return LevelIn(**{**msgspec.structs.asdict(level), "ladder": list(level.ladder)})


@get("/clients/{client_id:str}/limits", guards=[EVERYONE])
async def get_limits(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Limits:
    """Past, present and future limits."""
    needs_client(who, client_id)
    return _limits(await _of_client(store, client_id, lambda tx: limits_of(tx, client_id)))


@put("/clients/{client_id:str}/limits/{effective_from:date}", guards=[ADMINISTRATOR])
async def put_limit(
    client_id: FromPath[IdText],
    effective_from: FromPath[date],
    data: JSONBody[LimitIn],
    store: NamedDependency[Store],
) -> Limits:
    """Sets the limit that begins on a day (JST); one that already begins on it is replaced."""

    def change(tx: Tx) -> list[LineLimit]:
        set_limit(tx, client_id, data.lines, effective_from)
        return limits_of(tx, client_id)

    return _limits(await _change(store, client_id, change, "lines"))


@delete("/clients/{client_id:str}/limits/{effective_from:date}", guards=[ADMINISTRATOR])
async def delete_limit(
    client_id: FromPath[IdText], effective_from: FromPath[date], store: NamedDependency[Store]
) -> None:
    """Takes back the limit that begins on a day; the one before it holds again."""
    if not await store.write(lambda tx: remove_limit(tx, client_id, effective_from)):
        raise missing()


routes = [
    list_numbers,
    post_number,
    delete_number,
    patch_number,
    get_plan,
    put_plan,
    get_plans,
    put_dated_plan,
    delete_dated_plan,
    get_level,
    put_level,
    get_limits,
    put_limit,
    delete_limit,
]
