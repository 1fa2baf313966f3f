"""Operators who come, choose, and go. Pure."""

from datetime import datetime

from denwaban.routing.floor.talks import Talks
from denwaban.routing.floor.training import InTraining
from denwaban.routing.model import Action, Chosen, Seat, SeatIs, Stage


class Operators(InTraining, Talks):
    """What operators are between calls."""

    def add_seat(
        self,
        operator_id: str,
        chosen: Chosen,
        since: datetime,
        idle_since: datetime,
        after: Chosen | None = None,
        until: datetime | None = None,
    ) -> None:
        """An operator comes on the floor, with no phone online yet. Known operators stay as they are. `after` is what they asked
        to be after the talk in which they are; `until` the end of a rest that was granted."""
        known = self.seats.get(operator_id)
        if known is not None:
            # Taken back before the last talk was over.
            known.leaving = False
            self._leaving.discard(operator_id)
            return
        self._seats.add(Seat(operator_id, chosen, since, idle_since, after=after, until=until))
        self.queue.reconsider(self.callers.values(), since)

    def remove_seat(self, operator_id: str, now: datetime) -> list[Action]:
        """An operator leaves for good and is offered nobody any more. A talk goes on to its end, and the seat is there as long;
        one that is not there is no error."""
        seat, out = self.seats.get(operator_id), list[Action]()
        if seat is None or seat.leaving:
            return out
        seat.leaving = True
        self._leaving.add(operator_id)
        if seat.stage is Stage.OFFERED:
            self._offer_over(seat, None, now, out)
        elif seat.stage is Stage.LOST:
            self._give_up(seat, now, out)
        self.queue.seat(seat)
        self._callers.let_go(seat, now)
        self._senior_moved(operator_id, now, out)
        self._dispatch(now, out)
        return out

    def choose(self, operator_id: str, chosen: Chosen, now: datetime) -> list[Action]:
        """The operator says what they are. While talking it holds from the end of the talk on."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage not in (Stage.FREE, Stage.OFFERED):
            after = chosen if chosen is not Chosen.READY else None
            if after is not seat.after:
                seat.after = after
                out.append(SeatIs(operator_id, shown=False))
            return out
        if seat.stage is Stage.OFFERED and chosen is not Chosen.READY:
            self._offer_over(seat, None, now, out)
        self._seats.chooses(seat, chosen, now, out)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out

    def online(self, operator_id: str, online: bool, now: datetime) -> list[Action]:
        """A phone of the seat is there, or none is. An offer to a seat without a phone is taken back."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.online == online:
            return out
        seat.online = online
        if not online and seat.stage is Stage.OFFERED:
            self._offer_over(seat, None, now, out)
        elif online and seat.stage is Stage.LOST:
            self._ring_again(seat, now, out)
        self.queue.seat(seat)
        self._callers.let_go(seat, now)
        self._senior_moved(operator_id, now, out)
        self._dispatch(now, out)
        return out

    def report_sent(self, operator_id: str, call_id: str, now: datetime) -> list[Action]:
        """The report of a call is sent: wrap-up ends, also beforehand. Of an operator not on the floor: nothing."""
        seat, out = self.seats.get(operator_id), list[Action]()
        if seat is None:
            return out
        if seat.call_id == call_id:
            seat.reported = True
        elif seat.chosen is Chosen.WRAP_UP and seat.stage is Stage.FREE:
            self._seats.wrapup_over(seat, now, out)
            self._dispatch(now, out)
        return out
