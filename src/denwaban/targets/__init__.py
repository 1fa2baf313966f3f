"""What an operator aims at, holds and self-completion, and how their months went (docs/kpi.md). A target is help: it is seen by
its operator and by supervisors, never beside a colleague's result, and never during a call."""

from denwaban.targets.acts import set_targets, targets_of
from denwaban.targets.model import NO_TARGETS, Month, Result, Targets
from denwaban.targets.results import month_of, months

__all__ = [
    "NO_TARGETS",
    "Month",
    "Result",
    "Targets",
    "month_of",
    "months",
    "set_targets",
    "targets_of",
]
