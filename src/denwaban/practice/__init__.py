"""練習コール: a caller who speaks Japanese rings at the door that the phone network uses, and follows a small story."""

from denwaban.practice.acts import Practice
from denwaban.practice.model import (
    Ending,
    FreeSeat,
    Mood,
    Offer,
    PracticeCall,
    PracticeError,
    Story,
    TooManyPractices,
)
from denwaban.practice.stories import STORIES, story

__all__ = [
    "STORIES",
    "Ending",
    "FreeSeat",
    "Mood",
    "Offer",
    "Practice",
    "PracticeCall",
    "PracticeError",
    "Story",
    "TooManyPractices",
    "story",
]
