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
from denwaban.promises.duties import duty
from denwaban.promises.erasing import erase_promises, still_promised
from denwaban.promises.evidence import Evidence
from denwaban.promises.messages import message_duty
from denwaban.promises.model import Kept, PersonKept, Promise
from denwaban.promises.months import Month, month_of, percent
from denwaban.promises.queries import kept_by_person, kept_share
from denwaban.promises.rows import turnings
from denwaban.promises.unreached import unreached_duty

__all__ = [
    "Evidence",
    "Kept",
    "Month",
    "NoEvidence",
    "PersonKept",
    "Promise",
    "duty",
    "erase_promises",
    "keep",
    "kept_by_person",
    "kept_share",
    "late",
    "make",
    "message_duty",
    "month_of",
    "open_of_client",
    "open_promises",
    "percent",
    "promise",
    "promise_of_report",
    "still_promised",
    "turnings",
    "unreached_duty",
]
