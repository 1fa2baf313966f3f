"""The seat's page, its pieces, its live stream, and which page holds the seat."""

from collections.abc import AsyncIterator
from typing import Any, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.response import Stream, Template

from denwaban.calls import ringing_at, talking_with
from denwaban.config import Settings
from denwaban.console import rows
from denwaban.console.acts import take_seat
from denwaban.console.here import OPERATORS, OpenPages
from denwaban.console.pages.common import SEAT, Seat, told
from denwaban.console.phone import account
from denwaban.console.waiting import SHOWN, SeatQueue, WaitingRoom
from denwaban.console.words import words
from denwaban.journal import Entry, Journal, last_seq
from denwaban.people import Operator
from denwaban.store import Tx, new_id
from denwaban.web import LiveEvent, Problem, _, live, page

open_pages = OpenPages()

SLOTS = ("call.parked",)
"""Who is parked, all seats show."""


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    """A page wants the seat. `force`: take it from another page that is open. `fresh`: no call is in this page."""

    page: str
    force: bool = False
    fresh: bool = False


@get("/seat", guards=[OPERATORS], dependencies=SEAT)
async def show(
    seat: NamedDependency[Seat],
    waiting_room: NamedDependency[WaitingRoom],
) -> Template:
    """The page. It is loaded once; everything later comes in pieces."""
    after = await seat.store.read(last_seq)
    seen = await seat.look()
    return page(
        "console/seat.html",
        operator=seen.operator,
        page=new_id(),
        after=after,
        regions=seat.pieces(seen),
        waiting=waiting_room.queue.but_at(seen.operator.id),
        shown=SHOWN,
        words=words(),
    )


@get("/seat/parts", guards=[OPERATORS], dependencies=SEAT, opt={"quiet": True})
async def parts(seat: NamedDependency[Seat]) -> Template:
    """What has changed on the screen."""
    return await seat.screen()


@get("/seat/live", guards=[OPERATORS], dependencies=SEAT, opt={"quiet": True})
async def stream(
    request: Request[Any, Any, Any],
    journal: NamedDependency[Journal],
    seat: NamedDependency[Seat],
    waiting_room: NamedDependency[WaitingRoom],
    after: FromQuery[int | None] = None,
    page: FromQuery[str] = "",
) -> Stream:
    """Events: `seat` (something of this seat changed), `queue` (data: the pieces that tell who waits), `client` (something else
    that it shows has changed), `taken` (data: the page that holds the seat now)."""

    def interests(tx: Tx, operator: Operator) -> tuple[str, set[str]]:
        found = (talking_with(tx, operator.id), ringing_at(tx, operator.id))
        return operator.id, {call.id for call in found if call is not None}

    operator_id, mine = await seat.read(interests)
    events = live(
        request,
        journal,
        after,
        lambda entry: _event(entry, operator_id, mine),
        SeatQueue(waiting_room, operator_id),
    )
    held = open_pages.hold(page, cast(AsyncIterator[bytes], events.iterator))
    return Stream(held, media_type="text/event-stream", headers=dict(events.headers))


def _event(entry: Entry, operator_id: str, mine: set[str]) -> LiveEvent | None:
    """What a fact means for this seat. `mine` remembers the calls that it has to do with."""
    fact = entry.fact
    concerned = (fact.subject, fact.data.get("operator_id"), fact.data.get("helper_id"))
    concerns = operator_id in concerned
    if fact.kind == "seat.taken":
        return LiveEvent("taken", str(fact.data["page"])) if concerns else None
    if fact.kind.startswith("call."):
        if concerns:
            mine.add(fact.subject)
        ours = concerns or fact.subject in mine
        if fact.kind in SLOTS or "slot" in fact.data:
            return LiveEvent("seat" if ours else "client", "")
        if fact.kind == "call.ended":
            mine.discard(fact.subject)
        return LiveEvent("seat", "") if ours else None
    if fact.kind.startswith("identity."):
        return LiveEvent("seat", "") if fact.subject in mine else None
    if fact.kind == "script.published":
        return LiveEvent("client", "")
    if fact.kind.startswith(("operator.", "report.sent", "script.", "care.", "monitor.")):
        return LiveEvent("seat", "") if concerns else None
    if fact.kind.startswith(("staff.", "client.", "promise.", "person.")):
        return LiveEvent("client", "")
    return None


@post("/seat/claim", guards=[OPERATORS], dependencies=SEAT, status_code=200)
async def claim(
    request: Request[Any, Any, Any],
    data: JSONBody[Claim],
    settings: NamedDependency[Settings],
    seat: NamedDependency[Seat],
) -> Response[Any]:
    """Gives the seat and its telephone account to this page; 409 when another page is open and `force` is not said. What the
    page before it talked about goes on in this one."""
    if not (len(data.page) == 32 and data.page.isalnum() and data.page.isascii()):
        raise Problem(400, _("画面を読み込み直してください"))
    operator, holder = await seat.read(lambda tx, me: (me, rows.page_of(tx, me.id)))
    if holder not in (None, data.page) and holder in open_pages and not data.force:
        return told(409, elsewhere=True)
    await seat.store.write(lambda tx: take_seat(tx, operator.id, data.page))
    if data.fresh:
        seat.board.page_opened(operator.id)
    host = request.url.hostname or settings.web_host
    return Response(account(settings, operator, host), headers={"Cache-Control": "no-store"})


routes = [show, parts, stream, claim]
