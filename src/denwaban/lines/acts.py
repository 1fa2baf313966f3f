"""Changing and reading numbers, plans and limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update

from denwaban.journal import Fact, append
from denwaban.lines.model import (
    ClientLine,
    LineLimit,
    Mode,
    PlanWindow,
    Service,
    UnknownNumber,
    faults,
)
from denwaban.lines.number import NumberKind, parse_number
from denwaban.lines.rows import line_limits, numbers, plan_windows
from denwaban.people.rows import clients
from denwaban.store import Tx, new_id


class LinesError(ValueError):
    """Cannot be done; `sentences` say why, in Japanese, for the person who tried."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class ClientNumber:
    """A number of ours that belongs to a client."""

    id: str
    client_id: str
    number: str
    label: str


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
    return [
        ClientNumber(row["id"], row["client_id"], row["number"], row["label"])
        for row in tx.all(wanted)
    ]


def number(tx: Tx, number_id: str) -> ClientNumber | None:
    """One number by id."""
    row = tx.first(select(numbers).where(numbers.c.id == number_id))
    return ClientNumber(row["id"], row["client_id"], row["number"], row["label"]) if row else None


def set_plan(tx: Tx, client_id: str, windows: Sequence[PlanWindow]) -> None:
    """Replaces a client's whole plan; the first window that fits decides. Raises `LinesError` and changes nothing."""
    wrong = [f"{n}行目: {fault}" for n, w in enumerate(windows, 1) for fault in faults(w)]
    if wrong:
        raise LinesError(*wrong)
    tx.execute(delete(plan_windows).where(plan_windows.c.client_id == client_id))
    if windows:
        tx.execute(
            insert(plan_windows),
            [
                {
                    "id": new_id(),
                    "client_id": client_id,
                    "position": position,
                    "name": window.name.strip(),
                    "days": window.days,
                    "opens": window.opens,
                    "closes": window.closes,
                    "mode": window.mode,
                    "script_id": window.script_id,
                    "message": window.message.strip(),
                }
                for position, window in enumerate(windows)
            ],
        )
    append(tx, Fact("line.plan_set", client_id, client_id))


def plan_of(tx: Tx, client_id: str) -> list[PlanWindow]:
    """A client's windows, the deciding order first."""
    rows = tx.all(
        select(plan_windows)
        .where(plan_windows.c.client_id == client_id)
        .order_by(plan_windows.c.position)
    )
    return [_window(row) for row in rows]


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
            numbers.c.client_id,
            clients.c.name,
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
    windows: dict[str, list[PlanWindow]] = {}
    plan_rows = select(plan_windows).order_by(plan_windows.c.position)
    limit_rows = select(line_limits)
    if one is not None:
        plan_rows = plan_rows.where(plan_windows.c.client_id == one)
        limit_rows = limit_rows.where(line_limits.c.client_id == one)
    for row in tx.all(plan_rows):
        windows.setdefault(row["client_id"], []).append(_window(row))
    limits: dict[str, list[LineLimit]] = {}
    for row in tx.all(limit_rows):
        limits.setdefault(row["client_id"], []).append(
            LineLimit(row["effective_from"], row["lines"])
        )
    return [
        ClientLine(
            client_id=row["client_id"],
            client_name=row["name"],
            number=row["number"],
            label=row["label"],
            windows=tuple(windows.get(row["client_id"], ())),
            limits=tuple(limits.get(row["client_id"], ())),
            recorded=row["recorded"],
            preparing=row["live_at"] is None,
        )
        for row in rows
    ]


def _window(row: RowMapping) -> PlanWindow:
    return PlanWindow(
        name=row["name"],
        days=row["days"],
        opens=row["opens"],
        closes=row["closes"],
        mode=Mode(row["mode"]),
        script_id=row["script_id"],
        message=row["message"],
    )
