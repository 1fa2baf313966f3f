"""Readings as the ear keeps them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.store.sounds import is_reading, near, sound

KANA = st.text(
    st.sampled_from(
        "あいうえおかがきぎくぐけげこごさざしじすずつづっとどなにのはばぱひびぴほぼぽまもやゃゆゅよょらりるろわをんゔーアガヴッャー"
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("さとう", "サトー"),
        ("さとう", "さと"),
        ("なかじま", "なかしま"),
        ("やまざき", "やまさき"),
        ("とおやま", "とうやま"),
        ("おおの", "オーノ"),
        ("ゆうこ", "ゆーこ"),
        ("はっとり", "はつとり"),
        ("きょうこ", "きようこ"),
        ("しづか", "しずか"),
        ("ヴァイオリン", "バイオリン"),
        ("いとう", "いとお"),
        ("さとう はなこ", "さとうはなこ"),
    ],
)
def test_what_the_ear_confuses_sounds_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("さとう", "かとう"), ("たかはし", "たけはし"), ("いとう", "さいとう")]
)
def test_other_names_do_not(one: str, other: str) -> None:
    assert sound(one) != sound(other)


@pytest.mark.parametrize("text", ["", "佐藤", "さ藤", "sato", " 、"])
def test_what_is_no_reading_has_no_sound(text: str) -> None:
    assert sound(text) == ""
    assert not is_reading(text)


@given(KANA)
def test_the_sound_of_a_sound_is_itself(text: str) -> None:
    assert sound(sound(text)) == sound(text)


@given(KANA, st.integers(0, 12), st.sampled_from("たなら"), st.sampled_from(("in", "out", "for")))
def test_one_slip_is_near(text: str, at: int, letter: str, how: str) -> None:
    at = min(at, len(text))
    keep = 0 if how == "in" else 1
    other = text[:at] + ("" if how == "out" else letter) + text[at + keep :]
    assert near(text, other)
    assert near(other, text)


@pytest.mark.parametrize(
    ("one", "other"), [("たかはし", "さかはら"), ("たかはし", "たか"), ("", "ああ")]
)
def test_two_slips_are_not(one: str, other: str) -> None:
    assert not near(one, other)
