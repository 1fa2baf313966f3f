"""Calls and their offers to operators: rows, facts, history, missed calls, recordings."""

from denwaban.calls import model as changes
from denwaban.calls.acts import (
    answered,
    begin,
    call,
    call_of_leg,
    calls_of,
    ended,
    held,
    history,
    missed,
    offered,
    open_calls,
    open_offers,
    record,
    write_rows,
)
from denwaban.calls.model import (
    MISSED,
    Call,
    CallState,
    Change,
    Missed,
    Offer,
    OfferResult,
    Outcome,
)
from denwaban.calls.recordings import Recordings

__all__ = [
    "MISSED",
    "Call",
    "CallState",
    "Change",
    "Missed",
    "Offer",
    "OfferResult",
    "Outcome",
    "Recordings",
    "answered",
    "begin",
    "call",
    "call_of_leg",
    "calls_of",
    "changes",
    "ended",
    "held",
    "history",
    "missed",
    "offered",
    "open_calls",
    "open_offers",
    "record",
    "write_rows",
]
