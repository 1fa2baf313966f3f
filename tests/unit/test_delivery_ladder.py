"""The ladder as a state machine: always exactly one owner, an acknowledgement ends everything, never silence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from denwaban.delivery.model import (
    MOST_REPEATS,
    Climb,
    Kind,
    Ladder,
    Rung,
    State,
    Target,
    acknowledged,
    cut_short,
    from_json,
    handed,
    resumed,
    start,
    step,
    to_json,
)
from denwaban.delivery.outcome import MAX_TRIES, OBEYED, wait_after
from denwaban.delivery.plan import Member, People, freeze, usual

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
FIVE = timedelta(minutes=5)
MAIL = (Target("mail", {"to": "a@example.jp"}), Target("portal", {}))


def usual_ladder(substitute: str | None, minutes: int, away: bool) -> Ladder:
    other = Member(substitute, MAIL) if substitute is not None else None
    return freeze(usual(timedelta(minutes=minutes)), People(Member("a", MAIL, away), other))


ladders = st.builds(usual_ladder, st.sampled_from([None, "b"]), st.integers(0, 120), st.booleans())


class LadderLife(RuleBasedStateMachine):
    """A report's life under any order of time passing, channels failing, and somebody taking it."""

    climb: Climb
    now: datetime
    told: list[str]
    taken: bool

    @initialize(ladder=ladders)
    def sent(self, ladder: Ladder) -> None:
        self.now, self.taken = NOW, False
        self.climb = start(ladder, self.now)
        self.told = [self.climb.now_on.staff_id]

    def _go(self, after: Climb) -> None:
        assert after.ladder == self.climb.ladder
        assert after.rung >= self.climb.rung
        if after.rung > self.climb.rung:
            self.told.append(after.now_on.staff_id)
        self.climb = after

    @rule(minutes=st.integers(0, 300))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self._go(step(self.climb, self.now))

    @rule()
    def every_channel_fails(self) -> None:
        before = self.climb
        self._go(cut_short(before, self.now))
        if before.state is State.WAITING and self.climb.state is State.WAITING:
            lost = before.now_on.staff_id
            assert {one.staff_id for one in self.climb.now_on.told} != {lost}

    @rule()
    def somebody_takes_it(self) -> None:
        self._go(acknowledged(self.climb))
        self.taken = True

    @rule(lost=st.sampled_from("ab"))
    def it_is_handed_back(self, lost: str) -> None:
        if not self.taken:
            return
        self.taken = False
        self._go(resumed(self.climb, lost, self.now))
        assert self.climb.state is not State.ACKNOWLEDGED

    @rule(to=st.sampled_from("ab"))
    def it_is_given_to_somebody(self, to: str) -> None:
        if len(self.climb.ladder.rungs) > 12:
            return
        climbed = self.climb.ladder.rungs[: self.climb.rung]
        rungs = [Rung(to, Kind.HANDED, timedelta(0), MAIL), Rung(to, Kind.REMINDER, FIVE, MAIL)]
        self.taken, before = False, self.climb
        self.climb = handed(self.climb, rungs, self.now)
        assert self.climb.ladder.rungs[: len(climbed)] == climbed
        assert (self.climb.rung, self.climb.state) == (before.rung + 1, State.WAITING)
        assert self.climb.now_on.staff_id == to
        self.told.append(to)

    @invariant()
    def exactly_one_owner(self) -> None:
        if hasattr(self, "climb"):
            assert self.climb.now_on.staff_id in ("a", "b")

    @invariant()
    def never_silent(self) -> None:
        """Somebody has taken it, or something will happen by itself, or a supervisor sees it."""
        if hasattr(self, "climb"):
            assert (self.climb.state is State.WAITING) == (self.climb.due_at is not None)
            assert self.climb.state in State

    @invariant()
    def taken_is_the_end(self) -> None:
        if hasattr(self, "climb") and self.taken:
            assert self.climb.state is State.ACKNOWLEDGED

    @invariant()
    def nobody_is_told_too_often(self) -> None:
        if hasattr(self, "climb"):
            most = MOST_REPEATS if self.climb.ladder.until_taken else 0
            assert len(self.told) <= len(self.climb.ladder.rungs) + most


@pytest.mark.req("A9", "D3", "D5")
def test_a_ladder_has_one_owner_and_is_never_silent() -> None:
    run_state_machine_as_test(LadderLife)


@pytest.mark.req("D5")
@given(ladders)
def test_left_alone_every_ladder_ends_where_a_supervisor_sees_it(ladder: Ladder) -> None:
    climb, now, told = start(ladder, NOW), NOW, ["a"]
    for _rung in range(len(ladder.rungs) + (MOST_REPEATS if ladder.until_taken else 0)):
        assert climb.due_at is not None
        assert step(climb, climb.due_at - timedelta(microseconds=1)) is climb
        now = climb.due_at
        climb = step(climb, now)
        told.append(climb.now_on.staff_id)
    assert climb.state is State.EXHAUSTED
    assert set(told) == {rung.staff_id for rung in ladder.rungs}
    assert step(climb, now + timedelta(days=99)) is climb


@given(ladders)
def test_a_ladder_comes_back_from_json_as_it_was(ladder: Ladder) -> None:
    assert from_json(to_json(ladder)) == ladder


def test_the_usual_ladder_is_first_reminder_substitute_reminder() -> None:
    ladder = usual_ladder("b", 15, False)
    assert [(rung.staff_id, rung.kind) for rung in ladder.rungs] == [
        ("a", Kind.FIRST),
        ("a", Kind.REMINDER),
        ("b", Kind.SUBSTITUTE),
        ("b", Kind.REMINDER),
    ]
    away = usual_ladder("b", 15, True)
    assert [rung.staff_id for rung in away.rungs] == ["a", "b", "b"]
    assert start(away, NOW).due_at == NOW


@given(
    st.integers(1, MAX_TRIES - 1),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=9))),
)
def test_waits_grow_and_obey_what_was_asked(
    tries: int, chance: float, after: timedelta | None
) -> None:
    wait = wait_after(tries, after, chance)
    assert wait is not None
    assert timedelta(seconds=4) <= wait <= max(timedelta(minutes=72), OBEYED)
    if after is not None:
        assert wait >= min(after, OBEYED)
    longer = wait_after(tries + 1, None, chance)
    shorter = wait_after(tries, None, chance)
    assert shorter is not None
    assert longer is None or longer >= shorter
    assert wait_after(MAX_TRIES, after, chance) is None
