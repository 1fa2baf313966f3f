"""The operator's seat: what to say now, before anything else.

It stands on top of the slices and holds the one verb that joins them: a report is accepted, sent and its promise noted
in one transaction.
"""

from denwaban.console.acts import NotReady, NotYours, StillTalking, send_report, take_seat
from denwaban.console.model import (
    NOT_ASKED,
    Lack,
    draft_of,
    greeting_of,
    problems,
    words_of,
)
from denwaban.console.phone import addresses
from denwaban.console.words import sentence

__all__ = [
    "NOT_ASKED",
    "Lack",
    "NotReady",
    "NotYours",
    "StillTalking",
    "addresses",
    "draft_of",
    "greeting_of",
    "problems",
    "send_report",
    "sentence",
    "take_seat",
    "words_of",
]
