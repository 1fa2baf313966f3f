"""What an operator aims at, holds and self-completion, and how their months went (docs/kpi.md). A target is help: it is seen by
its operator and by supervisors, never beside a colleague's result, and never during a call."""

from denwaban.targets.acts import set_targets, targets_of
from denwaban.targets.model import Month, Result, Targets
from denwaban.targets.results import months

__all__ = [
    "Month",
    "Result",
    "Targets",
    "months",
    "set_targets",
    "targets_of",
]
