"""Thanks, wishes and the answers to them are sealed."""

from denwaban.feedback.rows import feedback
from denwaban.vault import Texts

words = Texts(feedback, "text", "answer")

turnings = (words.turning,)
