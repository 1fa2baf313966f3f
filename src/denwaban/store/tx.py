"""What a verb is given to read and write with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, RowMapping

from denwaban.store.question import Question

T = TypeVar("T")


class Tx:
    """One transaction. Use it only inside the verb that it was given to."""

    def __init__(
        self, connection: Connection, now: datetime, lent: Mapping[type, Any] | None = None
    ) -> None:
        self.connection = connection
        self._lent = lent if lent is not None else {}
        self.now = now
        """The moment of this transaction (from the clock)."""
        self.touched: set[str] = set()
        self.memo: dict[str, Any] = {}
        """What slices remember for the rest of this transaction, each under its name."""

    @property
    def reads(self) -> bool:
        """Whether this transaction cannot write."""
        return bool(self.connection.get_execution_options().get("reading"))

    def lent(self, kind: type[T]) -> T:
        """What was lent to the store (`Store.lend`). Raises `LookupError`."""
        found: T = self._lent[kind]
        return found

    def at(self, moment: datetime) -> "Tx":
        """The same transaction, at another moment: for those who write down what was."""
        other = Tx(self.connection, moment, self._lent)
        other.touched, other.memo = self.touched, self.memo
        return other

    def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        return self.connection.execute(statement, values)

    def all(self, statement: Executable | Question, values: Any = None) -> list[RowMapping]:
        if isinstance(statement, Question):
            return statement.rows(self.connection, values)
        # All at once: taken one by one, a row costs several times as much.
        return list(self.execute(statement, values).mappings().all())

    def first(self, statement: Executable | Question, values: Any = None) -> RowMapping | None:
        """The first row, or None."""
        if isinstance(statement, Question):
            return next(iter(statement.rows(self.connection, values)), None)
        return self.execute(statement, values).mappings().first()

    def scalar(self, statement: Executable | Question, values: Any = None) -> Any:
        """What stands first in the first row, or None."""
        if isinstance(statement, Question):
            row = self.first(statement, values)
            return next(iter(row.values())) if row is not None else None
        return self.execute(statement, values).scalar()

    def touch(self, topic: str) -> None:
        """After the commit, wakes whoever waits for `topic` (see `Store.signal`)."""
        self.touched.add(topic)
