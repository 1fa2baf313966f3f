"""What becomes of operators: ready, on a break, in wrap-up, at rest. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from denwaban.routing.model import Action, Chosen, Seat, SeatIs, Stage
from denwaban.routing.queue import Queue
from denwaban.routing.timers import Due, Timers, When

PAUSE = timedelta(seconds=5)
"""A seat that the engine could not ring is left alone for so long."""

REST = "rest"
"""Reason of a break that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Care:
    """How long operators work without a pause. 0: as long as calls come."""

    calls_in_a_row: int = 0
    """After so many talks, each soon after the one before, a rest is granted."""
    seconds_in_a_row: int = 0
    """The same after so long a row of talks, however few."""
    rest_seconds: int = 180
    """How long that rest is; a gap between talks that is as long ends the row as well."""


class Seats:
    """The operators on the floor. Actions that follow are added to `out`."""

    def __init__(self, queue: Queue, timers: Timers, wrapup_seconds: int, care: Care) -> None:
        self._queue = queue
        self._timers = timers
        self._wrapup = timedelta(seconds=wrapup_seconds)
        self._care = care
        self._rest = timedelta(seconds=care.rest_seconds)
        self.all: dict[str, Seat] = {}

    def add(self, seat: Seat) -> None:
        """Comes on the floor, as it was kept."""
        self.all[seat.operator_id] = seat
        self._queue.here(seat.operator_id, True)
        if seat.chosen is Chosen.WRAP_UP:
            self._begin_wrapup(seat, seat.since)
        elif seat.chosen is Chosen.BREAK and seat.until is not None:
            seat.reason = REST
            self._begin_rest(seat, seat.until)
        else:
            seat.until = None
        self._queue.seat(seat)

    def remove(self, operator_id: str) -> None:
        """Is on the floor no more."""
        del self.all[operator_id]
        self._queue.here(operator_id, False)

    def chooses(self, seat: Seat, chosen: Chosen, now: datetime, out: list[Action]) -> None:
        """The operator says what they are. A rest that is due comes before being ready again; said during the rest, ready ends it."""
        if chosen is Chosen.READY and seat.chosen is Chosen.WRAP_UP:
            self._ready_again(seat, now, out)
        else:
            self.become(seat, chosen, now, out)

    def become(self, seat: Seat, chosen: Chosen, now: datetime, out: list[Action]) -> None:
        """From now on the operator is this between calls."""
        if chosen is seat.chosen and seat.until is None:
            return
        seat.chosen, seat.since, seat.reason, seat.resting = chosen, now, "", False
        seat.until = None
        if chosen is Chosen.READY:
            seat.idle_since = now
        self._queue.seat(seat)
        out.append(SeatIs(seat.operator_id))

    def free(self, seat: Seat) -> None:
        """No caller is on the seat any more."""
        seat.stage, seat.call_id, seat.call_since = Stage.FREE, None, None
        seat.lost_until = None

    def pause(self, seat: Seat, now: datetime) -> None:
        """Could not be rung: left alone for a little while."""
        seat.resting = True
        self._set(now + PAUSE, When.PAUSE, seat)
        self._queue.seat(seat)

    def talk_over(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        """Hung up: what the operator asked for, else wrap-up, else a rest if one is due, else ready."""
        self._count(seat, now)
        self.free(seat)
        after, seat.after = seat.after, None
        reported, seat.reported = seat.reported, False
        seat.idle_since = now
        if after is not None:
            self.become(seat, after, now, out)
        elif self._wrapup and not reported:
            self.become(seat, Chosen.WRAP_UP, now, out)
            self._begin_wrapup(seat, now)
        else:
            self._ready_again(seat, now, out)

    def wrapup_over(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        """The report is sent, or the time is over."""
        self._ready_again(seat, now, out)

    def due(self, kind: When, seat: Seat, now: datetime, out: list[Action]) -> None:
        """A timer of the seat is due (not that of an offer)."""
        if kind is When.PAUSE:
            seat.resting = False
            self._queue.seat(seat)
        elif kind is When.REST:
            self.become(seat, Chosen.READY, now, out)
        else:
            self._ready_again(seat, now, out)

    def stands(self, due: Due) -> bool:
        """Whether what the timer was set for is still so."""
        seat = self.all.get(due.who)
        if seat is None or seat.stamp != due.stamp:
            return False
        if due.kind is When.OFFER:
            return seat.stage in (Stage.OFFERED, Stage.CONNECTING)
        if due.kind is When.LOST:
            return seat.stage is Stage.LOST
        if due.kind is When.PAUSE:
            return seat.resting
        if due.kind is When.REST:
            return seat.until is not None and seat.stage is Stage.FREE
        return seat.chosen is Chosen.WRAP_UP and seat.stage is Stage.FREE

    def offer(self, seat: Seat, call_id: str, now: datetime, until: datetime) -> None:
        """The seat is rung for this caller; an end that is not told by `until` never will be."""
        seat.stage, seat.call_id, seat.call_since = Stage.OFFERED, call_id, now
        self._set(until, When.OFFER, seat)
        self._queue.seat(seat)

    def lost(self, seat: Seat, at: datetime) -> None:
        """At that moment the seat, whose page is gone in a talk, is looked at again."""
        self._set(at, When.LOST, seat)

    def _ready_again(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        if self._rest_is_due(seat, now):
            seat.in_a_row, seat.row_began = 0, None
            self.become(seat, Chosen.BREAK, now, out)
            seat.reason = REST
            self._begin_rest(seat, now + self._rest)
        elif seat.chosen is Chosen.READY:
            seat.since = now
            self._queue.seat(seat)
            out.append(SeatIs(seat.operator_id, shown=False))
        else:
            self.become(seat, Chosen.READY, now, out)

    def _count(self, seat: Seat, now: datetime) -> None:
        began = seat.call_since or now
        paused = seat.talk_ended is None or began - seat.talk_ended >= self._rest
        if paused or seat.row_began is None:
            seat.in_a_row, seat.row_began = 0, began
        seat.in_a_row += 1
        seat.talk_ended = now

    def _rest_is_due(self, seat: Seat, now: datetime) -> bool:
        care = self._care
        if seat.row_began is None or not care.rest_seconds:
            return False
        many = 0 < care.calls_in_a_row <= seat.in_a_row
        return many or 0 < care.seconds_in_a_row <= (now - seat.row_began).total_seconds()

    def _begin_wrapup(self, seat: Seat, now: datetime) -> None:
        self._set(now + self._wrapup, When.WRAPUP, seat)

    def _begin_rest(self, seat: Seat, until: datetime) -> None:
        seat.until = until
        self._set(until, When.REST, seat)

    def _set(self, at: datetime, kind: When, seat: Seat) -> None:
        seat.stamp += 1
        self._timers.set(at, kind, seat.operator_id, seat.stamp)
