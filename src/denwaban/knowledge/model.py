"""An entry of the FAQ: what it is, and what makes one acceptable. Pure."""

import re
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from denwaban.people import PeopleError
from denwaban.texts import N_

LONGEST = {"question": 100, "answer": 400, "wordings": 200}
"""Characters. An answer longer than that does not fit one screen without a scroll."""


LINES = 8
"""Of an answer, for the same reason."""


LABELS = {
    "question": N_("質問"),
    "answer": N_("答え"),
    "wordings": N_("ほかの言い方"),
    "bound": N_("どこまで"),
    "restricted": N_("本人確認のあと"),
    "valid_from": N_("いつから"),
    "valid_until": N_("いつまで"),
}
"""What the reader calls each part; also the headings of the file that is taken over and given out."""


class Bound(StrEnum):
    """How far an operator goes with the topic."""

    EXPLAIN = "explain"
    """説明: explains it, with this answer."""
    TAKE = "take"
    """受止: listens, takes it down and hands it on; explains nothing."""
    DECIDE = "decide"
    """判断: may also decide, within this answer."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something: an account or an API key, and its name at that time."""

    user_id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """What people write in an entry."""

    question: str
    answer: str
    wordings: str = ""
    """Other words by which callers ask for it, with blanks or 「、」 between."""
    bound: Bound = Bound.EXPLAIN
    restricted: bool = False
    """The answer is shown to nobody who talks with a caller before the identity check has passed."""
    valid_from: date | None = None
    """The first day (JST) on which it holds; None: since ever."""
    valid_until: date | None = None
    """The last day (JST)."""

    def wording_list(self) -> list[str]:
        return [word for word in re.split(r"[\s、,,・/]+", self.wordings) if word]


@dataclass(frozen=True, slots=True)
class Faq(Content):
    """An entry as it is kept."""

    id: str = ""
    client_id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    removed_at: datetime | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it may be said on that day (JST)."""
        return (
            self.removed_at is None
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


def veiled(entry: Faq) -> Faq:
    """The entry as it may be shown before the identity check."""
    return replace(entry, answer="") if entry.restricted else entry


@dataclass(frozen=True, slots=True)
class Change:
    """One step in the history of an entry, with what it said from then on."""

    at: datetime
    by: str
    """The name of who did it."""
    what: str
    """added | changed | removed | restored"""
    content: Content
    fields: tuple[str, ...]
    """Which parts differ from the step before."""


def content_of(entry: Content) -> Content:
    """Only what people write."""
    return Content(**{name: getattr(entry, name) for name in PARTS})


PARTS = tuple(each.name for each in fields(Content))


def checked(content: Content) -> Content:
    """The content without blanks around its texts. Raises `PeopleError` with the field that is wrong."""
    texts: dict[str, Any] = {name: _text(name, getattr(content, name)) for name in LONGEST}
    for name in ("question", "answer"):
        if not texts[name]:
            raise PeopleError("%(label)sを入力してください", name, label=LABELS[name])
    if texts["answer"].count("\n") >= LINES:
        raise PeopleError("答えは%(most)s行以内にしてください", "answer", most=str(LINES))
    begins, ends = content.valid_from, content.valid_until
    if begins is not None and ends is not None and ends < begins:
        raise PeopleError("「いつまで」が「いつから」より前になっています", "valid_until")
    return replace(content, **texts)


def _text(name: str, text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    label = LABELS[name]
    if len(text) > LONGEST[name]:
        raise PeopleError(
            "%(label)sは%(most)s文字以内にしてください", name, label=label, most=str(LONGEST[name])
        )
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in text):
        raise PeopleError("%(label)sに使えない文字が含まれています", name, label=label)
    return text


def differing(old: Content, new: Content) -> tuple[str, ...]:
    """The parts that are not the same."""
    return tuple(name for name in PARTS if getattr(old, name) != getattr(new, name))


def as_data(content: Content) -> dict[str, Any]:
    """For the history: what a JSON column takes."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name in PARTS
        if (value := getattr(content, name)) is not None
    }


def from_data(data: dict[str, Any]) -> Content:
    """The other way round."""
    days: dict[str, Any] = {
        name: date.fromisoformat(data[name])
        for name in ("valid_from", "valid_until")
        if name in data
    }
    return Content(**{**data, **days, "bound": Bound(data["bound"])})
