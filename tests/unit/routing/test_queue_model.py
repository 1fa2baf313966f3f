"""The queue against a plain model: whoever is offered is the one whom a person with a list and a ruler would have named.

Callers with priorities, skills, ladders, an operator of the last time and a wish to be called back, who call again meanwhile;
operators who come and go, learn and forget, observe or need a senior beside, lose their page in a talk and leave for good; an engine that fails; a program that
restarts.
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
from denwaban.people import Training, TrainingStage
from denwaban.routing.floor import Floor
from denwaban.routing.model import (
    Action,
    Announce,
    Chosen,
    Connect,
    Impossible,
    Instead,
    Lost,
    Miss,
    Offer,
    OfferCallBack,
    OfferOver,
    Over,
    Overflow,
    Priority,
    Returned,
    RingAgain,
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
    again: str = ""
    """The call whose kept place they go on at."""
    suspended: bool = False
    """Are on the line by another call."""
    cut_off: bool = False
    """Talked when the operator was lost."""
    stays: bool = False


class QueueMachine(RuleBasedStateMachine):
    """Everything that can happen, in any order; what is offered is compared with the model."""

    @initialize(operators=st.integers(1, 5), wrapup=st.sampled_from([0, 20]))
    def begin(self, operators: int, wrapup: int) -> None:
        self.now = START
        self.wrapup = wrapup
        self.floor = Floor(15, 6, wrapup, care=CARE)
        self.operators = [f"o{n}" for n in range(operators)]
        self.left: list[str] = []
        self.skills: dict[tuple[str, str, str], int] = {}
        self.training: dict[str, Training] = {}
        self.callers: dict[str, Waits] = {}
        self.busy: dict[str, tuple[str, Stage]] = {}
        self.next = 0
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
        some = [one for one in self.floor.seats if self.able(one, waits) and not self.observes(one)]
        return operator in some or not some

    def observes(self, operator: str) -> bool:
        learns = self.training.get(operator)
        return (
            operator in self.operators
            and learns is not None
            and learns.stage is TrainingStage.OBSERVES
        )

    def alone(self, operator: str) -> bool:
        """Is to have a senior beside, who is not there."""
        learns = self.training.get(operator)
        if learns is None or learns.stage is not TrainingStage.BESIDE:
            return False
        senior = self.floor.seats.get(learns.senior_id or "")
        return senior is None or not senior.online or senior.leaving

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
            and not waits.suspended
            and (not waits.place or (waits.hung_up and waits.not_before <= self.now))
        ]
        return sorted(line, key=self.order)

    def order(self, call: str) -> tuple[int, datetime, int]:
        waits = self.callers[call]
        priority = waits.terms.priority
        if waits.cut_off and priority is Priority.NORMAL:
            priority = Priority.FIRST
        return (-priority, waits.arrived_at, waits.number)

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Offer):
                seat = action.operator_id
                assert seat not in self.busy, "one seat, two callers"
                assert not self.observes(seat), "only listens"
                assert not self.alone(seat), "the senior is not there"
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
                elif isinstance(action, Returned):
                    self.callers[action.call_id].cut_off = True
            elif isinstance(action, Instead):
                call, stage = self.busy[action.operator_id]
                assert call == action.place_id
                self.busy[action.operator_id] = (action.call_id, stage)
            elif isinstance(action, Lost):
                assert self.busy[action.operator_id] == (action.call_id, Stage.TALKING)
                self.busy[action.operator_id] = (action.call_id, Stage.LOST)
            elif isinstance(action, RingAgain):
                assert self.busy[action.operator_id] == (action.call_id, Stage.LOST)
                assert self.floor.seats[action.operator_id].online
            elif isinstance(action, Announce):
                assert not self.callers[action.call_id].hung_up, "nobody hears it"
            elif isinstance(action, OfferCallBack):
                assert not self.callers[action.call_id].place
            elif isinstance(action, Overflow):
                gone = self.callers.pop(action.call_id)
                assert gone.terms.priority is Priority.NORMAL, "put first, and sent away"
                assert not gone.place
                assert not gone.stays
                assert action.words == "sorry"
                assert self.now - gone.arrived_at >= timedelta(seconds=90)

    def learn(self) -> None:
        rows = [Learned(*key, level) for key, level in self.skills.items() if level]
        self.floor.queue.skills.set(rows, GROUPS)
        self.do(self.floor.reconsider(self.now))

    def train(self) -> None:
        learning = [one for who, one in self.training.items() if who in self.operators]
        self.do(self.floor.train(learning, self.now))

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
            self.leaves(call)

    def leaves(self, call: str) -> None:
        actions, again = self.floor.leave(call, self.now), self.callers[call].again
        self.callers.pop(call)
        self.do(actions)
        if again:
            # Not served: called back in turn after all.
            kept = self.callers[again]
            kept.suspended, kept.not_before = False, self.now + timedelta(seconds=5)
            self.do(self.floor.hung_up_to_be_called(again, self.now))

    @rule(data=st.data(), other=st.sampled_from(Priority))
    def who_is_to_be_called_back_calls_again(self, data: st.DataObject, other: Priority) -> None:
        kept = sorted(
            call
            for call, one in self.callers.items()
            if one.place and one.hung_up and not one.suspended
        )
        if not kept:
            return
        place = data.draw(st.sampled_from(kept))
        was = self.callers[place]
        call = f"c{self.next}"
        self.next += 1
        terms = replace(was.terms, priority=other, previous_seconds=0)
        self.callers[call] = Waits(terms, was.arrived_at, self.next, again=place, stays=True)
        was.suspended = True
        self.do(self.floor.come_again(place, call, self.now, terms))

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
        if hangs_up and self.callers[call].again:
            self.leaves(call)
        elif hangs_up and not self.callers[call].hung_up:
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
            self.served(waits)
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

    def served(self, waits: Waits) -> None:
        """They talk: nobody need call them back any more."""
        waits.stays = True
        if waits.again:
            kept, waits.again = waits.again, ""
            self.callers.pop(kept)
            self.do(self.floor.leave(kept, self.now))

    @rule(data=st.data())
    def a_page_goes_in_a_talk(self, data: st.DataObject) -> None:
        if (operator := self.pick(data, Stage.TALKING)) is not None:
            self.do(self.floor.lost(operator, self.now))

    @rule(data=st.data(), there=st.booleans())
    def the_seat_is_rung_for_its_caller(self, data: st.DataObject, there: bool) -> None:
        operator = self.pick(data, Stage.LOST)
        if operator is not None and there:
            self.floor.regained(operator)
            self.busy[operator] = (self.busy[operator][0], Stage.TALKING)
        elif operator is not None:
            self.floor.ring_failed(operator, self.now)

    @precondition(lambda self: len(self.operators) > 1)
    @rule(data=st.data())
    def an_operator_leaves_for_good(self, data: st.DataObject) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        self.operators.remove(operator)
        self.left.append(operator)
        self.do(self.floor.remove_seat(operator, self.now))
        assert self.floor.remove_seat(operator, self.now) == []
        self.train()

    @precondition(lambda self: self.left)
    @rule(data=st.data())
    def an_operator_comes_back(self, data: st.DataObject) -> None:
        operator = data.draw(st.sampled_from(self.left))
        self.left.remove(operator)
        self.operators.append(operator)
        self.floor.add_seat(operator, Chosen.READY, self.now, self.now)
        self.train()
        self.do(self.floor.online(operator, True, self.now))
        self.do(self.floor.reconsider(self.now))

    @rule(data=st.data(), why=st.sampled_from([Miss.NO_ANSWER, Miss.REFUSED, Miss.FAILED]))
    def an_offer_comes_to_nothing(self, data: st.DataObject, why: Miss) -> None:
        if (operator := self.pick(data, Stage.OFFERED)) is not None:
            self.do(self.floor.missed(operator, why, self.now))

    @rule(data=st.data(), meant=st.booleans())
    def an_operator_hangs_up(self, data: st.DataObject, meant: bool) -> None:
        lost = self.pick(data, Stage.LOST) if meant else None
        if (operator := lost or self.pick(data, Stage.TALKING)) is not None:
            seat = self.floor.seats[operator]
            wanted = seat.after
            verb = self.floor.hang_up if meant else self.floor.seat_hung_up
            self.do(verb(operator, self.now))
            if wanted is Chosen.BREAK and not seat.leaving:
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

    @rule(data=st.data(), stage=st.sampled_from([None, *TrainingStage]))
    def a_supervisor_decides_about_training(
        self, data: st.DataObject, stage: TrainingStage | None
    ) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        senior = data.draw(st.sampled_from(self.operators))
        self.training.pop(operator, None)
        if stage is not None and senior != operator:
            self.training[operator] = Training(operator, stage, senior, "sv", self.now)
        self.train()

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
            if seat.leaving:
                continue
            self.floor.add_seat(
                operator, seat.chosen, seat.since, seat.idle_since, seat.after, seat.until
            )
            self.do(self.floor.online(operator, seat.online, self.now))
        self.train()
        self.learn()
        talking = {
            seat: call
            for seat, (call, s) in self.busy.items()
            if s is Stage.TALKING and seat in self.operators
        }
        self.busy.clear()
        for waits in self.callers.values():
            waits.cut_off = False
        for operator, call in talking.items():
            waits = self.callers[call]
            self.floor.adopt_talking(call, operator, waits.arrived_at, self.now, waits.terms)
            self.busy[operator] = (call, Stage.TALKING)
        for call, waits in sorted(self.callers.items(), key=lambda item: item[1].number):
            if call in talking.values():
                continue
            waits.terms = replace(waits.terms, previous_seconds=0)
            if waits.place and not waits.again:
                waits.hung_up = True
                waits.not_before = max(waits.not_before, self.now)
                self.do(
                    self.floor.adopt_place(
                        call, waits.arrived_at, self.now, waits.not_before, waits.terms
                    )
                )
                if waits.suspended:
                    self.floor.suspend(call)
            else:
                waits.place = False
                self.do(
                    self.floor.adopt_waiting(
                        call, waits.arrived_at, self.now, waits.terms, stays=waits.stays
                    )
                )
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
            assert operator in self.operators or call is not None, "left, and still there"
        assert set(self.operators) <= set(self.floor.seats)
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
        later = [
            c
            for c, w in self.callers.items()
            if w.hung_up and not w.suspended and w.not_before > self.now
        ]
        lost = [seat for seat, (_, stage) in self.busy.items() if stage is Stage.LOST]
        rests = [one for one in self.floor.seats.values() if one.until and one.stage is Stage.FREE]
        if (set(waiting) | set(later)) - set(parked) or rests or lost:
            assert self.floor.due() is not None

    def teardown(self) -> None:
        """When the operators work on, everybody is served, also who is to be called back."""
        if not hasattr(self, "floor"):
            return
        for call in [call for call, waits in self.callers.items() if waits.again]:
            if call not in [taken for taken, _ in self.busy.values()]:
                self.leaves(call)
        for call, waits in list(self.callers.items()):
            if waits.place and not waits.hung_up:
                waits.hung_up = True
                waits.not_before = self.now + timedelta(seconds=5)
                self.do(self.floor.hung_up_to_be_called(call, self.now))
        self.training.clear()
        self.train()
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
                    self.served(self.callers[call])
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


@pytest.mark.req("A2", "A4", "A14", "A16", "A17", "L7")
def test_whatever_happens_the_queue_is_fair_and_nobody_is_lost() -> None:
    often = settings(max_examples=examples(60), stateful_step_count=60)
    run_state_machine_as_test(QueueMachine, settings=often)
