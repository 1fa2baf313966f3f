"""Who has taken which report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, select

from denwaban.delivery.rows import acknowledgements
from denwaban.people import rows as people_rows
from denwaban.store import Tx, among_these


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who has taken a report. `first` is False when it was already taken: then this is who took it, and when."""

    report_id: str
    client_id: str
    staff_id: str
    staff_name: str
    via: str
    at: datetime
    first: bool = True


def acknowledgement(tx: Tx, report_id: str) -> Acknowledged | None:
    """Who has taken this report; None while nobody has."""
    row = tx.first(_acknowledgements().where(acknowledgements.c.report_id == report_id))
    return _acknowledged(row) if row is not None else None


def acknowledgements_of(
    tx: Tx, client_id: str | None, before: str | None = None, limit: int = 50
) -> list[Acknowledged]:
    """Who took what, newest report first; of one client, or of all. `before` is a report's id."""
    query = _acknowledgements().order_by(acknowledgements.c.report_id.desc()).limit(limit)
    if client_id is not None:
        query = query.where(acknowledgements.c.client_id == client_id)
    if before is not None:
        query = query.where(acknowledgements.c.report_id < before)
    return [_acknowledged(row) for row in tx.all(query)]


def taken(tx: Tx, report_ids: list[str]) -> dict[str, Acknowledged]:
    """Who has taken which of these reports."""
    if not report_ids:
        return {}
    rows = tx.all(_acknowledgements().where(among_these(acknowledgements.c.report_id, report_ids)))
    return {row["report_id"]: _acknowledged(row) for row in rows}


def _acknowledgements() -> Select[Any]:
    staff = people_rows.staff
    return select(acknowledgements, staff.c.name.label("staff_name")).join(
        staff, staff.c.id == acknowledgements.c.staff_id
    )


def _acknowledged(row: RowMapping) -> Acknowledged:
    return Acknowledged(
        row["report_id"],
        row["client_id"],
        row["staff_id"],
        row["staff_name"],
        row["via"],
        row["at"],
    )
