"""The caller's words of unexpected questions are sealed."""

from sqlalchemy import RowMapping

from denwaban.improvement.rows import unexpected_questions
from denwaban.store import Tx
from denwaban.vault import Texts

kept_words = Texts(unexpected_questions, "words")


def question_words(tx: Tx, row: RowMapping) -> str:
    """What was asked; `row` is of `unexpected_questions`. Raises `VaultError`."""
    return kept_words.open(tx, row["client_id"], row["id"], "words", row["words"])


turnings = (kept_words.turning,)
