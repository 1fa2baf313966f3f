"""What becomes of those who call until somebody takes them: announcements, steps of the ladder, kept places. Pure."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

from denwaban.lines import StepKind
from denwaban.routing.model import (
    Action,
    Announce,
    Caller,
    Chosen,
    OfferCallBack,
    Overflow,
    Priority,
    Seat,
    Stage,
    Terms,
)
from denwaban.routing.queue import Queue
from denwaban.routing.timers import Due, Timers, When

REPEAT = timedelta(seconds=60)
"""Callers hear the announcement again after this long."""

MOVED = timedelta(seconds=60)
"""So long only those to whom a supervisor has moved a caller are for them."""


class Callers:
    """The callers on the floor, whether they wait or talk. Actions that follow are added to `out`."""

    def __init__(self, queue: Queue, timers: Timers, ringback: timedelta) -> None:
        self._queue = queue
        self._timers = timers
        self._ringback = ringback
        self._count = itertools.count()
        self._kept: dict[str, set[str]] = {}
        """Callers who are kept for each operator."""
        self.all: dict[str, Caller] = {}

    def add(self, call_id: str, arrived_at: datetime, terms: Terms) -> Caller:
        """A caller who is not in line yet."""
        caller = Caller(call_id, arrived_at, next(self._count), terms)
        caller.level, caller.need = terms.need.level, terms.need
        caller.alone_until = self._queue.alone_until(caller, arrived_at)
        self.all[call_id] = caller
        return caller

    def remove(self, call_id: str) -> Caller | None:
        """Is not on the floor any more; None for one who was not."""
        caller = self.all.pop(call_id, None)
        if caller is not None:
            self._queue.gone(caller)
            self.unkeep(caller)
        return caller

    def ring(self, caller: Caller) -> None:
        """Hears the ring-back for its time, then an announcement."""
        at = caller.arrived_at + self._ringback
        self._timers.set(at, When.RINGBACK, caller.call_id, caller.comfort)

    def wait(self, caller: Caller, now: datetime, out: list[Action]) -> None:
        """In line; the steps of the ladder whose time came meanwhile are done first."""
        if not self._climb(caller, now, out):
            return
        self._queue.wait(caller, now)
        if caller.alone_until is not None and caller.alone_until > now:
            self._timers.set(caller.alone_until, When.ALONE, caller.call_id, 0)

    def wait_from(self, caller: Caller, moment: datetime, now: datetime, out: list[Action]) -> None:
        """In line from that moment on."""
        caller.not_before, caller.moments = moment, caller.moments + 1
        caller.suspended = False
        if moment <= now:
            self.wait(caller, now, out)
        else:
            self._timers.set(moment, When.AGAIN, caller.call_id, caller.moments)

    def suspend(self, caller: Caller) -> None:
        """Is to be called back, but not while they are on the line themselves."""
        self._queue.gone(caller)
        caller.suspended = True
        caller.not_before, caller.moments = None, caller.moments + 1

    def announce(self, caller: Caller, now: datetime, out: list[Action]) -> None:
        """Is spoken to now, and every minute from now on."""
        caller.announce_due, caller.comfort = False, caller.comfort + 1
        self._timers.set(now + REPEAT, When.REPEAT, caller.call_id, caller.comfort)
        out.append(Announce(caller.call_id))

    def again_in_line(self, caller: Caller, now: datetime, out: list[Action]) -> None:
        """Was to be called back, but that could not be kept: waits on, and is spoken to in a minute."""
        caller.place, caller.comfort = False, caller.comfort + 1
        self._timers.set(now + REPEAT, When.REPEAT, caller.call_id, caller.comfort)
        self.wait(caller, now, out)

    def move(
        self, caller: Caller, some: int, wants: str | None, now: datetime, out: list[Action]
    ) -> None:
        """Moved to these operators (none: before others), in line; after a while all who could are for them again."""
        self.unkeep(caller)
        if some:
            caller.only, caller.also = some, caller.also | some
            caller.alone_until, caller.wants = now + MOVED, wants
        else:
            caller.raised = True
        self.wait(caller, now, out)

    # The operator of the last time

    def keep_for_previous(self, caller: Caller, seat: Seat | None, now: datetime) -> None:
        """Waits for this operator, who talked with them last, for as long as was agreed; not for one who is not there."""
        until = caller.arrived_at + timedelta(seconds=caller.terms.previous_seconds)
        if seat is None or until <= now or not _may_come(seat):
            return
        caller.kept_for = seat.operator_id
        self._kept.setdefault(seat.operator_id, set()).add(caller.call_id)
        self._timers.set(until, When.KEPT, caller.call_id, 0)

    def unkeep(self, caller: Caller) -> None:
        """Kept once: whatever came of it, they do not wait for that operator again."""
        if caller.kept_for is None:
            return
        some = self._kept[caller.kept_for]
        some.discard(caller.call_id)
        if not some:
            del self._kept[caller.kept_for]
        caller.kept_for = None

    def let_go(self, seat: Seat, now: datetime) -> None:
        """Callers who are kept for an operator who does not come are for everybody."""
        if _may_come(seat):
            return
        for call_id in list(self._kept.get(seat.operator_id, ())):
            caller = self.all[call_id]
            self.unkeep(caller)
            self._queue.reconsider((caller,), now)

    # Time

    def due(
        self, kind: When, caller: Caller, seat: Seat | None, now: datetime, out: list[Action]
    ) -> None:
        """A timer of the caller is due; `seat` is the one who is rung for them, or being joined."""
        if kind in (When.KEPT, When.ALONE):
            if kind is When.KEPT:
                self.unkeep(caller)
            self._queue.reconsider((caller,), now)
        elif kind in (When.AGAIN, When.STEP):
            self._queue.gone(caller)
            self.wait(caller, now, out)
        elif kind is When.RINGBACK and seat is not None and caller.offers == 1:
            # The first operator is being rung: the caller hears that, and is spoken to when it comes to nothing.
            caller.announce_due = True
        elif seat is not None and seat.stage is Stage.CONNECTING:
            caller.announce_due = True
        else:
            self.announce(caller, now, out)

    def stands(self, due: Due) -> bool:
        """Whether what the timer was set for is still so."""
        caller = self.all.get(due.who)
        if caller is None:
            return False
        if due.kind in (When.RINGBACK, When.REPEAT):
            return caller.comfort == due.stamp
        if due.kind is When.KEPT:
            return caller.kept_for is not None
        in_line = self._queue.waits(caller)
        if due.kind is When.AGAIN:
            free = caller.place and caller.seat is None and not in_line
            return free and caller.moments == due.stamp
        # While an operator is rung, or joined, these wait for what comes of it: whoever is in line again sets them again.
        return in_line and (due.kind is When.ALONE or caller.steps == due.stamp)

    def _climb(self, caller: Caller, now: datetime, out: list[Action]) -> bool:
        """Does the steps whose time has come and sets the timer of the next; False when one of them sent the caller away."""
        ladder = caller.terms.ladder
        while caller.steps < len(ladder):
            step = ladder[caller.steps]
            at = caller.arrived_at + timedelta(seconds=step.after)
            if at > now:
                self._timers.set(at, When.STEP, caller.call_id, caller.steps)
                return True
            caller.steps += 1
            if step.kind is StepKind.WIDER:
                caller.level = min(caller.level, step.level)
                if not step.level:
                    caller.need = replace(caller.need, matter="")
            elif step.kind is StepKind.GROUP:
                caller.also |= self._queue.skills.group(step.group)
            elif caller.place:
                pass  # is called back: need not be offered it, and is not sent away
            elif step.kind is StepKind.CALL_BACK:
                out.append(OfferCallBack(caller.call_id))
            elif caller.priority is Priority.NORMAL and not caller.stays:
                # Whom the client puts first waits on rather than be sent away.
                self.remove(caller.call_id)
                out.append(Overflow(caller.call_id, step.words))
                return False
        return True


def _may_come(seat: Seat) -> bool:
    """Whether it is worth waiting a little for this operator."""
    chosen = seat.chosen in (Chosen.READY, Chosen.WRAP_UP)
    busy = seat.watching or seat.leaving or seat.held_back
    return seat.online and chosen and seat.after is None and not busy
