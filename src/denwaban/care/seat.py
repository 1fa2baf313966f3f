"""What the operator's screen shows of all this, read together."""

from dataclasses import dataclass

from denwaban.calls import Call
from denwaban.care.abuse import events_of, open_case
from denwaban.care.helping import open_help
from denwaban.care.model import Case, Event, Help, Mode, due
from denwaban.care.relay import is_relay
from denwaban.care.watched import watches_of
from denwaban.store import Tx


@dataclass(frozen=True, slots=True)
class SeatCare:
    """How it stands with a call."""

    help: Help | None
    case: Case | None
    events: tuple[Event, ...]
    due: bool
    """A warning is to be said now."""
    warned: bool
    watched: Mode | None
    """What a supervisor does at this talk, where the client wants the operator to know."""
    relay: bool

    @property
    def empty(self) -> bool:
        return not (self.help or self.case or self.watched or self.relay)


def seat_care(tx: Tx, call: Call) -> SeatCare:
    """How it stands with this call now."""
    case = open_case(tx, call.id)
    events = tuple(events_of(tx, case.id)) if case is not None else ()
    watched = [one.mode for one in watches_of(tx, call.id) if one.ended_at is None and one.told]
    return SeatCare(
        help=open_help(tx, call.id),
        case=case,
        events=events,
        due=case is not None and due(case, events, tx.now),
        warned=any(one.what == "warned" for one in events),
        watched=watched[-1] if watched else None,
        relay=is_relay(tx, call),
    )
