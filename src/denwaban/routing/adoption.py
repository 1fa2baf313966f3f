"""Bringing memory, rows and engine together after one of them was away.

The engine's snapshot decides what is there; nothing that happened meanwhile is told again. Talking callers go on talking,
waiting callers keep their place by arrival, callers who are gone get their end in the record, callers without a record
get one, and an operator's leg without a caller is ended.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from msgspec.structs import replace

from denwaban.calls import (
    Call,
    CallState,
    Offer,
    OfferResult,
    Outcome,
    call_of_leg,
    calls_by_ids,
    changes,
    open_calls,
    open_offers,
)
from denwaban.lines import Mode, Service
from denwaban.outgoing import Line
from denwaban.routing.catching_up import all_lost, catch_up
from denwaban.routing.desk import Desk
from denwaban.routing.floor import PUT_DOWN
from denwaban.routing.intake import terms
from denwaban.routing.keeping import Place, open_places
from denwaban.routing.left import end_in
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Stage
from denwaban.routing.places import far_leg
from denwaban.routing.talk import Side, Talk
from denwaban.store import StoreError, Tx, new_id
from denwaban.telephony.engine import Entry
from denwaban.telephony.port import (
    CallArrived,
    Leg,
    LegState,
    Resynced,
    Snapshot,
)
from denwaban.telephony.recording import sound_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """What the database holds that memory does not know."""

    calls: list[Call]
    """Open calls; empty unless the program is new."""
    offers: dict[str, Offer]
    """Open offers of those, by call id."""
    strays: dict[Leg, Call]
    """Calls of legs that are in the engine, also ended ones."""
    places: dict[str, Place]
    """Places that are kept for callers, by call; empty unless the program is new."""
    unsettled: list[tuple[Place, Outcome | None]]
    """Of those the ones whose calls are over, and how they ended."""


NOTHING_HELD = Held([], {}, {}, {}, [])


def read_held(tx: Tx, strays: list[Leg], *, everything: bool) -> Held:
    """Reads it; `everything`: also the open calls whose legs are gone."""
    found = {leg: call for leg in strays if (call := call_of_leg(tx, leg)) is not None}
    if not everything:
        return Held([], {}, found, {}, [])
    rows = open_calls(tx)
    places = open_places(tx)
    ended = calls_by_ids(tx, set(places) - {row.id for row in rows})
    offers = {offer.call_id: offer for offer in open_offers(tx)}
    unsettled = [(places.pop(call.id), call.outcome) for call in ended.values()]
    return Held(rows, offers, found, places, unsettled)


Claim = Callable[[Leg], Line | None]
"""Gives the line of somebody outside who was asked into a talk."""


async def resync(
    desk: Desk,
    event: Resynced,
    held: Held,
    claim: Claim,
    ledger: Mapping[Leg, Entry],
    known: frozenset[Leg] | None = None,
) -> None:
    """Makes the desk what the snapshot says; when those who are gone went, the ledger says. The floor must be paused. `known`: the
    legs that there were before the snapshot was asked for; of others it says nothing. A fault with one call is noted and does not
    keep the others from their floor; done again, it takes up what was left."""
    snapshot = event.snapshot
    if event.restarted:
        all_lost(desk, event.at)
    else:
        catch_up(desk, snapshot, ledger, event.at, known)
    for row in held.calls:
        if row.id in desk.book.calls:
            continue  # came, or was taken in, before the rows could be read
        kept = held.places.get(row.id)
        try:
            await _take_row(desk, row, held.offers.get(row.id), kept, event, claim, ledger)
        except Exception as error:
            desk.faults.note("row", error, call=row.id)
            with desk.faults.survived("row", call=row.id):
                _take_plainly(desk, row, kept, event)
    with desk.faults.survived("places"):
        desk.places.settle(held.unsettled)
    for state in snapshot.legs.values():
        if is_caller(state) and state.leg not in desk.book.legs:
            try:
                await _take_stray(desk, held.strays.get(state.leg), state, snapshot, event.at)
            except Exception as error:
                desk.faults.note("stray", error, leg=state.leg)
    _sweep(desk, snapshot)
    for seat, operator_id in desk.seats.items():
        is_online = seat in snapshot.online
        with desk.faults.survived("seat", operator=operator_id):
            if desk.floor.seats[operator_id].online != is_online:
                desk.perform(desk.floor.online(operator_id, is_online, event.at))
                desk.tell_seat(operator_id)


def is_caller(state: LegState) -> bool:
    """Whether this is somebody who called us: neither a seat nor a number that we called."""
    return state.seat is None and not state.outgoing


async def _take_row(
    desk: Desk,
    row: Call,
    offer: Offer | None,
    kept: Place | None,
    event: Resynced,
    claim: Claim,
    ledger: Mapping[Leg, Entry],
) -> None:
    """A call that the database holds open and memory does not know: the program is new."""
    # Whom we called back came by another leg than the one that the row knows.
    gone = Leg(row.leg) not in event.snapshot.legs
    far = far_leg(event.snapshot, row.id) if gone else None
    leg = far.leg if far is not None else Leg(row.leg)
    state = event.snapshot.legs.get(leg)
    live = desk.book.new_call(row, leg)
    live.recorded = True
    live.offer = offer
    if state is None and kept is None:
        _end(desk, live, event, ledger)
        return
    if state is not None:
        _hears(live, state)
    await _describe(desk, live)
    if state is not None:
        desk.book.count(live)
        if row.state in (CallState.PARKED, CallState.PASSED) and await _taken_elsewhere(
            desk, live, row, state, event, claim
        ):
            return
    partner = None
    if state is not None:
        partner = _partner(desk, event.snapshot, state, row.operator_id) or _consulting(
            desk, event.snapshot, row
        )
    if partner is not None and (row.answered_at is not None or far is not None):
        live.place = kept
        _go_on_talking(desk, live, partner, offer, event.at, new_call=False)
        desk.places.joined(live)
        desk.control.adopt(
            live,
            joined=leg in partner.together,
            asked=_asked(event.snapshot, row, partner),
            claim=claim,
        )
    elif kept is not None:
        if far is not None:
            desk.send_away(far.leg)
        await _keep_on(desk, live, kept, event.snapshot.legs.get(Leg(row.leg)), event.at)
    else:
        await _wait_on(desk, live, event.at)


def _hears(live: LiveCall, state: LegState) -> None:
    """The leg as the engine has it. A prompt that plays is not the one that we play next: its end must not end that."""
    live.voice = state.answered
    live.playing, live.speaking = state.playing, bool(state.playing)


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


async def _taken_elsewhere(
    desk: Desk, live: LiveCall, row: Call, state: LegState, event: Resynced, claim: Claim
) -> bool:
    """A caller who was parked, or whom the client's staff had taken over. False: nobody is with them any more."""
    live.terms = terms(live.service, await desk.intake.known(live.service, live.call))
    if row.state is CallState.PARKED:
        if not desk.parking.adopt(live, event.at):
            return False
        desk.book.adopt(live, False)
        return True
    asked = _asked(event.snapshot, row, state)
    if asked is None:
        return False
    desk.control.adopt_passed(live, asked, claim(asked.leg))
    return True


async def _keep_on(
    desk: Desk, live: LiveCall, kept: Place, state: LegState | None, at: datetime
) -> None:
    """To be called back, in line by arrival."""
    _in_record_again(desk, live, at)
    holds = terms(live.service, await desk.intake.known(live.service, live.call))
    desk.places.adopt(live, kept, state)
    begins = max(kept.next_at, at + PUT_DOWN) if state is None else None
    desk.perform(desk.floor.adopt_place(live.call.id, live.call.arrived_at, at, begins, holds))


def _take_plainly(desk: Desk, row: Call, kept: Place | None, event: Resynced) -> None:
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


def _go_on_talking(
    desk: Desk,
    live: LiveCall,
    partner: LegState,
    offer: Offer | None,
    at: datetime,
    *,
    new_call: bool,
) -> None:
    assert partner.seat is not None  # partners are legs of seats
    operator_id = desk.seats[partner.seat]
    fresh = None
    if offer is None or offer.operator_id != operator_id:
        fresh = Offer(new_id(), live.call.id, operator_id, at, at, None, OfferResult.ANSWERED)
    live.offer = fresh or offer
    live.operator_leg = partner.leg
    held = live.call.state is CallState.HELD
    live.talk = Talk(waits=Side.CALLER if held else None)
    live.room, live.music = frozenset({Side.CALLER, Side.OPERATOR}), live.talk.waits
    desk.book.legs[partner.leg] = (live, True)
    live.call = replace(
        live.call,
        operator_id=operator_id,
        answered_at=live.call.answered_at or at,
        state=CallState.HELD if held else CallState.TALKING,
    )
    desk.floor.adopt_talking(
        live.call.id, operator_id, live.call.arrived_at, at, terms(live.service)
    )
    desk.book.adopt(live, new_call, fresh)


async def _wait_on(desk: Desk, live: LiveCall, at: datetime) -> None:
    """In line again, by arrival; what the operator who was being rung did meanwhile is not known."""
    _in_record_again(desk, live, at)
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


def _in_record_again(desk: Desk, live: LiveCall, at: datetime) -> None:
    offer, live.offer = live.offer, None
    live.call = replace(live.call, state=CallState.WAITING)
    desk.book.adopt(live, False)
    if offer is not None:
        desk.book.withdrawn(live, offer, at)


async def _take_stray(
    desk: Desk, row: Call | None, state: LegState, snapshot: Snapshot, at: datetime
) -> None:
    """A caller in the engine without an open row: the row could not be written, or the call came while we were away."""
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
    partner = _partner(desk, snapshot, state)
    if partner is None:
        desk.arrived(arrived, notes.get("call") or None)
        if (found := desk.book.legs.get(state.leg)) is not None:
            _hears(found[0], state)
        return
    live = desk.book.found(arrived, notes.get("call") or None)
    live.voice = True
    await _describe(desk, live, arrived.dialled)
    desk.book.count(live)
    _go_on_talking(desk, live, partner, None, at, new_call=True)


async def _describe(desk: Desk, live: LiveCall, dialled: str = "") -> None:
    """Fills in what only the client's rows know. What was decided when the call came stays decided."""
    try:
        service = await desk.cache.find(dialled or live.call.dialled, live.call.arrived_at)
    except StoreError:
        return  # the call goes on without its client's name
    if not isinstance(service, Service):
        return
    decided = live.call
    desk.book.describe(live, service)
    if decided.client_id is not None:
        live.call = decided
        live.message = service.message if decided.mode == Mode.CLOSED else ""


def _partner(
    desk: Desk, snapshot: Snapshot, caller: LegState, operator_id: str | None = None
) -> LegState | None:
    """The operator's leg that this caller talks with, if that operator is on the floor and free to be taken over. Of two
    operators the one who has the call."""
    found = [
        (desk.seats[other.seat] != operator_id, leg, other)
        for leg in sorted(caller.together)
        if (other := snapshot.legs.get(leg)) is not None and other.seat in desk.seats
    ]
    if not found:
        return None
    other = min(found, key=lambda one: one[:2])[2]
    assert other.seat is not None  # it is one of the seats
    return other if desk.floor.seats[desk.seats[other.seat]].stage is Stage.FREE else None


def _consulting(desk: Desk, snapshot: Snapshot, row: Call) -> LegState | None:
    """The operator's leg that is apart from the held caller of this row: they were talking with somebody asked in."""
    if row.state not in (CallState.HELD, CallState.TALKING) or row.operator_id is None:
        return None
    person = desk.people.get(row.operator_id)
    seat = desk.floor.seats.get(row.operator_id)
    if person is None or seat is None or seat.stage is not Stage.FREE:
        return None
    legs = snapshot.legs
    return next(
        (
            state
            for state in legs.values()
            if state.seat == person.seat
            and state.answered
            and not any(is_caller(legs[leg]) for leg in state.together if leg in legs)
        ),
        None,
    )


def _asked(snapshot: Snapshot, row: Call, state: LegState) -> LegState | None:
    """Who outside talks with this leg, for this call."""
    legs = snapshot.legs
    others = [legs[leg] for leg in sorted(state.together) if leg in legs]
    return next(
        (one for one in others if "staff" in one.notes and one.notes.get("call") == row.id), None
    )


def _sweep(desk: Desk, snapshot: Snapshot) -> None:
    """Ends operators' legs that belong to no call of ours."""
    for state in snapshot.legs.values():
        ours = state.leg in desk.book.legs or state.leg in desk.control.legs
        if state.seat is not None and not ours:
            log.info("routing.swept", leg=state.leg)
            with desk.faults.survived("sweep", leg=state.leg):
                desk.send_away(state.leg)


def _outcome_of_gone(row: Call, restarted: bool) -> Outcome:
    if restarted:
        return Outcome.LOST
    if row.mode == Mode.CLOSED:
        return Outcome.OUT_OF_HOURS
    talked = row.state in (CallState.TALKING, CallState.HELD, CallState.PASSED)
    return Outcome.ANSWERED if talked else Outcome.ABANDONED


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
