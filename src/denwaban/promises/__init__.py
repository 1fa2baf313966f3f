"""What was promised to whom by when; closed by evidence."""

from denwaban.promises.acts import (
    NoEvidence,
    keep,
    late,
    make,
    open_of_client,
    open_promises,
    promise,
    promise_of_report,
)
from denwaban.promises.model import Kept, PersonKept, Promise
from denwaban.promises.queries import kept_by_person, kept_share

__all__ = [
    "Kept",
    "NoEvidence",
    "PersonKept",
    "Promise",
    "keep",
    "kept_by_person",
    "kept_share",
    "late",
    "make",
    "open_of_client",
    "open_promises",
    "promise",
    "promise_of_report",
]
