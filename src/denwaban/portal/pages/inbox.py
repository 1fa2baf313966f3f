"""The inbox, and what tells open pages that something has changed."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Stream, Template

from denwaban.access import Principal
from denwaban.journal import Entry, Journal, last_seq
from denwaban.portal import views
from denwaban.portal.pages.common import client_of, theirs
from denwaban.store import Store
from denwaban.web import LiveEvent, live, page

LIVE_KINDS = (
    "report.",
    "promise.",
    "delivery.",
    "staff.",
    "call.ended",
    "callback.",
    "feedback.dealt_with",
)


@get("/portal", guards=[theirs])
async def begin() -> Redirect:
    return Redirect("/portal/reports", status_code=303)


@get("/portal/reports", guards=[theirs])
async def inbox(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Template:
    """The inbox; its list is fetched again whenever something happens."""
    after, found = await store.read(
        lambda tx: (last_seq(tx), views.inbox(tx, client_of(who), who.user_id))
    )
    return page("portal/inbox.html", after=after, inbox=found)


@get("/portal/reports/list", guards=[theirs])
async def inbox_list(who: NamedDependency[Principal], store: NamedDependency[Store]) -> Template:
    found = await store.read(lambda tx: views.inbox(tx, client_of(who), who.user_id))
    return page("portal/inbox_list.html", inbox=found)


@get("/portal/reports/older", guards=[theirs])
async def older(
    who: NamedDependency[Principal], store: NamedDependency[Store], before: FromQuery[str] = ""
) -> Template:
    """Reports further back."""
    found = await store.read(lambda tx: views.older(tx, client_of(who), before or None))
    return page("portal/older.html", found=found, next=found[-1].report.id if found else "")


@get("/portal/live", guards=[theirs])
async def hear(
    request: Request[Any, Any, Any],
    who: NamedDependency[Principal],
    journal: NamedDependency[Journal],
    after: FromQuery[int | None] = None,
) -> Stream:
    """Tells the open page that something of this client has changed; the page then fetches what it shows."""
    client_id = client_of(who)

    def choose(entry: Entry) -> LiveEvent | None:
        fact = entry.fact
        if fact.client_id != client_id or not fact.kind.startswith(LIVE_KINDS):
            return None
        return LiveEvent("changed", fact.kind)

    return live(request, journal, after, choose)


routes = [begin, inbox, inbox_list, older, hear]
