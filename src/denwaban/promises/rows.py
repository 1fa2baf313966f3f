"""What was promised to whom by when."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from denwaban.promises.model import Promise
from denwaban.store import Id, Tx, Utc, metadata

promises = Table(
    "promises",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, unique=True),
    Column("caller_number", String(100), nullable=False),
    Column("caller_name", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Utc),
    Column("made_at", Utc, nullable=False),
    Column("kept_at", Utc),
    Column("kept_by_user_id", Id),
    Column("evidence", Text, nullable=False),
)
Index("ix_promises_caller", promises.c.client_id, promises.c.caller_number)


def add(tx: Tx, promise: Promise) -> None:
    """Writes a new promise."""
    tx.execute(insert(promises).values(**asdict(promise)))


def close(tx: Tx, promise_id: str, user_id: str, evidence: str) -> None:
    """Writes how it was kept."""
    tx.execute(
        update(promises)
        .where(promises.c.id == promise_id)
        .values(kept_at=tx.now, kept_by_user_id=user_id, evidence=evidence)
    )


def one(tx: Tx, promise_id: str) -> Promise | None:
    """The promise of this id."""
    row = tx.first(select(promises).where(promises.c.id == promise_id))
    return Promise(**row) if row is not None else None


def of_report(tx: Tx, report_id: str) -> Promise | None:
    """The promise of this report."""
    row = tx.first(select(promises).where(promises.c.report_id == report_id))
    return Promise(**row) if row is not None else None


def open_ones(
    tx: Tx, client_id: str | None, *, numbers: Sequence[str] = (), before: datetime | None = None
) -> list[Promise]:
    """Promises not yet kept, nearest time first, those without a time last; to any of `numbers` when there are some."""
    query = (
        select(promises)
        .where(promises.c.kept_at.is_(None))
        .order_by(promises.c.by.is_(None), promises.c.by, promises.c.id)
    )
    if client_id is not None:
        query = query.where(promises.c.client_id == client_id)
    if numbers:
        query = query.where(promises.c.caller_number.in_(numbers))
    if before is not None:
        query = query.where(promises.c.by < before)
    return [Promise(**row) for row in tx.all(query)]
