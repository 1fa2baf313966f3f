"""What a client lets be told to whom: gated fields, the identity checks that open them, and how answers are compared. Pure."""

import hmac
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from denwaban.lines import parse_number
from denwaban.store.words import fold
from denwaban.texts import N_

MOST_FIELDS = 8
LONGEST_LABEL = 20
LONGEST_ANSWER = 100
LONGEST_VALUE = 500
LONGEST_REFUSAL = 200

REFUSAL = N_(
    "恐れ入りますが、ご本人様の確認ができないため、この電話ではお答えいたしかねます。担当から改めてご連絡いたします。"
)
"""What is said when the check is locked, until the client words it otherwise."""


class Kind(StrEnum):
    """Something that a caller may prove who they are with, in the order in which it is asked."""

    NUMBER = "number"
    NAME = "name"
    PHONE = "phone"
    BIRTH = "birth"
    KEYWORD = "keyword"


FINDERS = (Kind.NUMBER, Kind.PHONE, Kind.NAME)
"""By these a person is looked up; birth days and keywords belong to many."""

LABELS = {
    Kind.NUMBER: N_("会員番号"),
    Kind.NAME: N_("お名前(よみでも)"),
    Kind.PHONE: N_("登録の電話番号"),
    Kind.BIRTH: N_("生年月日"),
    Kind.KEYWORD: N_("合言葉"),
}


class GatedField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is told only after the check: 契約内容, 住所, 残高."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL)]
    needed: Annotated[int, msgspec.Meta(ge=1, le=len(Kind))]
    """So many answers must be right …"""
    of: Annotated[tuple[Kind, ...], msgspec.Meta(min_length=1, max_length=len(Kind))]
    """… of these."""
    approval: bool = False
    """Even then a supervisor has to allow it, for this call and with a reason."""
    script: bool = True
    """Scripts go behind their checks only when this one is open as well."""

    def opened_by(self, right: Collection[Kind]) -> bool:
        return len(set(right) & set(self.of)) >= self.needed


class Policy(msgspec.Struct, frozen=True):
    """What holds for a client."""

    client_id: str
    fields: tuple[GatedField, ...]
    tries_call: int = 3
    """So many wrong answers in one call …"""
    tries_day: int = 3
    """… and about one person or from one number in a day, whoever asks in whichever call. Then it is locked."""
    refusal: str = ""
    """What is said then; empty: the usual words."""
    demands: bool = True
    """Branches of scripts that mean "the caller has proved who they are" are open only after this check."""
    version: int = 0

    @property
    def asks(self) -> tuple[Kind, ...]:
        """What callers are asked for, in the usual order."""
        used = {kind for field in self.fields for kind in field.of}
        return tuple(kind for kind in Kind if kind in used)

    @property
    def least(self) -> int:
        """With fewer answers nothing opens, so fewer are not compared: else each could be guessed by itself."""
        return min((field.needed for field in self.fields), default=1)

    def nearest(self, kinds: Collection[Kind]) -> GatedField:
        """The field to which the fewest answers lack. The policy has fields."""
        return min(self.fields, key=lambda one: one.needed - len(set(kinds) & set(one.of)))

    def field(self, label: str) -> GatedField | None:
        return next((field for field in self.fields if field.label == label), None)


class Unreadable(Exception):
    """What was typed cannot be what is asked for; nothing was compared and no try is counted."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.value)
        self.kind = kind


_ERAS = {
    "明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018,
    "m": 1867, "t": 1911, "s": 1925, "h": 1988, "r": 2018,
}  # fmt: skip
_BIRTH = re.compile(
    r"(明治|大正|昭和|平成|令和|[mtshr])?\s*(\d{1,4}|元)\s*[年/.\-]\s*(\d{1,2})\s*[月/.\-]\s*(\d{1,2})\s*日?(?: 0?0:00(?::00)?)?",
    re.IGNORECASE,
)
_PLAIN_BIRTH = re.compile(r"(\d{4})(\d{2})(\d{2})")


def birth(text: str) -> str:
    """A birth day as people say and write it (1980/5/1, 昭和55年5月1日, S55.5.1, 19800501) as 1980-05-01; empty when it is
    none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _BIRTH.fullmatch(plain)
    if found:
        era, year_said, month, day = found.groups()
        year = 1 if year_said == "元" else int(year_said)
        if era:
            year += _ERAS[era.lower()]
        elif len(year_said) != 4:
            return ""
    elif bare := _PLAIN_BIRTH.fullmatch(plain):
        year, month, day = int(bare[1]), bare[2], bare[3]
    else:
        return ""
    try:
        return date(year, int(month), int(day)).isoformat()
    except ValueError:
        return ""


def normal(kind: Kind, text: str) -> str:
    """The one form in which answers are compared: NFKC, kana folded, digits only for telephones, days as ISO. Empty when
    nothing of that kind is in the text."""
    if kind is Kind.BIRTH:
        return birth(text)
    if kind is Kind.PHONE:
        number = parse_number(text)
        return number.e164 or "".join(
            c for c in unicodedata.normalize("NFKC", text) if c.isdecimal()
        )
    return fold(text)


def heard(said: Mapping[Kind, str]) -> dict[Kind, str]:
    """What a caller said, in the form in which it is compared; what is empty is left out. Raises `Unreadable`."""
    found = {}
    for kind, text in said.items():
        if not text.strip():
            continue
        plain = normal(kind, text)
        if not plain:
            raise Unreadable(kind)
        found[kind] = plain
    return found


def matches(said: Mapping[Kind, str], known: Mapping[Kind, Sequence[str]]) -> bool:
    """Whether everything that was said is right; in time that does not tell how much of it is."""
    wrong = 0
    for kind, text in said.items():
        right = [hmac.compare_digest(text.encode(), one.encode()) for one in known.get(kind, ())]
        wrong += not any(right)
    return not wrong
