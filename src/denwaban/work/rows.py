"""Leases and lateness, as queries over any table with due columns."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Table, func, or_, select, update

from denwaban.store import Tx, Utc
from denwaban.work.model import Duty, Overdue


def due_columns() -> tuple[Column[datetime], Column[datetime]]:
    """The two columns that make a table carry work."""
    return Column("due_at", Utc, index=True), Column("leased_until", Utc)


def lease(tx: Tx, table: Table, limit: int, lasting: timedelta) -> list[str]:
    """Takes up to `limit` due rows that nobody holds, longest due first. Writers take turns, so no row is taken twice."""
    # From the transaction's own moment: a moment taken before it might be over when it is written.
    until = tx.now + lasting
    free = or_(table.c.leased_until.is_(None), table.c.leased_until <= tx.now)
    ids = [
        row["id"]
        for row in tx.all(
            select(table.c.id)
            .where(table.c.due_at <= tx.now, free)
            .order_by(table.c.due_at)
            .limit(limit)
        )
    ]
    if ids:
        tx.execute(update(table).where(table.c.id.in_(ids)).values(leased_until=until))
    return ids


def next_due(tx: Tx, table: Table) -> datetime | None:
    """When the next row needs somebody: its due time, or the end of its lease if that is later."""
    moment = func.min(table.c.due_at)
    waiting = tx.scalar(select(moment).where(table.c.leased_until.is_(None)))
    leased = tx.scalar(
        select(func.min(table.c.leased_until)).where(
            table.c.due_at.is_not(None), table.c.leased_until.is_not(None)
        )
    )
    times = [at for at in (waiting, leased) if at is not None]
    return min(times) if times else None


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
