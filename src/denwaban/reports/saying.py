"""What a text says, so far as the check of a report has to know. Pure."""

import re
import unicodedata

from denwaban.lines import parse_number

_EXTENSION = re.compile(
    r"\s*(?:\(?\s*(?:内線|ext\.?|#)\s*[\d\-]{1,8}\s*\)?|[(（][^\d()（）]{1,20}[)）])\s*$", re.I
)
"""What people write behind a number: 内線 12, (会社)."""


def is_number(text: str) -> bool:
    """Whether somebody could be called back there."""
    plain = unicodedata.normalize("NFKC", text)
    return parse_number(_EXTENSION.sub("", plain)).e164 is not None


_PROMISED = re.compile(
    r"折り?返(?:す|し(?:の)?(?:ご?連絡|お?電話)?(?:する|します|いたし|差し上げ|を?(?:お?約束|いたし|差し上げ)|と?お伝え))"
    r"|(?:折り?返し(?:の)?)?ご?連絡(?:する|します|いたします|差し上げる|差し上げます)(?:と|旨)"
)
_DECLINED = re.compile(
    r"辞退|不要|要らない|いらない|結構です|いりません|必要な[いし]|必要ありません|希望され(?:ない|ず|ません)|お?断り|ではな|しない"
)
_FINISHED = re.compile(
    r"(?:完了|解決|終了)(?:しました|いたしました|しています|済み|です|$|。|した)"
)


def declines(text: str) -> bool:
    """Whether it says that the caller needs or wants none."""
    return bool(_DECLINED.search(text))


def promises(text: str) -> bool:
    """Whether it says that somebody will call back, and not that the caller needs none."""
    return bool(_PROMISED.search(text)) and not declines(text)


def finished(text: str) -> bool:
    """Whether it says that everything is done, and nothing of what is still to come."""
    return bool(_FINISHED.search(text)) and not re.search(r"折り?返|連絡|約束|残|まで", text)
