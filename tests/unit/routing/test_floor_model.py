"""The floor keeps its promises whatever happens, in whatever order."""

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

from denwaban.routing.floor import Floor
from denwaban.routing.model import (
    Action,
    Announce,
    Chosen,
    Connect,
    Miss,
    Offer,
    OfferOver,
    Over,
    Returned,
    SeatIs,
    Stage,
)

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def a_floor(*operators: str, wrapup: int = 0) -> Floor:
    """Operators ready with a phone; the first named has been idle longest."""
    floor = Floor(ring_seconds=15, ringback_seconds=6, wrapup_seconds=wrapup)
    for n, operator in enumerate(operators):
        floor.add_seat(operator, Chosen.READY, START, START - seconds(100 - n))
        floor.online(operator, True, START)
    return floor


def talk(floor: Floor, operator: str, now: datetime) -> None:
    floor.answered(operator)
    floor.connected(operator, now)


def test_the_longest_idle_is_offered_the_oldest_caller() -> None:
    floor = a_floor("suzuki", "tanaka")
    assert floor.arrive("c1", START, START) == [Offer("c1", "suzuki")]
    assert floor.arrive("c2", START, START) == [Offer("c2", "tanaka")]
    assert floor.arrive("c3", START + seconds(1), START + seconds(1)) == []
    assert floor.arrive("c4", START + seconds(2), START + seconds(2)) == []
    talk(floor, "tanaka", START + seconds(3))
    out = floor.leave("c2", START + seconds(10))
    assert out == [Over("c2", "tanaka"), SeatIs("tanaka", shown=False), Offer("c3", "tanaka")]


def test_who_does_not_answer_is_away_and_the_next_is_offered() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.arrive("c1", START, START)
    later = START + seconds(15)
    assert floor.tick(later) == []
    out = floor.missed("suzuki", Miss.NO_ANSWER, later)
    assert out == [
        OfferOver("c1", "suzuki", Miss.NO_ANSWER),
        SeatIs("suzuki"),
        Announce("c1"),
        Offer("c1", "tanaka"),
    ]
    assert (floor.seats["suzuki"].chosen, floor.seats["suzuki"].reason) == (
        Chosen.AWAY,
        "no_answer",
    )
    floor.missed("tanaka", Miss.REFUSED, later)
    assert floor.choose("suzuki", Chosen.READY, later) == [SeatIs("suzuki"), Offer("c1", "suzuki")]


def test_an_engine_that_does_not_tell_the_end_of_an_offer_is_not_waited_for() -> None:
    floor = a_floor("suzuki")
    floor.arrive("c1", START, START)
    assert OfferOver("c1", "suzuki", Miss.NO_ANSWER) in floor.tick(START + seconds(20))


def test_ring_back_then_announcements_every_minute_then_nothing_while_talking() -> None:
    floor = a_floor()
    floor.add_seat("suzuki", Chosen.BREAK, START, START)
    floor.online("suzuki", True, START)
    assert floor.arrive("c1", START, START) == []
    assert floor.due() == START + seconds(6)
    assert floor.tick(START + seconds(5.9)) == []
    assert floor.tick(START + seconds(6)) == [Announce("c1")]
    assert floor.tick(START + seconds(66)) == [Announce("c1")]
    floor.choose("suzuki", Chosen.READY, START + seconds(70))
    talk(floor, "suzuki", START + seconds(75))
    assert floor.tick(START + seconds(300)) == []
    assert floor.due() is None


def test_a_seat_without_a_phone_is_not_offered_and_one_that_goes_away_loses_its_offer() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.online("suzuki", False, START)
    assert floor.arrive("c1", START, START) == [Offer("c1", "tanaka")]
    assert floor.online("tanaka", False, START) == [OfferOver("c1", "tanaka", None)]
    assert floor.online("suzuki", True, START) == [Offer("c1", "suzuki")]


def test_a_seat_that_cannot_be_rung_rests_a_little_and_is_not_blamed() -> None:
    floor = a_floor("suzuki")
    floor.arrive("c1", START, START)
    assert floor.missed("suzuki", Miss.FAILED, START) == [OfferOver("c1", "suzuki", Miss.FAILED)]
    assert floor.seats["suzuki"].chosen is Chosen.READY
    assert floor.tick(START + seconds(4)) == []
    assert floor.tick(START + seconds(5)) == [Offer("c1", "suzuki")]


def test_wrap_up_lasts_until_the_report_or_its_time() -> None:
    floor = a_floor("suzuki", wrapup=30)
    floor.arrive("c1", START, START)
    talk(floor, "suzuki", START)
    floor.arrive("c2", START + seconds(1), START + seconds(1))
    out = floor.hang_up("suzuki", START + seconds(10))
    assert out == [Over("c1", "suzuki"), SeatIs("suzuki")]
    assert floor.seats["suzuki"].chosen is Chosen.WRAP_UP
    assert floor.report_sent("suzuki", "c1", START + seconds(20)) == [
        SeatIs("suzuki"),
        Offer("c2", "suzuki"),
    ]
    talk(floor, "suzuki", START + seconds(21))
    floor.leave("c2", START + seconds(22))
    assert floor.tick(START + seconds(51)) == []
    assert floor.tick(START + seconds(52)) == [SeatIs("suzuki")]
    assert floor.seats["suzuki"].available


def test_a_report_sent_before_hanging_up_leaves_no_wrap_up() -> None:
    floor = a_floor("suzuki", wrapup=30)
    floor.arrive("c1", START, START)
    talk(floor, "suzuki", START)
    floor.report_sent("suzuki", "c1", START)
    floor.leave("c1", START)
    assert floor.seats["suzuki"].available


def test_a_break_asked_for_while_talking_begins_after_it() -> None:
    floor = a_floor("suzuki")
    floor.arrive("c1", START, START)
    talk(floor, "suzuki", START)
    assert floor.choose("suzuki", Chosen.BREAK, START) == [SeatIs("suzuki", shown=False)]
    floor.leave("c1", START)
    assert floor.seats["suzuki"].chosen is Chosen.BREAK


def test_a_caller_whose_operators_browser_died_waits_at_the_old_place() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.arrive("c1", START, START)
    talk(floor, "suzuki", START)
    floor.choose("tanaka", Chosen.BREAK, START)
    floor.arrive("c2", START + seconds(1), START + seconds(1))
    floor.online("suzuki", False, START + seconds(2))
    out = floor.seat_hung_up("suzuki", START + seconds(7))
    assert out[0] == Returned("c1", "suzuki")
    assert Announce("c1") in out
    assert Offer("c1", "tanaka") in floor.choose("tanaka", Chosen.READY, START + seconds(8))


def test_a_talk_that_could_not_be_joined_puts_the_caller_back_first() -> None:
    floor = a_floor("suzuki")
    floor.arrive("c1", START, START)
    floor.arrive("c2", START, START)
    assert floor.answered("suzuki") == [Connect("c1", "suzuki")]
    floor.missed("suzuki", Miss.FAILED, START)
    assert Offer("c1", "suzuki") in floor.tick(START + seconds(5))


def test_nothing_is_offered_or_blamed_while_the_engine_is_away() -> None:
    floor = a_floor("suzuki")
    floor.arrive("c1", START, START)
    floor.pause(True, START)
    assert floor.tick(START + seconds(1000)) == []
    assert floor.due() is None
    floor.missed("suzuki", Miss.FAILED, START + seconds(1000))
    assert floor.pause(False, START + seconds(1001)) == []
    assert Offer("c1", "suzuki") in floor.tick(START + seconds(1005))


class FloorMachine(RuleBasedStateMachine):
    """Callers, operators and a clumsy engine do anything they can; `world` is what the outside believes."""

    @initialize(
        operators=st.integers(1, 4),
        wrapup=st.sampled_from([0, 20]),
        ready=st.lists(st.booleans(), min_size=4, max_size=4),
    )
    def begin(self, operators: int, wrapup: int, ready: list[bool]) -> None:
        self.now = START
        self.floor = Floor(15, 6, wrapup)
        self.wrapup = wrapup
        self.talking: dict[str, str] = {}
        self.ringing: dict[str, str] = {}
        self.connecting: dict[str, str] = {}
        self.waiting: list[str] = []
        self.next = 0
        self.operators = [f"o{n}" for n in range(operators)]
        for operator in self.operators:
            self.add(operator, Chosen.READY if ready[int(operator[1])] else Chosen.BREAK)

    def add(self, operator: str, chosen: Chosen) -> None:
        self.floor.add_seat(operator, chosen, self.now, self.now)
        self.do(self.floor.online(operator, True, self.now))

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Offer):
                assert action.operator_id not in self.ringing
                assert action.operator_id not in self.talking
                assert action.operator_id not in self.connecting
                assert action.call_id not in self.ringing.values()
                assert action.call_id == self.waiting[0], "strict order of arrival"
                self.waiting.pop(0)
                self.ringing[action.operator_id] = action.call_id
            elif isinstance(action, OfferOver):
                gone = self.ringing.pop(action.operator_id, None) or self.connecting.pop(
                    action.operator_id
                )
                assert gone == action.call_id
                if action.call_id in self.floor.callers:
                    self.back(action.call_id)
            elif isinstance(action, Connect):
                assert self.ringing.pop(action.operator_id) == action.call_id
                self.connecting[action.operator_id] = action.call_id
            elif isinstance(action, Over):
                assert self.talking.pop(action.operator_id) == action.call_id
            elif isinstance(action, Returned):
                assert self.talking.pop(action.operator_id) == action.call_id
                self.back(action.call_id)
            elif isinstance(action, Announce):
                assert action.call_id not in self.talking.values()
                assert action.call_id not in self.connecting.values()

    def back(self, call: str) -> None:
        self.waiting.append(call)
        self.waiting.sort(key=lambda c: int(c[1:]))

    @rule()
    def a_caller_arrives(self) -> None:
        call = f"c{self.next}"
        self.next += 1
        self.now += seconds(0.5)
        self.waiting.append(call)
        self.do(self.floor.arrive(call, self.now, self.now))

    @rule(data=st.data())
    def a_caller_hangs_up(self, data: st.DataObject) -> None:
        if not self.floor.callers:
            return
        call = data.draw(st.sampled_from(sorted(self.floor.callers)))
        if call in self.waiting:
            self.waiting.remove(call)
        self.do(self.floor.leave(call, self.now))
        self.do(self.floor.leave(call, self.now))

    @rule(data=st.data())
    def a_phone_is_answered(self, data: st.DataObject) -> None:
        if self.ringing:
            operator = data.draw(st.sampled_from(sorted(self.ringing)))
            self.do(self.floor.answered(operator))

    @rule(data=st.data(), joined=st.booleans())
    def the_engine_joins(self, data: st.DataObject, joined: bool) -> None:
        if not self.connecting:
            return
        operator = data.draw(st.sampled_from(sorted(self.connecting)))
        if joined:
            self.floor.connected(operator, self.now)
            self.talking[operator] = self.connecting.pop(operator)
        else:
            self.do(self.floor.missed(operator, Miss.FAILED, self.now))

    @rule(data=st.data(), why=st.sampled_from(Miss))
    def an_offer_comes_to_nothing(self, data: st.DataObject, why: Miss) -> None:
        if self.ringing:
            operator = data.draw(st.sampled_from(sorted(self.ringing)))
            self.do(self.floor.missed(operator, why, self.now))

    @rule(data=st.data(), meant=st.booleans())
    def an_operator_hangs_up(self, data: st.DataObject, meant: bool) -> None:
        if self.talking:
            operator = data.draw(st.sampled_from(sorted(self.talking)))
            if meant:
                self.do(self.floor.hang_up(operator, self.now))
            else:
                self.do(self.floor.seat_hung_up(operator, self.now))

    @rule(data=st.data(), chosen=st.sampled_from([Chosen.READY, Chosen.BREAK]))
    def an_operator_chooses(self, data: st.DataObject, chosen: Chosen) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        self.do(self.floor.choose(operator, chosen, self.now))

    @rule(data=st.data(), online=st.booleans())
    def a_phone_comes_or_goes(self, data: st.DataObject, online: bool) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        self.do(self.floor.online(operator, online, self.now))

    @rule(data=st.data())
    def a_report_is_sent(self, data: st.DataObject) -> None:
        operator = data.draw(st.sampled_from(self.operators))
        call = self.talking.get(operator, "earlier")
        self.do(self.floor.report_sent(operator, call, self.now))

    @rule(by=st.sampled_from([1, 6, 21, 61]))
    def time_passes(self, by: int) -> None:
        self.now += seconds(by)
        self.do(self.floor.tick(self.now))

    @rule()
    def the_engine_is_lost_and_comes_back(self) -> None:
        self.do(self.floor.pause(True, self.now))
        self.now += seconds(30)
        assert self.floor.tick(self.now) == []
        self.do(self.floor.pause(False, self.now))

    @precondition(lambda self: not self.connecting)
    @rule()
    def the_program_restarts(self) -> None:
        """Talks and the line of callers are found in the engine; rung seats are swept."""
        old, self.floor = self.floor, Floor(15, 6, self.wrapup)
        self.floor.pause(True, self.now)
        for operator, seat in old.seats.items():
            self.floor.add_seat(operator, seat.chosen, seat.since, seat.idle_since)
            self.do(self.floor.online(operator, seat.online, self.now))
        for call in sorted(self.ringing.values()):
            self.back(call)
        self.ringing.clear()
        for operator, call in self.talking.items():
            self.floor.adopt_talking(call, operator, old.callers[call].arrived_at, self.now)
        for call in list(self.waiting):
            self.do(self.floor.adopt_waiting(call, old.callers[call].arrived_at, self.now))
        self.do(self.floor.pause(False, self.now))

    @invariant()
    def everybody_is_somewhere(self) -> None:
        if not hasattr(self, "floor"):
            return
        busy = {**self.ringing, **self.connecting, **self.talking}
        assert len(busy) == len(self.ringing) + len(self.connecting) + len(self.talking)
        assert len(set(busy.values())) == len(busy), "one caller on two seats"
        assert sorted([*busy.values(), *self.waiting]) == sorted(self.floor.callers)
        for operator, seat in self.floor.seats.items():
            assert seat.call_id == busy.get(operator)
            assert (seat.stage is Stage.FREE) == (operator not in busy)
        line = [c.call_id for c in self.floor.waiting() if c.seat is None]
        assert line == self.waiting

    @invariant()
    def nobody_waits_while_an_operator_is_available(self) -> None:
        if hasattr(self, "floor") and self.waiting:
            assert not any(seat.available for seat in self.floor.seats.values())

    @invariant()
    def nobody_is_stuck(self) -> None:
        """Every caller who is not talking has a timer or a seat that will come to an end."""
        if hasattr(self, "floor") and (self.waiting or self.ringing):
            assert self.floor.due() is not None

    def teardown(self) -> None:
        """When the operators work on, everybody is served."""
        if not hasattr(self, "floor"):
            return
        for operator in self.operators:
            self.do(self.floor.online(operator, True, self.now))
        for _ in range(1000):
            if not self.floor.callers:
                break
            for operator in self.operators:
                self.do(self.floor.choose(operator, Chosen.READY, self.now))
            for operator in list(self.ringing):
                self.do(self.floor.answered(operator))
            for operator in list(self.connecting):
                self.floor.connected(operator, self.now)
                self.talking[operator] = self.connecting.pop(operator)
            for operator in list(self.talking):
                self.do(self.floor.hang_up(operator, self.now))
            self.now += seconds(30)
            self.do(self.floor.tick(self.now))
        assert not self.floor.callers


@pytest.mark.req("A2")
def test_whatever_happens_nobody_is_lost_or_stuck() -> None:
    often = settings(max_examples=examples(60), stateful_step_count=60)
    run_state_machine_as_test(FloorMachine, settings=often)
