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
from denwaban.promises.model import Promise

__all__ = [
    "NoEvidence",
    "Promise",
    "keep",
    "late",
    "make",
    "open_of_client",
    "open_promises",
    "promise",
    "promise_of_report",
]
