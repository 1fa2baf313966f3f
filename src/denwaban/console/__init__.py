"""The operator's seat: what to say now, before anything else.

It stands on top of the slices and holds the one verb that joins them: a report is accepted, sent and its promise noted
in one transaction.
"""

from denwaban.console.acts import NotReady, NotYours, StillTalking, send_report, take_seat
from denwaban.console.model import draft_of
from denwaban.console.phone import addresses

__all__ = [
    "NotReady",
    "NotYours",
    "StillTalking",
    "addresses",
    "draft_of",
    "send_report",
    "take_seat",
]
