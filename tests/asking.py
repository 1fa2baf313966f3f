"""What a verb asks of the database, counted at the driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from denwaban.store import Tx
from denwaban.store.question import Question


@contextmanager
def counted(tx: Tx) -> Iterator[list[object]]:
    """Every statement of this transaction meanwhile."""
    asked: list[object] = []
    rows = Question.rows

    def told(*given: Any) -> None:
        asked.append(given[2])

    def one(question: Question, connection: Connection, values: Any = None) -> Any:
        # Other tasks ask questions at the same time.
        if connection is tx.connection:
            asked.append(question)
        return rows(question, connection, values)

    event.listen(tx.connection, "before_cursor_execute", told)
    Question.rows = one  # type: ignore[method-assign, assignment]
    try:
        yield asked
    finally:
        Question.rows = rows  # type: ignore[method-assign]
        event.remove(tx.connection, "before_cursor_execute", told)
