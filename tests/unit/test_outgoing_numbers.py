"""Whom one may call, and how a number is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.outgoing import MayNotCall, callable_number, spoken_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("090-1234-5678", "+819012345678"),
        ("03(1234)5678", "+81312345678"),
        ("050-3333-4444", "+815033334444"),
        ("0120-123-456", "+81120123456"),
        ("+81 90 1234 5678", "+819012345678"),
        ("186-090-1234-5678", "+819012345678"),
    ],
)
def test_peoples_numbers_are_called(typed: str, number: str) -> None:
    assert callable_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        *((number, "特別な番号") for number in ("110", "118", "119", "171", "117", "104")),
        ("0570-012-345", "高くつく"),
        ("0990-50-1234", "高くつく"),
        ("0180-99-1234", "高くつく"),
        ("", "通知されていない"),
        ("anonymous", "通知されていない"),
        ("+1 415 555 2671", "国外"),
        ("010 1 415 555 2671", "国外"),
        ("12345", "形が違う"),
        ("090-1234-567", "形が違う"),
    ],
)
def test_others_are_refused_with_a_sentence(typed: str, why: str) -> None:
    with pytest.raises(MayNotCall, match=why):
        callable_number(typed)


def test_abroad_is_a_setting_and_premium_numbers_are_not() -> None:
    assert callable_number("+1 415 555 2671", abroad=True) == "+14155552671"
    with pytest.raises(MayNotCall, match="高くつく"):
        callable_number("+1 900 555 0123", abroad=True)


@given(st.text(max_size=30))
def test_what_is_called_is_always_plain_e164(text: str) -> None:
    try:
        number = callable_number(text, abroad=True)
    except MayNotCall:
        return
    assert number.startswith("+")
    assert number[1:].isascii()
    assert number[1:].isdigit()


def test_a_number_is_said_digit_by_digit_in_groups() -> None:
    assert spoken_number("+81312345678") == "ゼロ サン、イチ ニー サン ヨン、ゴー ロク ナナ ハチ"
    assert spoken_number("+14155552671").startswith("プラス イチ、ヨン イチ ゴー、")
    assert spoken_number("119") == "イチ イチ キュウ"
