"""What callers wait for: calls that nobody answered, promises that nobody has kept yet."""

from datetime import timedelta

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from denwaban.access import Principal
from denwaban.calls import missed as missed_calls
from denwaban.clock import Clock
from denwaban.journal import last_seq
from denwaban.portal import views
from denwaban.portal.pages.common import client_of, theirs
from denwaban.store import Store, Tx
from denwaban.web import page

MISSED_FOR = timedelta(days=30)


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
    who: NamedDependency[Principal], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """What callers still wait for, nearest time first."""
    after, found = await store.read(lambda tx: (last_seq(tx), views.promises(tx, client_of(who))))
    return page("portal/promises.html", after=after, promises=found, now=clock.now())


routes = [missed, promises]
