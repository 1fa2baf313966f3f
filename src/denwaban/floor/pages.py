"""The supervisor's screen."""

from datetime import datetime
from typing import Any, NamedTuple

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Stream, Template

from denwaban.access import Role
from denwaban.clock import JST, Clock
from denwaban.delivery import Trouble, troubles
from denwaban.floor.model import LONG_WAIT, SOON, Busy, Due, Today, near_limit
from denwaban.floor.rows import due_promises, lines_in_use, today
from denwaban.journal import Entry, Journal, last_seq
from denwaban.oncall import Alarm, alarms
from denwaban.routing import FloorView, SeatState, SeatView, Switchboard
from denwaban.store import Store, Tx
from denwaban.web import LiveEvent, _, live, needs, page

GUARDS = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]

SHOWN_WAITING = 12
SHOWN = 5
SHOWN_BUSY = 3
"""So many rows of a list fit without a scroll; the headings tell how many there are."""

CHANGES = ("call.", "operator.", "report.", "promise.", "delivery.", "line.", "engine.", "oncall.")

ORDER = (
    SeatState.OFFERED,
    SeatState.TALKING,
    SeatState.WRAP_UP,
    SeatState.READY,
    SeatState.AWAY,
    SeatState.BREAK,
    SeatState.OFFLINE,
)


class Counted(NamedTuple):
    """What the database says."""

    today: Today
    busy: list[Busy]
    troubles: list[Trouble]
    due: list[Due]
    nobody: list[Alarm]
    at: datetime


@get("/floor", guards=GUARDS)
async def floor(
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """The page. It keeps itself up to date."""
    after = await store.read(last_seq)
    return page("floor/floor.html", after=after, **await _board(store, clock, switchboard))


@get("/floor/parts", guards=GUARDS, opt={"quiet": True})
async def parts(
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    switchboard: NamedDependency[Switchboard],
) -> Template:
    """The same as it is now, without the page around it."""
    return page("floor/board.html", **await _board(store, clock, switchboard))


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


async def _board(store: Store, clock: Clock, switchboard: Switchboard) -> dict[str, Any]:
    view = switchboard.view()
    now = clock.now()
    midnight = now.astimezone(JST).replace(hour=0, minute=0, second=0, microsecond=0)

    def count(tx: Tx) -> Counted:
        return Counted(
            today(tx, midnight),
            near_limit(*lines_in_use(tx)),
            troubles(tx),
            due_promises(tx, now + SOON),
            alarms(tx),
            now,
        )

    return {
        "view": view,
        "seats": in_order(view),
        "seat_words": seat_words(),
        "counts": counts(view),
        "counted": await store.read(count),
        "long_wait": now - LONG_WAIT,
        "shown": SHOWN,
        "shown_busy": SHOWN_BUSY,
        "shown_waiting": SHOWN_WAITING,
    }


def in_order(view: FloorView) -> list[SeatView]:
    """Seats by state, who is longest in it first."""
    place = {state: number for number, state in enumerate(ORDER)}
    return sorted(view.seats, key=lambda seat: (place[seat.state], seat.since, seat.seat))


def counts(view: FloorView) -> list[tuple[str, int]]:
    """(state, how many seats) for the states that occur."""
    words = seat_words()
    found = [(state, sum(seat.state is state for seat in view.seats)) for state in ORDER]
    return [(words[state], number) for state, number in found if number]


def seat_words() -> dict[SeatState, str]:
    """The states in words."""
    return {
        SeatState.OFFERED: _("呼出中"),
        SeatState.TALKING: _("通話中"),
        SeatState.WRAP_UP: _("後処理"),
        SeatState.READY: _("受付中"),
        SeatState.AWAY: _("不在"),
        SeatState.BREAK: _("休憩"),
        SeatState.OFFLINE: _("未接続"),
    }


routes = [floor, parts, follow]
