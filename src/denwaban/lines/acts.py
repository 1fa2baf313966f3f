"""Changing and reading numbers, plans and limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update

from denwaban.journal import Fact, append
from denwaban.lines.ladder import USUAL_LEVEL
from denwaban.lines.levels import LinesError, levels_of
from denwaban.lines.model import (
    ClientLine,
    DatedPlan,
    LineLimit,
    PlanWindow,
    Service,
    UnknownNumber,
)
from denwaban.lines.number import NumberKind, parse_number
from denwaban.lines.plans import dated
from denwaban.lines.rows import line_limits, numbers, plan_windows
from denwaban.people.rows import clients
from denwaban.store import Tx, new_id


@dataclass(frozen=True, slots=True)
class ClientNumber:
    """A number of ours that belongs to a client."""

    id: str
    client_id: str
    number: str
    label: str
    matter: str = ""
    """What it is for (予約, 修理 …); empty: for everything."""
    urgent: bool = False
    """For emergencies: goes first where the plan says so."""


def add_number(tx: Tx, client_id: str, number: str, label: str) -> str:
    """Gives a number (any usual way of writing) to a client; returns its id. Raises `LinesError`."""
    parsed = parse_number(number)
    if parsed.e164 is None or parsed.kind is NumberKind.ABROAD:
        raise LinesError("番号の形が違うようです。例: 03-1234-5678")
    if len(label) > 100:
        raise LinesError("表示名は100文字までにしてください")
    taken = tx.first(select(numbers.c.client_id).where(numbers.c.number == parsed.e164))
    if taken is not None:
        if taken["client_id"] == client_id:
            raise LinesError("この番号はもう登録されています")
        raise LinesError("この番号はほかの企業で使われています")
    number_id = new_id()
    tx.execute(
        insert(numbers).values(
            id=number_id,
            number=parsed.e164,
            client_id=client_id,
            label=label.strip(),
            created_at=tx.now,
        )
    )
    append(tx, Fact("line.number_added", number_id, client_id))
    return number_id


def remove_number(tx: Tx, client_id: str, number_id: str) -> bool:
    """Takes a number away from its client; False when the client has no such number. Past calls keep it."""
    done = tx.execute(
        delete(numbers).where(numbers.c.id == number_id, numbers.c.client_id == client_id)
    )
    if done.rowcount == 0:
        return False
    append(tx, Fact("line.number_removed", number_id, client_id))
    return True


def numbers_of(
    tx: Tx, client_id: str | None = None, after: str = "", limit: int = 1000
) -> list[ClientNumber]:
    """Numbers of a client (of all when None), by id, beginning after `after`."""
    wanted = select(numbers).where(numbers.c.id > after).order_by(numbers.c.id).limit(limit)
    if client_id is not None:
        wanted = wanted.where(numbers.c.client_id == client_id)
    return [_number(row) for row in tx.all(wanted)]


def number(tx: Tx, number_id: str) -> ClientNumber | None:
    """One number by id."""
    row = tx.first(select(numbers).where(numbers.c.id == number_id))
    return _number(row) if row else None


def set_number(tx: Tx, client_id: str, number_id: str, *, matter: str, urgent: bool) -> bool:
    """What a number is for; False when the client has no such number. Raises `LinesError`."""
    if len(matter.strip()) > 50:
        raise LinesError("用件は50文字までにしてください")
    done = tx.execute(
        update(numbers)
        .where(numbers.c.id == number_id, numbers.c.client_id == client_id)
        .values(matter=matter.strip(), urgent=urgent)
    )
    if done.rowcount == 0:
        return False
    append(tx, Fact("line.number_changed", number_id, client_id))
    return True


def _number(row: RowMapping) -> ClientNumber:
    return ClientNumber(
        row["id"], row["client_id"], row["number"], row["label"], row["matter"], row["urgent"]
    )


def set_limit(tx: Tx, client_id: str, lines: int, from_date: date) -> None:
    """From that day (JST) at most so many calls at once. A limit for the same day is replaced. Raises `LinesError`."""
    if not 1 <= lines <= 1000:
        raise LinesError("回線数は1から1000までにしてください")
    of_day = (line_limits.c.client_id == client_id) & (line_limits.c.effective_from == from_date)
    if tx.execute(update(line_limits).where(of_day).values(lines=lines)).rowcount == 0:
        tx.execute(
            insert(line_limits).values(
                id=new_id(), client_id=client_id, effective_from=from_date, lines=lines
            )
        )
    append(tx, Fact("line.limit_set", client_id, client_id))


def remove_limit(tx: Tx, client_id: str, from_date: date) -> bool:
    """Takes back the limit that begins on that day; False when there is none."""
    done = tx.execute(
        delete(line_limits).where(
            line_limits.c.client_id == client_id, line_limits.c.effective_from == from_date
        )
    )
    if done.rowcount == 0:
        return False
    append(tx, Fact("line.limit_set", client_id, client_id))
    return True


def limits_of(tx: Tx, client_id: str) -> list[LineLimit]:
    """A client's limits, earliest first."""
    rows = tx.all(
        select(line_limits)
        .where(line_limits.c.client_id == client_id)
        .order_by(line_limits.c.effective_from)
    )
    return [LineLimit(row["effective_from"], row["lines"]) for row in rows]


def service_for(tx: Tx, dialled: str, at: datetime) -> Service | UnknownNumber:
    """What the dialled number (as received) gets at that moment."""
    key = parse_number(dialled).key
    line = line_of(tx, key)
    return line.service(at) if line else UnknownNumber(key)


def line_of(tx: Tx, e164: str) -> ClientLine | None:
    """The number with its client's whole plan and limits; None when it is nobody's or the contract is over."""
    found = _lines(tx, numbers.c.number == e164)
    return found[0] if found else None


def all_lines(tx: Tx, limit: int) -> list[ClientLine]:
    """Up to `limit` numbers with their plans and limits, in three queries however many clients there are."""
    return _lines(tx, numbers.c.number.is_not(None), limit)


def _lines(tx: Tx, which: ColumnElement[bool], limit: int = 1) -> list[ClientLine]:
    rows = tx.all(
        select(
            numbers.c.number,
            numbers.c.label,
            numbers.c.matter,
            numbers.c.urgent,
            numbers.c.client_id,
            clients.c.name,
            clients.c.industry,
            clients.c.recorded,
            clients.c.live_at,
        )
        .join(clients, clients.c.id == numbers.c.client_id)
        .where(which, clients.c.ended_at.is_(None))
        .order_by(numbers.c.id)
        .limit(limit)
    )
    if not rows:
        return []
    one = rows[0]["client_id"] if len(rows) == 1 else None
    windows: dict[str, list[RowMapping]] = {}
    plan_rows = select(plan_windows).order_by(plan_windows.c.position)
    limit_rows = select(line_limits)
    if one is not None:
        plan_rows = plan_rows.where(plan_windows.c.client_id == one)
        limit_rows = limit_rows.where(line_limits.c.client_id == one)
    for row in tx.all(plan_rows):
        windows.setdefault(row["client_id"], []).append(row)
    limits: dict[str, list[LineLimit]] = {}
    for row in tx.all(limit_rows):
        limits.setdefault(row["client_id"], []).append(
            LineLimit(row["effective_from"], row["lines"])
        )
    plans = {client_id: dated(some) for client_id, some in windows.items()}
    levels = levels_of(tx, one)
    return [
        ClientLine(
            client_id=row["client_id"],
            client_name=row["name"],
            number=row["number"],
            label=row["label"],
            windows=_only(plans.get(row["client_id"], ())),
            limits=tuple(limits.get(row["client_id"], ())),
            recorded=row["recorded"],
            preparing=row["live_at"] is None,
            industry=row["industry"],
            matter=row["matter"],
            urgent=row["urgent"],
            level=levels.get(row["client_id"], USUAL_LEVEL),
            later=_several(plans.get(row["client_id"], ())),
        )
        for row in rows
    ]


def _only(plans: Sequence[DatedPlan]) -> tuple[PlanWindow, ...]:
    return plans[0].windows if len(plans) == 1 and plans[0].effective_from is None else ()


def _several(plans: Sequence[DatedPlan]) -> tuple[DatedPlan, ...]:
    return () if _only(plans) else tuple(plans)
