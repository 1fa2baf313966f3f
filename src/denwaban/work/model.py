"""What is to be done with a row that is due."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class Duty:
    """Work on the rows of one table.

    `do(id)` must record its outcome itself, in a transaction of its own that sets `due_at` (null when finished) and
    clears `leased_until`. It is called at least once; a row whose doer died is done again when the lease has run out.
    `do` must be idempotent. An exception leaves the row leased, so that it is tried again after `lease`.
    """

    name: str
    table: Table
    do: Callable[[str], Awaitable[None]]
    lease: timedelta = timedelta(seconds=60)
    at_once: int = 8
    """How many rows are done at the same time."""
    late_after: timedelta = timedelta(minutes=2)
    """A row this long past its `due_at` makes health red."""

    @property
    def topic(self) -> str:
        """Touch it in a transaction that made a row due, and the worker looks at once."""
        return f"work:{self.table.name}"


@dataclass(frozen=True, slots=True)
class Overdue:
    """How much of a duty is late, and by how many seconds the oldest."""

    duty: str
    rows: int
    seconds: float
