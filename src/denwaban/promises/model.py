"""What a promise is."""

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
