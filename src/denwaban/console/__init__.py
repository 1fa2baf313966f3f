"""The operator's seat: what to say now, before anything else.

It stands on top of the slices and holds the one verb that joins them: a report is accepted, sent and its promise noted
in one transaction.
"""

from denwaban.console.acts import NotYours, take_seat
from denwaban.console.card import Person, people_of
from denwaban.console.guide import SAID, Guide, guide_of
from denwaban.console.model import Lack, draft_of, greeting_of, problems, span, words_of
from denwaban.console.phone import account, addresses
from denwaban.console.sending import NotReady, StillTalking, send_report
from denwaban.console.transfers import conditions
from denwaban.console.waiting import WaitingRoom
from denwaban.console.words import mood_words, sentence

__all__ = [
    "SAID",
    "Guide",
    "Lack",
    "NotReady",
    "NotYours",
    "Person",
    "StillTalking",
    "WaitingRoom",
    "account",
    "addresses",
    "conditions",
    "draft_of",
    "greeting_of",
    "guide_of",
    "mood_words",
    "people_of",
    "problems",
    "send_report",
    "sentence",
    "span",
    "take_seat",
    "words_of",
]
