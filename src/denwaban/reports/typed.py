"""A client's form and rules as web forms have them: read, and put into another order. Pure."""

import secrets
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any, TypeVar, cast

from denwaban.lines import EVERY_DAY, minute_of
from denwaban.reports.form import (
    BUILT_IN,
    CHOICES_MAX,
    HINT_MAX,
    LABEL_MAX,
    MOST_OWN,
    OWN,
    STAYS,
    Form,
    FormField,
)
from denwaban.reports.rules import MOST_RULES, MOST_WORDS, RISING, CallerKind, Rule, Rules

T = TypeVar("T")

_BITS = tuple(1 << n for n in range(8))
_FIELDS = len(BUILT_IN) + MOST_OWN
WRONG_TIME = 2879
"""Stands for a time that is none: a rule never ends there at its beginning, so it is told."""


def own_key() -> str:
    """A key for a field of the client's own, never given twice: what was typed under an old one stays with that."""
    return OWN + "".join(secrets.choice(ascii_lowercase) for _place in range(10))


def form_from(fields: Mapping[str, str]) -> Form:
    """The form as it was typed; row n has `key-n`, `label-n`, `hint-n`, `required-n`, `secret-n`, `choices-n`."""
    found = []
    for n in range(_count(fields, _FIELDS)):
        key = fields.get(f"key-{n}", "")
        if key not in BUILT_IN and not (key.startswith(OWN) and key.isascii() and len(key) <= 20):
            continue
        found.append(
            FormField(
                key,
                fields.get(f"label-{n}", "").strip()[:LABEL_MAX],
                fields.get(f"hint-{n}", "").strip()[:HINT_MAX],
                f"required-{n}" in fields,
                f"secret-{n}" in fields,
                _words(fields.get(f"choices-{n}", ""), CHOICES_MAX + 1, LABEL_MAX),
            )
        )
    vague = _words(fields.get("vague", ""), 100, 30)
    return Form(tuple(found), tuple(one for one in vague if len(one) > 1), "readback" in fields)


def rules_from(fields: Mapping[str, str]) -> Rules:
    """The rules as they were typed; row n has `name-n`, `topics-n`, `words-n`, `urgency-n-…`, `day-n-BIT`, `opens-n`,
    `closes-n`, `caller-n`, `staff-n`, `everyone-n`, `minutes-n`, `raise-n`."""
    found = []
    for n in range(_count(fields, MOST_RULES)):

        def text(name: str, n: int = n) -> str:
            return fields.get(f"{name}-{n}", "").strip()

        minutes = text("minutes")
        found.append(
            Rule(
                text("name")[:50],
                _words(text("topics"), MOST_WORDS, 50),
                _words(text("words"), MOST_WORDS, 50),
                cast(Any, tuple(u.value for u in RISING if f"urgency-{n}-{u}" in fields)),
                sum(bit for bit in _BITS if f"day-{n}-{bit}" in fields) or EVERY_DAY,
                *_times(text("opens"), text("closes")),
                cast(
                    CallerKind,
                    text("caller") if text("caller") in ("known", "unknown", "regular") else "any",
                ),
                text("staff")[:32],
                f"everyone-{n}" in fields,
                min(max(int(minutes), 1), 10_080)
                if minutes.isascii() and minutes.isdecimal() and len(minutes) < 6
                else None,
                cast(Any, text("raise") if text("raise") in ("soon", "emergency") else ""),
            )
        )
    chances = None
    if "usual_chances" not in fields:
        chances = _words(fields.get("chances", ""), 100, 50)
    return Rules(tuple(found), chances)


def rearranged(rows: Sequence[T], wish: str, new: T | None, most: int) -> tuple[T, ...]:
    """The rows after the button `up-N`, `down-N`, `drop-N` or `add`; anything else changes nothing."""
    verb, _dash, place = wish.partition("-")
    moved = list(rows)
    if wish == "add" and new is not None and len(moved) < most:
        return (*moved, new)
    if not (place.isascii() and place.isdecimal() and int(place) < len(moved)):
        return tuple(moved)
    n = int(place)
    if verb == "drop":
        del moved[n]
    elif verb in {"up", "down"}:
        to = n - 1 if verb == "up" else n + 1
        if 0 <= to < len(moved):
            moved[n], moved[to] = moved[to], moved[n]
    return tuple(moved)


def may_drop(field: FormField) -> bool:
    """Whether a form may do without this field."""
    return field.key not in STAYS


def _times(opens: str, closes: str) -> tuple[int, int]:
    """Minutes of the day; a time that is none makes a window that is refused in words."""
    first = minute_of(opens) if opens else 0
    last = minute_of(closes) if closes else 1440
    if first is None or first > 1439 or last is None or last > WRONG_TIME:
        return 1439, 1
    return first, max(last, 1)


def _count(fields: Mapping[str, str], most: int) -> int:
    count = fields.get("rows", "")
    return min(int(count), most) if count.isascii() and count.isdecimal() and len(count) < 4 else 0


def _words(text: str, most: int, longest: int) -> tuple[str, ...]:
    """Words on lines or between commas."""
    for mark in ("、", ",", "，", "\r"):
        text = text.replace(mark, "\n")
    found = (" ".join(word.split())[:longest] for word in text.split("\n"))
    return tuple(dict.fromkeys(word for word in found if word))[:most]
