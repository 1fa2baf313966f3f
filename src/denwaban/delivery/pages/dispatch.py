"""The dispatch board: what is undelivered, untaken, near its time or broken, by keyboard and without a reload."""

from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.delivery import words
from denwaban.delivery.board import PAGE, Burn, board
from denwaban.journal import Entry, Journal, last_seq
from denwaban.people import staff_of
from denwaban.reports import report as report_of
from denwaban.store import Store, Tx
from denwaban.web import LiveEvent, MenuEntry, Problem, _, live, needs, page

ours = needs(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
floor = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

CHANGES = ("report.", "delivery.", "promise.")


@get("/dispatch", guards=[ours])
async def show(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    only: FromQuery[str] = "",
    at: FromQuery[int] = 0,
) -> Template:
    """The page. It keeps itself up to date."""
    after = await store.read(last_seq)
    return page("delivery/dispatch.html", after=after, **await _shown(who, store, clock, only, at))


@get("/dispatch/parts", guards=[ours], opt={"quiet": True})
async def parts(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    only: FromQuery[str] = "",
    at: FromQuery[int] = 0,
) -> Template:
    """The same as it is now, without the page around it."""
    return page("delivery/board.html", **await _shown(who, store, clock, only, at))


@get("/dispatch/live", guards=[ours], opt={"quiet": True})
async def follow(
    request: Request[Any, Any, Any],
    journal: NamedDependency[Journal],
    after: FromQuery[int | None] = None,
) -> Stream:
    """Tells the page that something has changed; it fetches its parts when it is ready for them."""

    def choose(entry: Entry) -> LiveEvent | None:
        return LiveEvent("changed", "") if entry.fact.kind.startswith(CHANGES) else None

    return live(request, journal, after, choose)


@get("/dispatch/{report_id:str}/people", guards=[floor], opt={"quiet": True})
async def people(store: NamedDependency[Store], report_id: FromPath[str]) -> Template:
    """To whom a report can be given: the choices of the dialog."""

    def verb(tx: Tx) -> dict[str, Any]:
        report = report_of(tx, report_id)
        if report is None:
            raise Problem(404, _("この報告は見つかりません"), _("一覧から選び直してください。"))
        return {
            "people": staff_of(tx, report.client_id),
            "now": tx.now,
            "in_charge": report.in_charge_id,
        }

    return page("delivery/people.html", **await store.read(verb))


async def _shown(who: Principal, store: Store, clock: Clock, only: str, at: int) -> dict[str, Any]:
    kind = {one.name.lower(): one for one in Burn}.get(only)
    place = min(max(at, 0), 10_000)
    found = await store.read(lambda tx: board(tx, kind, place))
    now = clock.now()

    def age(since: datetime) -> str:
        return words.age_words(now - since)

    return {
        "board": found,
        "only": only if kind is not None else "",
        "at": place,
        "size": PAGE,
        "age": age,
        "burns": words.burn_words(),
        "kinds": list(Burn),
        "next_words": words.next_words,
        "fact_words": words.fact_words(),
        "now": now,
        "may_act": who.role is not Role.OPERATOR,
    }


menu = [
    MenuEntry(
        "/dispatch",
        "配信",
        frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR}),
    )
]

routes = [show, parts, follow, people]
