"""A person who calls a client, whatever they call from. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from denwaban.people.model import PeopleError
from denwaban.store.sounds import sound
from denwaban.store.words import fold
from denwaban.texts import N_
from denwaban.vault import UNOPENED

TAIL = 4
"""So many last digits of a number people remember (下4桁)."""


TEXTS = ("name", "kana", "company")
"""What a person is called, by the names of `Person`."""


class WayKind(StrEnum):
    """By what a person reaches us."""

    PHONE = "phone"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of one client: one, however many numbers they call from."""

    id: str
    client_id: str
    name: str
    kana: str
    company: str
    regular: bool
    """One whom the client greets in a way of their own (常連)."""
    put_first: bool
    """Put through before the client's other callers, where the client's level allows it."""
    version: int
    """Grows with every change."""
    into_id: str | None
    """Was joined into that person; None: stands for themselves."""
    created_at: datetime
    updated_at: datetime
    opened: bool = True
    """False: what they are called is there and cannot be opened; the texts are empty."""

    @property
    def shown(self) -> str:
        """The name as lists show it: `UNOPENED` for what cannot be opened."""
        return self.name if self.opened else UNOPENED


@dataclass(frozen=True, slots=True)
class Way:
    """A number or an address that belongs to exactly one person of its client."""

    id: str
    person_id: str
    kind: WayKind
    value: str
    """E.164, or a mail address in lower case; `UNOPENED` for what cannot be opened."""
    added_at: datetime
    opened: bool = True


@dataclass(frozen=True, slots=True)
class OldName:
    """What a person was called before, or by somebody else."""

    name: str
    kana: str
    at: datetime
    """Until when."""
    opened: bool = True
    """False: it cannot be opened; the name is `UNOPENED`."""


@dataclass(frozen=True, slots=True)
class Act:
    """Two persons joined, or one parted in two."""

    id: str
    kind: str
    """merge | split"""
    person_id: str
    """Who stays."""
    other_id: str
    """Who went into them, or came out of them."""
    other: str
    """What that person is called; empty without a name, `UNOPENED` when it cannot be opened."""
    at: datetime
    by: str
    undone_at: datetime | None
    undone_by: str
    undoable: bool
    """Nothing was joined or parted since that builds on it."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does something: an account or an API key, and its name at that time."""

    id: str | None
    name: str


class Joined(PeopleError):
    """Somebody else has joined this person into another meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            N_("ほかの方が先に、このお客様を統合しました。開き直して、いまの様子をご確認ください")
        )


class BuiltOn(PeopleError):
    """What was done afterwards has to be undone first."""

    def __init__(self) -> None:
        super().__init__(
            N_("このあとに行った統合・分割があります。新しいものから順に元へ戻してください")
        )


_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,120}\.[^@\s.]{2,}")


def mail_address(text: str) -> str:
    """A mail address as it is compared. Raises `PeopleError`."""
    found = text.strip().casefold()
    if not _MAIL.fullmatch(found) or not found.isprintable():
        raise PeopleError("メールアドレスの形が違うようです。例: hanako@example.jp", "mail")
    return found


def tail_of(value: str) -> str:
    """The last four digits of a number."""
    return "".join(filter(str.isdecimal, value))[-TAIL:]


def words_for(name: str, kana: str) -> list[str]:
    """What a name is found by besides itself: the reading, whole and in parts, as written and as heard."""
    parts = re.split(r"[\s ・]+", kana)
    texts = ["".join(parts), *parts, *re.split(r"[\s ・]+", name)]
    found = [fold(text) for text in texts] + [sound(text) for text in texts]
    return [word for word in dict.fromkeys(found) if word]


def heard_as(kana: str, name: str) -> str:
    """How a person's reading sounds; of the name when it is written in kana; empty when nobody knows it."""
    return (sound(kana) or sound(name))[:100]
