"""Which numbers may be called, and how one is said. No I/O."""

import re

import phonenumbers
from phonenumbers import PhoneNumberType

from denwaban.lines import NumberKind, parse_number


class MayNotCall(ValueError):
    """This number is never called from here; the message is a Japanese sentence."""


COSTLY = ("+81570", "+81990", "+81180", "+81170", "+8120")
"""Numbers that cost extra or reach no person: ナビダイヤル, ダイヤル Q2, テレドーム, 災害用伝言, ポケットベル/機械."""

_COSTLY_KINDS = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
    }
)

_SHORT = re.compile(r"\+81[5-9]0\d{7}")
"""A mobile or IP number that lacks a digit: it would reach somebody else, or nobody."""

_DIGITS = dict(
    zip("0123456789", "ゼロ イチ ニー サン ヨン ゴー ロク ナナ ハチ キュウ".split(), strict=True)
)
"""As they are read out over the telephone."""


def callable_number(text: str, *, abroad: bool = False) -> str:
    """The number in E.164 if it may be called: a person's line, at home unless `abroad`. Raises `MayNotCall`."""
    number = parse_number(text)
    if number.kind is NumberKind.WITHHELD:
        raise MayNotCall("番号が通知されていないため、電話できません。")
    if number.kind is NumberKind.SPECIAL:
        raise MayNotCall("110・119 などの特別な番号には、ここから電話できません。")
    if number.e164 is None or _SHORT.fullmatch(number.e164):
        raise MayNotCall("電話番号の形が違うようです。番号を確かめてください。")
    if number.kind is NumberKind.ABROAD and not abroad:
        raise MayNotCall("国外の番号には電話しない設定です(DENWABAN_OUTBOUND_ABROAD)。")
    if number.e164.startswith(COSTLY) or _costly(number.e164):
        raise MayNotCall("通話料が高くつく番号か、人につながらない番号のため、電話しません。")
    return number.e164


def _costly(e164: str) -> bool:
    return phonenumbers.number_type(phonenumbers.parse(e164)) in _COSTLY_KINDS


def spoken_number(e164: str) -> str:
    """A number to be read out digit by digit, in the groups in which people write it."""
    try:
        parsed = phonenumbers.parse(e164, "JP")
    except phonenumbers.NumberParseException:
        shown = e164
    else:
        at_home = parsed.country_code == 81
        style = phonenumbers.PhoneNumberFormat
        shown = phonenumbers.format_number(
            parsed, style.NATIONAL if at_home else style.INTERNATIONAL
        )
    groups = shown.replace("-", " ").split()
    return "、".join(
        "".join(
            ("プラス" if mark == "+" else _DIGITS.get(mark, "")) + " " for mark in group
        ).strip()
        for group in groups
    )
