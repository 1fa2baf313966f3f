"""How calls are put through, and how many at a time, as JSON."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.lines.acts import limits_of, remove_limit, set_limit
from denwaban.lines.api.common import ADMINISTRATOR, EVERYONE, changed, of_client
from denwaban.lines.ladder import ServiceLevel, Step
from denwaban.lines.levels import level_of, set_level
from denwaban.lines.model import LineLimit
from denwaban.store import Store, Tx
from denwaban.web.api import IdText, missing, needs_client


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


def _limits(limits: list[LineLimit]) -> Limits:
    return Limits([LimitLine(limit.effective_from, limit.lines) for limit in limits])


@get("/clients/{client_id:str}/level", guards=[EVERYONE])
async def get_level(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> LevelIn:
    """How the client's calls are put through."""
    needs_client(who, client_id)
    return _level(await of_client(store, client_id, lambda tx: level_of(tx, client_id)))


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

    return _level(await changed(store, client_id, change, "ladder"))


def _level(level: ServiceLevel) -> LevelIn:
    return LevelIn(**{**msgspec.structs.asdict(level), "ladder": list(level.ladder)})


@get("/clients/{client_id:str}/limits", guards=[EVERYONE])
async def get_limits(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Limits:
    """Past, present and future limits."""
    needs_client(who, client_id)
    return _limits(await of_client(store, client_id, lambda tx: limits_of(tx, client_id)))


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

    return _limits(await changed(store, client_id, change, "lines"))


@delete("/clients/{client_id:str}/limits/{effective_from:date}", guards=[ADMINISTRATOR])
async def delete_limit(
    client_id: FromPath[IdText], effective_from: FromPath[date], store: NamedDependency[Store]
) -> None:
    """Takes back the limit that begins on a day; the one before it holds again."""
    if not await store.write(lambda tx: remove_limit(tx, client_id, effective_from)):
        raise missing()


routes = [get_level, put_level, get_limits, put_limit, delete_limit]
