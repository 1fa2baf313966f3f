"""A client's own summaries, for its staff."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from denwaban.access import Principal, Role
from denwaban.clock import japan_day
from denwaban.store import Store
from denwaban.summaries.pages import common
from denwaban.summaries.paper import Press
from denwaban.web import MenuEntry, needs, not_here, page

theirs = needs(Role.CLIENT)


def client_of(who: Principal) -> str:
    """Whose portal this is."""
    if who.client_id is None:
        raise not_here()
    return who.client_id


@get("/portal/summaries", guards=[theirs])
async def show_list(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    month: FromQuery[str] = "",
) -> Template:
    """The summaries of a month."""
    client_id = client_of(who)
    today = japan_day(store.clock.now())
    found = await store.read(lambda tx: common.of_month(tx, client_id, month, today, made=True))
    return page("summaries/portal.html", client_id=client_id, **found)


@get("/portal/summaries/{summary_id:str}", guards=[theirs])
async def show_one(
    who: NamedDependency[Principal], store: NamedDependency[Store], summary_id: FromPath[str]
) -> Template:
    """One of them, with its figures."""
    found = await common.the_kept(store, summary_id, client_of(who))
    return common.show(found, f"/portal/summaries/{summary_id}", floor=False, mails=[], done="")


@get("/portal/summaries/{summary_id:str}/pdf", guards=[theirs])
async def show_pdf(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    press: NamedDependency[Press],
    summary_id: FromPath[str],
) -> Response[bytes]:
    found = await common.the_kept(store, summary_id, client_of(who))
    return await common.pdf_file(store, who, found, press)


@get("/portal/summaries/{summary_id:str}/csv", guards=[theirs])
async def show_csv(
    who: NamedDependency[Principal], store: NamedDependency[Store], summary_id: FromPath[str]
) -> Response[bytes]:
    found = await common.the_kept(store, summary_id, client_of(who))
    return await common.csv_file(store, who, found)


menu = [MenuEntry("/portal/summaries", "日報・月報", frozenset({Role.CLIENT}))]

routes = [show_list, show_one, show_pdf, show_csv]
