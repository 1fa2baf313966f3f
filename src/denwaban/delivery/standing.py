"""Where reports stand on their ladders."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import RowMapping, select

from denwaban.delivery.model import Climb, Kind, State, from_json
from denwaban.delivery.rows import acknowledgements, escalations
from denwaban.store import Tx, among_these


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a report stands on its ladder."""

    report_id: str
    client_id: str
    state: State
    owner_id: str
    """The one person whose turn it is, or who has taken it."""
    kind: Kind
    due_at: datetime | None
    climb: Climb = field(repr=False)
    asked: int = 0
    """After it was taken: 0 not asked yet, 1 reminded, 2 its time is over."""
    floor_since: datetime | None = None
    """Since when our own floor is asked to look after it."""


def climb_of(tx: Tx, report_id: str) -> Climb | None:
    """A report's ladder and how far it has come."""
    row = tx.first(select(escalations).where(escalations.c.id == report_id))
    if row is None:
        return None
    return _climb(row)


def standings(tx: Tx, report_ids: list[str]) -> dict[str, Standing]:
    """Where each of these reports stands."""
    if not report_ids:
        return {}
    taken = {
        row["report_id"]: row["staff_id"]
        for row in tx.all(
            select(acknowledgements.c.report_id, acknowledgements.c.staff_id).where(
                among_these(acknowledgements.c.report_id, report_ids)
            )
        )
    }
    found = {}
    for row in tx.all(select(escalations).where(among_these(escalations.c.id, report_ids))):
        climb = _climb(row)
        found[row["id"]] = Standing(
            row["id"],
            row["client_id"],
            climb.state,
            taken.get(row["id"], climb.now_on.staff_id),
            climb.now_on.kind,
            row["due_at"],
            climb,
            row["asked"],
            row["floor_since"],
        )
    return found


def _climb(row: RowMapping) -> Climb:
    return Climb(from_json(row["ladder"]), row["rung"], State(row["state"]), row["due_at"])
