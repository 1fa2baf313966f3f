"""What is written about suspected leaks is sealed: it names whose data it was and who was told."""

from sqlalchemy import RowMapping

from denwaban.disclosure.rows import leak_cases, leak_steps, unlocks
from denwaban.store import Tx
from denwaban.vault import Texts

of_case = Texts(leak_cases, "what", "closing")
of_step = Texts(leak_steps, "note", through=leak_steps.c.case_id)

why_unlocked = Texts(unlocks, "reason")
"""Why a supervisor took a lock off, or let a field be told."""

turnings = (of_case.turning, of_step.turning, why_unlocked.turning)


def case_words(tx: Tx, row: RowMapping, column: str) -> str:
    """The text of a case. What cannot be opened says so: the dates count all the same."""
    return of_case.shown(tx, row["client_id"], row["id"], column, row[column])


def step_note(tx: Tx, client_id: str, row: RowMapping) -> str:
    """The note of a step, in the same way."""
    return of_step.shown(tx, client_id, row["id"], "note", row["note"])
