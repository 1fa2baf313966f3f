"""Callers who are found with somebody go on talking, and what the record did not know of it is written down."""

from dataclasses import replace
from datetime import datetime

from denwaban.calls import CallState, Offer, changes
from denwaban.outgoing import Outgoing
from denwaban.routing.adoption.company import Company
from denwaban.routing.adoption.remembered import NOTHING, Remembered
from denwaban.routing.desk import Desk
from denwaban.routing.intake import terms
from denwaban.routing.live import Asked, LiveCall
from denwaban.routing.talk import Side, Talk
from denwaban.store import new_id
from denwaban.telephony.port import LegState

AWAY = "away"
"""Why somebody who was asked in is not there: they went, or were not reached, while there was no program."""

_JOINED = {Side.CALLER: "third_answered", Side.THIRD: "swapped", None: "three"}


def with_operator(
    desk: Desk,
    live: LiveCall,
    company: Company,
    state: CallState,
    remembered: Remembered,
    at: datetime,
    outgoing: Outgoing,
    *,
    new_call: bool = False,
) -> None:
    """The operator has the call, with whomever they asked in. `state` is where the record has the caller."""
    operator = company.operator
    assert operator is not None  # the caller says with whom
    assert operator.seat is not None  # operators are at seats
    operator_id = desk.seats[operator.seat]
    asked = _asked(desk, company.third, at, outgoing)
    if asked is None:
        company = replace(company, third=None)
    talk = company.talk(state, remembered)
    if live.call.operator_id == operator_id:
        live.muted = remembered.muted
    live.operator_leg = operator.leg
    desk.book.legs[operator.leg] = (live, True)
    holds = terms(live.service)
    desk.floor.adopt_talking(live.call.id, operator_id, live.call.arrived_at, at, holds)
    desk.book.adopt(live, new_call)
    _theirs(desk, live, operator_id, at)
    _write(desk, live, talk, asked, remembered, at)
    desk.control.adopt(live, talk, company.room, company.music, asked)


def with_staff(
    desk: Desk, live: LiveCall, company: Company, at: datetime, outgoing: Outgoing
) -> None:
    """Somebody of the client's staff has the caller, no operator does. The terms of the call must be known."""
    asked = _asked(desk, company.third, at, outgoing)
    desk.book.adopt(live, False)
    if live.call.state is not CallState.PASSED and asked is not None:
        given = changes.moved(
            live.call,
            "given",
            at,
            state=CallState.PASSED,
            offer=live.offer,
            took=asked.id,
            told=asked.data,
        )
        desk.book.record(live, given)
        desk.control.leave(live)
    desk.control.adopt(live, company.talk(live.call.state, NOTHING), company.room, None, asked)


def _asked(desk: Desk, third: LegState | None, at: datetime, outgoing: Outgoing) -> Asked | None:
    """Whom the operator asked in, if that is still ours to know."""
    if third is None:
        return None
    if third.seat is not None:
        helper_id = desk.seats[third.seat]
        name = desk.people[helper_id].name
        return Asked("operator", helper_id, name, at, third.leg, up=True)
    line, notes = outgoing.claim(third.leg), third.notes
    if line is None:
        return None
    return Asked(
        "staff", notes.get("staff", ""), notes.get("name", ""), at, third.leg, line, up=True
    )


def _theirs(desk: Desk, live: LiveCall, operator_id: str, at: datetime) -> None:
    """The offer by which this operator has the call, as far as it is not in the record already."""
    before = live.offer
    if before is not None and before.operator_id == operator_id:
        if before.answered_at is None:
            # They were joined in the moment before the program died.
            desk.book.record(live, changes.answered(live.call, before, at))
        return
    if before is not None and before.answered_at is None:
        live.offer = None
        desk.book.withdrawn(live, before, at)
        before = None
    offer = Offer(new_id(), live.call.id, operator_id, at)
    if live.call.answered_at is None:
        live.offer = offer
        desk.book.record(live, changes.offered(live.call, offer))
        desk.book.record(live, changes.answered(live.call, offer, at))
        return
    for change in changes.taken_over(live.call, offer, before, at):
        desk.book.record(live, change)
        live.offer = change.offer


def _write(
    desk: Desk,
    live: LiveCall,
    talk: Talk,
    asked: Asked | None,
    remembered: Remembered,
    at: datetime,
) -> None:
    """Who has gone or come, and whether the caller is on hold, where the record says otherwise."""
    if remembered.leg:
        told = {"how": "consult", "leg": remembered.leg, **remembered.data}
        desk.book.record(live, changes.moved(live.call, "asked", at, told=told))
    state = CallState.HELD if talk.waits is Side.CALLER else CallState.TALKING
    if asked is not None and asked.id != remembered.asked:
        kind = _JOINED[talk.waits]
        moved = changes.moved(live.call, kind, at, state=state, told=asked.data)
    elif asked is None and remembered.asked not in ("", live.call.operator_id):
        told = {**remembered.data, "why": AWAY}
        moved = changes.moved(live.call, "third_gone", at, state=state, told=told)
    elif live.call.state is not state:
        moved = changes.held(live.call, state is CallState.HELD, at)
    else:
        return
    desk.book.record(live, moved)
