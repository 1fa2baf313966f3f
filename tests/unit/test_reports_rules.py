"""Which rule decides, why the earlier ones did not, and what counts as an opportunity."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.clock import JST
from denwaban.reports import Case, Rule, Rules, decide, due
from denwaban.reports.chances import WORDS, chances
from denwaban.reports.rules import faults_of_rules, plain_rules, read_rules, tidy_rules

AT = datetime(2026, 11, 24, 10, 0, tzinfo=JST)  # a Tuesday
A, B = "a" * 32, "b" * 32
ROSTER = [A, B]

SALES = Rule("営業関連", words=("見積", "値引き"), staff_id=A, minutes=180)
URGENT = Rule("急ぎは全員確認", urgencies=("emergency",), everyone=True, minutes=15)
LEAK = Rule("水漏れ", topics=("水漏れ",), staff_id=B, urgency="soon")
NIGHT = Rule("夜間", opens=19 * 60, closes=32 * 60, staff_id=B)
REGULAR = Rule("ご契約のお客様", caller="regular", urgency="soon")
RULES = Rules((URGENT, SALES, LEAK, NIGHT, REGULAR))


def case(text: str = "", **more: object) -> Case:
    base: dict[str, object] = {"texts": (text,), "topics": (), "urgency": "normal", "at": AT}
    return Case(**{**base, **more})  # type: ignore[arg-type]


def fired(asked: Case, roster: list[str] = ROSTER) -> str:
    rule = decide(RULES, asked, roster).rule
    return rule.name if rule is not None else ""


@pytest.mark.req("A8", "A15")
def test_the_first_rule_that_fits_decides() -> None:
    assert fired(case("見積もりがほしい")) == "営業関連"
    assert fired(case("ﾐﾂﾓﾘ", topics=("水漏れ",))) == "水漏れ"
    assert fired(case("見積もりの件", urgency="emergency")) == "急ぎは全員確認"
    assert fired(case("お湯が出ない", at=AT.replace(hour=23))) == "夜間"
    assert fired(case("お湯が出ない", at=AT.replace(hour=7))) == "夜間"
    assert fired(case("お湯が出ない", known=True, regular=True)) == "ご契約のお客様"
    assert fired(case("お湯が出ない")) == ""


@pytest.mark.req("A8")
def test_why_the_earlier_ones_did_not_is_told() -> None:
    decided = decide(RULES, case("台所", topics=("水漏れ",)), ROSTER)
    assert [one.rule.name for one in decided.tried] == ["急ぎは全員確認", "営業関連", "水漏れ"]
    assert str(decided.tried[0].misses[0]) == "緊急性が「緊急」ではありません"
    assert str(decided.tried[1].misses[0]) == "「見積・値引き」という言葉がありません"
    assert decided.why == ("用件が「水漏れ」です",)


@pytest.mark.req("A12", "J9")
def test_a_rule_raises_the_urgency_and_never_lowers_it() -> None:
    assert decide(RULES, case("台所", topics=("水漏れ",)), ROSTER).urgency == "soon"
    assert decide(RULES, case(known=True, regular=True), ROSTER).urgency == "soon"
    rules = Rules((LEAK,))
    urgent = case("台所", topics=("水漏れ",), urgency="emergency")
    assert decide(rules, urgent, ROSTER).urgency == "emergency"


@pytest.mark.req("D3")
def test_a_rule_whose_person_has_left_does_not_fit() -> None:
    asked = case("見積もりがほしい")
    decided = decide(RULES, asked, [B])
    assert decided.rule is None
    assert str(decided.tried[1].misses[-1]) == "担当に決めた方が名簿にいません"


@pytest.mark.req("B10", "D1")
def test_the_shortest_deadline_holds() -> None:
    sales = decide(RULES, case("見積もりがほしい"), ROSTER)
    assert due(sales, AT, 60) == AT + timedelta(minutes=60)
    assert due(sales, AT, 600) == AT + timedelta(minutes=180)
    none = decide(RULES, case("お湯が出ない"), ROSTER)
    assert due(none, AT) is None
    assert due(none, AT, 30) == AT + timedelta(minutes=30)
    chance = decide(Rules(), case("資料請求したい"), ROSTER)
    assert due(chance, AT) == AT + timedelta(hours=3)


def test_holidays_count_as_holidays() -> None:
    rules = Rules((Rule("祝日", days=128),))
    holiday = datetime(2026, 11, 23, 10, 0, tzinfo=JST)
    assert decide(rules, case(at=holiday), ROSTER).rule is not None
    assert decide(rules, case(at=AT), ROSTER).rule is None


words = st.sampled_from(["見積", "水漏れ", "資料請求", "解約", ""])
rules_made = st.builds(
    Rule,
    name=st.just("x"),
    topics=st.lists(words.filter(bool), max_size=2).map(tuple),
    words=st.lists(words.filter(bool), max_size=2).map(tuple),
    urgencies=st.lists(st.sampled_from(["normal", "soon", "emergency"]), max_size=2).map(tuple),
    caller=st.sampled_from(["any", "known", "unknown", "regular"]),
    staff_id=st.sampled_from(["", A, "c" * 32]),
)


@pytest.mark.req("A8")
@given(st.lists(rules_made, max_size=6), words, st.booleans(), st.booleans())
def test_a_case_always_goes_the_same_way(
    made: list[Rule], text: str, known: bool, regular: bool
) -> None:
    rules = tidy_rules(Rules(tuple(made)))
    assert read_rules(plain_rules(rules)) == rules
    asked = case(text, topics=(text,), known=known, regular=regular)
    one, other = decide(rules, asked, ROSTER), decide(rules, asked, ROSTER)
    assert one == other
    assert [tried.rule for tried in one.tried] == list(rules.rules[: len(one.tried)])
    assert all(tried.misses for tried in one.tried[:-1])
    if one.rule is None:
        assert len(one.tried) == len(made)
    else:
        assert one.tried[-1].misses == ()
        assert one.rule.staff_id in ("", *ROSTER)


def test_faults_of_rules() -> None:
    wrong = Rules((
        Rule(""), Rule("時刻", opens=600, closes=600), Rule("人", staff_id="c" * 32), Rule("言葉", words=("、。",)),
    ))  # fmt: skip
    assert sorted(faults_of_rules(wrong, ROSTER)) == [0, 1, 2, 3]
    assert faults_of_rules(RULES, ROSTER) == {}
    with pytest.raises(msgspec.ValidationError):
        read_rules({"rules": [{"name": "x", "days": 0}]})


@pytest.mark.req("J1", "J13")
@pytest.mark.parametrize(
    "text",
    [
        "資料請求したい",
        "パンフレットと、資料を送ってほしいとのこと",
        "プランの詳細を聞きたい",
        "契約の見直しを考えている",
        "シリョウセイキュウではなく、資料請求。",
        "回線の追加を相談したい",
        "御社への乗り換え、検討中",
    ],
)
def test_words_of_opportunity(text: str) -> None:
    assert chances([text])


@pytest.mark.req("J1")
@pytest.mark.parametrize(
    "text",
    [
        "見直しではなく、解約の手続きを知りたい",
        "見直しの話ではなく、請求書の宛名のこと",
        "資料請求は不要とのこと",
        "資料請求はいらない。住所の変更だけ",
        "水が止まらない",
        "予約の変更",
        "",
    ],
)
def test_no_opportunity(text: str) -> None:
    assert chances([text]) == ()


def test_a_clients_own_words_of_opportunity() -> None:
    assert chances(["デモを見たい"], ("ﾃﾞﾓ",)) == ("ﾃﾞﾓ",)
    assert chances(["資料請求したい"], ()) == ()
    assert all(chances([word]) for word in WORDS)
