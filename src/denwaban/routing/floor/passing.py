"""Callers whom another operator, a supervisor or somebody outside takes over. Pure."""

from datetime import datetime

from denwaban.routing.floor.ground import Ground
from denwaban.routing.model import Action, Chosen, Impossible, Stage


class Passing(Ground):
    """Seats that have to do with another's caller."""

    # Supervisors at another's talk

    def watch(self, operator_id: str, now: datetime) -> list[Action]:
        """The supervisor's seat, which must be free, gets no caller until `watch_over` or `take_over`. Again: nothing."""
        seat, out = self.seats.get(operator_id), list[Action]()
        if seat is None or seat.stage is not Stage.FREE:
            raise Impossible(operator_id)
        seat.watching = True
        self.queue.seat(seat)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out

    def watch_over(self, operator_id: str, now: datetime) -> list[Action]:
        """The supervisor is at nobody's talk any more. Who was at none, or is not on the floor, is no error."""
        seat, out = self.seats.get(operator_id), list[Action]()
        if seat is not None and seat.watching:
            seat.watching = False
            self.queue.seat(seat)
            self._dispatch(now, out)
        return out

    def claim(self, call_id: str, operator_id: str, now: datetime) -> None:
        """This operator, who must be free, is being joined to a caller who talks with another: `take_over` or `unclaim`
        follows."""
        caller, seat = self.callers.get(call_id), self.seats.get(operator_id)
        talks = caller is not None and caller.seat is not None
        if not talks or seat is None or seat.stage is not Stage.FREE:
            raise Impossible(operator_id)
        seat.stage, seat.call_id, seat.call_since = Stage.CONNECTING, call_id, now
        seat.stamp += 1
        self.queue.seat(seat)

    def unclaim(self, operator_id: str, now: datetime) -> list[Action]:
        """The caller could not be taken: the seat is as free as before."""
        seat, out = self.seats[operator_id], list[Action]()
        self._seats.free(seat)
        after, seat.after = seat.after, None
        if after is not None:
            self._seats.become(seat, after, now, out)
        self.queue.seat(seat)
        self._dispatch(now, out)
        return out

    def take_over(self, call_id: str, operator_id: str, now: datetime) -> list[Action]:
        """This operator, whose seat has claimed the caller, talks with them in place of who did, whose talk is over. Whoever
        was on a break is on it again afterwards."""
        caller, seat, out = self.callers.get(call_id), self.seats[operator_id], list[Action]()
        claimed = seat.stage is Stage.CONNECTING and seat.call_id == call_id
        before = self.seats[caller.seat] if caller is not None and caller.seat else None
        if caller is None or before is None or before.stage is not Stage.TALKING or not claimed:
            raise Impossible(operator_id)
        seat.stage, seat.call_since, seat.watching = Stage.TALKING, now, False
        if seat.chosen in (Chosen.BREAK, Chosen.AWAY):
            seat.after = Chosen.BREAK
        caller.seat = operator_id
        self._seats.talk_over(before, now, out)
        self._callers.let_go(before, now)
        self._dispatch(now, out)
        return out

    # Callers who are passed on

    def lend(self, operator_id: str, call_id: str, now: datetime) -> None:
        """A free operator is rung to help with another's caller, and gets no caller of their own until `give_back` or
        `hand_over`. Raises `Impossible` for whoever is not free."""
        seat = self.seats.get(operator_id)
        if seat is None or not seat.available:
            raise Impossible(operator_id)
        self.adopt_helping(operator_id, call_id, now)

    def adopt_helping(self, operator_id: str, call_id: str, now: datetime) -> None:
        """The operator was found in another's talk, into which an earlier program had asked them; as after `lend`. Raises
        `Impossible` for whoever is at a call already."""
        seat = self.seats[operator_id]
        if seat.stage is not Stage.FREE:
            raise Impossible(operator_id)
        seat.stage, seat.call_id, seat.call_since = Stage.HELPING, call_id, now
        self.queue.seat(seat)

    def give_back(self, operator_id: str, now: datetime, *, pause: bool = False) -> list[Action]:
        """The help is over, before or after it was given. `pause`: they had answered, and their telephone needs a moment until
        it can ring again."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage is not Stage.HELPING:
            raise Impossible(operator_id)
        self._seats.free(seat)
        after, seat.after = seat.after, None
        if after is not None:
            self._seats.become(seat, after, now, out)
        elif pause:
            self._seats.pause(seat, now)
        else:
            self.queue.seat(seat)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out

    def hand_over(self, operator_id: str, helper_id: str | None, now: datetime) -> list[Action]:
        """The operator's caller goes on with the helper, or (None) with somebody who is not on the floor: then the caller is
        not, either."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage is not Stage.TALKING or seat.call_id is None:
            raise Impossible(operator_id)
        if helper_id is None:
            self._callers.remove(seat.call_id)
        else:
            helper = self.seats[helper_id]
            if helper.stage is not Stage.HELPING or helper.call_id != seat.call_id:
                raise Impossible(helper_id)
            helper.stage, helper.call_since = Stage.TALKING, now
            self.callers[seat.call_id].seat = helper_id
        self._seats.talk_over(seat, now, out)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out
