"""What a word about a call is. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST = 500
MOST = 20
"""Of one report."""


class Kind(StrEnum):
    THANKS = "thanks"
    """お礼"""
    WISH = "wish"
    """改善のお願い"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody of the client said of a call. Only a wish is ever dealt with."""

    id: str
    client_id: str
    report_id: str
    operator_id: str
    """Who took the call."""
    kind: Kind
    text: str
    user_id: str
    name: str
    """Who said it."""
    at: datetime
    dealt_at: datetime | None
    dealt_by_user_id: str | None
    answer: str
    """What the client is told of it; may be empty."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The same in a list."""

    it: Feedback
    client_name: str
    subject: str
    operator_name: str
    dealt_by: str
    """The name of the supervisor who dealt with it; empty while nobody did."""
    new: bool
    """The reader has not seen it before."""
