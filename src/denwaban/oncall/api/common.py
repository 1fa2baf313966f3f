"""What fits, and how a refusal is told."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from denwaban.access import Principal
from denwaban.oncall.book import BadRoster
from denwaban.oncall.feed import BadFeed
from denwaban.oncall.hours import BadHours
from denwaban.oncall.model import may_roster
from denwaban.people import client
from denwaban.store import Tx
from denwaban.web import _
from denwaban.web.api import NO_NULL, missing, refused

Short = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NULL)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=2880)]
Days = Annotated[int, msgspec.Meta(ge=0, le=255)]


def seen(tx: Tx, who: Principal, client_id: str) -> None:
    """Raises when this client's roster is not theirs, or there is no such client."""
    if not may_roster(who, client_id) or client(tx, client_id) is None:
        raise missing()


def told(error: BadRoster | BadHours | BadFeed) -> Exception:
    """As an answer."""
    return refused(error.field, error.tell(_))


def aware(at: datetime, field: str) -> datetime:
    """In UTC; refused without an offset."""
    if at.tzinfo is None or not 2000 <= at.year <= 2100:
        raise refused(field, _("時差のついた日時にしてください。例: 2026-11-24T10:00:00+09:00"))
    return at.astimezone(UTC)
