"""Callers who come, are found, and go. Pure."""

from datetime import datetime

from denwaban.routing.floor.ground import Ground
from denwaban.routing.model import (
    ANYBODY,
    Action,
    Impossible,
    Over,
    Stage,
    Terms,
)


class Arrivals(Ground):
    """Callers until somebody is offered them, and their end."""

    def arrive(
        self,
        call_id: str,
        arrived_at: datetime,
        now: datetime,
        terms: Terms = ANYBODY,
        wants: str | None = None,
    ) -> list[Action]:
        """A caller who is to be put through; `wants`: to this operator, if free."""
        out = list[Action]()
        caller = self._callers.add(call_id, arrived_at, terms)
        caller.wants = wants
        self._callers.ring(caller)
        self._callers.keep_for_previous(caller, self.seats.get(terms.previous or ""), now)
        self._callers.wait(caller, now, out)
        self._dispatch(now, out)
        return out

    def adopt_talking(
        self,
        call_id: str,
        operator_id: str,
        arrived_at: datetime,
        now: datetime,
        terms: Terms = ANYBODY,
    ) -> None:
        """The two are already talking (found so in the engine). The seat must be free."""
        seat = self.seats[operator_id]
        if seat.stage is not Stage.FREE:
            raise Impossible(operator_id)
        caller = self._callers.add(call_id, arrived_at, terms)
        caller.seat, caller.stays = operator_id, True
        seat.stage, seat.call_id, seat.call_since = Stage.TALKING, call_id, now
        self.queue.seat(seat)

    def adopt_waiting(
        self,
        call_id: str,
        arrived_at: datetime,
        now: datetime,
        terms: Terms = ANYBODY,
        wants: str | None = None,
        *,
        stays: bool = False,
    ) -> list[Action]:
        """A caller who has been spoken to already (found in the engine, parked, or not taken by whom they were passed on to):
        comfort first, then in line by arrival; to the operator who is wanted, if free then. `stays`: somebody talked with
        them, and they are not sent away."""
        caller = self._callers.add(call_id, arrived_at, terms)
        caller.wants, caller.stays = wants, stays
        out = list[Action]()
        self._callers.announce(caller, now, out)
        self._callers.wait(caller, now, out)
        self._dispatch(now, out)
        return out

    def leave(self, call_id: str, now: datetime) -> list[Action]:
        """The caller hung up, or their leg is gone for another reason. Unknown callers are no error."""
        caller, out = self._callers.remove(call_id), list[Action]()
        if caller is None or caller.seat is None:
            return out
        seat = self.seats[caller.seat]
        if seat.stage in (Stage.TALKING, Stage.LOST):
            out.append(Over(call_id, seat.operator_id))
            self._seats.talk_over(seat, now, out)
        else:
            self._offer_over(seat, None, now, out)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out
