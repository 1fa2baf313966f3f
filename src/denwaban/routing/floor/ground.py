"""What all of the floor stands on: the seats, the callers, the line, and how an offer begins and ends. Pure."""

from datetime import datetime, timedelta

from denwaban.routing.callers import Callers
from denwaban.routing.gate import Gate
from denwaban.routing.model import (
    Action,
    Caller,
    Chosen,
    Impossible,
    Miss,
    Offer,
    OfferOver,
    Seat,
    Stage,
)
from denwaban.routing.queue import Queue
from denwaban.routing.seats import Care, Seats
from denwaban.routing.timers import OF_CALLERS, Due, Timers

GUARD = timedelta(seconds=5)
"""An offer whose end the engine has not told this long after its time is given up."""

REACH = timedelta(seconds=60)
"""Reaching a caller who is called back takes no longer, from the answer of the operator on."""


class Ground:
    """All operators and all callers who wait or talk."""

    def __init__(
        self,
        ring_seconds: int,
        ringback_seconds: int,
        wrapup_seconds: int,
        gate: Gate | None = None,
        care: Care | None = None,
        return_seconds: int = 20,
    ) -> None:
        self.queue = Queue(gate or Gate())
        self.gate = self.queue.gate
        self._ring = timedelta(seconds=ring_seconds)
        self._return = timedelta(seconds=return_seconds)
        self._timers = Timers(self._stands)
        self._seats = Seats(self.queue, self._timers, wrapup_seconds, care or Care())
        self.seats = self._seats.all
        self._callers = Callers(self.queue, self._timers, timedelta(seconds=ringback_seconds))
        self.callers = self._callers.all
        self._leaving: set[str] = set()
        self._seniors: dict[str, str] = {}
        """Who sits beside whom, by the operator in training."""
        self._paused = False

    def reconsider(self, now: datetime) -> list[Action]:
        """Skills, groups or lists of duty are others now: whom callers may be offered to is looked at again."""
        out = list[Action]()
        self.queue.reconsider(self.callers.values(), now)
        self._dispatch(now, out)
        return out

    def waiting(self) -> list[Caller]:
        """Callers who do not talk yet, in line; also those who are to be called back."""
        talks = (Stage.TALKING, Stage.LOST)
        line = [
            caller
            for caller in self.callers.values()
            if not caller.suspended
            and (caller.seat is None or self.seats[caller.seat].stage not in talks)
        ]
        return sorted(line, key=lambda caller: caller.key)

    # For the rooms built on it

    def _at(self, operator_id: str, *stages: Stage) -> tuple[Seat, str]:
        """The seat, which must be at one of these stages, and its call. Raises `Impossible`."""
        seat = self.seats.get(operator_id)
        if seat is None or seat.stage not in stages or seat.call_id is None:
            raise Impossible(operator_id)
        return seat, seat.call_id

    def _dispatch(self, now: datetime, out: list[Action]) -> None:
        self._let_leave(now)
        while not self._paused and (match := self.queue.match(self.callers, now)) is not None:
            caller, seat = self.callers[match.call_id], self.seats[match.operator_id]
            self.queue.gone(caller)
            caller.seat, caller.offers = seat.operator_id, caller.offers + 1
            self._callers.unkeep(caller)
            time = self._ring + (REACH if caller.place else timedelta(0))
            self._seats.offer(seat, caller.call_id, now, now + time + GUARD)
            out.append(Offer(caller.call_id, seat.operator_id, match.unread))

    def _let_leave(self, now: datetime) -> None:
        """Who has left for good is gone as soon as no caller is on the seat."""
        gone = [one for one in self._leaving if self.seats[one].stage is Stage.FREE]
        for operator_id in gone:
            self._leaving.discard(operator_id)
            self._seats.remove(operator_id)
        if gone:
            self.queue.reconsider(self.callers.values(), now)

    def _offer_over(self, seat: Seat, why: Miss | None, now: datetime, out: list[Action]) -> None:
        assert seat.call_id is not None  # only called while a caller is on the seat
        call_id = seat.call_id
        self._seats.free(seat)
        out.append(OfferOver(call_id, seat.operator_id, why))
        after, seat.after = seat.after, None
        if why in (Miss.NO_ANSWER, Miss.REFUSED):
            self._seats.become(seat, Chosen.AWAY, now, out)
            seat.reason = why.value
        elif after is not None:
            self._seats.become(seat, after, now, out)
        elif why is Miss.FAILED:
            self._seats.pause(seat, now)
        else:
            self.queue.seat(seat)
        self._callers.let_go(seat, now)
        caller = self.callers.get(call_id)
        if caller is None:
            return
        caller.seat = None
        if caller.place:
            if caller.not_before is not None:
                self._callers.wait_from(caller, caller.not_before, now, out)
            return
        # The caller who heard the operator's phone ring long enough is spoken to now.
        if caller.announce_due:
            self._callers.announce(caller, now, out)
        self._callers.wait(caller, now, out)

    def _stands(self, due: Due) -> bool:
        return self._callers.stands(due) if due.kind in OF_CALLERS else self._seats.stands(due)
