"""A client's plans: the one that holds now, and those that are to hold from a day on."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select

from denwaban.journal import Fact, append
from denwaban.lines.levels import LinesError
from denwaban.lines.model import DatedPlan, Mode, PlanWindow, faults, plan_at
from denwaban.lines.rows import plan_windows
from denwaban.store import Tx, new_id


def set_plan(
    tx: Tx, client_id: str, windows: Sequence[PlanWindow], from_date: date | None = None
) -> None:
    """Replaces a client's whole plan; the first window that fits decides. With `from_date` the plan that holds from that day
    (JST) on, of which there may be one already; without it the plan that holds today. Raises `LinesError` and changes nothing."""
    wrong = [f"{n}行目: {fault}" for n, w in enumerate(windows, 1) for fault in faults(w)]
    if from_date is not None and not windows:
        wrong.append("時間帯を1つ以上入れてください")
    if wrong:
        raise LinesError(*wrong)
    if from_date is None:
        from_date = plan_at(plans_of(tx, client_id), tx.now).effective_from
    tx.execute(delete(plan_windows).where(_of(client_id, from_date)))
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
                    "effective_from": from_date,
                    "urgent": window.urgent,
                    "least_level": window.least_level,
                }
                for position, window in enumerate(windows)
            ],
        )
    append(tx, Fact("line.plan_set", client_id, client_id))


def remove_plan(tx: Tx, client_id: str, from_date: date) -> bool:
    """Takes back the plan that begins on that day; the one before it holds on. False when there is none."""
    if tx.execute(delete(plan_windows).where(_of(client_id, from_date))).rowcount == 0:
        return False
    append(tx, Fact("line.plan_set", client_id, client_id))
    return True


def plan_of(tx: Tx, client_id: str, at: datetime | None = None) -> list[PlanWindow]:
    """The windows that hold on the day of `at` (now), the deciding order first."""
    return list(plan_at(plans_of(tx, client_id), at or tx.now).windows)


def plans_of(tx: Tx, client_id: str) -> list[DatedPlan]:
    """All of a client's plans, past ones too, earliest first."""
    rows = tx.all(
        select(plan_windows)
        .where(plan_windows.c.client_id == client_id)
        .order_by(plan_windows.c.position)
    )
    return dated(rows)


def dated(rows: Iterable[RowMapping]) -> list[DatedPlan]:
    """The plans that these rows of one client, in the order of their positions, make; earliest first."""
    found: dict[date | None, list[PlanWindow]] = {}
    for row in rows:
        found.setdefault(row["effective_from"], []).append(_window(row))
    plans = [DatedPlan(begins, tuple(windows)) for begins, windows in found.items()]
    return sorted(plans, key=lambda plan: plan.effective_from or date.min)


def _of(client_id: str, from_date: date | None) -> ColumnElement[bool]:
    of_client = plan_windows.c.client_id == client_id
    return of_client & (
        plan_windows.c.effective_from.is_(None)
        if from_date is None
        else plan_windows.c.effective_from == from_date
    )


def _window(row: RowMapping) -> PlanWindow:
    return PlanWindow(
        name=row["name"],
        days=row["days"],
        opens=row["opens"],
        closes=row["closes"],
        mode=Mode(row["mode"]),
        script_id=row["script_id"],
        message=row["message"],
        urgent=row["urgent"],
        least_level=row["least_level"],
    )
