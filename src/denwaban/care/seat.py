"""What the operator's screen shows of all this, read together."""

from dataclasses import dataclass

from sqlalchemy import BindParameter, and_, bindparam, exists, select

from denwaban.calls import Call
from denwaban.care.abuse import events_of, open_case
from denwaban.care.helping import open_help
from denwaban.care.model import Case, Event, Help, Mode, due
from denwaban.care.relay import RELAY, relay_asked
from denwaban.care.rows import abuse_cases, help_calls, supervisions
from denwaban.care.watched import watches_of
from denwaban.store import Question, Tx


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


_IT: BindParameter[str] = bindparam("it")
_CASE = and_(abuse_cases.c.call_id == _IT, abuse_cases.c.ended_at.is_(None))
_HELP = and_(help_calls.c.call_id == _IT, help_calls.c.ended_at.is_(None))
_WATCH = and_(supervisions.c.call_id == _IT, supervisions.c.ended_at.is_(None))
# Of most talks there is nothing to say: one question finds it out.
_THERE = Question(
    select(
        exists().where(_CASE).label("case"),
        exists().where(_HELP).label("help"),
        exists().where(_WATCH).label("watched"),
        RELAY.exists().label("relay"),
    )
)


def seat_care(tx: Tx, call: Call) -> SeatCare:
    """How it stands with this call now."""
    there = tx.first(_THERE, {"it": call.id, **relay_asked(tx, call)})
    assert there is not None  # a question without a table always has a row
    case = open_case(tx, call.id) if there["case"] else None
    events = tuple(events_of(tx, case.id)) if case is not None else ()
    watches = watches_of(tx, call.id) if there["watched"] else []
    watched = [one.mode for one in watches if one.ended_at is None and one.told]
    return SeatCare(
        help=open_help(tx, call.id) if there["help"] else None,
        case=case,
        events=events,
        due=case is not None and due(case, events, tx.now),
        warned=any(one.what == "warned" for one in events),
        watched=watched[-1] if watched else None,
        relay=bool(there["relay"]),
    )
