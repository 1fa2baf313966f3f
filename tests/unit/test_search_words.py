"""Folding and cutting text for the search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denwaban.store.search import weigh
from denwaban.store.words import Piece, fold, grams, marked, query, snippet

JAPANESE = st.text(
    st.one_of(
        st.characters(min_codepoint=0x3040, max_codepoint=0x30FF),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.characters(min_codepoint=0xFF00, max_codepoint=0xFFEF),
        st.sampled_from("髙﨑邊齋澤ヵヶガが゙゚ﾞー々〇①㈱ ・、。\n"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("カイヤク", "かいやく"),
        ("ﾌﾟﾗﾝ A", "ぷらんa"),
        ("パスワード", "ぱすわーど"),
        ("髙﨑 渡邉", "高崎渡辺"),
        ("齋藤 斎藤 齊藤", "斉藤斉藤斉藤"),
        ("1ヶ月・1か月・1ヵ月", "1か月1か月1か月"),
        ("(03) 1234-5678", "0312345678"),
        ("㈱サクラ①", "株さくら1"),
        ("葛\U000e0100城", "葛城"),
        ("、。!?", ""),
    ],
)
def test_what_sounds_the_same_folds_to_the_same(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(JAPANESE)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(JAPANESE)
def test_a_folded_text_is_its_grams(text: str) -> None:
    folded = fold(text)
    pieces = grams(folded)
    assert "".join(piece[0] for piece in pieces) + (pieces[-1][1:] if pieces else "") == folded


@pytest.mark.req("B3")
@given(JAPANESE, st.data())
def test_a_text_is_found_by_any_two_characters_of_itself(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    if len(folded) < 2:
        return
    at = data.draw(st.integers(0, len(folded) - 2))
    piece = folded[at : at + 2]
    assert piece in grams(folded)
    assert weigh(query(piece), "", text) is not None
    assert weigh(query(piece), text, "") is not None


@given(JAPANESE, st.lists(JAPANESE, max_size=3))
def test_marks_change_nothing_of_the_text(text: str, words: list[str]) -> None:
    pieces = marked(text, [word for each in words for word in query(each)])
    assert "".join(piece.text for piece in pieces) == text


def test_marks_are_on_the_text_as_it_was_written() -> None:
    assert marked("退会・ｶｲﾔｸのﾌﾟﾗﾝ", query("かいやく プラン")) == [
        Piece("退会・", False),
        Piece("ｶｲﾔｸ", True),
        Piece("の", False),
        Piece("ﾌﾟﾗﾝ", True),
    ]
    assert marked("ガス栓", query("がす"))[0] == Piece("ガス", True)


def test_a_snippet_is_cut_around_the_word() -> None:
    text = "あ" * 100 + "解約" + "い" * 100
    pieces = snippet(text, ["解約"], 40)
    assert Piece("解約", True) in pieces
    assert len("".join(piece.text for piece in pieces)) == 42
    assert pieces[0].text == pieces[-1].text == "…"
    assert snippet("短い 言葉\nです", ["ない"], 40) == [Piece("短い 言葉 です", False)]


def test_the_last_long_mark_is_not_asked_for() -> None:
    assert query("サーバー  サーバ コピー") == ["さーば", "こぴー"]
    assert query(" 、 ") == []


def test_titles_come_before_keys_before_bodies() -> None:
    words = query("解約")
    exact = weigh(words, "解約", "")
    begins = weigh(words, "解約したい", "")
    inside = weigh(words, "いつ解約できますか", "")
    key = weigh(words, "やめたい", "", "退会 解約")
    body = weigh(words, "やめたい", "解約は画面から")
    ranked = [exact, begins, inside, key, body]
    assert None not in ranked
    assert sorted(ranked, key=lambda rank: rank or ()) == ranked
    assert weigh(words, "やめたい", "退会") is None
    assert weigh(query("解約 あ"), "解約", "") is not None
