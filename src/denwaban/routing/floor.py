"""Who is offered which caller, as a state machine without I/O.

The queue says who comes together, the seats what becomes of operators; the floor leads a caller from the arrival to the talk:
the ring-back, the announcements, the steps of the ladder, the place that is kept for who wants to be called back.
Every method takes the present moment where time matters and returns the actions that follow, in order. Times
out by `due()` and `tick()`. One event costs O(√n) in the number of callers and operators, and a few hundred of each are one
look.
"""

from datetime import datetime, timedelta

from denwaban.routing.callers import Callers
from denwaban.routing.gate import Gate
from denwaban.routing.model import (
    ANYBODY,
    Action,
    Caller,
    Chosen,
    Connect,
    Impossible,
    Miss,
    Offer,
    OfferOver,
    Over,
    Returned,
    Seat,
    SeatIs,
    Stage,
    Terms,
)
from denwaban.routing.queue import Queue
from denwaban.routing.seats import Care, Seats
from denwaban.routing.timers import OF_CALLERS, Due, Timers, When

GUARD = timedelta(seconds=5)
"""An offer whose end the engine has not told this long after its time is given up."""

PUT_DOWN = timedelta(seconds=5)
"""Who hung up to be called back is not called before this long has passed."""

REACH = timedelta(seconds=60)
"""Reaching a caller who is called back takes no longer, from the answer of the operator on."""


class Floor:
    """All operators and all callers who wait or talk."""

    def __init__(
        self,
        ring_seconds: int,
        ringback_seconds: int,
        wrapup_seconds: int,
        gate: Gate | None = None,
        care: Care | None = None,
    ) -> None:
        self.queue = Queue(gate or Gate())
        self.gate = self.queue.gate
        self._ring = timedelta(seconds=ring_seconds)
        self._timers = Timers(self._stands)
        self._seats = Seats(self.queue, self._timers, wrapup_seconds, care or Care())
        self.seats = self._seats.all
        self._callers = Callers(self.queue, self._timers, timedelta(seconds=ringback_seconds))
        self.callers = self._callers.all
        self._paused = False

    # Operators

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
        if operator_id in self.seats:
            return
        self._seats.add(Seat(operator_id, chosen, since, idle_since, after=after, until=until))
        self.queue.reconsider(self.callers.values(), since)

    def remove_seat(self, operator_id: str, now: datetime) -> list[Action]:
        """An operator leaves for good; a talk goes on to its end."""
        out = self.choose(operator_id, Chosen.BREAK, now)
        if self.seats[operator_id].stage is Stage.FREE:
            self._seats.remove(operator_id)
            self._reconsider(now, out)
        return out

    def choose(self, operator_id: str, chosen: Chosen, now: datetime) -> list[Action]:
        """The operator says what they are. While talking it holds from the end of the talk on."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage in (Stage.CONNECTING, Stage.TALKING, Stage.HELPING):
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
        self.queue.seat(seat)
        self._callers.let_go(seat, now)
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

    def reconsider(self, now: datetime) -> list[Action]:
        """Skills, groups or lists of duty are others now: whom callers may be offered to is looked at again."""
        out = list[Action]()
        self._reconsider(now, out)
        return out

    # Callers

    def arrive(
        self,
        call_id: str,
        arrived_at: datetime,
        now: datetime,
        terms: Terms = ANYBODY,
        wants: str | None = None,
        *,
        stays: bool = False,
    ) -> list[Action]:
        """A caller who is to be put through; `wants`: to this operator, if free. `stays`: they were promised to be called, and
        are not sent away."""
        out = list[Action]()
        caller = self._callers.add(call_id, arrived_at, terms)
        caller.wants, caller.stays = wants, stays
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
        caller.seat, caller.announced, caller.stays = operator_id, True, True
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
        caller.place, caller.announced = True, True
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
        caller.place, caller.announced, caller.comfort = True, True, caller.comfort + 1
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
        """Who is to be called back has hung up: the place is in line."""
        out = list[Action]()
        self._callers.wait_from(self.callers[call_id], now + PUT_DOWN, now, out)
        self._dispatch(now, out)
        return out

    def not_reached(
        self, operator_id: str, again_at: datetime | None, now: datetime
    ) -> list[Action]:
        """The operator was there, the caller who was called back was not: in line again at `again_at`, or not any more (None)."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage is not Stage.CONNECTING or seat.call_id is None:
            raise Impossible(operator_id)
        caller = self.callers[seat.call_id]
        if again_at is None:
            self._callers.remove(caller.call_id)
        else:
            caller.not_before = again_at
        self._offer_over(seat, Miss.UNREACHED, now, out)
        self._dispatch(now, out)
        return out

    def leave(self, call_id: str, now: datetime) -> list[Action]:
        """The caller hung up, or their leg is gone for another reason. Unknown callers are no error."""
        caller, out = self._callers.remove(call_id), list[Action]()
        if caller is None or caller.seat is None:
            return out
        seat = self.seats[caller.seat]
        if seat.stage is Stage.TALKING:
            out.append(Over(call_id, seat.operator_id, caller_gone=True))
            self._seats.talk_over(seat, now, out)
        else:
            self._offer_over(seat, None, now, out)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out

    # What the seat's leg does

    def answered(self, operator_id: str) -> list[Action]:
        """The seat's phone was answered."""
        seat = self.seats[operator_id]
        if seat.stage is not Stage.OFFERED or seat.call_id is None:
            raise Impossible(operator_id)
        seat.stage = Stage.CONNECTING
        return [Connect(seat.call_id, operator_id)]

    def connected(self, operator_id: str, now: datetime) -> None:
        """The engine has joined the two."""
        seat = self.seats[operator_id]
        if seat.stage is not Stage.CONNECTING or seat.call_id is None:
            raise Impossible(operator_id)
        seat.stage, seat.call_since = Stage.TALKING, now
        caller = self.callers[seat.call_id]
        caller.announced, caller.comfort = True, caller.comfort + 1
        caller.place, caller.stays = False, True

    def missed(self, operator_id: str, why: Miss, now: datetime) -> list[Action]:
        """The offer, or the joining, came to nothing: the next operator is offered."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage not in (Stage.OFFERED, Stage.CONNECTING):
            raise Impossible(operator_id)
        self._offer_over(seat, why, now, out)
        self._dispatch(now, out)
        return out

    def hang_up(self, operator_id: str, now: datetime) -> list[Action]:
        """The operator ends the talk, or declines the caller who is offered."""
        seat = self.seats[operator_id]
        if seat.stage is Stage.OFFERED:
            return self.missed(operator_id, Miss.REFUSED, now)
        return self.seat_hung_up(operator_id, now, meant=True)

    def seat_hung_up(self, operator_id: str, now: datetime, *, meant: bool = False) -> list[Action]:
        """The seat's leg ended while talking. If its phones are gone too, the operator did not mean it."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage is not Stage.TALKING or seat.call_id is None:
            raise Impossible(operator_id)
        caller = self.callers[seat.call_id]
        if seat.online or meant:
            self._callers.remove(caller.call_id)
            out.append(Over(caller.call_id, operator_id, caller_gone=False))
            self._seats.talk_over(seat, now, out)
        else:
            out.append(Returned(caller.call_id, operator_id))
            self._seats.talk_over(seat, now, out)
            caller.seat = None
            self._callers.announce(caller, now, out)
            self._callers.wait(caller, now, out)
        self._callers.let_go(seat, now)
        self._dispatch(now, out)
        return out

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
        seat.stage, seat.call_id, seat.call_since = Stage.HELPING, call_id, now
        self.queue.seat(seat)

    def give_back(self, operator_id: str, now: datetime, *, rest: bool = False) -> list[Action]:
        """The help is over, before or after it was given. `rest`: they had answered, and their telephone needs a moment until
        it can ring again."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage is not Stage.HELPING:
            raise Impossible(operator_id)
        self._seats.free(seat)
        after, seat.after = seat.after, None
        if after is not None:
            self._seats.become(seat, after, now, out)
        elif rest:
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

    def waiting(self) -> list[Caller]:
        """Callers who do not talk yet, in line; also those who are to be called back."""
        line = [
            caller
            for caller in self.callers.values()
            if caller.seat is None or self.seats[caller.seat].stage is not Stage.TALKING
        ]
        return sorted(line, key=lambda caller: caller.key)

    # Inside

    def _dispatch(self, now: datetime, out: list[Action]) -> None:
        while not self._paused and (match := self.queue.match(self.callers, now)) is not None:
            caller, seat = self.callers[match.call_id], self.seats[match.operator_id]
            self.queue.gone(caller)
            caller.seat, caller.offers = seat.operator_id, caller.offers + 1
            self._callers.unkeep(caller)
            time = self._ring + (REACH if caller.place else timedelta(0))
            self._seats.offer(seat, caller.call_id, now, now + time + GUARD)
            out.append(Offer(caller.call_id, seat.operator_id, match.unread))

    def _reconsider(self, now: datetime, out: list[Action]) -> None:
        self.queue.reconsider(self.callers.values(), now)
        self._dispatch(now, out)

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
