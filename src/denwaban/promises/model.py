"""What a promise is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """Something a caller was told would happen, by when, and by what evidence it did."""

    id: str
    client_id: str
    report_id: str
    caller_number: str
    """E.164 or as the caller said it; empty when withheld."""
    caller_name: str
    what: str
    by: datetime | None
    made_at: datetime
    kept_at: datetime | None
    kept_by_user_id: str | None
    evidence: str

    def late(self, now: datetime) -> bool:
        """Whether its time has passed and nobody has kept it."""
        return self.kept_at is None and self.by is not None and self.by < now


@dataclass(frozen=True, slots=True)
class Kept:
    """How promises whose time fell into a span went: `due` is the sum of the other three."""

    due: int = 0
    kept_in_time: int = 0
    late: int = 0
    """Kept after their time."""
    broken: int = 0
    """Their time has passed, and nobody has kept them yet."""

    @property
    def share(self) -> float | None:
        """The part that was kept in time, 0 to 1; None when none was due."""
        return self.kept_in_time / self.due if self.due else None


@dataclass(frozen=True, slots=True)
class PersonKept:
    """The same for the reports of which one person is in charge now."""

    staff_id: str
    name: str
    kept: Kept


def tally(times: Iterable[tuple[datetime, datetime | None]], now: datetime) -> Kept:
    """Counts (by, kept at). Kept at its very time is in time; an open one counts only once its time has passed."""
    in_time = late = broken = 0
    for by, kept_at in times:
        if kept_at is None:
            broken += by < now
        elif kept_at <= by:
            in_time += 1
        else:
            late += 1
    return Kept(in_time + late + broken, in_time, late, broken)
