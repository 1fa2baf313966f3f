"""Callers in the engine without an open row: the row could not be written, or they came while we were away."""

from collections.abc import Mapping
from datetime import datetime

from denwaban.calls import Call, CallState
from denwaban.outgoing import Outgoing
from denwaban.routing.adoption import talks
from denwaban.routing.adoption.company import company_of
from denwaban.routing.adoption.remembered import NOTHING, with_note
from denwaban.routing.adoption.taking import describe, hears, operator_of
from denwaban.routing.desk import Desk
from denwaban.telephony.engine import Entry
from denwaban.telephony.port import CallArrived, Leg, LegState, Snapshot


async def take(
    desk: Desk,
    row: Call | None,
    state: LegState,
    snapshot: Snapshot,
    at: datetime,
    outgoing: Outgoing,
    ledger: Mapping[Leg, Entry],
) -> None:
    """Who is with somebody talks on and gets a row; everybody else has just come."""
    if row is not None and row.state is CallState.ENDED:
        desk.send_away(state.leg)
        return
    notes = state.notes
    arrived = CallArrived(
        state.leg,
        notes.get("dialled", ""),
        notes.get("caller", ""),
        notes.get("trunk", ""),
        _moment(notes.get("at", "")) or at,
    )
    call_id, entry = notes.get("call"), ledger.get(state.leg)
    whose = Call(
        id=call_id or "",
        client_id=None,
        leg=state.leg,
        trunk="",
        dialled="",
        caller="",
        arrived_at=at,
        # The engine writes with whom they were joined last.
        operator_id=desk.seats.get(entry.seat) if entry is not None and entry.seat else None,
        state=CallState.TALKING,
    )
    remembered = with_note(NOTHING, notes.get("asked", ""))
    company = company_of(snapshot.legs, state, whose, remembered, operator_of(desk))
    if company.operator is None:
        desk.arrived(arrived, call_id)
        if (found := desk.book.legs.get(state.leg)) is not None:
            hears(found[0], state)
        return
    live = desk.book.found(arrived, call_id)
    live.voice = True
    await describe(desk, live, arrived.dialled)
    desk.book.count(live)
    talks.with_operator(
        desk, live, company, CallState.TALKING, remembered, at, outgoing, new_call=True
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
