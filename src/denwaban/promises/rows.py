"""What was promised to whom by when."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from denwaban.calls import beside, mark, marks_of, open_number, seal_number
from denwaban.lines import parse_number, show_number
from denwaban.promises.model import Promise
from denwaban.store import Id, Question, Tx, Utc, among, metadata
from denwaban.vault import Texts, learn_keys, turned
from denwaban.work import due_columns

promises = Table(
    "promises",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, unique=True),
    Column("caller_number", String(100), nullable=False),  # its mark (see `numbers` of calls)
    Column("number", Text),  # sealed; null: none, erased, or from before it was
    Column("caller_name", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Utc),
    Column("made_at", Utc, nullable=False),
    Column("kept_at", Utc),
    Column("kept_by_user_id", Id),
    Column("evidence", Text, nullable=False),
    *due_columns(),  # when somebody is told next: before its time, and at it
    Column("warned_at", Utc),
    Column("broken_at", Utc),
)
# What was due in a month.
Index("ix_promises_by", promises.c.client_id, promises.c.by)
Index("ix_promises_caller", promises.c.client_id, promises.c.caller_number)


KEPT = [*(promises.c[field.name] for field in fields(Promise)), promises.c.number]

words = Texts(promises, "caller_name", "what", "evidence")
"""To whom what was promised, and how it was kept."""


_TURNING = "promises.number"


def _numbered(tx: Tx, client_id: str, promise_id: str, number: str) -> dict[str, str | None]:
    if not number:
        return {"caller_number": "", "number": None}
    return {
        "caller_number": mark(tx, client_id, parse_number(number).e164 or number),
        "number": seal_number(tx, client_id, _where(promise_id), number),
    }


def _where(promise_id: str) -> str:
    return f"{_TURNING}/{promise_id}"


def forms(tx: Tx, client_id: str, numbers: Iterable[str]) -> set[str]:
    """What stands in the rows of promises to any of these numbers, however they were typed."""
    keys = {parse_number(one).e164 or one for one in numbers if one}
    marks = {found for one in keys for found in marks_of(tx, client_id, one)}
    if turned(tx, _TURNING):
        return marks
    return marks.union(keys, map(show_number, keys), filter(None, numbers))


turnings = (
    words.turning,
    beside(
        _TURNING,
        promises.c.caller_number,
        promises.c.number,
        lambda tx, row: _numbered(tx, row["client_id"], row["id"], row["caller_number"]),
    ),
)


def read(tx: Tx, row: RowMapping) -> Promise:
    """The promise of a row with the columns `KEPT`; words that cannot be opened say so (`vault.UNOPENED`)."""
    opened = {
        name: words.shown(tx, row["client_id"], row["id"], name, row[name])
        for name in words.columns
    }
    if row["number"] is not None:
        where = _where(row["id"])
        opened["caller_number"] = open_number(tx, row["client_id"], where, row["number"])
    return Promise(**{field.name: row[field.name] for field in fields(Promise)} | opened)


def add(tx: Tx, promise: Promise, due_at: datetime | None) -> None:
    """Writes a new promise, looked at again at `due_at`."""
    values = asdict(promise)
    for name in words.columns:
        values[name] = words.seal(tx, promise.client_id, promise.id, name, values[name])
    values |= _numbered(tx, promise.client_id, promise.id, promise.caller_number)
    tx.execute(insert(promises).values(**values, due_at=due_at))
    tx.touch(f"work:{promises.name}")


def close(tx: Tx, promise: Promise, user_id: str | None, evidence: str) -> None:
    """Writes how it was kept."""
    tx.execute(
        update(promises)
        .where(promises.c.id == promise.id)
        .values(
            kept_at=tx.now,
            kept_by_user_id=user_id,
            evidence=words.seal(tx, promise.client_id, promise.id, "evidence", evidence),
            due_at=None,
            leased_until=None,
        )
    )


def look_again(tx: Tx, promise_id: str, due_at: datetime | None, **told: datetime) -> None:
    """Writes when it was told of (`warned_at`, `broken_at`), and when it is looked at next."""
    tx.execute(
        update(promises)
        .where(promises.c.id == promise_id)
        .values(due_at=due_at, leased_until=None, **told)
    )


def one(tx: Tx, promise_id: str) -> Promise | None:
    """The promise of this id."""
    row = tx.first(select(*KEPT).where(promises.c.id == promise_id))
    return read(tx, row) if row is not None else None


def due(tx: Tx, promise_id: str) -> Promise | None:
    """The promise, if somebody is to be told of it now."""
    row = tx.first(
        select(*KEPT).where(
            promises.c.id == promise_id, promises.c.due_at <= tx.now, promises.c.kept_at.is_(None)
        )
    )
    return read(tx, row) if row is not None else None


def of_report(tx: Tx, report_id: str) -> Promise | None:
    """The promise of this report."""
    row = tx.first(select(*KEPT).where(promises.c.report_id == report_id))
    return read(tx, row) if row is not None else None


_OPEN = (
    select(*KEPT)
    .where(promises.c.kept_at.is_(None))
    .order_by(promises.c.by.is_(None), promises.c.by, promises.c.id)
)
# Built once: asked at every look at a report.
_OPEN_TO = Question(
    _OPEN.where(
        promises.c.client_id == bindparam("client"), among(promises.c.caller_number, "numbers")
    )
)


def open_to(tx: Tx, client_id: str, numbers: Sequence[str]) -> list[Promise]:
    """Promises of a client to any of these numbers not yet kept, nearest time first, those without a time last."""
    rows = tx.all(_OPEN_TO, {"client": client_id, "numbers": forms(tx, client_id, numbers)})
    return [read(tx, row) for row in rows]


def open_ones(tx: Tx, client_id: str | None, *, before: datetime | None = None) -> list[Promise]:
    """Promises not yet kept, nearest time first, those without a time last."""
    query = _OPEN
    if client_id is not None:
        query = query.where(promises.c.client_id == client_id)
    if before is not None:
        query = query.where(promises.c.by < before)
    rows = tx.all(query)
    learn_keys(tx, ((row["client_id"], row["what"]) for row in rows))
    return [read(tx, row) for row in rows]
