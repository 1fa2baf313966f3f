"""The caller's words of unexpected questions are sealed."""

from sqlalchemy import RowMapping

from denwaban.improvement.rows import unexpected_questions
from denwaban.store import Tx
from denwaban.vault import UNOPENED, Texts

kept_words = Texts(unexpected_questions, "words")


def question_words(tx: Tx, row: RowMapping, instead: str = UNOPENED) -> str:
    """What was asked, or `instead` when it cannot be opened; `row` is of `unexpected_questions`."""
    return kept_words.shown(tx, row["client_id"], row["id"], "words", row["words"], instead)


turnings = (kept_words.turning,)
