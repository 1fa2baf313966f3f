"""Makes the picture of the floor that screens show."""

from collections.abc import Mapping

from denwaban.calls import CallState
from denwaban.routing.book import Book
from denwaban.routing.floor import Floor
from denwaban.routing.live import Person
from denwaban.routing.model import Chosen, Seat, Stage
from denwaban.routing.view import FloorView, SeatState, SeatView, WaitingView


def look(floor: Floor, book: Book, people: Mapping[str, Person], *, engine: bool) -> FloorView:
    """The floor now."""
    waiting = []
    for caller in floor.waiting():
        live = book.calls[caller.call_id]
        waiting.append(
            WaitingView(
                live.call.id,
                live.call.client_id,
                live.client_name,
                live.call.arrived_at,
                caller.seat,
                int(caller.terms.priority),
                caller.terms.need.matter,
                caller.place,
            )
        )
    return FloorView(
        engine=engine,
        waiting=tuple(waiting),
        seats=tuple(_seat(seat, book, people) for seat in floor.seats.values()),
        calls=len(book.calls),
    )


def _seat(seat: Seat, book: Book, people: Mapping[str, Person]) -> SeatView:
    person = people[seat.operator_id]
    live = book.calls.get(seat.call_id) if seat.call_id is not None else None
    return SeatView(
        operator_id=seat.operator_id,
        name=person.name,
        seat=person.seat,
        state=_state(seat),
        since=seat.call_since or seat.since,
        online=seat.online,
        chosen=seat.chosen.value,
        after=seat.after.value if seat.after else None,
        reason=seat.reason,
        call_id=seat.call_id,
        client_id=live.call.client_id if live else None,
        client_name=live.client_name if live else "",
        held=live is not None and live.call.state is CallState.HELD,
        muted=live is not None and live.muted,
        until=seat.until,
    )


def _state(seat: Seat) -> SeatState:
    if seat.stage is Stage.TALKING:
        return SeatState.TALKING
    if seat.stage is not Stage.FREE:
        return SeatState.OFFERED
    if not seat.online and seat.chosen in (Chosen.READY, Chosen.AWAY):
        return SeatState.OFFLINE
    return SeatState(seat.chosen.value)
