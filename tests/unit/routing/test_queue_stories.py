"""Skills, priorities, ladders, the operator of the last time, lists of duty and rests, one story each."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from denwaban.lines import EVERY_DAY, Step, StepKind
from denwaban.routing.estimate import Answers
from denwaban.routing.floor import Floor
from denwaban.routing.model import (
    Action,
    Chosen,
    Impossible,
    Miss,
    Offer,
    OfferCallBack,
    OfferOver,
    Overflow,
    Priority,
    SeatIs,
    Terms,
)
from denwaban.routing.prompts import NEXT, place_words, wait_words
from denwaban.routing.seats import Care
from denwaban.routing.skills import Need

START = datetime(2026, 11, 24, 3, 10, tzinfo=UTC)
"""12:10 in Japan, a Tuesday."""


@dataclass(frozen=True)
class Learned:
    operator_id: str
    kind: str
    key: str
    level: int


@dataclass(frozen=True)
class Lunch:
    operators: frozenset[str]
    alone_seconds: int
    days: int = EVERY_DAY
    opens: int = 12 * 60
    closes: int = 13 * 60


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def a_floor(*operators: str, care: Care | None = None, wrapup: int = 0) -> Floor:
    """Operators ready with a phone; the first named has been idle longest."""
    floor = Floor(15, 6, wrapup, care=care)
    for n, operator in enumerate(operators):
        floor.add_seat(operator, Chosen.READY, START, after(n - 100))
        floor.online(operator, True, START)
    return floor


def offers(actions: list[Action]) -> list[tuple[str, str]]:
    return [(one.call_id, one.operator_id) for one in actions if isinstance(one, Offer)]


def talks(floor: Floor, operator: str, now: datetime) -> None:
    floor.answered(operator)
    floor.connected(operator, now)


@pytest.mark.req("A16")
def test_a_client_that_asks_for_a_level_gets_it_and_wider_after_a_while() -> None:
    floor = a_floor("new", "suzuki")
    floor.queue.skills.set([Learned("suzuki", "trade", "歯科", 3)], {})
    clinic = Terms(Need("shika", "歯科", "", 3), ladder=(Step(30, StepKind.WIDER),))
    assert offers(floor.arrive("c1", START, START, clinic)) == [("c1", "suzuki")]
    talks(floor, "suzuki", START)
    assert offers(floor.arrive("c2", START, START, clinic)) == []
    # Who comes later and asks for less is not held up by them.
    assert offers(floor.arrive("c3", after(1), after(1))) == [("c3", "new")]
    floor.leave("c3", after(2))
    assert offers(floor.tick(after(29))) == []
    assert offers(floor.tick(after(30))) == [("c2", "new")]


@pytest.mark.req("A14")
def test_a_matter_goes_to_those_who_have_practice_in_it_and_to_all_when_nobody_has() -> None:
    floor = a_floor("new", "suzuki")
    repairs = Terms(Need("setsubi", "", "修理"))
    assert offers(floor.arrive("c1", START, START, repairs)) == [("c1", "new")]
    floor.leave("c1", START)
    floor.queue.skills.set([Learned("suzuki", "matter", "修理", 1)], {})
    assert offers(floor.arrive("c2", START, START, repairs)) == [("c2", "suzuki")]
    assert offers(floor.arrive("c3", START, START, repairs)) == []
    # It is learned while somebody waits for it.
    floor.queue.skills.set(
        [Learned("suzuki", "matter", "修理", 1), Learned("new", "matter", "修理", 2)], {}
    )
    assert offers(floor.reconsider(after(1))) == [("c3", "new")]


@pytest.mark.req("A17")
def test_emergencies_before_whom_the_client_puts_first_before_all_others() -> None:
    floor = a_floor("suzuki")
    floor.choose("suzuki", Chosen.BREAK, START)
    for n, priority in enumerate([Priority.NORMAL, Priority.FIRST, Priority.EMERGENCY] * 2):
        floor.arrive(f"c{n}", after(n), after(n), Terms(priority=priority))
    served = list[str]()
    out = floor.choose("suzuki", Chosen.READY, after(10))
    for n in range(6):
        ((call, _),) = offers(out)
        served.append(call)
        talks(floor, "suzuki", after(11 + n))
        out = floor.leave(call, after(11 + n))
    assert served == ["c2", "c5", "c1", "c4", "c0", "c3"]


@pytest.mark.req("A4")
def test_the_operator_of_the_last_time_is_waited_for_only_while_worth_it() -> None:
    floor = a_floor("tanaka", "suzuki")
    again = Terms(previous="suzuki", previous_seconds=20)
    # Free: theirs at once, though another is idle for longer.
    assert offers(floor.arrive("c1", START, START, again)) == [("c1", "suzuki")]
    talks(floor, "suzuki", START)
    # Busy: waited for, while another is free …
    assert offers(floor.arrive("c2", START, START, again)) == []
    assert offers(floor.leave("c1", after(5))) == [("c2", "suzuki")]
    talks(floor, "suzuki", after(5))
    # … but no longer than was agreed …
    assert offers(floor.arrive("c3", after(6), after(6), again)) == []
    assert offers(floor.tick(after(25))) == []
    assert offers(floor.tick(after(26))) == [("c3", "tanaka")]
    floor.leave("c3", after(27))
    # … nor for somebody who goes on a break, or is not there.
    assert offers(floor.arrive("c4", after(30), after(30), again)) == []
    floor.choose("suzuki", Chosen.BREAK, after(31))
    assert offers(floor.leave("c2", after(32))) == [("c4", "tanaka")]
    floor.leave("c4", after(33))
    assert offers(floor.arrive("c5", after(34), after(34), again)) == [("c5", "tanaka")]


def test_the_ladder_goes_up_step_by_step() -> None:
    floor = a_floor("night", "suzuki")
    floor.queue.skills.set([Learned("suzuki", "client", "yamada", 3)], {"g": frozenset({"night"})})
    floor.choose("suzuki", Chosen.BREAK, START)
    ladder = (
        Step(20, StepKind.GROUP, group="g"),
        Step(40, StepKind.CALL_BACK),
        Step(60, StepKind.MESSAGE, words="またおかけください"),
    )
    terms = Terms(Need("yamada", level=3), ladder=ladder)
    assert offers(floor.arrive("c1", START, START, terms)) == []
    assert offers(floor.tick(after(20))) == [("c1", "night")]
    talks(floor, "night", after(20))
    floor.arrive("c2", after(1), after(20), terms)
    assert OfferCallBack("c2") in floor.tick(after(41))
    assert Overflow("c2", "またおかけください") in floor.tick(after(61))
    # Whoever was talked with once is not sent away.
    floor.online("night", False, after(70))
    floor.seat_hung_up("night", after(71))
    floor.tick(after(600))
    assert "c1" in floor.callers


def test_a_supervisor_moves_who_waits_to_others_or_up() -> None:
    floor = a_floor("suzuki", "night")
    floor.queue.skills.set([], {"g": frozenset({"night"}), "empty": frozenset()})
    assert offers(floor.arrive("c1", START, START)) == [("c1", "suzuki")]
    # From the operator who is being rung to one of the group alone.
    moved = floor.move("c1", after(1), group="g")
    assert OfferOver("c1", "suzuki", None) in moved
    assert offers(moved) == [("c1", "night")]
    talks(floor, "night", after(2))
    with pytest.raises(Impossible):
        floor.move("c1", after(2), group="g")
    with pytest.raises(Impossible):
        floor.move("nobody", after(2))
    floor.choose("suzuki", Chosen.BREAK, after(3))
    floor.arrive("c2", after(4), after(4))
    floor.arrive("c3", after(5), after(5))
    with pytest.raises(Impossible):
        floor.move("c2", after(5), group="empty")
    with pytest.raises(Impossible):
        floor.move("c2", after(5), operator_id="nobody")
    # Up: before who came earlier, and not sent away.
    floor.move("c3", after(6))
    assert [one.call_id for one in floor.waiting() if one.call_id != "c1"] == ["c3", "c2"]
    # To one operator alone for a minute; then everybody is for them again.
    floor.move("c3", after(7), operator_id="night")
    assert offers(floor.choose("suzuki", Chosen.READY, after(8))) == [("c2", "suzuki")]
    talks(floor, "suzuki", after(9))
    assert offers(floor.hang_up("suzuki", after(10))) == []
    assert offers(floor.tick(after(67))) == [("c3", "suzuki")]


def test_whom_the_client_puts_first_is_never_sent_away() -> None:
    floor = a_floor()
    terms = Terms(priority=Priority.FIRST, ladder=(Step(10, StepKind.MESSAGE),))
    floor.arrive("c1", START, START, terms)
    floor.tick(after(100))
    assert "c1" in floor.callers


def test_who_is_on_duty_at_lunch_is_tried_first() -> None:
    floor = a_floor("tanaka", "suzuki")
    floor.queue.duties.set([Lunch(frozenset({"suzuki"}), 0)])
    assert offers(floor.arrive("c1", START, START)) == [("c1", "suzuki")]
    assert offers(floor.arrive("c2", START, START)) == [("c2", "tanaka")]
    floor.leave("c1", START)
    floor.leave("c2", START)
    afternoon = START + timedelta(hours=1)
    assert offers(floor.arrive("c3", afternoon, afternoon)) == [("c3", "tanaka")]


def test_others_rest_at_lunch_until_a_caller_has_waited_too_long() -> None:
    floor = a_floor("tanaka", "suzuki")
    floor.queue.duties.set([Lunch(frozenset({"suzuki"}), 15)])
    assert offers(floor.arrive("c1", START, START)) == [("c1", "suzuki")]
    assert offers(floor.arrive("c2", START, START)) == []
    assert offers(floor.tick(after(14))) == []
    assert offers(floor.tick(after(15))) == [("c2", "tanaka")]


@pytest.mark.req("I6")
def test_after_many_calls_in_a_row_a_rest_is_granted_and_lasts() -> None:
    floor = a_floor("suzuki", care=Care(calls_in_a_row=3, rest_seconds=120))
    now = START
    for n in range(3):
        floor.arrive(f"c{n}", now, now)
        talks(floor, "suzuki", now)
        now += timedelta(seconds=60)
        out = floor.leave(f"c{n}", now)
    seat = floor.seats["suzuki"]
    assert (seat.chosen, seat.reason, seat.until) == (
        Chosen.BREAK,
        "rest",
        now + timedelta(seconds=120),
    )
    assert SeatIs("suzuki") in out
    assert offers(floor.arrive("c3", now, now)) == []
    assert offers(floor.tick(now + timedelta(seconds=119))) == []
    assert offers(floor.tick(now + timedelta(seconds=120))) == [("c3", "suzuki")]


def test_a_pause_between_calls_begins_the_row_anew_and_the_rest_may_be_cut_by_oneself() -> None:
    floor = a_floor("suzuki", care=Care(calls_in_a_row=2, rest_seconds=120))
    now = START
    for n in range(3):
        floor.arrive(f"c{n}", now, now)
        talks(floor, "suzuki", now)
        floor.leave(f"c{n}", now)
        assert floor.seats["suzuki"].available
        now += timedelta(seconds=120)
    floor.arrive("c4", now, now)
    talks(floor, "suzuki", now)
    floor.leave("c4", now)
    floor.arrive("c5", now, now)
    talks(floor, "suzuki", now)
    floor.leave("c5", now)
    assert floor.seats["suzuki"].reason == "rest"
    floor.choose("suzuki", Chosen.READY, now)
    assert floor.seats["suzuki"].available


@pytest.mark.req("I6")
def test_a_long_row_of_talks_earns_a_rest_after_the_wrap_up() -> None:
    care = Care(seconds_in_a_row=3600, rest_seconds=180)
    floor = a_floor("suzuki", care=care, wrapup=60)
    floor.arrive("c1", START, START)
    talks(floor, "suzuki", START)
    floor.leave("c1", after(3500))
    assert floor.seats["suzuki"].chosen is Chosen.WRAP_UP
    floor.report_sent("suzuki", "c1", after(3550))
    assert floor.seats["suzuki"].available
    floor.arrive("c2", after(3551), after(3551))
    talks(floor, "suzuki", after(3551))
    floor.leave("c2", after(3700))
    floor.report_sent("suzuki", "c2", after(3710))
    assert floor.seats["suzuki"].reason == "rest"


@pytest.mark.req("I6")
def test_a_break_and_a_rest_outlive_the_program() -> None:
    floor = Floor(15, 6, 0)
    floor.pause(True, START)
    floor.add_seat("asked", Chosen.READY, START, START, Chosen.BREAK)
    floor.add_seat("gone", Chosen.READY, START, START, Chosen.BREAK)
    floor.add_seat("rests", Chosen.BREAK, START, START, None, after(60))
    for operator in ("asked", "gone", "rests"):
        floor.online(operator, True, START)
    floor.adopt_talking("c1", "asked", START, START)
    assert SeatIs("gone") in floor.pause(False, START)
    assert floor.seats["gone"].chosen is Chosen.BREAK
    floor.leave("c1", START)
    assert floor.seats["asked"].chosen is Chosen.BREAK
    assert offers(floor.arrive("c2", START, START)) == []
    assert offers(floor.tick(after(60))) == [("c2", "rests")]


def test_a_caller_who_pressed_the_key_keeps_the_place_and_is_called_in_turn() -> None:
    floor = a_floor("suzuki")
    floor.choose("suzuki", Chosen.BREAK, START)
    for n in range(3):
        floor.arrive(f"c{n}", after(n), after(n))
    assert floor.keep_place("c1", after(5)) == []
    assert floor.keep_place("c1", after(5)) == []
    floor.hung_up_to_be_called("c1", after(6))
    floor.tick(after(11))
    assert offers(floor.choose("suzuki", Chosen.READY, after(20))) == [("c0", "suzuki")]
    talks(floor, "suzuki", after(20))
    assert offers(floor.leave("c0", after(30))) == [("c1", "suzuki")]
    floor.answered("suzuki")
    # Reaching them takes longer than joining two who are there.
    floor.tick(after(80))
    assert floor.seats["suzuki"].call_id == "c1"
    out = floor.not_reached("suzuki", after(400), after(90))
    assert out == [OfferOver("c1", "suzuki", Miss.UNREACHED), Offer("c2", "suzuki")]
    talks(floor, "suzuki", after(91))
    assert offers(floor.leave("c2", after(92))) == []
    assert offers(floor.tick(after(399))) == []
    assert offers(floor.tick(after(400))) == [("c1", "suzuki")]
    floor.answered("suzuki")
    floor.not_reached("suzuki", None, after(430))
    assert not floor.callers
    assert floor.seats["suzuki"].available


def test_waits_are_told_from_what_was_and_not_without_a_basis() -> None:
    answers = Answers()
    for n in range(4):
        answers.answered(after(n * 30))
    assert answers.wait(1, after(120)) is None
    answers.answered(after(120))
    assert answers.wait(3, after(150)) == timedelta(seconds=90)
    assert answers.wait(1, after(3000)) is None, "what is long ago says nothing"
    assert wait_words(timedelta(seconds=90)) == "おつなぎまで、およそ2分の見込みです。"
    assert wait_words(timedelta(minutes=4)) == "おつなぎまで、およそ5分の見込みです。"
    assert wait_words(timedelta(minutes=30)) == "おつなぎまで、10分以上かかる見込みです。"
    assert wait_words(None) == ""
    assert place_words(1) == NEXT
    assert place_words(4) == "ただいま、4番目にお待ちいただいております。"
    assert place_words(40).startswith("ただいま、10名様以上")


def test_only_those_before_one_who_want_the_same_operators_count() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.queue.skills.set(
        [Learned("suzuki", "client", "a", 1), Learned("tanaka", "client", "b", 1)], {}
    )
    for operator in ("suzuki", "tanaka"):
        floor.choose(operator, Chosen.BREAK, START)
    for n, client in enumerate(["a", "b", "a", "b"]):
        floor.arrive(f"c{n}", after(n), after(n), Terms(Need(client, level=1)))
    floor.arrive("c4", after(4), after(4))
    ahead = [floor.queue.ahead(floor.callers[f"c{n}"]) for n in range(5)]
    assert ahead == [0, 0, 1, 1, 4]


@pytest.mark.parametrize("on_duty", [False, True])
def test_whom_a_colleague_named_is_rung_whatever_they_have_learned(on_duty: bool) -> None:
    floor = a_floor("expert", "novice")
    floor.queue.skills.set([Learned("expert", "client", "yamada", 3)], {})
    if on_duty:
        floor.queue.duties.set([Lunch(frozenset({"expert"}), 60)])
    need = Terms(Need("yamada", level=3))
    floor.online("expert", False, START)
    out = floor.adopt_waiting("c1", START, START, need, "novice", stays=True)
    assert Offer("c1", "novice") in out
    # Who does not take them leaves them to those who can, and to nobody else.
    out = floor.missed("novice", Miss.REFUSED, START)
    assert not [one for one in out if isinstance(one, Offer)]
    assert Offer("c1", "expert") in floor.online("expert", True, START)
