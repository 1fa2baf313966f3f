"""The supervisor's screen, and the same for the wall."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Stream, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.floor import acting, records, times
from denwaban.floor.board import board
from denwaban.journal import Entry, Journal, last_seq
from denwaban.routing import Switchboard
from denwaban.store import Store
from denwaban.web import LiveEvent, live, needs, page

GUARDS = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]

CHANGES = (
    "call.",
    "operator.",
    "report.",
    "promise.",
    "delivery.",
    "line.",
    "engine.",
    "oncall.",
    "care.",
    "monitor.",
    "identity.",
    "leak.",
)


@get("/floor", guards=GUARDS)
async def floor(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """The page. It keeps itself up to date."""
    after = await store.read(last_seq)
    shown = await board(store, clock, switchboard, who.user_id)
    return page("floor/floor.html", after=after, words=acting.words(), **shown)


@get("/floor/parts", guards=GUARDS, opt={"quiet": True})
async def parts(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """The same as it is now, without the page around it."""
    return page("floor/board.html", **await board(store, clock, switchboard, who.user_id))


@get("/floor/wall", guards=GUARDS)
async def wall(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """To be read from three metres away."""
    after = await store.read(last_seq)
    shown = await board(store, clock, switchboard, who.user_id)
    return page("floor/wall.html", after=after, **shown)


@get("/floor/wall/parts", guards=GUARDS, opt={"quiet": True})
async def wall_parts(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """The wall as it is now."""
    return page("floor/wall_board.html", **await board(store, clock, switchboard, who.user_id))


@get("/floor/live", guards=GUARDS, opt={"quiet": True})
async def follow(
    request: Request[Any, Any, Any],
    journal: NamedDependency[Journal],
    after: FromQuery[int | None] = None,
) -> Stream:
    """Tells the page that something has changed; it fetches its parts when it is ready for them."""

    def choose(entry: Entry) -> LiveEvent | None:
        return LiveEvent("changed", "") if entry.fact.kind.startswith(CHANGES) else None

    return live(request, journal, after, choose)


routes = [
    floor,
    parts,
    wall,
    wall_parts,
    follow,
    *acting.routes,
    *records.routes,
    *times.routes,
]
