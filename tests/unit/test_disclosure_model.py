"""How answers are compared, and by when a leak is reported."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.clock import JST
from denwaban.disclosure import law
from denwaban.disclosure.law import Facts, What
from denwaban.disclosure.model import (
    GatedField,
    Kind,
    Policy,
    Unreadable,
    birth,
    heard,
    matches,
    normal,
)

KNOWN = {
    Kind.NUMBER: ["a12345"],
    Kind.NAME: ["佐藤花子", "さとうはなこ"],
    Kind.PHONE: ["+819012345678"],
    Kind.BIRTH: ["1980-05-01"],
    Kind.KEYWORD: ["さくら"],
}


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1980/5/1", "1980-05-01"),
        ("1980年5月1日", "1980-05-01"),
        ("1980-05-01", "1980-05-01"),
        ("１９８０．５．１", "1980-05-01"),
        ("昭和55年5月1日", "1980-05-01"),
        ("S55.5.1", "1980-05-01"),
        ("平成元年1月8日", "1989-01-08"),
        ("令和2/2/29", "2020-02-29"),
        ("19800501", "1980-05-01"),
        ("1980/05/01 0:00:00", "1980-05-01"),
        ("2019/2/29", ""),
        ("80/5/1", ""),
        ("5月1日", ""),
        ("さくら", ""),
    ],
)
def test_birth_days_as_people_say_them(text: str, day: str) -> None:
    assert birth(text) == day


@given(st.dates(date(1926, 12, 25), date(1989, 1, 7)))
def test_a_birth_day_of_showa_is_the_same_in_both_countings(day: date) -> None:
    said = f"昭和{day.year - 1925}年{day.month}月{day.day}日"
    assert birth(said) == birth(f"{day:%Y/%m/%d}") == day.isoformat()


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.NUMBER, "Ａ-12345"),
        (Kind.NUMBER, " a 12345 "),
        (Kind.NAME, "佐藤 花子"),
        (Kind.NAME, "サトウ ハナコ"),
        (Kind.NAME, "ｻﾄｳﾊﾅｺ"),
        (Kind.PHONE, "090-1234-5678"),
        (Kind.PHONE, "０９０（１２３４）５６７８"),
        (Kind.BIRTH, "昭和55年5月1日"),
        (Kind.KEYWORD, "サクラ"),
    ],
)
def test_the_same_answer_in_other_letters_is_right(kind: Kind, text: str) -> None:
    assert matches(heard({kind: text}), KNOWN)


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.NUMBER, "a1234"),
        (Kind.NAME, "佐藤"),
        (Kind.PHONE, "090-1234-5679"),
        (Kind.PHONE, "5678"),
        (Kind.BIRTH, "1980/5/2"),
        (Kind.KEYWORD, "さく"),
    ],
)
def test_another_answer_is_wrong_also_beside_a_right_one(kind: Kind, text: str) -> None:
    other = Kind.KEYWORD if kind is not Kind.KEYWORD else Kind.NUMBER
    right = {Kind.KEYWORD: "さくら", Kind.NUMBER: "A12345"}[other]
    assert not matches(heard({kind: text, other: right}), KNOWN)


def test_what_cannot_be_read_is_told_and_what_is_empty_is_not_said() -> None:
    with pytest.raises(Unreadable) as told:
        heard({Kind.BIRTH: "春ごろ", Kind.NUMBER: "1"})
    assert told.value.kind is Kind.BIRTH
    assert heard({Kind.NUMBER: " ", Kind.KEYWORD: "さくら"}) == {Kind.KEYWORD: "さくら"}


@given(st.dictionaries(st.sampled_from(Kind), st.text(max_size=12), max_size=5))
def test_nothing_but_what_is_known_is_right(said: dict[Kind, str]) -> None:
    try:
        plain = heard(said)
    except Unreadable:
        return
    assert matches(plain, KNOWN) == all(text in KNOWN[kind] for kind, text in plain.items())
    assert all(normal(kind, text) == text for kind, text in plain.items() if kind != Kind.PHONE)
    assert not plain or not matches(plain, {})


@pytest.mark.req("G1")
@given(
    st.lists(
        st.builds(
            GatedField,
            st.just("x"),
            st.integers(1, 5),
            st.sets(st.sampled_from(Kind), min_size=1).map(lambda kinds: tuple(sorted(kinds))),
        ),
        max_size=4,
    ),
    st.sets(st.sampled_from(Kind)),
)
def test_a_field_opens_by_so_many_of_its_own_kinds(
    fields: list[GatedField], right: set[Kind]
) -> None:
    policy = Policy("client", tuple(fields))
    for field in fields:
        assert field.opened_by(right) == (len([k for k in field.of if k in right]) >= field.needed)
        if field.opened_by(right):
            assert len(right) >= policy.least
    assert set(policy.asks) == {kind for field in fields for kind in field.of}


KNOWN_AT = datetime(2026, 11, 24, 10, 0, tzinfo=JST)


@pytest.mark.req("G6")
def test_the_legal_clock_of_an_ordinary_and_of_a_wrongful_leak() -> None:
    by = {step.what: step.by for step in law.steps(Facts(KNOWN_AT, sensitive=True))}
    # The last minutes of the fifth and the thirtieth day.
    assert by[What.PRELIMINARY] == datetime(2026, 11, 28, 23, 59, tzinfo=JST)
    assert by[What.FINAL] == datetime(2026, 12, 23, 23, 59, tzinfo=JST)
    by = {step.what: step.by for step in law.steps(Facts(KNOWN_AT, wrongful=True))}
    assert by[What.FINAL] == datetime(2027, 1, 22, 23, 59, tzinfo=JST)
    # One day of the law's own is another row, not another branch.
    assert law.rule_on(date(2026, 11, 24)).final == 30


@pytest.mark.req("G6")
def test_who_is_told_depends_on_what_leaked_and_unknown_counts_as_much() -> None:
    assert law.reported(Facts(KNOWN_AT))
    assert not law.reported(Facts(KNOWN_AT, people=1000))
    assert law.reported(Facts(KNOWN_AT, people=1001))
    assert law.reported(Facts(KNOWN_AT, people=1, property=True))
    assert law.reported(Facts(KNOWN_AT, people=0, wrongful=True))
    assert [step.what for step in law.steps(Facts(KNOWN_AT, people=1))] == [
        What.CONTAIN,
        What.CLIENT,
    ]


@given(
    st.integers(0, 40 * 365 * 24 * 60).map(
        lambda n: datetime(2022, 4, 1, tzinfo=JST) + timedelta(minutes=n)
    ),
    st.booleans(),
    st.none() | st.integers(0, 10_000),
)
def test_everybody_is_reminded_before_it_is_too_late(
    known: datetime, wrongful: bool, people: int | None
) -> None:
    for step in law.steps(Facts(known, wrongful, people=people)):
        assert known < step.remind_at < step.by
        assert step.by - known <= timedelta(days=60)
