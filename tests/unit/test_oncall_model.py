"""Who is in charge: deterministic, and never nobody without saying so."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.oncall.address import BadAddress, checked_address, shown_address
from denwaban.oncall.model import (
    NobodyOnDuty,
    OnDuty,
    Why,
    in_charge,
    reachable,
    substitute,
)
from denwaban.people import Presence, Staff

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


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


@pytest.mark.req("A8", "A9")
def test_the_substitute_stands_in_and_a_circle_ends() -> None:
    a = person("a", "away", lead=True, sub="b")
    b = person("b", "off", sub="c")
    c = person("c", sub="a")
    assert in_charge([c, b, a], "c", NOW) == OnDuty(c, Why.SUBSTITUTE, a)
    everybody_off = [a, b, person("c", "off", sub="a")]
    assert in_charge(everybody_off, "c", NOW) == NobodyOnDuty("c", a)
    assert substitute(everybody_off, a, NOW) == b
    assert substitute([person("x", lead=True)], person("x", lead=True), NOW) is None


def test_nobody_named_is_a_value_too() -> None:
    assert in_charge([person("a")], "c", NOW) == NobodyOnDuty("c", None)


@pytest.mark.req("A7")
def test_an_absence_ends_at_its_time() -> None:
    away = person("a", "away", until=NOW + timedelta(hours=1))
    assert not reachable(away, NOW)
    assert reachable(away, NOW + timedelta(hours=1))
    assert reachable(person("b", "busy"), NOW)


people = st.lists(
    st.tuples(
        st.sampled_from(["present", "busy", "away", "off"]),
        st.booleans(),
        st.one_of(st.none(), st.integers(0, 5)),
    ),
    max_size=6,
)


@given(people, st.randoms())
def test_the_order_of_the_roster_changes_nothing(
    given_people: list[tuple[str, bool, int | None]], shuffled: object
) -> None:
    roster = [
        person(str(i), presence, lead=lead, sub=None if sub is None else str(sub))
        for i, (presence, lead, sub) in enumerate(given_people)
    ]
    other = list(roster)
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    found = in_charge(roster, "c", NOW)
    assert found == in_charge(other, "c", NOW)
    if isinstance(found, OnDuty):
        assert reachable(found.staff, NOW)
    for one in roster:
        assert substitute(roster, one, NOW) == substitute(other, one, NOW)
        assert substitute(roster, one, NOW) != one


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("mail", {}),
        ("mail", {"to": "nobody"}),
        ("mail", {"to": "a@b, c@d"}),
        ("mail", {"to": "a@b\r\nBcc: c@d"}),
        ("slack", {"url": "http://hooks.example.jp/x"}),
        ("slack", {"url": "nothing"}),
        ("webhook", {"url": "https://example.jp/hook"}),
        ("webhook", {"url": "ftp://example.jp/", "secret": "whsec_x"}),
        ("chatwork", {"room": "abc", "token": "t"}),
        ("mail", {"to": "a@b..jp"}),
        ("mail", {"to": "鈴木@example.jp"}),
        ("webhook", {"url": "https://example.jp/", "secret": "whsec_!"}),
        ("fax", {"to": "03"}),
    ],
)
def test_addresses_that_could_never_work_are_refused(channel: str, address: dict[str, str]) -> None:
    with pytest.raises(BadAddress):
        checked_address(channel, address)


def test_secrets_are_not_shown() -> None:
    url = "https://hooks.slack.com/services/T1/B1/SECRET"
    checked_address("slack", {"url": url})
    assert shown_address("slack", {"url": url}) == "hooks.slack.com"
    assert "SECRET" not in shown_address("chatwork", {"room": "1", "token": "SECRET"})
