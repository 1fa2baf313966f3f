"""A client's conditions for putting callers through: the first that fits decides. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from denwaban.lines.model import holds_at
from denwaban.oncall import DAY_MINUTES, EVERY_DAY
from denwaban.store.words import fold
from denwaban.texts import N_

MOST_CONDITIONS = 30
MOST_WORDS = 20

Urgent = Literal["", "soon", "emergency"]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]


class Say(StrEnum):
    """What a condition says."""

    ALLOW = "allow"
    ASK = "ask"
    """The operator talks with them first, and puts the caller through if they want."""
    NEVER = "never"


URGENCIES = ("normal", "soon", "emergency")
"""From the least urgent on."""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is done when all that it asks for is true. What it leaves open fits everything."""

    then: Say
    staff_id: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """Who would be put through; empty: whoever it is."""
    words: Annotated[tuple[Word, ...], msgspec.Meta(max_length=MOST_WORDS)] = ()
    """One of these stands in what the caller wants."""
    urgency: Urgent = ""
    """At least so urgent."""
    days: Annotated[int, msgspec.Meta(ge=1, le=255)] = EVERY_DAY
    """Bits Mon 1 … Sun 64, public holiday 128."""
    opens: Annotated[int, msgspec.Meta(ge=0, le=1439)] = 0
    closes: Annotated[int, msgspec.Meta(ge=1, le=2879)] = DAY_MINUTES
    """Minutes of the day in Japan; beyond 1440 it reaches into the next day."""
    note: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """Told to the operator."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is asked about."""

    texts: tuple[str, ...]
    """What the caller wants, as far as it is known."""
    urgency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds for one of the staff."""

    say: Say
    condition: Condition | None = None
    """The one that decided; None: none fitted, and nothing is in the way."""
    word: str = ""
    """The one of its words that was said."""


ALLOWED = Verdict(Say.ALLOW)


def decide(conditions: Sequence[Condition], staff_id: str, matter: Matter) -> Verdict:
    """Asks the conditions in their order. The same matter at the same moment always gets the same answer."""
    for one in conditions:
        if one.staff_id not in ("", staff_id) or not holds_at(
            one.days, one.opens, one.closes, matter.at
        ):
            continue
        if one.urgency and _rank(matter.urgency) < _rank(one.urgency):
            continue
        word = _said(one.words, matter.texts)
        if one.words and not word:
            continue
        return Verdict(one.then, one, word)
    return ALLOWED


def _rank(urgency: str) -> int:
    return URGENCIES.index(urgency) if urgency in URGENCIES else 0


def _said(words: Sequence[str], texts: Sequence[str]) -> str:
    """The first of the words that is part of one of the texts, however either is written."""
    letters = [fold(text) for text in texts]
    for word in words:
        bare = fold(word)
        if any(bare in text for text in letters):
            return word
    return ""


def tidy(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Blanks around texts gone, doubles among words once."""
    return tuple(
        msgspec.structs.replace(
            one,
            words=tuple(dict.fromkeys(filter(None, (" ".join(w.split()) for w in one.words)))),
            note=" ".join(one.note.split()),
        )
        for one in conditions
    )


def faults(conditions: Sequence[Condition], roster: Sequence[str]) -> dict[int, str]:
    """What is wrong with tidy conditions, by place. `roster`: ids of the client's staff."""
    found: dict[int, str] = {}
    for place, one in enumerate(conditions):
        if one.staff_id and one.staff_id not in roster:
            found[place] = N_("担当の方が名簿にいません。選び直してください。")
        elif not one.opens < one.closes <= one.opens + DAY_MINUTES:
            found[place] = N_("終了は開始より後で、24時間以内にしてください。")
        elif any(not fold(word) for word in one.words):
            found[place] = N_("言葉は、文字か数字で入れてください。")
    return found
