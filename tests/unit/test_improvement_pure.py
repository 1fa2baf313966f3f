"""What the improvement of scripts rests on: times in buckets, texts about the same, safe edits, weeks."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.seat_story import PLUMBER

from denwaban.clock import JST
from denwaban.improvement.figures import FIRST, Use, bucket, quantile, seconds_of
from denwaban.improvement.mending import add_branch
from denwaban.improvement.model import closes_at, monday_of, review_due, week_bounds
from denwaban.improvement.similar import groups
from denwaban.scripts import Decide, dump, parse, read
from denwaban.scripts.library import library

SECONDS = st.floats(0, 20_000, allow_nan=False)


@given(SECONDS)
def test_a_time_is_read_back_a_tenth_away_at_most(seconds: float) -> None:
    told = seconds_of(bucket(seconds))
    assert abs(told - seconds) <= max(FIRST, seconds * 0.1)


@given(st.lists(SECONDS, min_size=1, max_size=60), st.lists(SECONDS, max_size=60))
def test_days_add_up_to_what_all_their_calls_would_give(one: list[float], two: list[float]) -> None:
    def of(times: list[float]) -> Use:
        use = Use()
        for seconds in times:
            use.visits += 1
            use.times[bucket(seconds)] = use.times.get(bucket(seconds), 0) + 1
        return use

    both = of(one)
    both.add(of(two))
    assert both == of(one + two)
    ordered = sorted(one + two)
    for share in (0.5, 0.9):
        found = quantile(both.times, share)
        place = min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))
        assert found is not None
        assert found == pytest.approx(ordered[place], rel=0.12, abs=FIRST)


def test_nothing_timed_has_no_median() -> None:
    assert (Use().median, Use().share_otherwise, Use().share_dropped) == (None, None, 0.0)


def test_questions_about_the_same_stand_together() -> None:
    said = [
        "領収書はもらえますか",
        "駐車場はありますか",
        "領収書の宛名を変えてほしい",
        "近くに駐車場があるか知りたい",
        "電話番号を教えてください",
        "この前の電話の件",
        "領収書がまだ届かない",
        "",
    ]
    found = groups(said)
    assert [(one.label, one.places) for one in found] == [
        ("領収書", (0, 2, 6)),
        ("駐車場", (1, 3)),
    ]


@given(st.lists(st.text("領収書駐車場解約キャンセルはがをabcー 、。", max_size=20), max_size=30))
def test_groups_share_no_text_and_their_label_stands_in_them(texts: list[str]) -> None:
    found = groups(texts)
    places = [place for one in found for place in one.places]
    assert len(places) == len(set(places))
    for one in found:
        assert len(one.places) >= 2
        assert any(one.label in texts[place] for place in one.places)


@pytest.mark.parametrize("text", [PLUMBER, dump(read(PLUMBER)), "# はじめに\n" + PLUMBER])
def test_a_branch_is_added_and_nothing_else_changes(text: str) -> None:
    made = add_branch(text, "matter", "TODO 領収書")
    assert made is not None
    before, after = parse(text).script, parse(made).script
    fork = after.node("matter")
    assert isinstance(fork, Decide)
    assert (fork.branches[-1].label, fork.branches[-1].to) == ("TODO 領収書", "promise")
    assert [n for n in after.nodes if n.id != "matter"] == [
        n for n in before.nodes if n.id != "matter"
    ]
    kept = [line.rstrip(",") for line in made.split("\n")]
    assert [line for line in text.split("\n") if line.rstrip(",") not in kept] == []
    # Twice is once.
    assert add_branch(made, "matter", "TODO 領収書") is None


def test_what_only_a_person_should_change_is_left_alone() -> None:
    assert add_branch(PLUMBER, "who", "TODO 領収書") is None
    assert add_branch(PLUMBER, "gone", "TODO 領収書") is None
    assert add_branch("これは台本ではない", "matter", "TODO 領収書") is None
    inline = 'branches = [{ label = "あ", to = "b" }, { label = "い", to = "b" }]\n'
    odd = (
        '[[nodes]]\nkind = "decide"\nid = "a"\ntitle = "a"\n'
        + inline
        + 'otherwise = { label = "それ以外", to = "b" }\n[[nodes]]\nkind = "end"\nid = "b"\ntitle = "b"\n'
    )
    assert parse(odd)
    assert add_branch(odd, "a", "TODO 領収書") is None


def test_every_fork_of_the_built_in_templates_can_take_a_branch() -> None:
    tried = 0
    for template in library():
        for node in parse(template.text).script.nodes:
            if isinstance(node, Decide) and len(node.branches) < 9:
                assert add_branch(template.text, node.id, "TODO 領収書") is not None
                tried += 1
    assert tried >= 8


@given(st.timedeltas(timedelta(0), timedelta(days=5000)))
def test_a_moment_lies_in_its_week_and_the_list_closes_on_the_next_monday(since: timedelta) -> None:
    moment = datetime(2020, 1, 1, tzinfo=JST) + since
    monday = monday_of(moment)
    begin, end = week_bounds(monday)
    assert begin <= moment < end
    closes = closes_at(monday, "0190aa" + "f" * 26)
    assert end < closes < end + timedelta(hours=8)


def test_a_review_is_told_a_week_before_on_the_day_and_every_week_after() -> None:
    day = date(2026, 12, 1)
    now = datetime(2026, 11, 1, 10, tzinfo=JST)
    told = []
    for _ in range(4):
        now = review_due(day, now)
        told.append(now.astimezone(JST).strftime("%m-%d %H:%M"))
    assert told == ["11-24 09:00", "12-01 09:00", "12-08 09:00", "12-15 09:00"]
