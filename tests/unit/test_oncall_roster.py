"""Who is on duty: exactly one answer at any moment, explained, the same for the same roster."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thorough import examples

from denwaban.clock import JST
from denwaban.oncall import (
    EVERY_DAY,
    WEEKDAYS,
    BusinessHours,
    EntryKind,
    NobodyOnDuty,
    OnDuty,
    Passed,
    ShiftKind,
    Span,
    Why,
)
from denwaban.oncall.deciding import decide, is_away, substitute
from denwaban.oncall.over_time import edges, holes, reach, segments
from denwaban.oncall.roster import Busy, Roster, RosterEntry, Shift, chain
from denwaban.oncall.timetable import week_asked
from denwaban.people import Presence, Staff

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""10:00 on a Tuesday in Tokyo."""

OFFICE = BusinessHours(
    (Span(WEEKDAYS, 9 * 60, 12 * 60), Span(WEEKDAYS, 13 * 60, 18 * 60)), ((12, 29), (1, 3))
)


@pytest.mark.parametrize(
    ("named", "monday"),
    [
        ("2026-12-03", "2026-11-30"),
        ("2000-01-01", "1999-12-27"),
        ("", "2026-11-23"),
        ("0001-01-01", "2026-11-23"),
        ("9999-12-31", "2026-11-23"),
        ("２０２６-12-03", "2026-11-23"),
    ],
)
def test_a_week_that_nobody_plans_for_is_this_one(named: str, monday: str) -> None:
    assert week_asked(named, NOW) == date.fromisoformat(monday)


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def person(
    name: str,
    presence: str = "present",
    *,
    lead: bool = False,
    sub: str | None = None,
    until: datetime | None = None,
) -> Staff:
    return Staff(
        id=name, client_id="c", name=name, kana="", department="", presence=Presence(presence),
        presence_until=until, presence_note="", substitute_id=sub, in_charge=lead, user_id=None,
        created_at=NOW, left_at=None, updated_at=NOW,
    )  # fmt: skip


def roster(*staff: Staff, hours: BusinessHours | None = None) -> Roster:
    return Roster("c", staff) if hours is None else Roster("c", staff, hours)


def entry(
    who: str, kind: str, starts: str, ends: str, *ways: str, other: str | None = None
) -> RosterEntry:
    return RosterEntry(f"{who}{starts}", who, EntryKind(kind), jst(starts), jst(ends), ways, other)


def weekly(who: str, kind: str, opens: int, closes: int, days: int = WEEKDAYS) -> Shift:
    return Shift(f"{who}{kind}{opens}", who, ShiftKind(kind), opens, closes, days)


def who(found: OnDuty | NobodyOnDuty) -> str:
    return found.staff.id if isinstance(found, OnDuty) else ""


def why_not(found: OnDuty | NobodyOnDuty) -> dict[str, Passed]:
    return {one.staff.id: one.why for one in found.passed}


A, B, C = person("a", lead=True, sub="b"), person("b", sub="c"), person("c", sub="a")


@pytest.mark.req("A8", "A9")
def test_the_substitute_stands_in_and_a_circle_ends() -> None:
    away, off = person("a", "away", lead=True, sub="b"), person("b", "off", sub="c")
    found = decide(roster(C, off, away), NOW)
    assert isinstance(found, OnDuty)
    assert (found.staff, found.why, found.instead_of, found.because) == (
        C, Why.SUBSTITUTE, away, Passed.PRESENCE,
    )  # fmt: skip
    assert why_not(found) == {"a": Passed.PRESENCE, "b": Passed.PRESENCE}
    everybody_off = roster(away, off, person("c", "off", sub="a"))
    nobody = decide(everybody_off, NOW)
    assert isinstance(nobody, NobodyOnDuty)
    assert (nobody.default, nobody.closed) == (away, False)
    assert substitute(everybody_off, away, NOW) == off
    alone = person("x", lead=True)
    assert substitute(roster(alone), alone, NOW) is None


def test_nobody_named_is_a_value_too() -> None:
    found = reach(roster(person("a")), NOW)
    assert isinstance(found, NobodyOnDuty)
    assert (found.default, found.until, found.next) == (None, None, None)
    assert why_not(found) == {"a": Passed.NOT_ON}


@pytest.mark.req("A7")
def test_an_absence_ends_at_its_time() -> None:
    back = NOW + timedelta(hours=1)
    away = roster(person("a", "away", lead=True, until=back))
    assert is_away(away, "a", NOW)
    assert is_away(away, "a", back) is None
    found = reach(away, NOW)
    assert isinstance(found, NobodyOnDuty)
    assert (found.until, who(found.next) if found.next else "") == (back, "a")
    assert is_away(roster(person("b", "busy")), "b", NOW) is None


@pytest.mark.req("J7")
def test_lunch_duty_comes_before_everybody() -> None:
    lunch = replace(roster(A, B, C, hours=OFFICE), shifts=(weekly("c", "lunch", 12 * 60, 13 * 60),))
    assert who(decide(lunch, jst("2026-11-24T11:59"))) == "a"
    at_noon = decide(lunch, jst("2026-11-24T12:30"))
    assert isinstance(at_noon, OnDuty)
    assert (at_noon.staff.id, at_noon.why) == ("c", Why.LUNCH)
    # The client itself is closed at noon: nobody else is asked.
    assert why_not(at_noon) == {"a": Passed.CLOSED, "b": Passed.NOT_ON}
    assert who(decide(lunch, jst("2026-11-24T13:00"))) == "a"
    # On a public holiday there is no lunch duty, and the client is closed: no hole.
    holiday = decide(lunch, jst("2026-11-23T12:30"))
    assert isinstance(holiday, NobodyOnDuty)
    assert holiday.closed
    # The lunch duty is ill, and so is everybody who stands in: that is a hole.
    ill = replace(
        lunch,
        entries=tuple(entry(x, "leave", "2026-11-24T00:00", "2026-11-25T00:00") for x in "abc"),
    )
    found = holes(ill, jst("2026-11-24T00:00"), jst("2026-11-26T00:00"))
    assert [(hole.since, hole.until) for hole in found] == [
        (jst("2026-11-24T09:00"), jst("2026-11-24T18:00"))
    ]


@pytest.mark.req("A9")
def test_a_trip_leaves_a_way_or_none() -> None:
    trip = entry("a", "trip", "2026-11-24T00:00", "2026-11-25T00:00", "mail")
    mail = replace(roster(A, B, C), entries=(trip,), ways=frozenset({("a", "mail")}))
    found = decide(mail, NOW)
    assert isinstance(found, OnDuty)
    assert (found.staff.id, found.channels) == ("a", ("mail",))
    no_mail = decide(replace(mail, ways=frozenset({("a", "slack")})), NOW)
    assert (who(no_mail), why_not(no_mail)["a"]) == ("b", Passed.TRIP_NO_WAY)
    out = decide(replace(mail, entries=(replace(trip, channels=()),)), NOW)
    assert isinstance(out, OnDuty)
    assert (out.staff.id, out.because, out.channels) == ("b", Passed.TRIP, None)


def test_a_swap_hands_the_duty_over_and_a_circle_of_swaps_changes_nothing() -> None:
    duty = replace(roster(A, B, C), shifts=(weekly("b", "duty", 9 * 60, 18 * 60),))
    day = ("2026-11-24T00:00", "2026-11-25T00:00")
    given_away = replace(duty, entries=(entry("b", "swap", *day, other="c"),))
    found = decide(given_away, NOW)
    assert isinstance(found, OnDuty)
    assert (found.staff.id, found.why, found.instead_of) == ("c", Why.SWAP, B)
    assert why_not(found)["b"] is Passed.SWAPPED
    circle = replace(
        duty,
        entries=(entry("b", "swap", *day, other="c"), entry("c", "swap", *day, other="b")),
    )
    assert who(decide(circle, NOW)) == "b"


def test_working_hours_night_duty_and_midnight() -> None:
    night = replace(
        roster(A, B, C, hours=OFFICE),
        shifts=(
            weekly("b", "duty", 22 * 60, 30 * 60, EVERY_DAY),
            weekly("a", "work", 9 * 60, 15 * 60),
        ),
    )
    assert who(decide(night, jst("2026-11-24T14:59"))) == "a"
    after_work = decide(night, jst("2026-11-24T15:00"))
    assert (who(after_work), why_not(after_work)["a"]) == ("b", Passed.OFF_SHIFT)
    for at in ("2026-11-24T22:00", "2026-11-25T00:00", "2026-11-25T05:59", "2027-01-01T00:00"):
        assert who(decide(night, jst(at))) == "b", at
    assert who(decide(night, jst("2026-11-25T06:00"))) == ""
    # The night before New Year: the shift began on the last day of the year.
    ill = replace(night, entries=(entry("b", "leave", "2027-01-01T00:00", "2027-01-01T03:00"),))
    assert who(decide(ill, jst("2027-01-01T01:00"))) == "c"


def test_a_meeting_counts_only_when_nobody_else_is_there() -> None:
    def mark(name: str, away: bool = False) -> Busy:
        return Busy(name, NOW, NOW + timedelta(hours=1), away)

    meeting = replace(roster(A, B, C), busy=(mark("a"),))
    found = decide(meeting, NOW)
    assert (who(found), why_not(found)["a"]) == ("b", Passed.MEETING)
    all_met = decide(replace(meeting, busy=(mark("a"), mark("b"), mark("c"))), NOW)
    assert isinstance(all_met, OnDuty)
    assert (all_met.staff.id, all_met.in_meeting) == ("a", True)
    out = decide(replace(meeting, busy=(mark("a", True), mark("b", True), mark("c", True))), NOW)
    assert why_not(out) == dict.fromkeys("abc", Passed.CALENDAR)


def test_nobody_tells_since_when_until_when_and_who_is_next() -> None:
    closed = reach(roster(A, B, C, hours=OFFICE), jst("2026-12-30T23:00"))
    assert isinstance(closed, NobodyOnDuty)
    assert closed.closed
    assert (closed.since, closed.until) == (jst("2026-12-28T18:00"), jst("2027-01-04T09:00"))
    assert closed.next is not None
    assert closed.next.staff == A
    assert holes(roster(A, B, C, hours=OFFICE), NOW, NOW + timedelta(weeks=8)) == []


# -- any roster, any moment -------------------------------------------------------------------------------------------

NAMES = "abcde"
names = st.sampled_from(NAMES)
start = jst("2026-12-21T00:00")
minutes = st.integers(0, 14 * 1440)
times = st.tuples(minutes, st.integers(1, 3000)).map(
    lambda t: (start + timedelta(minutes=t[0]), start + timedelta(minutes=t[0] + t[1]))
)
staff_lists = st.lists(
    st.tuples(
        st.sampled_from(["present", "busy", "away", "off"]),
        st.booleans(),
        st.none() | names,
        st.none() | minutes,
    ),
    min_size=1,
    max_size=5,
).map(
    lambda given_: tuple(
        person(
            NAMES[i], presence, lead=lead, sub=sub,
            until=None if until is None else start + timedelta(minutes=until),
        )
        for i, (presence, lead, sub, until) in enumerate(given_)
    )
)  # fmt: skip
some_shifts = st.lists(
    st.builds(
        lambda who, kind, days, opens, length, day: Shift(
            f"{who}{kind}{opens}{length}", who, kind, opens, opens + length,
            0 if day is not None else days, day,
        ),
        names, st.sampled_from(list(ShiftKind)), st.integers(1, EVERY_DAY), st.integers(0, 1439),
        st.integers(1, 1440), st.none() | st.dates(date(2026, 12, 20), date(2027, 1, 5)),
    ),
    max_size=5,
).map(tuple)  # fmt: skip
some_entries = st.lists(
    st.builds(
        lambda who, kind, span, ways, other: RosterEntry(
            f"{who}{kind}{span}", who, kind, span[0], span[1], ways, other
        ),
        names, st.sampled_from(list(EntryKind)), times,
        st.sampled_from([(), ("mail",), ("mail", "slack")]), names,
    ),
    max_size=6,
).map(tuple)  # fmt: skip
some_busy = st.lists(
    st.builds(
        lambda who, span, away: Busy(who, span[0], span[1], away), names, times, st.booleans()
    ),
    max_size=4,
).map(tuple)
rosters = st.builds(
    Roster, st.just("c"), staff_lists, st.sampled_from([OFFICE, BusinessHours((Span(EVERY_DAY, 0, 1440),))]),
    some_shifts, some_entries, some_busy, st.frozensets(st.tuples(names, st.sampled_from(["mail", "slack"])), max_size=5),
)  # fmt: skip


def shuffled(one: Roster, seed: int) -> Roster:
    def mixed(things: Iterable[object]) -> tuple[object, ...]:
        found = list(things)
        Random(seed).shuffle(found)
        return tuple(found)

    return replace(
        one,
        staff=mixed(one.staff),  # type: ignore[arg-type]
        shifts=mixed(one.shifts),  # type: ignore[arg-type]
        entries=mixed(one.entries),  # type: ignore[arg-type]
        busy=mixed(one.busy),  # type: ignore[arg-type]
    )


@settings(max_examples=examples(100))
@given(rosters, minutes, st.integers())
@pytest.mark.req("D3")
def test_at_any_moment_there_is_one_answer_and_a_reason_for_each_other(
    one: Roster, minute: int, seed: int
) -> None:
    at = start + timedelta(minutes=minute)
    found = decide(one, at)
    assert found == decide(shuffled(one, seed), at)
    assert found == decide(one, at.astimezone(UTC))
    chosen = {found.staff.id} if isinstance(found, OnDuty) else set()
    others = [p.staff.id for p in found.passed]
    assert sorted(others) == sorted({p.id for p in one.staff} - chosen)
    if isinstance(found, OnDuty):
        assert found.staff.presence_at(at) in (Presence.PRESENT, Presence.BUSY)
        assert not any(
            e.covers(at) and e.staff_id == found.staff.id and e.kind in (EntryKind.LEAVE, EntryKind.HALF)
            for e in one.entries
        )  # fmt: skip
    else:
        assert found.default is None or found.default.in_charge
        told = reach(one, at)
        assert isinstance(told, NobodyOnDuty)
        assert told.since is not None
        assert told.since <= at
        if told.until is not None:
            assert at < told.until
            assert told.next == decide(one, told.until)
    for somebody in one.staff:
        other = substitute(one, somebody, at)
        assert other != somebody
        assert other == substitute(shuffled(one, seed), somebody, at)


@settings(max_examples=examples(60))
@given(rosters, st.integers(0, 7 * 1440), st.lists(st.integers(0, 4000), max_size=20))
def test_between_two_edges_nothing_changes(one: Roster, minute: int, tries: list[int]) -> None:
    since = start + timedelta(minutes=minute)
    until = since + timedelta(minutes=4000)
    pieces = segments(one, since, until)
    assert pieces[0][0] == since
    assert pieces[-1][1] == until
    assert all(a[1] == b[0] for a, b in zip(pieces, pieces[1:], strict=False))
    found = holes(one, since, until)
    known = [since, *edges(one, since, until)]
    for minutes_ in tries:
        at = since + timedelta(minutes=minutes_)
        if at >= until:
            continue
        answer = decide(one, at)
        last = max(edge for edge in known if edge <= at)
        assert replace(answer, passed=()) == replace(decide(one, last), passed=())
        in_hole = any(hole.since <= at < hole.until for hole in found)
        assert in_hole is (isinstance(answer, NobodyOnDuty) and not answer.closed)


@given(staff_lists)
def test_a_chain_of_substitutes_never_loops(staff: tuple[Staff, ...]) -> None:
    for one in staff:
        ids = [other.id for other in chain(staff, one)]
        assert len(set(ids)) == len(ids)
        assert one.id not in ids
