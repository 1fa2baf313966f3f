"""What people write, made fit to be kept."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.texts import clean_text, legible
from denwaban.web.api import NOT_BLANK


@pytest.mark.parametrize("nothing", ["", " ", "\x00", "\u3000\n\t", "\u200b\ufeff", "\u3164\u2800", "\x07\x1b"])  # fmt: skip
def test_what_nobody_can_read_is_nothing(nothing: str) -> None:
    assert clean_text(nothing) == clean_text(nothing, lines=True) == ""
    assert not legible(nothing)
    assert not re.search(NOT_BLANK, nothing)


def test_words_stay_as_they_are() -> None:
    assert clean_text(" 令和8年\x00\n 第5号　事件 ") == "令和8年 第5号 事件"
    assert clean_text(" 一行目 \r\n  二行目\x00 ", lines=True) == "一行目\n二行目"
    assert clean_text("👨‍👩‍👧 ご家族") == "👨‍👩‍👧 ご家族"


@given(st.text(st.characters(exclude_categories=())), st.booleans())
def test_what_is_kept_can_be_kept_and_cleaning_is_done_once(text: str, lines: bool) -> None:
    kept = clean_text(text, lines=lines)
    assert clean_text(kept, lines=lines) == kept
    assert legible(kept) == bool(kept)
    kept.encode()
    found = {unicodedata.category(char) for char in kept if char not in "\n\t"}
    assert not found & {"Cc", "Cs"}
