"""Calls and their offers to operators: rows, facts, history, missed calls, recordings."""

from denwaban.calls import changes
from denwaban.calls.acts import answered, begin, ended, held, offered, record, write_rows
from denwaban.calls.away import Away, bucket_of
from denwaban.calls.changes import Change
from denwaban.calls.current import (
    call,
    call_of_leg,
    calls_by_ids,
    open_calls,
    open_offers,
    queue,
    ringing,
    ringing_at,
    talking_with,
)
from denwaban.calls.decisions import (
    LONGEST_REASON,
    Decided,
    NoReason,
    decide,
    let_through,
    tidy_reason,
)
from denwaban.calls.decisions import turnings as _of_decisions
from denwaban.calls.erasing import (
    calls_of_numbers,
    forget_numbers,
    numbered_before,
    recordings_before,
    still_going_on,
)
from denwaban.calls.keeping import Keeper
from denwaban.calls.model import (
    MISSED,
    Call,
    CallState,
    Direction,
    Missed,
    Offer,
    OfferResult,
    Outcome,
    Queued,
)
from denwaban.calls.numbers import (
    UNOPENED_NUMBER,
    beside,
    caller_in,
    forms,
    mark,
    marks_of,
    open_number,
    seal_number,
    tails,
)
from denwaban.calls.numbers import turnings as _of_numbers
from denwaban.calls.past import calls_of, history, last_operator, missed
from denwaban.calls.playing import stream
from denwaban.calls.queries import calls_of_legs, told_of
from denwaban.calls.recording_states import erase_recordings
from denwaban.calls.recordings import Recordings, state_of
from denwaban.calls.recordings import State as RecordingState
from denwaban.calls.wrapping import WrapUp, wrapped_up

turnings = (*_of_numbers, *_of_decisions)

__all__ = [
    "UNOPENED_NUMBER",
    "LONGEST_REASON",
    "MISSED",
    "Away",
    "Call",
    "CallState",
    "Change",
    "Decided",
    "Direction",
    "Keeper",
    "Missed",
    "NoReason",
    "Offer",
    "OfferResult",
    "Outcome",
    "Queued",
    "RecordingState",
    "Recordings",
    "WrapUp",
    "answered",
    "begin",
    "beside",
    "bucket_of",
    "call",
    "call_of_leg",
    "caller_in",
    "calls_by_ids",
    "calls_of",
    "calls_of_legs",
    "calls_of_numbers",
    "changes",
    "decide",
    "ended",
    "erase_recordings",
    "forget_numbers",
    "forms",
    "held",
    "history",
    "last_operator",
    "let_through",
    "mark",
    "marks_of",
    "missed",
    "numbered_before",
    "offered",
    "open_calls",
    "open_number",
    "open_offers",
    "queue",
    "record",
    "recordings_before",
    "ringing",
    "ringing_at",
    "seal_number",
    "state_of",
    "still_going_on",
    "stream",
    "tails",
    "talking_with",
    "tidy_reason",
    "told_of",
    "turnings",
    "wrapped_up",
    "write_rows",
]
