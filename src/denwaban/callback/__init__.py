"""Call-backs with one click: the staff member's telephone rings, then the caller's, who sees the client's number; what was
talked is the evidence that keeps the promise."""

from denwaban.callback.acts import (
    CannotCallBack,
    last_of_report,
    ready,
)
from denwaban.callback.caller import CallBacks
from denwaban.callback.model import CallBack, Result, Stage

__all__ = [
    "CallBack",
    "CallBacks",
    "CannotCallBack",
    "Result",
    "Stage",
    "last_of_report",
    "ready",
]
