"""Words that tell the reader too little [C7]. Pure.

Found where they stand alone or without what they point at; the words of real sentences (「お時間があれば」「その件」 after what it
was about, 「」 around the caller's own words) are left in peace.
"""

import re
import unicodedata
from collections.abc import Sequence

from denwaban.store.words import fold

ALONE = frozenset(
    fold(word)
    for word in "例の件|あの件|その件|この件|いつもの件|先日の件|この前の件|前回の件|用件あり|用事|電話あり|電話がありました|お電話がありました|"
    "連絡ください|ご連絡ください|連絡がほしい|お電話ください|電話ください|折り返しください|折り返し希望|折り返しお願いします|お願いします|"
    "よろしくお願いします|伝えておいてください|お伝えください|よろしくお伝えください|不明|なし|特になし|特にありません|いろいろ|色々|問い合わせ|"
    "お問い合わせ|相談|ご相談|確認|対応済み|対応しました|至急|急ぎ|同上".split("|")
)
"""Texts that, with nothing beside them, tell the reader nothing."""

_TAIL = re.compile(r"(?:とのことです|とのこと|だそうです|とおっしゃっています|です)+$")

_THINGS = re.compile(
    r"(?:例の|あの|いつもの|先日の|この前の|この間の|こないだの|前回の)(?:件|話|こと|やつ)(?![(（:：=])"
    r"|(?:^|[\s、。,.「『]|の)(?:あれ|アレ)(?=[をがはのにもと、。,.]|で(?!あ|し|す)|って|$)"
    r"|^\s*(?:その|この)(?:件|話)(?=[をがはのにでもと、。]|$)"
)
"""Things that only the speaker knows. 「その件」 counts at the beginning only: later it points at what stands before it."""

_TIMES = re.compile(
    r"なるべく(?:早く|早め|すぐ)|(?:できる|出来る)だけ(?:早く|早め|すぐ)|なる早|なるはや|早めに|早急に"
    r"|(?:後|のち)ほど|(?<![食午今最直前以背])後で(?![すし])|(?<!の)あとで(?![すし])|近いうち|近日中"
    r"|そのうち(?![\s]*[\d一二三四五六七八九十])|(?<!を)追って(?=ご?(?:連絡|案内|返事|折))|折を見て"
    r"|いずれ(?![かもの])"
)
"""Times that are none."""

_A_TIME = re.compile(
    r"\d{1,2}\s*(?:時|:\d\d|分|日|月|/\d)|本日|今日|明日|明後日|翌日|午前|午後|今週|来週|[月火水木金土日]曜"
)

_QUOTED = re.compile(r"「[^」]*」|『[^』]*』")

_ENOUGH = 10
"""Letters beside the caller's own words in 「」 that tell what they mean."""


def stands_alone(text: str) -> bool:
    """Whether the whole text is one of the words that tell nothing."""
    bare = unicodedata.normalize("NFKC", text).strip().strip("。.、, !！「」")
    return fold(_TAIL.sub("", bare)) in ALONE


def vague_words(text: str, own: Sequence[str] = (), *, timed: bool = False) -> list[str]:
    """The vague words of a text, each once, in order. `own`: what one client finds vague beside. `timed`: a definite time
    stands elsewhere in the report, so that 「なるべく早く」 does no harm."""
    plain = unicodedata.normalize("NFKC", text)
    told = _QUOTED.sub("", plain)
    if len(fold(told)) >= _ENOUGH:
        plain = told
    found = [match.group().strip(" 、。,.「『\n") for match in _THINGS.finditer(plain)]
    if not timed and not _A_TIME.search(plain):
        found += [match.group() for match in _TIMES.finditer(plain)]
    letters = fold(plain)
    found += [word for word in own if fold(word) and fold(word) in letters]
    return [word.removeprefix("の") for word in dict.fromkeys(found)]
