"""What may be sent, and how its subject is made."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.reports.form import DEFAULT_FORM
from denwaban.reports.lines import read_out
from denwaban.reports.model import (
    Draft,
    Status,
    caller_words,
    first_status,
    subject_of,
    tidy,
)

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

GOOD = Draft(
    who="佐藤 花子",
    company="佐藤商店",
    number="+819012345678",
    what_for="給湯器から異音がする",
    done="折り返しをお約束しました",
    callback_needed=True,
    callback_by=NOW + timedelta(hours=3),
    urgency="normal",
    tone="worried",
)


@pytest.mark.req("C3")
@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({}, "【要折り返し】佐藤 花子様より"),
        ({"who": "佐藤 花子 様"}, "【要折り返し】佐藤 花子様より"),
        ({"who": "不明"}, "【要折り返し】お名前不明の方より"),
        ({"callback_needed": False}, "【通常報告】佐藤商店"),
        ({"callback_needed": False, "company": ""}, "【通常報告】佐藤 花子様より"),
        ({"urgency": "emergency"}, "【緊急】【要折り返し】佐藤 花子様より"),
        ({"urgency": "emergency", "callback_needed": False}, "【緊急】佐藤 花子様より"),
        ({"who": "花子\r\nBcc: all@example.jp"}, "【要折り返し】花子 Bcc: all@example.jp様より"),
    ],
)
def test_the_subject_is_made_from_the_state(changes: dict[str, object], subject: str) -> None:
    assert subject_of(replace(GOOD, **changes), practice=False) == subject  # type: ignore[arg-type]
    assert "subject" not in {field.name for field in fields(Draft)}


def test_a_practice_report_says_so() -> None:
    assert subject_of(GOOD, practice=True) == "【要折り返し】佐藤 花子様より(練習)"


@pytest.mark.req("C4")
def test_the_first_status() -> None:
    assert first_status(GOOD) is Status.CALLBACK
    assert first_status(replace(GOOD, callback_needed=False)) is Status.DONE
    emergency = replace(GOOD, callback_needed=False, urgency="emergency")
    assert first_status(emergency) is Status.CHECKING


@given(st.text(), st.text(), st.text())
def test_any_text_becomes_one_that_every_database_and_mail_can_hold(
    who: str, what_for: str, answer: str
) -> None:
    draft = tidy(replace(GOOD, who=who, what_for=what_for, answers=((who, answer),)))
    assert tidy(draft) == draft
    for text in (draft.who, draft.what_for, subject_of(draft, practice=False), draft.answers[0][1]):
        text.encode("utf-8")
        assert "\x00" not in text
    assert len(subject_of(draft, practice=False).splitlines()) == 1
    assert "\n" not in caller_words(draft)


def test_nobody_reads_twice_what_the_script_asked_and_the_form_tells() -> None:
    asked = (
        ("お名前", "佐藤 花子"),
        ("折返し番号", "090-1234-5678"),
        ("ご用件", "給湯器から異音がする"),
        ("ご住所", "港区芝1-2-3"),
        ("分岐", "ない → 修理・点検"),
    )
    told = read_out(replace(GOOD, answers=asked), DEFAULT_FORM, signed_in=True)
    own = len(read_out(GOOD, DEFAULT_FORM, signed_in=True))
    assert told[own:] == (("ご住所", "港区芝1-2-3"), ("伺った流れ", "ない → 修理・点検"))
