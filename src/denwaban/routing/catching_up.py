"""What memory has, after the connection to the engine was broken: brought up to date by the engine's snapshot and its ledger."""

from collections.abc import Mapping
from datetime import datetime

from denwaban.calls import Outcome
from denwaban.routing.desk import Desk
from denwaban.routing.left import end_in
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Miss
from denwaban.telephony.engine import Entry
from denwaban.telephony.port import Leg, LegAnswered, LegEnded, LegState, Played, Snapshot


def all_lost(desk: Desk, at: datetime) -> None:
    """The engine died, and with it every call but the places that are kept."""
    for live in list(desk.book.calls.values()):
        with desk.faults.survived("lost", call=live.call.id):
            _lost(desk, live, at)
    desk.book.legs.clear()


def _lost(desk: Desk, live: LiveCall, at: datetime) -> None:
    here, live.gone, live.operator_leg = not live.gone, True, None
    if live.place is None and not live.keeping:
        live.fate = Outcome.LOST
    desk.control.let_go(live)
    desk.parking.leave(live)
    if live.keeping:
        return  # in line as soon as the place is written
    if live.place is not None:
        _go_on_keeping(desk, live, at, here=here)
        return
    desk.perform(desk.floor.leave(live.call.id, at))
    desk.book.end(live, Outcome.LOST, at)


def _go_on_keeping(desk: Desk, live: LiveCall, at: datetime, *, here: bool) -> None:
    """The engine died, the place is still theirs. `here`: they were on the line."""
    seat = desk.floor.callers[live.call.id].seat
    if seat is not None:
        desk.perform(desk.floor.missed(seat, Miss.FAILED, at))
    if here:
        desk.places.hung_up(live, at)


def catch_up(
    desk: Desk,
    snapshot: Snapshot,
    ledger: Mapping[Leg, Entry],
    at: datetime,
    known: frozenset[Leg] | None = None,
) -> None:
    """What the missed events would have told of the legs we know: callers first, so that an operator whose caller is
    gone too is not taken for one who hung up."""
    for leg in list(desk.control.legs):
        with desk.faults.survived("leg", leg=leg):
            _catch_up_leg(desk, snapshot, leg, at, known)
    for leg, (live, operators) in sorted(desk.book.legs.items(), key=lambda item: item[1][1]):
        with desk.faults.survived("leg", leg=leg):
            ended = at if operators else end_in(ledger, leg, at)
            _catch_up_leg(desk, snapshot, leg, ended, known)
            if not operators and known is None and leg in snapshot.legs:
                _catch_up_prompt(desk, live, snapshot.legs[leg], at)
    for live in list(desk.book.calls.values()):
        # What a fault left behind: a call without its caller, an operator who talks without a leg.
        with desk.faults.survived("left", call=live.call.id):
            if live.leg not in desk.book.legs and live.place is None and not live.keeping:
                live.fate = live.fate or Outcome.LOST
                desk.caller_left(live, at)
            elif live.operator_leg is None and desk.control.talking(live):
                desk.operator_lost(live, at)


def _catch_up_leg(
    desk: Desk, snapshot: Snapshot, leg: Leg, at: datetime, known: frozenset[Leg] | None
) -> None:
    state, (_, operators) = snapshot.legs.get(leg), desk.book.legs.get(leg, (None, False))
    if state is None and (known is None or leg in known):
        # Nobody knows whether it was meant: better to ring once too often than to drop a caller.
        desk.leg_ended(LegEnded(leg, at, page=True))
    elif state is not None and state.answered and (operators or leg in desk.control.legs):
        desk.leg_answered(LegAnswered(leg, at))


def _catch_up_prompt(desk: Desk, live: LiveCall, state: LegState, at: datetime) -> None:
    if live.speaking and live.playing and live.playing != state.playing:
        desk.played(Played(live.leg, live.playing, at))
    elif live.message and not live.speaking:
        desk.close(live)  # the goodbye could not be begun, or the end after it not be made
