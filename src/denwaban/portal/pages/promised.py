"""What callers wait for: calls that nobody answered, promises that nobody has kept yet."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from denwaban.access import Principal
from denwaban.calls import missed as missed_calls
from denwaban.clock import Clock
from denwaban.journal import last_seq
from denwaban.portal import views
from denwaban.portal.pages.common import client_of, theirs
from denwaban.promises import month_of, percent
from denwaban.store import Store, Tx
from denwaban.web import page

MISSED_FOR = timedelta(days=30)

MonthText = Annotated[str, msgspec.Meta(max_length=7)]


@get("/portal/missed", guards=[theirs])
async def missed(
    who: NamedDependency[Principal], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """Callers whom nobody talked with: number, time, how long they waited [C9]."""
    since = clock.now() - MISSED_FOR

    def verb(tx: Tx) -> tuple[int, list[views.MissedDay]]:
        found = missed_calls(tx, client_of(who), since, limit=500)
        return last_seq(tx), views.by_day(found)

    after, days = await store.read(verb)
    return page("portal/missed.html", after=after, days=days)


@get("/portal/promises", guards=[theirs])
async def promises(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    month: FromQuery[MonthText] = "",
) -> Template:
    """What callers still wait for, nearest time first; below it, how the promises of a month were kept."""

    def look(tx: Tx) -> dict[str, Any]:
        return {
            "after": last_seq(tx),
            "promises": views.promises(tx, client_of(who)),
            "month": month_of(tx, client_of(who), month),
        }

    return page("portal/promises.html", percent=percent, **await store.read(look))


routes = [missed, promises]
