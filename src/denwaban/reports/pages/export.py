"""Reports as CSV, for the client's staff and for our floor."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from denwaban.access import Principal, Role
from denwaban.people import PeopleError, client_here
from denwaban.reports.export import taken
from denwaban.reports.pages.common import FLOOR
from denwaban.store import Store
from denwaban.web import Problem, _, needs, not_here


@get("/portal/reports.csv", guards=[needs(Role.CLIENT)])
async def theirs(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    first: FromQuery[str] = "",
    last: FromQuery[str] = "",
) -> Response[bytes]:
    """A client's own reports of some days; of this month when none are named."""
    if who.client_id is None:
        raise not_here()
    return await _file(store, who, who.client_id, first, last)


@get("/clients/{client_id:str}/reports.csv", guards=[FLOOR])
async def ours(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromPath[str],
    first: FromQuery[str] = "",
    last: FromQuery[str] = "",
) -> Response[bytes]:
    """Any client's."""
    await store.read(lambda tx: client_here(tx, client_id))
    return await _file(store, who, client_id, first, last)


async def _file(
    store: Store, who: Principal, client_id: str, first: str, last: str
) -> Response[bytes]:
    try:
        return await taken(store, who, client_id, first, last)
    except PeopleError as error:
        raise Problem(422, _("CSV を作れませんでした"), error.tell(_)) from error


routes = [theirs, ours]
