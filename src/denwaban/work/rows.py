"""Leases and lateness, as queries over any table with due columns."""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Column, Executable, Integer, Table, bindparam, func, or_, select, update

from denwaban.store import Tx, Utc
from denwaban.work.model import Duty, Overdue


def due_columns() -> tuple[Column[datetime], Column[datetime]]:
    """The two columns that make a table carry work."""
    return Column("due_at", Utc, index=True), Column("leased_until", Utc)


def lease(tx: Tx, table: Table, limit: int, lasting: timedelta) -> list[str]:
    """Takes up to `limit` due rows that nobody holds, longest due first. Writers take turns, so no row is taken twice."""
    # From the transaction's own moment: a moment taken before it might be over when it is written.
    given = {"now": tx.now, "most": limit, "leased_until": tx.now + lasting}
    return [row["id"] for row in tx.all(_lease(table), given)]


@cache
def _lease(table: Table) -> Executable:
    now = bindparam("now", type_=Utc)
    free = or_(table.c.leased_until.is_(None), table.c.leased_until <= now)
    due = (
        select(table.c.id)
        .where(table.c.due_at <= now, free)
        .order_by(table.c.due_at)
        .limit(bindparam("most", type_=Integer))
        .correlate(None)
    )
    return update(table).where(table.c.id.in_(due)).returning(table.c.id)


def next_due(tx: Tx, table: Table) -> datetime | None:
    """When the next row needs somebody: its due time, or the end of its lease if that is later."""
    row = tx.first(_next_due(table))
    assert row is not None  # it has no table of its own
    return min((at for at in (row["waiting"], row["leased"]) if at is not None), default=None)


@cache
def _next_due(table: Table) -> Executable:
    # Built once: a worker asks all the time.
    waiting = select(func.min(table.c.due_at)).where(table.c.leased_until.is_(None))
    leased = select(func.min(table.c.leased_until)).where(
        table.c.due_at.is_not(None), table.c.leased_until.is_not(None)
    )
    return select(
        waiting.scalar_subquery().label("waiting"), leased.scalar_subquery().label("leased")
    )


def overdue(tx: Tx, duty: Duty) -> Overdue:
    """What of `duty` should have been done `late_after` ago."""
    table = duty.table
    edge: datetime = tx.now - duty.late_after
    row = tx.first(
        select(func.count().label("rows"), func.min(table.c.due_at).label("oldest")).where(
            table.c.due_at <= edge
        )
    )
    assert row is not None  # an aggregate always has a row
    late: timedelta = tx.now - row["oldest"] if row["oldest"] else timedelta(0)
    return Overdue(duty.name, row["rows"], late.total_seconds())
