"""Callers whom a supervisor moves. Pure."""

from datetime import datetime

from denwaban.routing.floor.ground import Ground
from denwaban.routing.model import Action, Caller, Impossible, Stage
from denwaban.routing.skills import NOBODY


class Moving(Ground):
    """Whose turn it is, by a supervisor's word."""

    def may_move(
        self, call_id: str, *, group: str | None = None, operator_id: str | None = None
    ) -> tuple[Caller, int]:
        """The caller whom `move` would move, and to which operators. Raises `Impossible` as it does."""
        caller = self.callers.get(call_id)
        seat = self.seats[caller.seat] if caller is not None and caller.seat is not None else None
        in_line = caller is not None and (self.queue.waits(caller) or seat is not None)
        if caller is None or not in_line or (seat and seat.stage is not Stage.OFFERED):
            raise Impossible(call_id)
        some = self.queue.skills.group(group) if group is not None else NOBODY
        if operator_id is not None:
            some = self.queue.bits.of(operator_id) if operator_id in self.seats else NOBODY
        if not (self.queue.has_seat(some) if group or operator_id else seat is None):
            raise Impossible(call_id)
        return caller, some

    def move(
        self,
        call_id: str,
        now: datetime,
        *,
        group: str | None = None,
        operator_id: str | None = None,
    ) -> list[Action]:
        """A supervisor moves a caller who waits: to a group, to an operator, or (neither) before others. Whoever is being rung
        for them is not any more. Raises `Impossible` when they do not wait, when there is nobody they could be moved to, and
        when they are to go before others but an operator is being rung for them."""
        out = list[Action]()
        caller, some = self.may_move(call_id, group=group, operator_id=operator_id)
        if caller.seat is not None:
            self._offer_over(self.seats[caller.seat], None, now, out)
        if call_id in self.callers:  # else the next step of the ladder has sent them away
            self.queue.gone(caller)
            self._callers.move(caller, some, operator_id, now, out)
        self._dispatch(now, out)
        return out
