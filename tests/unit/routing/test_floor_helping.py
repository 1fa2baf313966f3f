"""Operators who help with another's caller, and callers who leave the floor without hanging up."""

from datetime import UTC, datetime, timedelta

import pytest

from denwaban.routing.floor import Floor
from denwaban.routing.model import Announce, Chosen, Impossible, Miss, Offer, SeatIs, Stage
from denwaban.routing.seats import PAUSE

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def a_floor(*operators: str) -> Floor:
    """Operators ready with a phone; the first named talks with c1."""
    floor = Floor(ring_seconds=15, ringback_seconds=6, wrapup_seconds=0)
    for n, operator in enumerate(operators):
        floor.add_seat(operator, Chosen.READY, START, START - timedelta(seconds=100 - n))
        floor.online(operator, True, START)
    assert floor.arrive("c1", START, START) == [Offer("c1", operators[0])]
    floor.answered(operators[0])
    floor.connected(operators[0], START)
    return floor


def test_who_helps_gets_no_caller_and_then_does() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.lend("tanaka", "c1", START)
    assert floor.arrive("c2", START, START) == []
    assert floor.give_back("tanaka", START) == [Offer("c2", "tanaka")]
    with pytest.raises(Impossible):
        floor.lend("tanaka", "c1", START)
    with pytest.raises(Impossible):
        floor.give_back("suzuki", START)


def test_who_helped_rests_for_a_moment_and_may_take_a_break() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.lend("tanaka", "c1", START)
    floor.arrive("c2", START, START)
    assert floor.give_back("tanaka", START, pause=True) == []
    assert Offer("c2", "tanaka") in floor.tick(START + PAUSE)


def test_the_helper_takes_over_and_the_first_is_free() -> None:
    floor = a_floor("suzuki", "tanaka")
    floor.lend("tanaka", "c1", START)
    floor.choose("tanaka", Chosen.BREAK, START)
    floor.arrive("c2", START, START)
    out = floor.hand_over("suzuki", "tanaka", START)
    assert out == [SeatIs("suzuki", shown=False), Offer("c2", "suzuki")]
    assert floor.seats["tanaka"].stage is Stage.TALKING
    assert floor.callers["c1"].seat == "tanaka"
    floor.leave("c1", START)
    assert floor.seats["tanaka"].chosen is Chosen.BREAK


def test_a_caller_who_went_elsewhere_comes_back_at_the_old_place() -> None:
    floor = a_floor("suzuki")
    later = START + timedelta(seconds=30)
    floor.arrive("c2", later, later)
    assert floor.hand_over("suzuki", None, later) == [
        SeatIs("suzuki", shown=False),
        Offer("c2", "suzuki"),
    ]
    assert "c1" not in floor.callers
    assert floor.adopt_waiting("c1", START, later, wants="suzuki") == [Announce("c1")]
    floor.arrive("c3", later, later)
    floor.answered("suzuki")
    floor.connected("suzuki", later)
    out = floor.hang_up("suzuki", later)
    assert Offer("c1", "suzuki") in out


def test_a_supervisors_seat_gets_no_caller_though_its_wrap_up_ends() -> None:
    floor = Floor(ring_seconds=15, ringback_seconds=6, wrapup_seconds=20)
    floor.add_seat("kimura", Chosen.WRAP_UP, START, START)
    floor.online("kimura", True, START)
    floor.watch("kimura", START)
    floor.arrive("c1", START, START)
    later = START + timedelta(seconds=20)
    out = floor.tick(later)
    assert floor.seats["kimura"].chosen is Chosen.READY
    assert not [one for one in out if isinstance(one, Offer)]
    assert floor.watch_over("kimura", later) == [Offer("c1", "kimura")]
    assert floor.watch_over("kimura", later) == []


def test_a_claimed_caller_is_taken_over_or_both_seats_are_as_before() -> None:
    floor = a_floor("suzuki", "kimura")
    floor.watch("kimura", START)
    with pytest.raises(Impossible):
        floor.take_over("c1", "kimura", START)
    floor.claim("c1", "kimura", START)
    with pytest.raises(Impossible):
        floor.watch("kimura", START)
    # The watch ends in the middle: not before the claim does is anybody offered.
    floor.arrive("c2", START, START)
    assert floor.watch_over("kimura", START) == []
    assert floor.unclaim("kimura", START) == [Offer("c2", "kimura")]
    assert floor.callers["c1"].seat == "suzuki"
    floor.missed("kimura", Miss.FAILED, START)
    floor.claim("c1", "kimura", START)
    out = floor.take_over("c1", "kimura", START)
    assert Offer("c2", "suzuki") in out
    assert (floor.callers["c1"].seat, floor.seats["kimura"].stage) == ("kimura", Stage.TALKING)
