"""Callers who are found with nobody: in line again, parked, to be called back, or told that it is closed."""

from datetime import datetime

from msgspec.structs import replace

from denwaban.calls import CallState, changes
from denwaban.routing.adoption.talks import AWAY
from denwaban.routing.desk import Desk
from denwaban.routing.floor import PUT_DOWN
from denwaban.routing.intake import terms
from denwaban.routing.keeping import Place
from denwaban.routing.live import LiveCall
from denwaban.telephony.port import LegState


async def parked(desk: Desk, live: LiveCall, at: datetime) -> bool:
    """In their numbered place. False: somebody else is there."""
    live.terms = terms(live.service, await desk.intake.known(live.service, live.call))
    if not desk.parking.adopt(live, at):
        return False
    desk.book.adopt(live, False)
    return True


async def to_be_called(
    desk: Desk, live: LiveCall, kept: Place, state: LegState | None, at: datetime
) -> None:
    """In line by arrival, to be called back. `state` of the leg by which they came, if they have not hung up yet."""
    _in_record(desk, live, at)
    holds = terms(live.service, await desk.intake.known(live.service, live.call))
    desk.places.adopt(live, kept, state)
    begins = max(kept.next_at, at + PUT_DOWN) if state is None else None
    desk.perform(desk.floor.adopt_place(live.call.id, live.call.arrived_at, at, begins, holds))


async def in_line(desk: Desk, live: LiveCall, at: datetime) -> None:
    """In line again, by arrival; what the operator who was being rung did meanwhile is not known."""
    _in_record(desk, live, at)
    if live.message:
        desk.close(live)
    else:
        holds = terms(live.service, await desk.intake.known(live.service, live.call))
        talked = live.call.answered_at is not None
        since, place = live.call.arrived_at, desk.places.came_again(live)
        if place is not None:
            # Found before: its call is older.
            desk.floor.suspend(place)
            since, talked = desk.floor.callers[place].arrived_at, True
        waiting = desk.floor.adopt_waiting(live.call.id, since, at, holds, stays=talked)
        desk.perform(waiting)


def _in_record(desk: Desk, live: LiveCall, at: datetime) -> None:
    offer, live.offer, state = live.offer, None, live.call.state
    live.call = replace(live.call, state=CallState.WAITING)
    desk.book.adopt(live, False)
    if offer is not None and offer.answered_at is None:
        desk.book.withdrawn(live, offer, at)
    elif state not in (CallState.WAITING, CallState.RINGING):
        desk.book.record(live, changes.returned(live.call, offer, at, reason=AWAY))
