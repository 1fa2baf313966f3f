"""How an operator's months went, from what calls and reports have written anyway."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    select,
)

from denwaban.calls import Direction
from denwaban.calls.rows import call_legs, calls
from denwaban.care import RELAYED
from denwaban.clock import day_begins, month_after
from denwaban.reports.rows import reports
from denwaban.store import Question, Tx
from denwaban.targets.model import Month, Result, months_to


def months(tx: Tx, operator_id: str, first: date, number: int) -> Sequence[Month]:
    """So many months of one operator, of which the one that begins with `first` is the newest; newest first. A call is of the
    month in which it rang at their seat. Practice calls and calls that we made are in none."""
    return [_month(tx, operator_id, one) for one in months_to(first, number)]


def _month(tx: Tx, operator_id: str, first: date) -> Month:
    span = {"since": day_begins(first), "until": day_begins(month_after(first))}
    found = {
        bool(row["relay"]): Result(
            row["contacts"], row["alone"], row["holds"], row["reported"], row["completed"]
        )
        for row in tx.all(_ASKED, {"operator": operator_id, **span})
    }
    return Month(first, found.get(False, Result()), found.get(True, Result()))


def _asked() -> Select[Any]:
    # By the index of legs: what is read is one operator's month, however many calls there are.
    mine = (
        select(call_legs.c.call_id)
        .where(
            call_legs.c.operator_id == bindparam("operator"),
            call_legs.c.offered_at >= bindparam("since"),
            call_legs.c.offered_at < bindparam("until"),
            call_legs.c.answered_at.is_not(None),
            call_legs.c.ended_at.is_not(None),
        )
        .distinct()
        .subquery()
    )
    other = call_legs.alias("other")
    together = exists(
        select(other.c.id).where(
            other.c.call_id == calls.c.id,
            other.c.operator_id != bindparam("operator"),
            other.c.answered_at.is_not(None),
        )
    )
    each = (
        select(
            cast(RELAYED, Integer).label("relay"),
            cast(together, Integer).label("together"),
            calls.c.holds,
            calls.c.staff_id,
            reports.c.id.label("report_id"),
            reports.c.callback_needed,
        )
        .join(mine, mine.c.call_id == calls.c.id)
        .outerjoin(reports, reports.c.call_id == calls.c.id)
        .where(
            calls.c.direction == Direction.INBOUND.value,
            calls.c.practice.is_(False),
            calls.c.client_id.is_not(None),
        )
        .subquery()
    )
    alone = each.c.together == 0
    reported = each.c.report_id.is_not(None)
    completed = and_(reported, alone, each.c.staff_id.is_(None), each.c.callback_needed.is_(False))
    return select(
        each.c.relay,
        func.count().label("contacts"),
        _number(alone).label("alone"),
        cast(func.sum(case((alone, each.c.holds), else_=0)), BigInteger).label("holds"),
        _number(reported).label("reported"),
        _number(completed).label("completed"),
    ).group_by(each.c.relay)


def _number(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((which, 1)))


_ASKED = Question(_asked())
