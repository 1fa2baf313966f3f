"""Words of opportunity: a caller who may become, or stay, a customer [J1, J13]. Pure."""

import re
from collections.abc import Sequence

from denwaban.store.words import fold

MINUTES = 180
"""By when somebody of the client calls back, from when the caller rang [D1]."""

WORDS = (
    "資料請求", "資料を請求", "資料を送って", "資料がほしい", "カタログがほしい", "詳細を聞きたい", "詳しく聞きたい", "詳しい話を",
    "見直し", "追加を相談", "追加の相談", "追加で契約", "増やしたい", "乗り換え", "導入を検討", "導入したい", "契約したい",
    "申し込みたい", "見積もりがほしい", "見積もりをお願い", "料金を知りたい", "話を聞いてみたい",
)  # fmt: skip
"""Of a client that has no list of its own."""

_NOT = re.compile(
    "(?:したい|する|を|が|の|お願い|話|件|こと|という){0,3}"
    "(?:では(?:な|ありませ|ございませ)|じゃな|しない|しませ|したくな|は不要|不要|は?いらない|は?要らない|は結構|はな[いく]|はありませ)"
)
"""What takes an opportunity back when it follows: 「見直しではなく」「資料請求は不要」."""


def chances(texts: Sequence[str], words: Sequence[str] | None = None) -> tuple[str, ...]:
    """The words of opportunity in what a caller said, in the order of the list (`WORDS` when it is None). Width, kana and
    punctuation do not matter; a word that is taken back at once does not count."""
    found = []
    letters = [fold(text) for text in texts]
    for word in WORDS if words is None else words:
        wanted = fold(word)
        if wanted and any(_said(text, wanted) for text in letters):
            found.append(word)
    return tuple(found)


def _said(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        if not _NOT.match(text, at + len(word)):
            return True
        at = text.find(word, at + 1)
    return False
