"""Who is offered which caller, as a state machine without I/O.

Callers wait in strict order of arrival; the ready operator who has been idle longest is offered the oldest waiting
caller. Whom the gate passes over for a client comes last for its callers, however idle; but no caller waits for a reader.
Every method takes the present moment where time matters and returns the actions that follow, in order. Times
out by `due()` and `tick()`. One event costs O(log n) in the number of callers and operators, and O(n) in the operators
where the gate passes over the one who is next.
"""

import heapq
import itertools
from datetime import datetime, timedelta

from denwaban.routing.gate import Gate
from denwaban.routing.model import (
    Action,
    Announce,
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
)

GUARD = timedelta(seconds=5)
"""An offer whose end the engine has not told this long after its time is given up."""

REST = timedelta(seconds=5)
"""A seat that the engine could not ring is left alone for so long."""

REPEAT = timedelta(seconds=60)
"""Callers hear the announcement again after this long."""

_RINGBACK, _REPEAT, _OFFER, _REST, _WRAPUP = "ringback", "repeat", "offer", "rest", "wrapup"


class Floor:
    """All operators and all callers who wait or talk."""

    def __init__(
        self,
        ring_seconds: int,
        ringback_seconds: int,
        wrapup_seconds: int,
        gate: Gate | None = None,
    ) -> None:
        self.gate = gate or Gate()
        self._ring = timedelta(seconds=ring_seconds)
        self._ringback = timedelta(seconds=ringback_seconds)
        self._wrapup = timedelta(seconds=wrapup_seconds)
        self.seats: dict[str, Seat] = {}
        self.callers: dict[str, Caller] = {}
        self._count = itertools.count()
        # Heaps with stale entries, which are dropped when they reach the top.
        self._waiting: list[tuple[datetime, int, str]] = []
        self._idle: list[tuple[datetime, int, str, int]] = []
        self._timers: list[tuple[datetime, int, str, str, int]] = []
        self._paused = False

    # Operators

    def add_seat(
        self, operator_id: str, chosen: Chosen, since: datetime, idle_since: datetime
    ) -> None:
        """An operator comes on the floor, with no phone online yet. Known operators stay as they are."""
        if operator_id in self.seats:
            return
        seat = Seat(operator_id, chosen, since, idle_since)
        self.seats[operator_id] = seat
        if chosen is Chosen.WRAP_UP:
            self._begin_wrapup(seat, since)

    def remove_seat(self, operator_id: str, now: datetime) -> list[Action]:
        """An operator leaves for good; a talk goes on to its end."""
        out = self.choose(operator_id, Chosen.BREAK, now)
        if self.seats[operator_id].stage is Stage.FREE:
            del self.seats[operator_id]
        return out

    def choose(self, operator_id: str, chosen: Chosen, now: datetime) -> list[Action]:
        """The operator says what they are. While talking it holds from the end of the talk on."""
        seat, out = self.seats[operator_id], list[Action]()
        if seat.stage in (Stage.CONNECTING, Stage.TALKING):
            seat.after = chosen if chosen is not Chosen.READY else None
            return out
        if seat.stage is Stage.OFFERED and chosen is not Chosen.READY:
            self._offer_over(seat, None, now, out)
        self._become(seat, chosen, now, out)
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
        self._seat_may_be_free(seat)
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
            self._become(seat, Chosen.READY, now, out)
            self._dispatch(now, out)
        return out

    # Callers

    def arrive(
        self,
        call_id: str,
        arrived_at: datetime,
        now: datetime,
        client: str | None = None,
        wants: str | None = None,
    ) -> list[Action]:
        """A caller of this client who is to be put through; `wants`: to this operator, if free."""
        out = list[Action]()
        caller = Caller(call_id, arrived_at, next(self._count), client=client, wants=wants)
        self.callers[call_id] = caller
        self._timer(arrived_at + self._ringback, _RINGBACK, call_id, caller.comfort)
        self._wait(caller)
        self._dispatch(now, out)
        return out

    def adopt_talking(
        self,
        call_id: str,
        operator_id: str,
        arrived_at: datetime,
        now: datetime,
        client: str | None = None,
    ) -> None:
        """The two are already talking (found so in the engine). The seat must be free."""
        seat = self.seats[operator_id]
        if seat.stage is not Stage.FREE:
            raise Impossible(operator_id)
        caller = Caller(
            call_id, arrived_at, next(self._count), operator_id, announced=True, client=client
        )
        self.callers[call_id] = caller
        seat.stage, seat.call_id, seat.call_since = Stage.TALKING, call_id, now

    def adopt_waiting(
        self, call_id: str, arrived_at: datetime, now: datetime, client: str | None = None
    ) -> list[Action]:
        """A caller found waiting in the engine: comfort first, then in line by arrival."""
        caller = Caller(call_id, arrived_at, next(self._count), client=client)
        self.callers[call_id] = caller
        out = list[Action]()
        self._announce(caller, now, out)
        self._wait(caller)
        self._dispatch(now, out)
        return out

    def leave(self, call_id: str, now: datetime) -> list[Action]:
        """The caller hung up, or their leg is gone for another reason. Unknown callers are no error."""
        caller, out = self.callers.pop(call_id, None), list[Action]()
        if caller is None or caller.seat is None:
            return out
        seat = self.seats[caller.seat]
        if seat.stage is Stage.TALKING:
            out.append(Over(call_id, seat.operator_id, caller_gone=True))
            self._talk_over(seat, now, out)
        else:
            self._offer_over(seat, None, now, out)
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
            del self.callers[caller.call_id]
            out.append(Over(caller.call_id, operator_id, caller_gone=False))
            self._talk_over(seat, now, out)
        else:
            out.append(Returned(caller.call_id, operator_id))
            self._talk_over(seat, now, out)
            caller.seat = None
            self._announce(caller, now, out)
            self._wait(caller)
        self._dispatch(now, out)
        return out

    # Time and the engine

    def due(self) -> datetime | None:
        """When `tick` is wanted next."""
        if self._paused:
            return None
        while self._timers and not self._timer_counts(*self._timers[0][2:]):
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def tick(self, now: datetime) -> list[Action]:
        """Does what is due."""
        out = list[Action]()
        while not self._paused and self._timers and self._timers[0][0] <= now:
            _, _, kind, who, stamp = heapq.heappop(self._timers)
            if not self._timer_counts(kind, who, stamp):
                continue
            if kind in (_RINGBACK, _REPEAT):
                self._caller_timer(kind, self.callers[who], now, out)
            else:
                self._seat_timer(kind, self.seats[who], now, out)
        self._dispatch(now, out)
        return out

    def pause(self, paused: bool, now: datetime) -> list[Action]:
        """While the engine is away nobody is offered anything."""
        self._paused = paused
        out = list[Action]()
        self._dispatch(now, out)
        return out

    def waiting(self) -> list[Caller]:
        """Callers who do not talk yet, in line."""
        line = [
            caller
            for caller in self.callers.values()
            if caller.seat is None or self.seats[caller.seat].stage is not Stage.TALKING
        ]
        return sorted(line, key=lambda caller: (caller.arrived_at, caller.order))

    # Inside

    def _dispatch(self, now: datetime, out: list[Action]) -> None:
        while not self._paused:
            caller = self._first_in_line()
            if caller is None:
                return
            passed_over = self.gate.passed_over(caller.client, now)
            seat = self._wanted(caller) or self._take_seat(passed_over)
            if seat is None:
                return
            heapq.heappop(self._waiting)
            caller.seat, caller.offers = seat.operator_id, caller.offers + 1
            seat.stage, seat.call_id, seat.call_since = Stage.OFFERED, caller.call_id, now
            seat.stamp += 1
            self._timer(now + self._ring + GUARD, _OFFER, seat.operator_id, seat.stamp)
            unread = self.gate.among(seat.operator_id, passed_over)
            out.append(Offer(caller.call_id, seat.operator_id, unread))

    def _first_in_line(self) -> Caller | None:
        while self._waiting:
            caller = self.callers.get(self._waiting[0][2])
            if caller is not None and caller.seat is None and caller.order == self._waiting[0][1]:
                return caller
            heapq.heappop(self._waiting)
        return None

    def _longest_idle(self) -> Seat | None:
        while self._idle:
            if self._stands(self._idle[0]):
                return self.seats[self._idle[0][2]]
            heapq.heappop(self._idle)
        return None

    def _wanted(self, caller: Caller) -> Seat | None:
        seat = self.seats.get(caller.wants) if caller.wants is not None else None
        return seat if seat is not None and seat.available else None

    def _take_seat(self, passed_over: int) -> Seat | None:
        """The longest idle seat of those not passed over, or of all when there is none such. Whoever takes it gives it a
        new stamp, which takes it out of the line."""
        longest = self._longest_idle()
        if longest is None or not self.gate.among(longest.operator_id, passed_over):
            return longest
        if len(self._idle) > 2 * len(self.seats):
            # Taken from behind the longest idle, stale entries would never reach the top.
            self._idle = [entry for entry in self._idle if self._stands(entry)]
            heapq.heapify(self._idle)
        read = [
            entry
            for entry in self._idle
            if not self.gate.among(entry[2], passed_over) and self._stands(entry)
        ]
        return self.seats[min(read)[2]] if read else longest

    def _stands(self, entry: tuple[datetime, int, str, int]) -> bool:
        """Whether an entry in the line of the idle is still true."""
        seat = self.seats.get(entry[2])
        return seat is not None and seat.available and seat.stamp == entry[3]

    def _wait(self, caller: Caller) -> None:
        heapq.heappush(self._waiting, (caller.arrived_at, caller.order, caller.call_id))

    def _seat_may_be_free(self, seat: Seat) -> None:
        if seat.available:
            seat.stamp += 1
            entry = (seat.idle_since, next(self._count), seat.operator_id, seat.stamp)
            heapq.heappush(self._idle, entry)

    def _become(self, seat: Seat, chosen: Chosen, now: datetime, out: list[Action]) -> None:
        if chosen is seat.chosen:
            return
        seat.chosen, seat.since, seat.reason, seat.resting = chosen, now, "", False
        if chosen is Chosen.READY:
            seat.idle_since = now
        self._seat_may_be_free(seat)
        out.append(SeatIs(seat.operator_id))

    def _offer_over(self, seat: Seat, why: Miss | None, now: datetime, out: list[Action]) -> None:
        assert seat.call_id is not None  # only called while a caller is on the seat
        call_id = seat.call_id
        seat.stage, seat.call_id, seat.call_since = Stage.FREE, None, None
        out.append(OfferOver(call_id, seat.operator_id, why))
        after, seat.after = seat.after, None
        if why in (Miss.NO_ANSWER, Miss.REFUSED):
            self._become(seat, Chosen.AWAY, now, out)
            seat.reason = why.value
        elif after is not None:
            self._become(seat, after, now, out)
        elif why is Miss.FAILED:
            seat.resting = True
            seat.stamp += 1
            self._timer(now + REST, _REST, seat.operator_id, seat.stamp)
        else:
            self._seat_may_be_free(seat)
        caller = self.callers.get(call_id)
        if caller is None:
            return
        caller.seat = None
        # The caller who heard the operator's phone ring long enough is spoken to now.
        if caller.announce_due:
            self._announce(caller, now, out)
        self._wait(caller)

    def _talk_over(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        seat.stage, seat.call_id, seat.call_since = Stage.FREE, None, None
        after, seat.after = seat.after, None
        reported, seat.reported = seat.reported, False
        seat.idle_since = now
        if after is not None:
            self._become(seat, after, now, out)
        elif self._wrapup and not reported:
            self._become(seat, Chosen.WRAP_UP, now, out)
            self._begin_wrapup(seat, now)
        elif seat.chosen is Chosen.READY:
            seat.since = now
            self._seat_may_be_free(seat)
            out.append(SeatIs(seat.operator_id, shown=False))
        else:
            self._become(seat, Chosen.READY, now, out)

    def _begin_wrapup(self, seat: Seat, now: datetime) -> None:
        seat.stamp += 1
        self._timer(now + self._wrapup, _WRAPUP, seat.operator_id, seat.stamp)

    def _announce(self, caller: Caller, now: datetime, out: list[Action]) -> None:
        caller.announce_due, caller.announced, caller.comfort = False, True, caller.comfort + 1
        self._timer(now + REPEAT, _REPEAT, caller.call_id, caller.comfort)
        out.append(Announce(caller.call_id))

    def _caller_timer(self, kind: str, caller: Caller, now: datetime, out: list[Action]) -> None:
        seat = self.seats[caller.seat] if caller.seat is not None else None
        if kind == _RINGBACK and seat is not None and caller.offers == 1:
            # The first operator is being rung: the caller hears that, and is spoken to when it comes to nothing.
            caller.announce_due = True
        elif seat is not None and seat.stage is Stage.CONNECTING:
            caller.announce_due = True
        else:
            self._announce(caller, now, out)

    def _seat_timer(self, kind: str, seat: Seat, now: datetime, out: list[Action]) -> None:
        if kind == _OFFER:
            why = Miss.NO_ANSWER if seat.stage is Stage.OFFERED else Miss.FAILED
            self._offer_over(seat, why, now, out)
        elif kind == _REST:
            seat.resting = False
            self._seat_may_be_free(seat)
        else:
            self._become(seat, Chosen.READY, now, out)

    def _timer(self, at: datetime, kind: str, who: str, stamp: int) -> None:
        heapq.heappush(self._timers, (at, next(self._count), kind, who, stamp))

    def _timer_counts(self, kind: str, who: str, stamp: int) -> bool:
        """Whether what the timer was set for still stands."""
        if kind in (_RINGBACK, _REPEAT):
            caller = self.callers.get(who)
            return caller is not None and caller.comfort == stamp
        seat = self.seats.get(who)
        if seat is None or seat.stamp != stamp:
            return False
        if kind == _OFFER:
            return seat.stage in (Stage.OFFERED, Stage.CONNECTING)
        if kind == _REST:
            return seat.resting
        return seat.chosen is Chosen.WRAP_UP and seat.stage is Stage.FREE
