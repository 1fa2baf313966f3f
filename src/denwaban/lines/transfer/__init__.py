"""Which of a client's staff may be put through to callers, when, and for what [A12]."""

from denwaban.lines.transfer.acts import (
    WrongTransfers,
    decided,
    set_transfers,
    transfers_changed_at,
    transfers_of,
)
from denwaban.lines.transfer.model import (
    ALLOWED,
    Condition,
    Matter,
    Say,
    Verdict,
    decide,
)
from denwaban.lines.transfer.words import say_words, why

__all__ = [
    "ALLOWED",
    "Condition",
    "Matter",
    "Say",
    "Verdict",
    "WrongTransfers",
    "decide",
    "decided",
    "say_words",
    "set_transfers",
    "transfers_changed_at",
    "transfers_of",
    "why",
]
