"""What a verb is given to read and write with."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, RowMapping


class Tx:
    """One transaction. Use it only inside the verb that it was given to."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        """The moment of this transaction (from the clock)."""
        self.touched: set[str] = set()

    def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        return self.connection.execute(statement, values)

    def all(self, statement: Executable, values: Any = None) -> list[RowMapping]:
        # All at once: taken one by one, a row costs several times as much.
        return list(self.execute(statement, values).mappings().all())

    def first(self, statement: Executable, values: Any = None) -> RowMapping | None:
        """The first row, or None."""
        return self.execute(statement, values).mappings().first()

    def scalar(self, statement: Executable, values: Any = None) -> Any:
        return self.execute(statement, values).scalar()

    def touch(self, topic: str) -> None:
        """After the commit, wakes whoever waits for `topic` (see `Store.signal`)."""
        self.touched.add(topic)
