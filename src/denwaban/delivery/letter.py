"""A plain mail to one person: no report, no link that takes anything."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a letter."""

    name: str
    """In ASCII."""
    kind: str
    """Of content, such as `application/pdf`."""
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out. Words of callers do not belong into one to our own people: the page behind the link shows them to who may
    see them."""

    key: str
    """The same in every try, so that a second copy is seen as the same mail."""
    to: str
    """An address in ASCII."""
    name: str
    """Of who gets it."""
    subject: str
    text: str
    at: datetime
    attachments: tuple[Attachment, ...] = ()
    comes_back: bool = False
    """Somebody wants to hear when it could not be delivered: it leaves with a sender of its own, made of the key."""
