"""A client's own ladder, frozen; quiet hours and digest times over midnight, month and year end."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.clock import JST
from denwaban.delivery.model import Kind, Question, Target, question
from denwaban.delivery.plan import (
    BadPlan,
    Member,
    People,
    Plan,
    Step,
    Whom,
    check,
    freeze,
    from_json,
    timeline,
    to_json,
    usual,
)
from denwaban.delivery.quiet import next_time, parse_minute, quiet_until, show_minute

TEN = timedelta(minutes=10)
MAIL, CHAT, PORTAL = (
    Target("mail", {"to": "a@example.jp"}),
    Target("slack", {}),
    Target("portal", {}),
)


def member(name: str, *, away: bool = False) -> Member:
    return Member(name, (MAIL, CHAT, PORTAL), away)


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=JST)  # type: ignore[misc,arg-type]


steps = st.builds(
    Step,
    st.sampled_from(Whom),
    st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from(["", "n"]),
    st.sampled_from([(), ("mail",), ("mail", "slack")]),
)
plans = st.builds(Plan, st.lists(steps, min_size=1, max_size=8).map(tuple), st.just(TEN))


@pytest.mark.req("D3", "D5", "A9")
@given(plans, st.booleans(), st.booleans(), st.sampled_from([None, "s"]))
def test_whatever_a_client_writes_somebody_is_told_first_and_one_person_has_it(
    plan: Plan, first_away: bool, other_away: bool, other: str | None
) -> None:
    substitute = member(other, away=other_away) if other else None
    people = People(
        member("a", away=first_away), substitute, (member("a"), member("e")), (member("n"),)
    )
    ladder = freeze(plan, people)
    if plan.steps[0].whom is not Whom.FLOOR:
        assert ladder.rungs[0].told
    for rung in ladder.rungs:
        assert rung.staff_id in {"a", "s", "n"}
        told = [one.staff_id for one in rung.told]
        assert len(told) == len(set(told))
        assert (rung.kind is Kind.FLOOR) == (not told)
        # Whatever channels were chosen, the portal has it.
        assert all(PORTAL in one.targets for one in rung.told)
    assert from_json(to_json(plan)) == plan


def test_a_ladder_of_every_kind_of_step() -> None:
    plan = Plan(
        (
            Step(Whom.IN_CHARGE, timedelta(0), channels=("mail",)),
            Step(Whom.EVERYONE, TEN),
            Step(Whom.PERSON, TEN, "n"),
            Step(Whom.FLOOR, TEN),
            Step(Whom.SUBSTITUTE, TEN),
        ),
        TEN,
        until_taken=True,
    )
    people = People(member("a"), member("s"), (member("a"), member("s")), (member("n"),))
    ladder = freeze(plan, people, also=(member("x"),))
    first, everyone, named, floor, last = ladder.rungs
    assert [(one.staff_id, one.kind) for one in first.told] == [
        ("a", Kind.FIRST),
        ("x", Kind.FIRST),
    ]
    assert [target.channel for target in first.targets] == ["mail", "portal"]
    assert [(one.staff_id, one.kind) for one in everyone.told] == [
        ("a", Kind.REMINDER), ("s", Kind.SUBSTITUTE),
    ]  # fmt: skip
    assert everyone.staff_id == "a"
    assert (named.staff_id, named.kind) == ("n", Kind.SUBSTITUTE)
    assert (floor.staff_id, floor.kind, floor.told) == ("n", Kind.FLOOR, ())
    assert (last.staff_id, last.kind) == ("s", Kind.REMINDER)
    assert ladder.until_taken


@pytest.mark.req("A9")
def test_nobody_on_duty_asks_the_floor_at_once() -> None:
    ladder = freeze(usual(TEN), People(member("a", away=True), member("s", away=True)))
    assert [(rung.kind, rung.wait) for rung in ladder.rungs[:2]] == [
        (Kind.FIRST, timedelta(0)),
        (Kind.FLOOR, timedelta(0)),
    ]
    assert {one.staff_id for rung in ladder.rungs for one in rung.told} == {"a", "s"}


@pytest.mark.parametrize(
    "plan",
    [
        Plan((), TEN),
        Plan((Step(Whom.FLOOR, TEN),), TEN),
        Plan((Step(Whom.IN_CHARGE, TEN), Step(Whom.PERSON, TEN)), TEN),
        Plan((Step(Whom.IN_CHARGE, TEN), Step(Whom.SUBSTITUTE, timedelta(days=8))), TEN),
        Plan((Step(Whom.IN_CHARGE, TEN),), timedelta(0)),
        Plan((Step(Whom.IN_CHARGE, TEN),) * 21, TEN),
    ],
)
def test_a_plan_that_cannot_be_says_why(plan: Plan) -> None:
    with pytest.raises(BadPlan, match="。"):
        check(plan)


def test_a_plan_begins_at_once_and_its_timeline_says_when_each_is_told() -> None:
    plan = check(replace(usual(TEN), steps=(Step(Whom.IN_CHARGE, TEN), Step(Whom.SUBSTITUTE, TEN))))
    begin = at(2026, 12, 31, 23, 55)
    assert timeline(plan, begin) == [
        (begin, plan.steps[0]),
        (at(2027, 1, 1, 0, 5), plan.steps[1]),
        (at(2027, 1, 1, 0, 15), None),
    ]


# --- quiet hours and digests ---


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (at(2026, 12, 31, 21, 59), None),
        (at(2026, 12, 31, 22, 0), at(2027, 1, 1, 7, 0)),
        (at(2027, 1, 1, 6, 59), at(2027, 1, 1, 7, 0)),
        (at(2027, 1, 1, 7, 0), None),
        (at(2028, 2, 28, 23, 0), at(2028, 2, 29, 7, 0)),
    ],
)
def test_quiet_hours_over_midnight(now: datetime, over: datetime | None) -> None:
    assert quiet_until(now, 22 * 60, 7 * 60) == over


minutes_of_day = st.integers(0, 24 * 60 - 1)
moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: at(2026, 1, 1) + timedelta(minutes=minutes)
)


@given(moments, minutes_of_day, minutes_of_day)
def test_a_quiet_time_ends_within_a_day_and_is_over_then(
    now: datetime, begins: int, ends: int
) -> None:
    over = quiet_until(now, begins, ends)
    if over is None:
        return
    assert timedelta(0) < over - now <= timedelta(days=1)
    assert (over.hour * 60 + over.minute, over.second) == (ends, 0)
    assert quiet_until(over, begins, ends) is None


@given(moments, st.lists(minutes_of_day, max_size=4))
def test_the_next_digest_is_ahead_and_within_a_day(now: datetime, times: list[int]) -> None:
    found = next_time(now, times)
    assert (found is None) == (not times)
    if found is not None:
        assert timedelta(0) < found - now <= timedelta(days=1)
        assert found.hour * 60 + found.minute in times


@given(minutes_of_day)
def test_a_time_of_day_is_read_as_it_is_shown(minute: int) -> None:
    assert parse_minute(show_minute(minute)) == minute


@pytest.mark.parametrize("text", ["", "9", "24:00", "12:60", "ab:cd", "1:2", "-1:00", "９:0０"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match="not a time of day"):
        parse_minute(text)


# --- after it was taken ---


def test_questions_before_and_at_the_deadline() -> None:
    ladder = freeze(usual(TEN), People(member("a"), None))
    taken, by = at(2026, 12, 31, 20, 0), at(2027, 1, 1, 10, 0)
    assert question(ladder, taken, by, 0) == Question(at(2027, 1, 1, 9, 30), last=False)
    assert question(ladder, taken, by, 1) == Question(by, last=True)
    assert question(ladder, taken, by, 2) is None
    # Taken so late that no reminder fits before its time.
    assert question(ladder, at(2027, 1, 1, 9, 45), by, 0) == Question(by, last=True)
    # Taken after its time, or without any: an hour, and then another.
    for without in (None, taken - TEN):
        assert question(ladder, taken, without, 0) == Question(at(2026, 12, 31, 21, 0), last=False)
        assert question(ladder, taken, without, 1) == Question(at(2026, 12, 31, 22, 0), last=True)
