"""The memory of callers: one person over all their numbers, what they wanted, were promised and have answered.

Who somebody is lies in `people.persons`, because scripts and reports ask for it; here is what reads calls, reports and promises
besides.
"""

from denwaban.memory.acts import count_askings, keep, learn
from denwaban.memory.erasing import forget_calls
from denwaban.memory.finding import find_calls
from denwaban.memory.indexing import Indexing, turnings
from denwaban.memory.model import (
    NOTHING,
    SOON,
    Askings,
    Before,
    Memory,
    Past,
    Told,
    greeting_for,
    known_before,
    may_be_known,
)
from denwaban.memory.queries import (
    askings_between,
    memory_of_call,
    past_of,
    promises_to,
    said_by_caller,
    who_calls,
)

__all__ = [
    "NOTHING",
    "SOON",
    "Askings",
    "Before",
    "Indexing",
    "Memory",
    "Past",
    "Told",
    "askings_between",
    "count_askings",
    "find_calls",
    "forget_calls",
    "greeting_for",
    "keep",
    "known_before",
    "learn",
    "may_be_known",
    "memory_of_call",
    "past_of",
    "promises_to",
    "said_by_caller",
    "turnings",
    "who_calls",
]
