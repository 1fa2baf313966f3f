"""The floor for programs: what supervisors decide about calls, and how long calls took."""

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.calls import LONGEST_REASON, call
from denwaban.care import NO_CALLS, Handling, HandlingBy, HandlingTime, handling
from denwaban.clock import day_begins, japan_day
from denwaban.routing import SeatError, Switchboard, Where
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs
from denwaban.web.api import NOT_BLANK, IdText, Moment, missing, moment, refused

SUPERVISOR = [needs(Role.SUPERVISOR)]
FLOOR = [needs(Role.SUPERVISOR, Role.ADMINISTRATOR)]

MOST_DAYS = 92

Why = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REASON, pattern=NOT_BLANK)]


class MoveIn(msgspec.Struct, forbid_unknown_fields=True):
    """Where a waiting caller is moved. `target_id`: the group or the operator; none where it is `first`, before all others."""

    where: Where
    reason: Why
    target_id: IdText | None = None


class LetIn(msgspec.Struct, forbid_unknown_fields=True):
    """`operator_id`: who is meant to be talking with the caller; somebody else is refused."""

    operator_id: IdText
    reason: Why


class TimeOut(msgspec.Struct):
    """Seconds for each call, to a tenth; null without calls."""

    calls: int
    """On which an operator talked and that are over; one with several operators counts once."""
    aht: float | None
    """Average handling time: talk, holds and wrap-up."""
    talk: float | None
    """Talk with its holds."""
    wrap_up: float | None


class HandlingOut(msgspec.Struct):
    """Of one client, operator or day, or of everybody."""

    key: str
    """The client's or operator's id, or the day in Tokyo; empty for everybody."""
    usual: TimeOut
    relay: TimeOut
    """Calls of the telephone relay service, which are in no other figure."""


class HandlingTimes(msgspec.Struct):
    items: list[HandlingOut]


@post(
    "/calls/{call_id:str}/move",
    guards=SUPERVISOR,
    tags=["calls"],
    operation_id="moveCall",
    status_code=204,
)
async def move(
    call_id: FromPath[IdText],
    data: JSONBody[MoveIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    switchboard: NamedDependency[Switchboard],
) -> None:
    """Moves a caller who waits: before others, or for a minute to a group or an operator alone. The reason stays with the call.

    409 when they do not wait any more, or when there is nobody they could be moved to.
    """
    if (data.target_id is None) is not (data.where == "first"):
        raise refused("target_id", _("班かオペレーターへ移すときに、その id を指定してください"))
    await _here(store, call_id)
    try:
        await switchboard.deciding.move(
            who.user_id, call_id, data.where, data.target_id or "", data.reason
        )
    except SeatError as error:
        raise Problem(409, str(error)) from error


@post(
    "/calls/{call_id:str}/let-through",
    guards=SUPERVISOR,
    tags=["calls"],
    operation_id="letCallThrough",
    status_code=204,
)
async def let_through(
    call_id: FromPath[IdText],
    data: JSONBody[LetIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    switchboard: NamedDependency[Switchboard],
) -> None:
    """From now on the caller may be put through to anybody of the client's staff, whatever its conditions for transfers say. The
    reason stays with the call. 409 when this operator does not talk with them."""
    await _here(store, call_id)
    try:
        await switchboard.deciding.let_through(who.user_id, data.operator_id, call_id, data.reason)
    except SeatError as error:
        raise Problem(409, str(error)) from error


@get("/handling-times", guards=FLOOR, tags=["figures"], operation_id="readHandlingTimes")
async def read_times(
    store: NamedDependency[Store],
    since: FromQuery[Moment],
    until: FromQuery[Moment],
    by: FromQuery[Literal["all", "client", "operator", "day"]] = "all",
    client_id: FromQuery[IdText | None] = None,
) -> HandlingTimes:
    """How long calls took that came in from `since` until before `until`, of one client or of all. Practice calls and calls that
    we made are in none. `day`: each day in Tokyo that has calls, at most 92."""
    first, last = moment("since", since), moment("until", until)
    if last <= first:
        raise refused("until", "later than since")
    if by == "day":
        days = [japan_day(first) + timedelta(days=n) for n in range((last - first).days + 2)]
        if len(days) > MOST_DAYS + 1:
            raise refused("until", f"at most {MOST_DAYS} days after since")
        spans = [
            (str(day), max(first, day_begins(day)), min(last, day_begins(day + timedelta(days=1))))
            for day in days
        ]
    else:
        spans = [("", first, last)]

    def read(tx: Tx) -> HandlingTimes:
        found: dict[str, Handling] = {}
        for key, begin, end in spans:
            if begin < end:
                how = HandlingBy.ALL if by == "day" else HandlingBy(by)
                told = handling(tx, begin, end, how, client_id)
                found |= {key or own: one for own, one in told.items()}
        if by == "all":
            found = found or {"": NO_CALLS}
        return HandlingTimes([_show(key, found[key]) for key in sorted(found)])

    return await store.read(read)


def _show(key: str, found: Handling) -> HandlingOut:
    return HandlingOut(key, _time(found.usual), _time(found.relay))


def _time(found: HandlingTime) -> TimeOut:
    return TimeOut(found.calls, found.average, found.talk, found.wrap_up)


async def _here(store: Store, call_id: str) -> None:
    if await store.read(lambda tx: call(tx, call_id)) is None:
        raise missing()


routes = [move, let_through, read_times]
