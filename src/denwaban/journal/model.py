"""What a fact is."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. `kind` is `noun.past_tense`; `data` holds ids and states, never personal data
    (names, numbers, answers stay in their own rows, where they can be erased)."""

    kind: str
    subject: str
    """The id of what it happened to: a call, a report, an operator …"""
    client_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact with its place in the journal."""

    seq: int
    at: datetime
    fact: Fact
