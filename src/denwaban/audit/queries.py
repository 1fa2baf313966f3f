"""Reading the audit for people."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from denwaban.audit.model import Entry
from denwaban.audit.rows import audit_rows
from denwaban.store import Tx

_COLUMNS = tuple(audit_rows.c[name] for name in Entry._fields)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; what is None or empty does not restrict."""

    client_id: str = ""
    user_id: str = ""
    call_id: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""


ANY = Wanted()


def listed(
    tx: Tx, wanted: Wanted = ANY, before: int | None = None, limit: int = 100
) -> list[Entry]:
    """Rows, newest first, older than `before` (a seq)."""
    found = select(*_COLUMNS).order_by(audit_rows.c.seq.desc()).limit(limit)
    for name in ("client_id", "user_id", "call_id", "kind"):
        if value := getattr(wanted, name):
            found = found.where(audit_rows.c[name] == value)
    if wanted.since is not None:
        found = found.where(audit_rows.c.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(audit_rows.c.at < wanted.until)
    if before is not None:
        found = found.where(audit_rows.c.seq < before)
    return [Entry._make(row) for row in tx.execute(found).all()]


def kinds(tx: Tx) -> list[str]:
    """Every kind that there is a row of, by as many steps along the index: the rows may be a million."""
    found: list[str] = []
    last = ""
    while (following := tx.scalar(_NEXT_KIND, {"last": last})) is not None:
        found.append(following)
        last = following
    return found


_NEXT_KIND = select(func.min(audit_rows.c.kind)).where(audit_rows.c.kind > bindparam("last"))
