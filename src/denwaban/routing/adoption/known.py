"""Calls that the record has open and memory does not know: the program is new."""

from collections.abc import Mapping

from msgspec.structs import replace

from denwaban.calls import Call, CallState, Outcome, changes
from denwaban.lines import Mode
from denwaban.outgoing import Outgoing
from denwaban.routing.adoption import talks, waiting
from denwaban.routing.adoption.company import NOBODY, called_back, company_of
from denwaban.routing.adoption.held import Held
from denwaban.routing.adoption.remembered import NOTHING, with_note
from denwaban.routing.adoption.taking import describe, hears, operator_of
from denwaban.routing.desk import Desk
from denwaban.routing.floor import PUT_DOWN
from denwaban.routing.intake import terms
from denwaban.routing.keeping import Place
from denwaban.routing.left import end_in
from denwaban.routing.live import LiveCall
from denwaban.telephony.engine import Entry
from denwaban.telephony.port import Leg, Resynced
from denwaban.telephony.recording import sound_of


async def take(
    desk: Desk,
    row: Call,
    held: Held,
    event: Resynced,
    outgoing: Outgoing,
    ledger: Mapping[Leg, Entry],
) -> None:
    """The engine says who is with the caller, the record who that is and what else was agreed."""
    legs, kept = event.snapshot.legs, held.places.get(row.id)
    # Whom we called back came by another leg than the one that the row knows.
    gone = Leg(row.leg) not in legs
    far = called_back(legs, row, place=kept is not None) if gone else None
    leg = far.leg if far is not None else Leg(row.leg)
    state = legs.get(leg)
    live = desk.book.new_call(row, leg)
    live.recorded, live.offer = True, held.offers.get(row.id)
    if state is None and kept is None:
        _end(desk, live, event, ledger)
        return
    if state is not None:
        hears(live, state)
    await describe(desk, live)
    company, remembered = NOBODY, held.talks.get(row.id, NOTHING)
    if state is not None:
        desk.book.count(live)
        remembered = with_note(remembered, state.notes.get("asked", ""))
        company = company_of(legs, state, row, remembered, operator_of(desk))
    if company.operator is not None or company.third is not None:
        live.place = kept
        if company.operator is not None:
            talks.with_operator(desk, live, company, row.state, remembered, event.at, outgoing)
        else:
            live.terms = terms(live.service, await desk.intake.known(live.service, live.call))
            talks.with_staff(desk, live, company, event.at, outgoing)
        desk.places.joined(live)
    elif row.state is CallState.PARKED and await waiting.parked(desk, live, event.at):
        pass
    elif kept is not None:
        if far is not None:
            desk.send_away(far.leg)
        await waiting.to_be_called(desk, live, kept, legs.get(Leg(row.leg)), event.at)
    else:
        await waiting.in_line(desk, live, event.at)


def take_plainly(desk: Desk, row: Call, kept: Place | None, event: Resynced) -> None:
    """After a fault with this row: whoever is there waits in line, whoever is to be called back is kept, by arrival alone."""
    live = desk.book.calls.get(row.id)
    if live is None or row.id in desk.floor.callers:
        return  # over already, or on the floor in spite of it
    state = event.snapshot.legs.get(live.leg)
    if kept is not None:
        desk.places.adopt(live, kept, state)
        begins = max(kept.next_at, event.at + PUT_DOWN) if state is None else None
        desk.perform(desk.floor.adopt_place(row.id, row.arrived_at, event.at, begins))
    elif state is None:
        live.gone = True
        desk.book.end(live, _outcome_of_gone(row, event.restarted), event.at)
    elif row.mode == Mode.CLOSED:
        desk.close(live)
    else:
        live.message = ""
        desk.perform(desk.floor.adopt_waiting(row.id, row.arrived_at, event.at, stays=True))


def _end(desk: Desk, live: LiveCall, event: Resynced, ledger: Mapping[Leg, Entry]) -> None:
    """The caller of this row is gone: when, and whether somebody had talked with them, the engine knows better."""
    row, offer, entry = live.call, live.offer, ledger.get(live.leg)
    live.gone = True
    at = max(end_in(ledger, live.leg, event.at), row.answered_at or row.arrived_at)
    if row.answered_at is not None and entry is not None and at != entry.ended:
        at = event.at  # the leg was over before they were called back and answered
    spoken = sound_of(desk.phone.recording(row.id))
    live.record = spoken is not None
    seat = entry.seat if entry is not None else None
    outcome = _outcome_of_gone(row, event.restarted)
    if row.answered_at is None and (spoken or seat):
        # They were joined in the moment before the program died.
        outcome = Outcome.LOST if event.restarted else Outcome.ANSWERED
        began = max(row.arrived_at, at - spoken) if spoken else row.arrived_at
        operator_id = desk.seats.get(seat) if seat is not None else None
        if offer is not None and operator_id in (None, offer.operator_id):
            desk.book.record(live, changes.answered(row, offer, max(began, offer.offered_at)))
        else:
            live.call = replace(row, operator_id=operator_id, answered_at=began)
    desk.book.end(live, outcome, at)


def _outcome_of_gone(row: Call, restarted: bool) -> Outcome:
    if restarted:
        return Outcome.LOST
    if row.mode == Mode.CLOSED:
        return Outcome.OUT_OF_HOURS
    talked = row.state in (CallState.TALKING, CallState.HELD, CallState.PASSED)
    return Outcome.ANSWERED if talked else Outcome.ABANDONED
