"""The finished account of a call, immutable once sent."""

from denwaban.reports.acts import (
    AlreadySent,
    accept,
    hand_to,
    history,
    report,
    reports,
    reports_by_ids,
    set_status,
)
from denwaban.reports.model import (
    TONE_WORDS,
    URGENCY_WORDS,
    Draft,
    Incomplete,
    Report,
    Status,
    StatusChange,
    Tone,
    Urgency,
    caller_words,
    problems,
    subject_of,
)

__all__ = [
    "TONE_WORDS",
    "URGENCY_WORDS",
    "AlreadySent",
    "Draft",
    "Incomplete",
    "Report",
    "Status",
    "StatusChange",
    "Tone",
    "Urgency",
    "accept",
    "caller_words",
    "hand_to",
    "history",
    "problems",
    "report",
    "reports",
    "reports_by_ids",
    "set_status",
    "subject_of",
]
