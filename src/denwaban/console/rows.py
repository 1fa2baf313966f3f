"""Which page holds a seat, and the questions that only the seat asks of other slices' tables."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    RowMapping,
    Table,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from denwaban.calls import CallState, Direction, caller_in
from denwaban.calls.rows import call_legs, calls
from denwaban.people.rows import clients
from denwaban.reports.rows import reports
from denwaban.store import Id, Question, Tx, Utc, metadata

seat_pages = Table(
    "seat_pages",
    metadata,
    Column("operator_id", Id, ForeignKey("operators.id"), primary_key=True),
    Column("page", Id, nullable=False),  # made by the browser tab; one tab holds the seat
    Column("taken_at", Utc, nullable=False),
)


class Today(NamedTuple):
    """One operator's own day."""

    offered: int
    answered: int

    @property
    def percent(self) -> int | None:
        """Of the calls offered, how many were answered; None before the first."""
        return round(100 * self.answered / self.offered) if self.offered else None


NO_DAY = Today(0, 0)


class Unreported(NamedTuple):
    """A call without a report."""

    call_id: str
    client: str
    caller: str
    """E.164, or as it came; empty when withheld."""
    ended_at: datetime | None
    """None: it has gone on to the client's staff."""


def page_of(tx: Tx, operator_id: str) -> str | None:
    """The page that holds the seat."""
    found: str | None = tx.scalar(
        select(seat_pages.c.page).where(seat_pages.c.operator_id == operator_id)
    )
    return found


def put_page(tx: Tx, operator_id: str, page: str) -> None:
    values = {"page": page, "taken_at": tx.now}
    mine = seat_pages.c.operator_id == operator_id
    if page_of(tx, operator_id) is None:
        tx.execute(insert(seat_pages).values(operator_id=operator_id, **values))
    else:
        tx.execute(update(seat_pages).where(mine).values(**values))


# Asked at every look of every seat: made once.
_UNREPORTED = (
    select(calls.c.id)
    .outerjoin(reports, reports.c.call_id == calls.c.id)
    .where(
        calls.c.operator_id == bindparam("operator"),
        calls.c.client_id.is_not(None),
        calls.c.answered_at.is_not(None),
        or_(calls.c.ended_at >= bindparam("since"), calls.c.state == CallState.PASSED),
        reports.c.id.is_(None),
    )
)
_NEWEST = Question(
    _UNREPORTED.outerjoin(clients, clients.c.id == calls.c.client_id)
    .add_columns(
        calls.c.client_id,
        calls.c.direction,
        calls.c.caller,
        calls.c.number,
        calls.c.ended_at,
        clients.c.name.label("client"),
        func.count().over().label("in_all"),
    )
    .order_by(calls.c.ended_at.desc(), calls.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
_OVER = and_(call_legs.c.result.is_not(None), call_legs.c.result != "withdrawn")
_TODAY = Question(
    select(
        func.count(case((_OVER, 1))).label("offered"),
        func.count(case((call_legs.c.result == "answered", 1))).label("answered"),
    )
    .join(calls, calls.c.id == call_legs.c.call_id)
    .where(
        call_legs.c.operator_id == bindparam("operator"),
        call_legs.c.offered_at >= bindparam("since"),
        ~calls.c.practice,
    )
)


def unreported(
    tx: Tx, operator_id: str, since: datetime, limit: int
) -> tuple[list[Unreported], int]:
    """Calls that the operator talked on and that have ended, or gone on to the client's staff, without a report yet,
    newest first; and how many there are without the limit."""
    rows = tx.all(_NEWEST, {"operator": operator_id, "since": since, "most": limit})
    found = [
        Unreported(row["id"], row["client"] or "", _caller(tx, row), row["ended_at"])
        for row in rows
    ]
    return found, rows[0]["in_all"] if rows else 0


def _caller(tx: Tx, row: RowMapping) -> str:
    if row["direction"] == Direction.OUTBOUND.value:
        caller: str = row["caller"]
        return caller
    return caller_in(tx, row["client_id"], row["id"], row["caller"], row["number"])


def is_unreported(tx: Tx, operator_id: str, since: datetime, call_id: str) -> bool:
    """Whether this call is among them."""
    asked = _UNREPORTED.where(calls.c.id == call_id)
    return tx.first(asked, {"operator": operator_id, "since": since}) is not None


def today(tx: Tx, operator_id: str, since: datetime) -> Today:
    """What the operator was offered since then. A call that is ringing now does not count yet, and practice never does."""
    row = tx.first(_TODAY, {"operator": operator_id, "since": since})
    assert row is not None  # an aggregate always has a row
    return Today(row["offered"], row["answered"])
