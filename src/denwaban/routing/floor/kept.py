"""Places in line that are kept for callers who hung up to be called back. Pure."""

from datetime import datetime, timedelta

from denwaban.routing.floor.arrivals import Arrivals
from denwaban.routing.model import (
    ANYBODY,
    Action,
    Impossible,
    Instead,
    Miss,
    Stage,
    Terms,
)

PUT_DOWN = timedelta(seconds=5)
"""Who hung up to be called back is not called before this long has passed."""


class KeptPlaces(Arrivals):
    """Who wants to be called back, from the wish to the talk."""

    def adopt_place(
        self,
        call_id: str,
        arrived_at: datetime,
        now: datetime,
        not_before: datetime | None,
        terms: Terms = ANYBODY,
    ) -> list[Action]:
        """Somebody who is to be called back, kept from before: in line by arrival from `not_before` on; None while they have
        not hung up yet."""
        caller = self._callers.add(call_id, arrived_at, terms)
        caller.place = True
        out = list[Action]()
        if not_before is not None:
            self._callers.wait_from(caller, not_before, now, out)
            self._dispatch(now, out)
        return out

    def keep_place(self, call_id: str, now: datetime) -> list[Action]:
        """The caller, who does not talk yet, wants to be called back and will hang up; the place in line is theirs. Raises
        `Impossible` when they are being joined to somebody, or are not there."""
        caller, out = self.callers.get(call_id), list[Action]()
        if caller is not None and caller.place:
            return out
        seat = self.seats[caller.seat] if caller is not None and caller.seat is not None else None
        if caller is None or (seat is not None and seat.stage is not Stage.OFFERED):
            raise Impossible(call_id)
        caller.place, caller.comfort = True, caller.comfort + 1
        caller.announce_due = False
        if seat is not None:
            self._offer_over(seat, None, now, out)
        self.queue.gone(caller)
        self._dispatch(now, out)
        return out

    def keep_not(self, call_id: str, now: datetime) -> list[Action]:
        """The place could not be kept after all: the caller, who has not hung up, waits on."""
        caller, out = self.callers.get(call_id), list[Action]()
        if caller is not None and caller.place:
            self._callers.again_in_line(caller, now, out)
            self._dispatch(now, out)
        return out

    def hung_up_to_be_called(self, call_id: str, now: datetime) -> list[Action]:
        """Who is to be called back has hung up, perhaps once more: the place is in line."""
        out = list[Action]()
        self._callers.wait_from(self.callers[call_id], now + PUT_DOWN, now, out)
        self._dispatch(now, out)
        return out

    def suspend(self, call_id: str) -> None:
        """Whose place it is, is on the line themselves: nobody calls them until they have hung up again
        (`hung_up_to_be_called`). The place must be with no operator."""
        caller = self.callers[call_id]
        if not caller.place or caller.seat is not None:
            raise Impossible(call_id)
        self._callers.suspend(caller)

    def come_again(
        self, place_id: str, call_id: str, now: datetime, terms: Terms = ANYBODY
    ) -> list[Action]:
        """Whose place is kept calls themselves, by this call: they go on at their place, which is suspended meanwhile, and are
        not sent away. An operator who is rung or waits for them gets this call instead."""
        kept = self.callers[place_id]
        if not kept.place:
            raise Impossible(place_id)
        operator_id, kept.seat = kept.seat, None
        self._callers.suspend(kept)
        caller, out = self._callers.add(call_id, kept.arrived_at, terms), list[Action]()
        caller.stays = True
        self._callers.ring(caller)
        if operator_id is None:
            self._callers.wait(caller, now, out)
            self._dispatch(now, out)
        else:
            caller.seat, caller.offers = operator_id, 1
            self.seats[operator_id].call_id = call_id
            out.append(Instead(place_id, call_id, operator_id))
        return out

    def not_reached(
        self, operator_id: str, again_at: datetime | None, now: datetime
    ) -> list[Action]:
        """The operator was there, the caller who was called back was not: in line again at `again_at`, or not any more (None)."""
        (seat, call_id), out = self._at(operator_id, Stage.CONNECTING), list[Action]()
        caller = self.callers[call_id]
        if again_at is None:
            self._callers.remove(caller.call_id)
        else:
            caller.not_before = again_at
        self._offer_over(seat, Miss.UNREACHED, now, out)
        self._dispatch(now, out)
        return out
