"""Bringing memory, rows and engine together after one of them was away.

The engine's snapshot decides what is there; nothing that happened meanwhile is told again. Callers who are with somebody stay with
them, waiting callers keep their place by arrival, callers who are gone get their end in the record, callers without a record
get one, and an operator's leg without a caller is ended.

Rooms: `held` (what the database holds) and `remembered` (what its facts tell of a talk), `company` (who is with a caller, as the
engine has it), then what becomes of callers: `known` (in the record) and `strays` (not in it), who go on as `talks`, or `waiting`.
"""

from collections.abc import Callable, Mapping

import structlog

from denwaban.outgoing import Outgoing
from denwaban.routing.adoption import known, strays
from denwaban.routing.adoption.company import is_caller
from denwaban.routing.adoption.held import NOTHING_HELD, Held, read_held
from denwaban.routing.catching_up import all_lost, catch_up
from denwaban.routing.desk import Desk
from denwaban.telephony.engine import Entry
from denwaban.telephony.port import Leg, Resynced, Snapshot

__all__ = ["NOTHING_HELD", "Held", "is_caller", "read_held", "resync", "sweep"]

log = structlog.get_logger(__name__)


async def resync(
    desk: Desk,
    event: Resynced,
    held: Held,
    outgoing: Outgoing,
    ledger: Mapping[Leg, Entry],
    before: frozenset[Leg] | None = None,
) -> None:
    """Makes the desk what the snapshot says; when those who are gone went, the ledger says. The floor must be paused. `before`: the
    legs that there were before the snapshot was asked for; of others it says nothing. A fault with one call is noted and does not
    keep the others from their floor; done again, it takes up what was left."""
    snapshot = event.snapshot
    if event.restarted:
        all_lost(desk, event.at)
    else:
        catch_up(desk, snapshot, ledger, event.at, before)
    for row in held.calls:
        if row.id in desk.book.calls:
            continue  # came, or was taken in, before the rows could be read
        try:
            await known.take(desk, row, held, event, outgoing, ledger)
        except Exception as error:
            desk.faults.note("row", error, call=row.id)
            with desk.faults.survived("row", call=row.id):
                known.take_plainly(desk, row, held.places.get(row.id), event)
    with desk.faults.survived("places"):
        desk.places.settle(held.unsettled)
    for state in snapshot.legs.values():
        if is_caller(state) and state.leg not in desk.book.legs:
            its = held.strays.get(state.leg)
            try:
                await strays.take(desk, its, state, snapshot, event.at, outgoing, ledger)
            except Exception as error:
                desk.faults.note("stray", error, leg=state.leg)
    for leg in desk.book.legs:
        if (line := outgoing.claim(leg)) is not None:
            outgoing.hand_over(line)  # a caller whom we called back, who waits for an operator
    for seat, operator_id in desk.seats.items():
        is_online = seat in snapshot.online
        with desk.faults.survived("seat", operator=operator_id):
            if desk.floor.seats[operator_id].online != is_online:
                desk.perform(desk.floor.online(operator_id, is_online, event.at))
                desk.tell_seat(operator_id)


def sweep(desk: Desk, snapshot: Snapshot, watching: Callable[[Leg], bool]) -> None:
    """Ends operators' legs that belong to no call of ours and to nobody who is at one."""
    for state in snapshot.legs.values():
        ours = state.leg in desk.book.legs or state.leg in desk.control.legs or watching(state.leg)
        if state.seat is not None and not ours:
            log.info("routing.swept", leg=state.leg)
            with desk.faults.survived("sweep", leg=state.leg):
                desk.send_away(state.leg)
