"""Makes the picture of the floor that screens show."""

from itertools import islice

from denwaban.calls import CallState
from denwaban.routing.desk import Desk
from denwaban.routing.live import LiveCall
from denwaban.routing.model import Chosen, Seat, Stage
from denwaban.routing.talk import Side, Third
from denwaban.routing.view import (
    AskedView,
    FloorView,
    NearView,
    ParkedView,
    SeatState,
    SeatView,
    WaitingView,
)


def look(desk: Desk, *, engine: bool) -> FloorView:
    """The floor now."""
    waiting = []
    for caller in desk.floor.waiting():
        live = desk.book.calls[caller.call_id]
        waiting.append(
            WaitingView(
                live.call.id,
                live.call.client_id,
                live.client_name,
                live.call.arrived_at,
                caller.seat,
                int(caller.priority),
                caller.terms.need.matter,
                caller.place,
            )
        )
    return FloorView(
        helping=helping(desk),
        engine=engine,
        waiting=tuple(waiting),
        seats=tuple(_seat(seat, desk) for seat in desk.floor.seats.values()),
        calls=len(desk.book.calls),
        parked=_all_parked(desk),
    )


def near(desk: Desk, operator_id: str, most: int, *, engine: bool) -> NearView:
    """What concerns one operator, with at most so many others who are free. The whole floor is another after every step of
    every call, and no seat shows it."""
    free = (
        _seat(seat, desk)
        for seat in desk.floor.seats.values()
        if seat.operator_id != operator_id
        and not seat.held_back
        and _state(seat, _live(seat, desk)) is SeatState.READY
    )
    return NearView(
        engine, seat_of(desk, operator_id), tuple(islice(free, most)), _all_parked(desk)
    )


def seat_of(desk: Desk, operator_id: str) -> SeatView | None:
    """One operator's seat; None before it is on the floor."""
    seat = desk.floor.seats.get(operator_id)
    return _seat(seat, desk) if seat is not None else None


def helping(desk: Desk) -> dict[str, str]:
    """The calls of others that operators are asked into, by operator."""
    return {
        seat.operator_id: seat.call_id
        for seat in desk.floor.seats.values()
        if seat.stage is Stage.HELPING and seat.call_id is not None
    }


def _seat(seat: Seat, desk: Desk) -> SeatView:
    person = desk.people[seat.operator_id]
    live = _live(seat, desk)
    own = live if seat.stage is not Stage.HELPING else None
    return SeatView(
        operator_id=seat.operator_id,
        name=person.name,
        seat=person.seat,
        state=_state(seat, live),
        since=seat.call_since or seat.since,
        online=seat.online,
        chosen=seat.chosen.value,
        after=seat.after.value if seat.after else None,
        reason=seat.reason,
        call_id=seat.call_id,
        client_id=live.call.client_id if live else None,
        client_name=live.client_name if live else "",
        held=own is not None and own.call.state is CallState.HELD,
        muted=own is not None and own.muted,
        until=seat.until,
        holds=own.call.holds if own else 0,
        held_since=own.call.held_at if own else None,
        recorded=own is not None and own.record,
        silenced=own is not None and own.call.silenced,
        asked=_asked(own) if own else None,
        helps=_name(desk, live.call.operator_id) if live and own is None else "",
        lost_until=seat.lost_until,
        training=seat.training,
        senior=_name(desk, seat.senior),
        held_back=seat.held_back,
    )


def _live(seat: Seat, desk: Desk) -> LiveCall | None:
    return desk.book.calls.get(seat.call_id) if seat.call_id is not None else None


def _asked(live: LiveCall) -> AskedView | None:
    asked = live.asked
    if asked is None:
        return None
    up, waits = live.talk.third is Third.UP, live.talk.waits is Side.THIRD
    return AskedView(asked.kind, asked.id, asked.name, asked.since, up, waits, asked.ask_first)


def _all_parked(desk: Desk) -> tuple[ParkedView, ...]:
    return tuple(_parked(slot, live, desk) for slot, live in sorted(desk.parking.slots.items()))


def _parked(slot: int, live: LiveCall, desk: Desk) -> ParkedView:
    return ParkedView(
        slot=slot,
        call_id=live.call.id,
        client_id=live.call.client_id,
        client_name=live.client_name,
        by=_name(desk, live.call.operator_id),
        since=live.parked_at or desk.clock.now(),
        until=desk.parking.until(live),
    )


def _name(desk: Desk, operator_id: str | None) -> str:
    person = desk.people.get(operator_id or "")
    return person.name if person is not None else ""


def _state(seat: Seat, live: LiveCall | None) -> SeatState:
    if seat.stage is Stage.HELPING:
        rings = live is not None and live.talk.third is Third.RINGING
        return SeatState.OFFERED if rings else SeatState.TALKING
    if seat.stage in (Stage.TALKING, Stage.LOST):
        return SeatState.TALKING
    if seat.stage is not Stage.FREE:
        return SeatState.OFFERED
    if not seat.online and seat.chosen in (Chosen.READY, Chosen.AWAY):
        return SeatState.OFFLINE
    return SeatState(seat.chosen.value)
