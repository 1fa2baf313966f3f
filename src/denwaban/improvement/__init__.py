"""Scripts get better by what calls tell: weekly proposals with their evidence, figures per node, and marks on what is stale."""

from denwaban.improvement.erasing import erase_questions
from denwaban.improvement.gathering import Gatherer
from denwaban.improvement.letters import duty as letter_duty
from denwaban.improvement.model import LONGEST_WORDS
from denwaban.improvement.questions import NotThisCall, note_question
from denwaban.improvement.reviews import duty as review_duty
from denwaban.improvement.sealing import turnings
from denwaban.improvement.similar import groups
from denwaban.improvement.weekly import duty as weekly_duty

__all__ = [
    "LONGEST_WORDS",
    "Gatherer",
    "NotThisCall",
    "erase_questions",
    "groups",
    "letter_duty",
    "note_question",
    "review_duty",
    "turnings",
    "weekly_duty",
]
