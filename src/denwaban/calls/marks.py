"""Where in a recording something happened, out of the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from denwaban.calls.model import Call
from denwaban.journal.rows import facts
from denwaban.store import Tx

KINDS = (
    "call.answered",
    "call.held",
    "call.unheld",
    "call.returned",
    "call.taken_over",
    "call.asked",
    "call.three",
    "call.given",
    "call.parked",
    "call.recording_paused",
    "call.recording_resumed",
    "care.help_asked",
    "care.abuse_recorded",
    "monitor.began",
    "monitor.ended",
)


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact of the call."""

    kind: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to jump to. `kind` as in the journal; `detail` is the mode of a supervisor or the line of a record."""

    seconds: float
    kind: str
    detail: str = ""


def happened(tx: Tx, call_id: str) -> list[Happened]:
    """What the marks are made of, in order."""
    rows = tx.all(
        select(facts.c.kind, facts.c.at, facts.c.data)
        .where(facts.c.subject == call_id, facts.c.kind.in_(KINDS))
        .order_by(facts.c.seq)
    )
    return [Happened(row["kind"], row["at"], row["data"]) for row in rows]


def marks(call: Call, found: Sequence[Happened]) -> list[Mark]:
    """Marks in order. A recording begins with the first talk and stops while a caller who lost the operator waits for the
    next: that time is in no second of it. Pure."""
    if call.answered_at is None:
        return []
    out: list[Mark] = []
    waited, gone = timedelta(), None
    for one in found:
        if one.kind == "call.answered":
            if gone is not None:
                waited, gone = waited + (one.at - gone), None
            continue
        place = (gone or one.at) - call.answered_at - waited
        if one.kind == "call.returned":
            gone = gone or one.at
        detail = str(one.data.get("mode") or one.data.get("what") or "")
        out.append(Mark(max(0.0, round(place.total_seconds(), 1)), one.kind, detail))
    return out
