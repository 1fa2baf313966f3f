"""Talks whose operator's telephone is gone although nobody hung up: the caller is kept for the operator for a while. Pure."""

from datetime import datetime, timedelta

from denwaban.routing.floor.ground import Ground
from denwaban.routing.model import (
    Action,
    Chosen,
    Lost,
    Miss,
    Over,
    Returned,
    RingAgain,
    Seat,
    Stage,
)

SOON = timedelta(seconds=1)
"""A page that is loaded again needs a moment until its telephone is there."""

AGAIN = timedelta(seconds=7)
"""A telephone that does not answer may be that of a page that is gone: it is rung anew after so long."""


class Talks(Ground):
    """The end of a talk from the seat's side, meant or not."""

    def lost(self, operator_id: str, now: datetime) -> list[Action]:
        """The operator's page is gone in a talk. The caller is kept for them for the time agreed, and the seat is rung as soon
        as a telephone of it is there; then somebody else is offered the caller."""
        (seat, call_id), out = self._at(operator_id, Stage.TALKING), list[Action]()
        if seat.leaving or not self._return:
            self._give_up(seat, now, out)
            self._dispatch(now, out)
            return out
        seat.stage, seat.lost_until = Stage.LOST, now + self._return
        self._wait_for(seat, now + SOON)
        out.append(Lost(call_id, operator_id))
        return out

    def ring_failed(self, operator_id: str, now: datetime) -> None:
        """The seat was rung for its caller and did not answer: it is rung again soon. Of others: nothing."""
        seat = self.seats.get(operator_id)
        if seat is not None and seat.stage is Stage.LOST:
            self._wait_for(seat, now + SOON)

    def regained(self, operator_id: str) -> None:
        """The engine has joined the two again."""
        seat, _ = self._at(operator_id, Stage.LOST)
        seat.stage, seat.lost_until = Stage.TALKING, None

    def seat_hung_up(self, operator_id: str, now: datetime, *, meant: bool = False) -> list[Action]:
        """The seat's leg ended while talking. If its phones are gone too, the operator did not mean it."""
        (seat, call_id), out = self._at(operator_id, Stage.TALKING, Stage.LOST), list[Action]()
        if seat.online or meant:
            self._callers.remove(call_id)
            out.append(Over(call_id, operator_id))
            self._seats.talk_over(seat, now, out)
        else:
            self._give_up(seat, now, out)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out

    def _lost_due(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        if seat.lost_until is None or now >= seat.lost_until:
            self._give_up(seat, now, out)
        else:
            self._ring_again(seat, now, out)

    def _ring_again(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        self._wait_for(seat, now + AGAIN)
        if seat.online and seat.call_id is not None:
            out.append(RingAgain(seat.call_id, seat.operator_id))

    def _wait_for(self, seat: Seat, at: datetime) -> None:
        assert seat.lost_until is not None  # it is lost
        self._seats.lost(seat, min(at, seat.lost_until))

    def _give_up(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        """The caller waits again, before those to whom nobody has talked yet."""
        assert seat.call_id is not None  # they talked
        caller, lost = self.callers[seat.call_id], seat.stage is Stage.LOST
        out.append(Returned(caller.call_id, seat.operator_id))
        self._seats.talk_over(seat, now, out)
        if lost and seat.online and seat.chosen is not Chosen.BREAK:
            # Rung all the time, and nobody answered.
            self._seats.become(seat, Chosen.AWAY, now, out)
            seat.reason = Miss.NO_ANSWER.value
        caller.seat, caller.cut_off = None, True
        self._callers.announce(caller, now, out)
        self._callers.wait(caller, now, out)
        self._callers.let_go(seat, now)
