"""Telephone numbers as networks hand them over, made into one form.

E.164 for everything that can be dialled from abroad; what cannot (110, garbage, withheld) says so and keeps what was
received. Sources of the rules: the Japanese numbering plan and what NTT's and other carriers' SIP lines send.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers

LONGEST = 100
"""More than this of what was received is not kept."""


class NumberKind(StrEnum):
    """What sort of number it is."""

    FIXED = "fixed"
    MOBILE = "mobile"
    IP = "ip"
    FREE = "free"
    SPECIAL = "special"
    """Three digits beginning with 1: 110, 118, 119, 171, 117 …"""
    ABROAD = "abroad"
    WITHHELD = "withheld"
    """The caller did not show a number (also payphones and lines that cannot show one)."""
    NONE = "none"
    """No telephone number."""


@dataclass(frozen=True, slots=True)
class Number:
    """A parsed number. `e164` is None for special, withheld and unusable ones."""

    e164: str | None
    kind: NumberKind
    as_received: str
    """Cut to 100 characters, without control characters."""

    @property
    def key(self) -> str:
        """What is stored and compared: E.164 if there is one, nothing when withheld, else what was received."""
        if self.kind is NumberKind.WITHHELD:
            return ""
        return self.e164 or self.as_received


# "P" private, "O" out of area, "C" coin, "S" service conflict: what carriers put where the number should be.
_WITHHELD = frozenset(
    "anonymous unavailable restricted private unknown withheld coinline interaction payphone p o c s null none "
    "非通知 非通知設定 表示圏外 公衆電話 番号通知なし 通知不可能".split()
) | {"", "user reject", "coin line", "out of area", "no number"}

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―−ー－~()（）.,/·・\[\]]+")
_PREFIX = re.compile(r"^18[46](?=0|\+)")
_JAPAN = re.compile(r"(?:\+81|\+810|0)([1-9]\d{8}|[5-9]0\d{8}|20\d{8}|120\d{6,7}|800\d{7})")
_DIGITS = re.compile(r"\+?\d{3,20}")


@lru_cache(maxsize=5_000)
def parse_number(text: str) -> Number:
    """Any text a network or a person may give as a number. Never raises.

    Understood: +81…, 0…, 81…, 010… (abroad), 184/186 before a number, SIP and tel URIs with parameters, full-width
    digits, all usual separators, and the many ways of saying "withheld".
    """
    if text.isascii() and (
        plain := _JAPAN.fullmatch(text)
    ):  # nearly every caller; the rest takes ten times as long
        return Number(f"+81{plain[1]}", _kind_in_japan(plain[1]), text)
    received = "".join(c for c in text[:LONGEST] if unicodedata.category(c)[0] != "C").strip()
    bare = _user_part(unicodedata.normalize("NFKC", received))
    if bare.casefold() in _WITHHELD:
        return Number(None, NumberKind.WITHHELD, received)
    digits = _PREFIX.sub("", _SEPARATORS.sub("", bare))
    if not _DIGITS.fullmatch(digits) or not digits.isascii():
        return Number(None, NumberKind.NONE, received)
    if len(digits) == 3 and digits[0] == "1":
        return Number(None, NumberKind.SPECIAL, received)
    # Some trunks leave the + out: twelve digits with 81 in front are Japanese, nothing else begins so.
    if len(digits) in (11, 12) and digits.startswith("81"):
        digits = f"+{digits}"
    if japan := _JAPAN.fullmatch(digits):
        return Number(f"+81{japan[1]}", _kind_in_japan(japan[1]), received)
    return Number(*_by_library(digits), received)


def _user_part(text: str) -> str:
    """The number in `"Name" <sip:0312345678;p=1@host;x=y>`, `tel:…` or a bare text."""
    if "<" in text:
        text = text.split("<", 1)[1].split(">", 1)[0]
    head, colon, rest = text.partition(":")
    if colon and head.strip().casefold() in ("sip", "sips", "tel"):
        text = rest
    return unquote(text.split("@", 1)[0].split(";", 1)[0]).strip().strip('"').strip()


def _kind_in_japan(significant: str) -> NumberKind:
    if significant.startswith(("120", "800")):
        return NumberKind.FREE
    if significant.startswith("50") and len(significant) == 10:
        return NumberKind.IP
    if len(significant) == 10:
        return NumberKind.MOBILE
    return NumberKind.FIXED


def _by_library(digits: str) -> tuple[str | None, NumberKind]:
    """Other countries' numbers, and Japanese ones that our own rule does not know."""
    if not digits.startswith(("+", "0")):
        return None, NumberKind.NONE
    try:
        parsed = phonenumbers.parse(digits, "JP")
    except phonenumbers.NumberParseException:
        return None, NumberKind.NONE
    if not phonenumbers.is_valid_number(parsed):
        return None, NumberKind.NONE
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if parsed.country_code != 81:
        return e164, NumberKind.ABROAD
    return e164, _kind_in_japan(e164.removeprefix("+81"))


@lru_cache(maxsize=4096)
def show_number(key: str) -> str:
    """A stored number as people write it: 03-1234-5678, +1 415-555-2671; 番号非通知 for none; other text unchanged."""
    if key == "":
        return "番号非通知"
    if not key.startswith("+"):
        return key
    try:
        parsed = phonenumbers.parse(key, None)
    except phonenumbers.NumberParseException:
        return key
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if parsed.country_code == 81
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style)
