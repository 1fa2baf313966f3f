"""Calls and missed calls for programs."""

from datetime import datetime

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from denwaban.access import Principal, Role
from denwaban.calls.cursor import place_of
from denwaban.calls.model import Call, CallState, OfferResult, Outcome
from denwaban.calls.queries import Listed, Wanted, listed, offers_of, one
from denwaban.store import Store
from denwaban.web import needs
from denwaban.web.api import (
    Cursor,
    IdText,
    Limit,
    Moment,
    Page,
    make_page,
    missing,
    moment,
    needs_client,
    only_client,
)

everybody = needs(Role.OPERATOR, Role.SUPERVISOR, Role.CLIENT, Role.ADMINISTRATOR)


class CallOut(msgspec.Struct):
    """A call. Times in UTC."""

    id: str
    client_id: str | None
    """None: nobody's number."""
    dialled: str
    """E.164, or what was received when it is no number."""
    caller: str
    """E.164; empty when withheld; what was received when it is no number."""
    plan: str
    """Name of the window of the client's plan that decided."""
    mode: str
    state: CallState
    outcome: Outcome | None
    """None: still going on."""
    operator_id: str | None
    """Who talks, or talked last."""
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    wait_ms: int
    """Until an operator answered or the caller gave up."""
    practice: bool


class OfferOut(msgspec.Struct):
    """An operator who was rung for the call."""

    operator_id: str
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: OfferResult | None


class CallWithOffers(msgspec.Struct):
    call: CallOut
    offers: list[OfferOut]


class MissedOut(msgspec.Struct):
    """A caller whom nobody talked with; or, with `answered_at`, whose talk was cut off on our side and who then gave up
    waiting for another operator."""

    call_id: str
    client_id: str | None
    number: str
    """E.164; empty when withheld."""
    dialled: str
    at: datetime
    answered_at: datetime | None
    wait_ms: int
    """Until answered, or until the caller gave up."""
    outcome: Outcome
    practice: bool


def _place(found: Listed) -> tuple[str, str]:
    return found.call.arrived_at.isoformat(), found.call.id


def _show(call: Call) -> CallOut:
    return msgspec.convert(call, CallOut, from_attributes=True)


def _show_missed(found: Listed) -> MissedOut:
    call = found.call
    assert call.outcome is not None  # only calls that have ended are missed
    return MissedOut(
        call_id=call.id,
        client_id=call.client_id,
        number=call.caller,
        dialled=call.dialled,
        at=call.arrived_at,
        answered_at=call.answered_at,
        wait_ms=call.wait_ms,
        outcome=call.outcome,
        practice=call.practice,
    )


@get("/calls", guards=[everybody], tags=["calls"], operation_id="listCalls")
async def list_calls(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    outcome: FromQuery[Outcome | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[CallOut]:
    """Calls, newest first; a client's key sees its own."""
    before = place_of(cursor)
    wanted = Wanted(client_id=only_client(who, client_id), outcome=outcome)
    found = await store.read(lambda tx: listed(tx, wanted, before, limit + 1))
    return make_page(found, limit, lambda each: _show(each.call), _place)


@get("/calls/{call_id:str}", guards=[everybody], tags=["calls"], operation_id="readCall")
async def read_call(
    who: NamedDependency[Principal], store: NamedDependency[Store], call_id: FromPath[IdText]
) -> CallWithOffers:
    """One call, and which operators were rung for it."""
    found, offers = await store.read(lambda tx: (one(tx, call_id), offers_of(tx, call_id)))
    if found is None:
        raise missing()
    needs_client(who, found.call.client_id)
    return CallWithOffers(
        _show(found.call),
        [msgspec.convert(offer, OfferOut, from_attributes=True) for offer, _name in offers],
    )


@get("/missed-calls", guards=[everybody], tags=["calls"], operation_id="listMissedCalls")
async def list_missed_calls(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    since: FromQuery[Moment | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[MissedOut]:
    """Callers whom nobody talked with, newest first: abandoned, blocked at the line limit, out of hours, messages, lost.

    Of all time, or of those who called at `since` (with its time zone) or later. A client's key sees its own.
    """
    before = place_of(cursor)
    wanted = Wanted(
        client_id=only_client(who, client_id),
        missed=True,
        since=moment("since", since) if since is not None else None,
    )
    found = await store.read(lambda tx: listed(tx, wanted, before, limit + 1))
    return make_page(found, limit, _show_missed, _place)


routes = [list_calls, read_call, list_missed_calls]
