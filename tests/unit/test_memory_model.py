"""What counts as asked twice, and what is said first."""

from datetime import UTC, datetime, timedelta

import pytest

from denwaban.memory.model import (
    Before,
    asked_twice,
    greeting_for,
    known_before,
    said_before,
)
from denwaban.people.persons import Person
from denwaban.scripts import Field
from denwaban.texts import NOT_ASKED

AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def before(value: str, *, still_open: bool = False) -> Before:
    return Before(value, AT, still_open)


def somebody(name: str, *, regular: bool) -> Person:
    return Person("1", "c", name, "", "", regular, False, 1, None, AT, AT)


@pytest.mark.req("A3")
def test_the_newest_answer_to_a_question_is_known() -> None:
    said = said_before(
        [
            (AT, False, [("場所", "港区芝1-2-3"), ("分岐", "水漏れ"), ("階", NOT_ASKED)]),
            (AT - timedelta(days=9), True, [("場所", "北区"), ("階", "3階"), ("場 所", "x")]),
        ]
    )
    assert {label: one.value for label, one in said.items()} == {"場所": "港区芝1-2-3", "階": "3階"}
    assert said["階"].open


@pytest.mark.req("A3")
def test_what_proves_who_one_is_and_what_the_call_is_about_is_asked_anew() -> None:
    said = {
        "場所": before("港区"),
        "会員番号": before("123"),
        "ご用件": before("水漏れ"),
        "広がり": before("ない"),
    }
    asked = [
        Field(id="place", label="場所"),
        Field(id="member", label="会員番号", identity=True),
        Field(id="what", label="ご用件", purpose="what_for"),
        Field(id="spread", label="広がり", type="choice", choices=("ある",)),
        Field(id="when", label="場所", type="datetime"),
    ]
    assert set(known_before(asked, said)) == {"place"}


@pytest.mark.req("D6")
@pytest.mark.parametrize(
    ("value", "known", "twice"),
    [
        ("港区芝", before("港区芝"), True),
        ("港区 芝", before("港区芝"), True),
        ("北区", before("港区芝"), False),
        ("北区", before("港区芝", still_open=True), True),
        ("", before("港区芝", still_open=True), False),
        (NOT_ASKED, before("港区芝", still_open=True), False),
    ],
)
def test_asked_for_nothing(value: str, known: Before, twice: bool) -> None:
    assert asked_twice(value, known) is twice


@pytest.mark.req("A5")
def test_a_regular_caller_is_asked_for_by_name() -> None:
    assert greeting_for("山田です。", somebody("佐藤 花子", regular=True)) == (
        "山田です。佐藤様でいらっしゃいますか。いつもありがとうございます。"
    )
    assert greeting_for("山田です。", somebody("佐藤 花子", regular=False)) == "山田です。"
    assert greeting_for("山田です。", somebody("", regular=True)) == "山田です。"
    assert greeting_for("山田です。", None) == "山田です。"
