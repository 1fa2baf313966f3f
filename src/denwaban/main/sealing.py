"""Everything from before its place was sealed, most sensitive first."""

from denwaban import (
    calls,
    care,
    delivery,
    disclosure,
    feedback,
    improvement,
    memory,
    oncall,
    people,
    promises,
    reports,
    routing,
    scripts,
    summaries,
)
from denwaban.people import persons

TURNINGS = (
    *people.turnings,
    *persons.turnings,
    *oncall.turnings,
    *reports.turnings,
    *calls.turnings,
    *routing.turnings,
    *scripts.turnings,
    *promises.turnings,
    *delivery.turnings,
    *summaries.turnings,
    *improvement.turnings,
    *care.turnings,
    *disclosure.turnings,
    *feedback.turnings,
    *memory.turnings,
)
