"""What is written about suspected leaks is sealed: it names whose data it was and who was told."""

import structlog
from sqlalchemy import RowMapping

from denwaban.disclosure.rows import leak_cases, leak_steps
from denwaban.store import Tx
from denwaban.vault import Texts, VaultError

log = structlog.get_logger(__name__)

UNOPENED = "【開けない記録】"
"""Stands for what cannot be opened: the other cases, and the dates of this one, are shown all the same."""

of_case = Texts(leak_cases, "what", "closing")
of_step = Texts(leak_steps, "note", through=leak_steps.c.case_id)

turnings = (of_case.turning, of_step.turning)


def case_words(tx: Tx, row: RowMapping, column: str) -> str:
    """The text of a case."""
    return _shown(tx, of_case, row["client_id"], row["id"], column, row[column])


def step_note(tx: Tx, client_id: str, row: RowMapping) -> str:
    """The note of a step."""
    return _shown(tx, of_step, client_id, row["id"], "note", row["note"])


def _shown(tx: Tx, texts: Texts, client_id: str, row_id: str, column: str, kept: str) -> str:
    try:
        return texts.open(tx, client_id, row_id, column, kept)
    except VaultError as error:
        log.error("leak.not_opened", row=row_id, error=type(error).__name__)
        return UNOPENED
