"""The queue against a plain model: whoever is offered is the one whom a person with a list and a ruler would have named.

Callers with priorities, skills, ladders, an operator of the last time and a wish to be called back; operators who come and go,
learn and forget; an engine that fails; a program that restarts.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.thorough import examples

from denwaban.lines import Step, StepKind
from denwaban.routing.floor import Floor
from denwaban.routing.model import (
    Action,
    Announce,
    Chosen,
    Connect,
    Impossible,
    Miss,
    Offer,
    OfferCallBack,
    OfferOver,
    Over,
    Overflow,
    Priority,
    Returned,
    Stage,
    Terms,
)
from denwaban.routing.seats import Care
from denwaban.routing.skills import Need

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CLIENTS = ("yamada", "aoba")
GROUPS = {"night": ("o0", "o3")}
LADDERS = (
    (),
    (Step(30, StepKind.WIDER),),
    (Step(20, StepKind.WIDER, level=1), Step(40, StepKind.GROUP, group="night")),
    (
        Step(10, StepKind.CALL_BACK),
        Step(30, StepKind.WIDER),
        Step(90, StepKind.MESSAGE, words="sorry"),
    ),
)
CARE = Care(calls_in_a_row=3, seconds_in_a_row=0, rest_seconds=60)


@dataclass(frozen=True)
class Learned:
    operator_id: str
    kind: str
    key: str
    level: int


@dataclass
class Waits:
    """What the model knows of a caller."""

    terms: Terms
    arrived_at: datetime
    number: int
    place: bool = False
    hung_up: bool = False
    not_before: datetime = START
    kept: bool = True
    """May still be waiting for the operator of the last time."""


class QueueMachine(RuleBasedStateMachine):
    """Everything that can happen, in any order; what is offered is compared with the model."""

    @initialize(operators=st.integers(1, 5), wrapup=st.sampled_from([0, 20]))
    def begin(self, operators: int, wrapup: int) -> None:
        self.now = START
        self.wrapup = wrapup
        self.floor = Floor(15, 6, wrapup, care=CARE)
        self.operators = [f"o{n}" for n in range(operators)]
        self.skills: dict[tuple[str, str, str], int] = {}
        self.callers: dict[str, Waits] = {}
        self.busy: dict[str, tuple[str, Stage]] = {}
        self.next = 0
        self.sent_away: set[str] = set()
        for operator in self.operators:
            self.floor.add_seat(operator, Chosen.READY, self.now, self.now)
            self.do(self.floor.online(operator, True, self.now))
        self.learn()

    # The model

    def level(self, operator: str, kind: str, key: str) -> int:
        return self.skills.get((operator, kind, key), 0)

    def may(self, operator: str, call: str) -> bool:
        """Whether a person would let this operator take this caller."""
        waits = self.callers[call]
        caller = self.floor.callers[call]
        if caller.kept_for is not None:
            return operator == caller.kept_for
        some = [one for one in self.floor.seats if self.able(one, waits)]
        return operator in some or not some

    def able(self, operator: str, waits: Waits) -> bool:
        """By the skills, as far as the ladder asks for them now."""
        level, matter, groups = waits.terms.need.level, waits.terms.need.matter, set[str]()
        waited = (self.now - waits.arrived_at).total_seconds()
        for step in waits.terms.ladder:
            if step.after > waited:
                break
            if step.kind is StepKind.WIDER:
                level = min(level, step.level)
                matter = matter if step.level else ""
            elif step.kind is StepKind.GROUP:
                groups |= set(GROUPS[step.group])
        need = waits.terms.need
        enough = (
            level == 0
            or max(
                self.level(operator, "client", need.client or ""),
                self.level(operator, "trade", need.trade),
            )
            >= level
        )
        if matter:
            enough = enough and self.level(operator, "matter", matter) >= max(1, level)
        return enough or operator in groups

    def in_line(self) -> list[str]:
        """Who waits for an operator, in the order of priority and arrival."""
        taken = {call for call, _ in self.busy.values()}
        line = [
            call
            for call, waits in self.callers.items()
            if call not in taken
            and (not waits.place or (waits.hung_up and waits.not_before <= self.now))
        ]
        return sorted(line, key=self.order)

    def order(self, call: str) -> tuple[int, datetime, int]:
        waits = self.callers[call]
        return (-waits.terms.priority, waits.arrived_at, waits.number)

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Offer):
                seat = action.operator_id
                assert seat not in self.busy, "one seat, two callers"
                assert action.call_id not in [call for call, _ in self.busy.values()], "two seats"
                assert action.call_id in self.in_line(), "not in line"
                self.busy[seat] = (action.call_id, Stage.OFFERED)
            elif isinstance(action, Connect):
                assert self.busy[action.operator_id] == (action.call_id, Stage.OFFERED)
                self.busy[action.operator_id] = (action.call_id, Stage.CONNECTING)
            elif isinstance(action, (OfferOver, Over, Returned)):
                assert self.busy.pop(action.operator_id)[0] == action.call_id
                if isinstance(action, Over):
                    self.callers.pop(action.call_id, None)
            elif isinstance(action, Announce):
                assert not self.callers[action.call_id].hung_up, "nobody hears it"
            elif isinstance(action, OfferCallBack):
                assert not self.callers[action.call_id].place
            elif isinstance(action, Overflow):
                gone = self.callers.pop(action.call_id)
                assert gone.terms.priority is Priority.NORMAL, "put first, and sent away"
                assert not gone.place
                assert action.words == "sorry"
                assert self.now - gone.arrived_at >= timedelta(seconds=90)

    def learn(self) -> None:
        rows = [Learned(*key, level) for key, level in self.skills.items() if level]
        self.floor.queue.skills.set(rows, GROUPS)
        self.do(self.floor.reconsider(self.now))

    def pick(self, data: st.DataObject, stage: Stage) -> str | None:
        some = sorted(seat for seat, (_, now) in self.busy.items() if now is stage)
        return data.draw(st.sampled_from(some)) if some else None

    # What happens

    @rule(
        client=st.sampled_from(CLIENTS),
        trade=st.sampled_from(["", "歯科"]),
        matter=st.sampled_from(["", "", "予約"]),
        level=st.sampled_from([0, 0, 1, 3]),
        priority=st.sampled_from(Priority),
        ladder=st.sampled_from(LADDERS),
        previous=st.sampled_from([None, "o0", "o1"]),
    )
    def a_caller_arrives(
        self,
        client: str,
        trade: str,
        matter: str,
        level: int,
        priority: Priority,
        ladder: tuple[Step, ...],
        previous: str | None,
    ) -> None:
        self.now += timedelta(seconds=0.5)
        self.do(self.floor.tick(self.now))
        call = f"c{self.next}"
        self.next += 1
        terms = Terms(
            Need(client, trade, matter, level), priority, previous, 15 if previous else 0, ladder
        )
        self.callers[call] = Waits(terms, self.now, self.next)
        self.do(self.floor.arrive(call, self.now, self.now, terms))

    @rule(data=st.data())
    def a_caller_hangs_up(self, data: st.DataObject) -> None:
        here = sorted(call for call, waits in self.callers.items() if not waits.place)
        if here:
            call = data.draw(st.sampled_from(here))
            actions = self.floor.leave(call, self.now)
            self.callers.pop(call)
            self.do(actions)

    @rule(data=st.data(), hangs_up=st.booleans())
    def a_caller_presses_the_key(self, data: st.DataObject, hangs_up: bool) -> None:
        here = sorted(self.floor.callers)
        if not here:
            return
        call = data.draw(st.sampled_from(here))
        stage = next((stage for one, stage in self.busy.values() if one == call), None)
        if self.callers[call].place:
            assert self.floor.keep_place(call, self.now) == []
        elif stage in (Stage.CONNECTING, Stage.TALKING):
            with pytest.raises(Impossible):
                self.floor.keep_place(call, self.now)
            return
        else:
            self.callers[call].place = True
            self.do(self.floor.keep_place(call, self.now))
        if hangs_up and not self.callers[call].hung_up:
            self.callers[call].hung_up = True
            self.callers[call].not_before = self.now + timedelta(seconds=5)
            self.do(self.floor.hung_up_to_be_called(call, self.now))

    @rule(data=st.data())
    def a_place_cannot_be_kept(self, data: st.DataObject) -> None:
        parked = sorted(c for c, waits in self.callers.items() if waits.place and not waits.hung_up)
        if parked:
            call = data.draw(st.sampled_from(parked))
            self.callers[call].place = False
            self.do(self.floor.keep_not(call, self.now))

    @rule(data=st.data())
    def a_phone_is_answered(self, data: st.DataObject) -> None:
        if (operator := self.pick(data, Stage.OFFERED)) is not None:
            self.do(self.floor.answered(operator))

    @rule(data=st.data(), how=st.sampled_from(["joined", "joined", "failed", "not_reached"]))
    def the_two_are_joined(self, data: st.DataObject, how: str) -> None:
        operator = self.pick(data, Stage.CONNECTING)
        if operator is None:
            return
        call = self.busy[operator][0]
        waits = self.callers[call]
        if how == "joined":
            self.floor.connected(operator, self.now)
            self.busy[operator] = (call, Stage.TALKING)
            waits.place = waits.hung_up = False
        elif how == "not_reached" and waits.place:
            again = self.now + timedelta(seconds=300) if waits.number % 2 else None
            actions = self.floor.not_reached(operator, again, self.now)
            if again is None:
                self.callers.pop(call)
            else:
                waits.not_before = again
            self.do(actions)
        else:
            self.do(self.floor.missed(operator, Miss.FAILED, self.now))

    @rule(data=st.data(), why=st.sampled_from([Miss.NO_ANSWER, Miss.REFUSED, Miss.FAILED]))
    def an_offer_comes_to_nothing(self, data: st.DataObject, why: Miss) -> None:
        if (operator := self.pick(data, Stage.OFFERED)) is not None:
            self.do(self.floor.missed(operator, why, self.now))

    @rule(data=st.data(), meant=st.booleans())
    def an_operator_hangs_up(self, data: st.DataObject, meant: bool) -> None:
        if (operator := self.pick(data, Stage.TALKING)) is not None:
            seat = self.floor.seats[operator]
            wanted = seat.after
            verb = self.floor.hang_up if meant else self.floor.seat_hung_up
            self.do(verb(operator, self.now))
            if wanted is Chosen.BREAK:
                assert seat.chosen is Chosen.BREAK, "a break asked for is given after the call"

    @rule(data=st.data(), chosen=st.sampled_from([Chosen.READY, Chosen.BREAK]))
    def an_operator_chooses(self, data: st.DataObject, chosen: Chosen) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        self.do(self.floor.choose(operator, chosen, self.now))

    @rule(data=st.data(), online=st.booleans())
    def a_phone_comes_or_goes(self, data: st.DataObject, online: bool) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        self.do(self.floor.online(operator, online, self.now))

    @rule(
        data=st.data(),
        what=st.sampled_from(
            [*(("client", c) for c in CLIENTS), ("trade", "歯科"), ("matter", "予約")]
        ),
        level=st.sampled_from([0, 1, 3, 5]),
    )
    def an_operator_learns_or_forgets(
        self, data: st.DataObject, what: tuple[str, str], level: int
    ) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        self.skills[operator, *what] = level
        self.learn()

    @rule(data=st.data())
    def a_report_is_sent(self, data: st.DataObject) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        self.do(self.floor.report_sent(operator, "earlier", self.now))

    @rule(by=st.sampled_from([1, 6, 16, 31, 61, 301]))
    def time_passes(self, by: int) -> None:
        # In steps, as the timers are: what is decided at a moment is decided with what holds then.
        until = self.now + timedelta(seconds=by)
        while (due := self.floor.due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.do(self.floor.tick(self.now))
        self.now = until
        self.do(self.floor.tick(self.now))

    @rule()
    def the_engine_is_lost_and_comes_back(self) -> None:
        self.do(self.floor.pause(True, self.now))
        self.now += timedelta(seconds=30)
        assert self.floor.tick(self.now) == []
        self.do(self.floor.pause(False, self.now))
        self.do(self.floor.tick(self.now))

    @precondition(lambda self: all(s is not Stage.CONNECTING for _, s in self.busy.values()))
    @rule()
    def the_program_restarts(self) -> None:
        """Talks, the line and the kept places are found again; rung seats are swept."""
        old, self.floor = self.floor, Floor(15, 6, self.wrapup, care=CARE)
        self.floor.pause(True, self.now)
        for operator, seat in old.seats.items():
            self.floor.add_seat(
                operator, seat.chosen, seat.since, seat.idle_since, seat.after, seat.until
            )
            self.do(self.floor.online(operator, seat.online, self.now))
        self.learn()
        talking = {seat: call for seat, (call, s) in self.busy.items() if s is Stage.TALKING}
        self.busy.clear()
        for operator, call in talking.items():
            waits = self.callers[call]
            self.floor.adopt_talking(call, operator, waits.arrived_at, self.now, waits.terms)
            self.busy[operator] = (call, Stage.TALKING)
        for call, waits in sorted(self.callers.items(), key=lambda item: item[1].number):
            if call in talking.values():
                continue
            waits.terms = replace(waits.terms, previous_seconds=0)
            if waits.place:
                waits.hung_up = True
                waits.not_before = max(waits.not_before, self.now)
                self.do(
                    self.floor.adopt_place(
                        call, waits.arrived_at, self.now, waits.not_before, waits.terms
                    )
                )
            else:
                self.do(self.floor.adopt_waiting(call, waits.arrived_at, self.now, waits.terms))
        self.do(self.floor.pause(False, self.now))

    # What must hold

    @invariant()
    def everybody_is_somewhere(self) -> None:
        if not hasattr(self, "floor"):
            return
        assert set(self.callers) == set(self.floor.callers), "a call without an owner"
        for operator, seat in self.floor.seats.items():
            call, stage = self.busy.get(operator, (None, Stage.FREE))
            assert (seat.call_id, seat.stage) == (call, stage), "a seat stuck"
            if call is not None:
                assert self.floor.callers[call].seat == operator
        taken = {call for call, _ in self.busy.values()}
        line = [one.call_id for one in self.floor.waiting() if self.floor.queue.waits(one)]
        assert line == [call for call in self.in_line() if call not in taken]

    @invariant()
    def nobody_is_skipped(self) -> None:
        """No caller waits while an operator who may take them is available."""
        if not hasattr(self, "floor"):
            return
        free = [one.operator_id for one in self.floor.seats.values() if one.available]
        for call in self.in_line():
            assert not [one for one in free if self.may(one, call)], call

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """Who waits, is rung for or rests has a timer that will come."""
        if not hasattr(self, "floor"):
            return
        parked = [c for c, w in self.callers.items() if w.place and not w.hung_up]
        waiting = [c for c in self.in_line() if not self.callers[c].place]
        later = [c for c, w in self.callers.items() if w.hung_up and w.not_before > self.now]
        rests = [one for one in self.floor.seats.values() if one.until and one.stage is Stage.FREE]
        if (set(waiting) | set(later)) - set(parked) or rests:
            assert self.floor.due() is not None

    def teardown(self) -> None:
        """When the operators work on, everybody is served, also who is to be called back."""
        if not hasattr(self, "floor"):
            return
        for call, waits in list(self.callers.items()):
            if waits.place and not waits.hung_up:
                waits.hung_up = True
                waits.not_before = self.now + timedelta(seconds=5)
                self.do(self.floor.hung_up_to_be_called(call, self.now))
        for operator in self.operators:
            self.do(self.floor.online(operator, True, self.now))
        for _ in range(2000):
            if not self.floor.callers:
                break
            for operator in self.operators:
                self.do(self.floor.choose(operator, Chosen.READY, self.now))
            for operator, (call, stage) in list(self.busy.items()):
                if stage is Stage.OFFERED:
                    self.do(self.floor.answered(operator))
                    stage = Stage.CONNECTING
                if stage is Stage.CONNECTING:
                    self.floor.connected(operator, self.now)
                    self.busy[operator] = (call, Stage.TALKING)
                    self.callers[call].place = self.callers[call].hung_up = False
                self.do(self.floor.hang_up(operator, self.now))
            self.time_passes_to_the_end()
        assert not self.floor.callers

    def time_passes_to_the_end(self) -> None:
        until = self.now + timedelta(seconds=10)
        while (due := self.floor.due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.do(self.floor.tick(self.now))
        self.now = until
        self.do(self.floor.tick(self.now))


@pytest.mark.req("A2", "A4", "A14", "A16", "A17")
def test_whatever_happens_the_queue_is_fair_and_nobody_is_lost() -> None:
    often = settings(max_examples=examples(60), stateful_step_count=60)
    run_state_machine_as_test(QueueMachine, settings=often)
