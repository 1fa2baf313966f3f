"""Who is offered which caller, as a state machine without I/O.

The queue says who comes together, the seats what becomes of operators; the floor leads a caller from the arrival to the talk:
the ring-back, the announcements, the steps of the ladder, the place that is kept for who wants to be called back.
Every method takes the present moment where time matters and returns the actions that follow, in order. Times
out by `due()` and `tick()`. One event costs O(√n) in the number of callers and operators, and a few hundred of each are one
look.

Rooms: on the `ground` (the line and the offers) stand `arrivals`, `kept` and `moving` (callers), `talks`, `training` and `operators`
(seats), and `passing` (callers who change hands).
"""

from datetime import datetime

from denwaban.routing.floor.kept import PUT_DOWN, KeptPlaces
from denwaban.routing.floor.moving import Moving
from denwaban.routing.floor.operators import Operators
from denwaban.routing.floor.passing import Passing
from denwaban.routing.model import Action, Connect, Miss, Stage
from denwaban.routing.timers import OF_CALLERS, When

__all__ = ["PUT_DOWN", "Floor"]


class Floor(KeptPlaces, Operators, Passing, Moving):
    """All operators and all callers who wait or talk."""

    # What the seat's leg does

    def answered(self, operator_id: str) -> list[Action]:
        """The seat's phone was answered."""
        seat, call_id = self._at(operator_id, Stage.OFFERED)
        seat.stage = Stage.CONNECTING
        return [Connect(call_id, operator_id)]

    def connected(self, operator_id: str, now: datetime) -> None:
        """The engine has joined the two."""
        seat, call_id = self._at(operator_id, Stage.CONNECTING)
        seat.stage, seat.call_since = Stage.TALKING, now
        caller = self.callers[call_id]
        caller.comfort += 1
        caller.place, caller.not_before, caller.stays = False, None, True

    def missed(self, operator_id: str, why: Miss, now: datetime) -> list[Action]:
        """The offer, or the joining, came to nothing: the next operator is offered."""
        (seat, _), out = self._at(operator_id, Stage.OFFERED, Stage.CONNECTING), list[Action]()
        self._offer_over(seat, why, now, out)
        self._dispatch(now, out)
        return out

    def hang_up(self, operator_id: str, now: datetime) -> list[Action]:
        """The operator ends the talk, or declines the caller who is offered."""
        if self.seats[operator_id].stage is Stage.OFFERED:
            return self.missed(operator_id, Miss.REFUSED, now)
        return self.seat_hung_up(operator_id, now, meant=True)

    # Time and the engine

    def due(self) -> datetime | None:
        """When `tick` is wanted next."""
        return None if self._paused else self._timers.due()

    def tick(self, now: datetime) -> list[Action]:
        """Does what is due."""
        out = list[Action]()
        while not self._paused and (due := self._timers.next(now)) is not None:
            if due.kind in OF_CALLERS:
                caller = self.callers[due.who]
                seat = self.seats[caller.seat] if caller.seat is not None else None
                self._callers.due(due.kind, caller, seat, now, out)
            elif due.kind is When.OFFER:
                rung = self.seats[due.who]
                why = Miss.NO_ANSWER if rung.stage is Stage.OFFERED else Miss.FAILED
                self._offer_over(rung, why, now, out)
            elif due.kind is When.LOST:
                self._lost_due(self.seats[due.who], now, out)
            else:
                self._seats.due(due.kind, self.seats[due.who], now, out)
        self._dispatch(now, out)
        return out

    def pause(self, paused: bool, now: datetime) -> list[Action]:
        """While the engine is away nobody is offered anything."""
        self._paused = paused
        out = list[Action]()
        if not paused:
            for seat in self.seats.values():
                # Asked for during a talk that was over when the program looked.
                if seat.after is not None and seat.stage is Stage.FREE:
                    after, seat.after = seat.after, None
                    self._seats.become(seat, after, now, out)
        self._dispatch(now, out)
        return out
