"""Texts that are about the same, by the words they share. Pure.

No dictionary: words that carry a matter are runs of kanji, katakana or Latin letters; two texts are about the same when
they share a bigram of such a run.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from denwaban.store.words import fold, grams

_RUNS = re.compile(r"[一-鿿々〆ヶ]{2,}|[ァ-ヴー]{2,}|[A-Za-z]{2,}")

EMPTY = frozenset(
    gram
    for word in (
        "電話 連絡 確認 質問 問合 合せ 合わせ 折返 返し 担当 担当者 番号 名前 会社 本日 今日 昨日 明日 先日 今回 以前 場合 "
        "教え 希望 対応 案内 用件 内容 相談 依頼 方法 時間 自分 弊社 御社 先方 本人 お客様 女性 男性"
    ).split()
    for gram in grams(fold(word))
)
"""What any call may be about says nothing."""

MOST = 400
"""So many texts are compared; the rest is counted nowhere else than in the rest."""


@dataclass(frozen=True, slots=True)
class Group:
    """Texts that share `label`, as places in what was given."""

    label: str
    places: tuple[int, ...]


def groups(texts: Sequence[str], least: int = 2) -> list[Group]:
    """Largest first; no text is in two; what shares nothing with another is in none."""
    runs = [_RUNS.findall(unicodedata.normalize("NFKC", text)) for text in texts[:MOST]]
    having: dict[str, set[int]] = {}
    for place, words in enumerate(runs):
        for word in words:
            for gram in grams(fold(word)):
                if gram not in EMPTY:
                    having.setdefault(gram, set()).add(place)
    found: list[Group] = []
    while having:
        best = max(having, key=lambda gram: len(having[gram]))
        places = having[best]
        if len(places) < least:
            break
        together = tuple(sorted(places))
        found.append(Group(_label(best, [runs[place] for place in together]), together))
        having = {
            gram: left for gram, at in having.items() if len(left := at - set(together)) >= least
        }
    return found


def _label(gram: str, runs: list[list[str]]) -> str:
    """The longest word around the bigram that most of the group wrote, as it was written."""
    counts: dict[str, int] = {}
    for words in runs:
        pieces = {
            word[begin:end]
            for word in words
            for begin in range(len(word))
            for end in range(begin + 2, min(len(word), begin + 20) + 1)
            if gram in fold(word[begin:end])
        }
        for piece in pieces:
            counts[piece] = counts.get(piece, 0) + 1
    most = max(counts.values())
    return max((p for p in counts if counts[p] * 2 > most), key=lambda p: (len(p), counts[p], p))
