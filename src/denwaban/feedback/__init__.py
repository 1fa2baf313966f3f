"""Thanks and wishes of a client's staff about how a call was taken [F1, F2]."""

from denwaban.feedback.acts import (
    BadFeedback,
    deal_with,
    give,
    mark_seen,
)
from denwaban.feedback.erasing import erase_feedback
from denwaban.feedback.model import LONGEST, Feedback, Kind
from denwaban.feedback.queries import (
    answers_for,
    count_unseen,
    feedback_of,
    of_report,
    page_of,
)
from denwaban.feedback.sealing import turnings

__all__ = [
    "LONGEST",
    "BadFeedback",
    "Feedback",
    "Kind",
    "answers_for",
    "count_unseen",
    "deal_with",
    "erase_feedback",
    "feedback_of",
    "give",
    "mark_seen",
    "of_report",
    "page_of",
    "turnings",
]
