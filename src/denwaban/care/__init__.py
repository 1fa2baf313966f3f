"""What protects an operator in a call: one-key help, rules of listening in and their record, the abuse clock, and callers of
the telephone relay service, who are never judged."""

from denwaban.care.abuse import (
    By,
    Listed,
    case_of,
    cases,
    events_of,
    hand_over,
    hang_up,
    mark_abusive,
    note,
    open_case,
    say_warning,
    taken_over,
    withdraw,
)
from denwaban.care.erasing import erase_abuse_words
from denwaban.care.handling import NO_CALLS, RELAYED, Handling, handling
from denwaban.care.handling import By as HandlingBy
from denwaban.care.handling import Time as HandlingTime
from denwaban.care.helping import Asked, answer_help, ask_help, end_help, open_help, open_helps
from denwaban.care.model import (
    DEFAULT,
    CareError,
    Case,
    Event,
    Happened,
    Help,
    Mode,
    Reason,
    Rules,
    due,
    may_hang_up,
    parse_marks,
)
from denwaban.care.relay import is_relay, mark_relay, marked
from denwaban.care.rules import rules_of, set_rules
from denwaban.care.sealing import abuse_words, turnings
from denwaban.care.seat import SeatCare, seat_care
from denwaban.care.watched import (
    OpenWatch,
    Watched,
    open_watches,
    watch_began,
    watch_ended,
    watches_of,
)

__all__ = [
    "DEFAULT",
    "NO_CALLS",
    "RELAYED",
    "Asked",
    "By",
    "CareError",
    "Case",
    "Event",
    "Handling",
    "HandlingBy",
    "HandlingTime",
    "Happened",
    "Help",
    "Listed",
    "Mode",
    "Reason",
    "Rules",
    "SeatCare",
    "OpenWatch",
    "Watched",
    "abuse_words",
    "answer_help",
    "ask_help",
    "case_of",
    "cases",
    "due",
    "erase_abuse_words",
    "end_help",
    "events_of",
    "hand_over",
    "handling",
    "hang_up",
    "is_relay",
    "mark_abusive",
    "mark_relay",
    "marked",
    "may_hang_up",
    "note",
    "open_case",
    "open_help",
    "open_helps",
    "open_watches",
    "parse_marks",
    "rules_of",
    "say_warning",
    "seat_care",
    "set_rules",
    "taken_over",
    "turnings",
    "watch_began",
    "watch_ended",
    "watches_of",
    "withdraw",
]
