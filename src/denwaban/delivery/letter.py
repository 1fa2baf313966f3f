"""A plain mail to one of our own people: no report, no link that takes anything."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out. Words of callers do not belong into it: the page behind the link shows them to who may see them."""

    key: str
    """The same in every try, so that a second copy is seen as the same mail."""
    to: str
    """An address in ASCII."""
    name: str
    """Of who gets it."""
    subject: str
    text: str
    at: datetime
