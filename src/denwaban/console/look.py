"""Everything one operator's screen shows, read in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from denwaban.calls import Call, call, ringing_at, talking_with
from denwaban.care import SeatCare, seat_care
from denwaban.clock import day_begins, japan_day
from denwaban.console import rows
from denwaban.console.card import Card, card_of, shown_number
from denwaban.console.model import OWN
from denwaban.journal import last_seq
from denwaban.people import Operator, client
from denwaban.scripts import News, RunView, answers_to, news_for, run_of_call
from denwaban.store import Tx

UNREPORTED_FOR = timedelta(days=7)
"""How long a call without a report stays under やること. A supervisor sees older ones."""

SHOWN_TODO = 5
SHOWN_HISTORY = 3
SHOWN_PROMISES = 2

SCRIPT = frozenset({"middle", "aids", "bottom"})
"""The pieces that a step in the script changes."""
EVERYTHING = SCRIPT | {"state", "day", "now", "todo", "right", "care", "pass"}

NONE_OPEN = "none"
"""Asked instead of a call: no report is to be open."""


@dataclass(frozen=True, slots=True)
class Todo:
    """A call whose report is not out."""

    call_id: str
    client: str
    caller: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """The screen of one operator at one moment."""

    pieces: frozenset[str]
    """Those that were read; what belongs to the others alone is empty."""
    operator: Operator
    now: datetime
    stage: str
    """idle | ringing | talking | helping (asked in by another operator) | report"""
    todo: tuple[Todo, ...]
    todo_count: int
    today: rows.Today
    client: str
    """Whose call the screen is about; empty when idle."""
    since: datetime | None
    """When that call came, or was answered."""
    card: Card | None
    seen: int = 0
    """It knows of every fact up to this one; 0 where that is not said."""
    news: News | None = None
    """What changed at a client and is to be read; only between calls."""
    care: SeatCare | None = None
    """What protects the operator in this talk; None when there is none."""

    @property
    def call_id(self) -> str:
        return self.card.call.id if self.card else ""


class NotBegun(Exception):
    """The run of the call that the screen is about is not begun yet; nothing more was read."""

    def __init__(self, call_id: str) -> None:
        super().__init__(call_id)
        self.call_id = call_id


def own_call(tx: Tx, operator_id: str, call_id: str) -> Call | None:
    """A call that this operator talks or talked on; None for anybody else's."""
    found = call(tx, call_id)
    if found is None or found.operator_id != operator_id or found.client_id is None:
        return None
    return found


def look(
    tx: Tx,
    operator: Operator,
    opened: str = "",
    wanted: frozenset[str] = EVERYTHING,
    helping: Mapping[str, str] | None = None,
) -> Look:
    """The screen now. `opened` is the call whose report the operator has opened, `NONE_OPEN`, or empty: the newest. `helping` has
    the calls of others that operators are asked into, as the switchboard has it.

    `wanted` pieces are enough while the operator talks: two hundred screens that read everything at each key keep a
    processor busy. At other times everything is read, as all of it says where she is. Raises `NotBegun` when there is nothing to
    say yet.
    """
    helped = (helping or {}).get(operator.id, "")
    talking = talking_with(tx, operator.id)
    found = look_on(tx, operator, talking, None, opened, wanted, helped)
    return replace(found, seen=last_seq(tx)) if found.pieces >= EVERYTHING else found


def look_on(
    tx: Tx,
    operator: Operator,
    talking: Call | None,
    run: RunView | None,
    opened: str = "",
    wanted: frozenset[str] = EVERYTHING,
    helped: str = "",
) -> Look:
    """The same where the transaction has read the call that the operator talks on, and perhaps a run."""
    if talking is None:
        wanted = EVERYTHING
    since = tx.now - UNREPORTED_FOR
    unreported: list[rows.Unreported] = []
    todo_count = 0
    if "todo" in wanted:
        unreported, todo_count = rows.unreported(tx, operator.id, since, SHOWN_TODO)
    stage, shown = "idle", None
    if talking is not None:
        stage, shown = "talking", talking
    elif helped:
        stage, shown = "helping", call(tx, helped)
    elif (offered := ringing_at(tx, operator.id)) is not None:
        stage, shown = "ringing", offered
    elif unreported and opened != NONE_OPEN:
        stage = "report"
        chosen = opened and rows.is_unreported(tx, operator.id, since, opened)
        shown = call(tx, opened if chosen else unreported[0].call_id)
    owner = client(tx, shown.client_id) if shown is not None and shown.client_id else None
    card = None
    if shown is not None and owner is not None:
        known = run if run is not None and run.call_id == shown.id else run_of_call(tx, shown.id)
        if known is None and stage not in ("ringing", "helping"):
            raise NotBegun(shown.id)
        card = card_of(tx, operator, shown, owner, known, stage, wanted)
    stage = stage if owner else "idle"
    return Look(
        pieces=wanted,
        operator=operator,
        now=tx.now,
        stage=stage,
        todo=_todo(tx, unreported) if stage in ("idle", "report") else (),
        todo_count=todo_count,
        today=rows.today(tx, operator.id, day_begins(japan_day(tx.now)))
        if "day" in wanted
        else rows.NO_DAY,
        client=owner.name if owner else "",
        since=(shown.answered_at or shown.arrived_at) if shown else None,
        card=card,
        news=None if owner else news_for(tx, operator.id),
        care=seat_care(tx, talking) if talking is not None and "care" in wanted else None,
    )


_CALLED = ("caller_name", OWN["who"])
"""Where the caller's name is written: asked on the way, or over the draft of the report."""


def _todo(tx: Tx, unreported: list[rows.Unreported]) -> tuple[Todo, ...]:
    said = answers_to(tx, [one.call_id for one in unreported], _CALLED) if unreported else {}
    return tuple(
        Todo(
            one.call_id,
            one.client,
            next((said[one.call_id][name] for name in _CALLED if name in said[one.call_id]), "")
            or shown_number(one.caller),
            one.ended_at or tx.now,
        )
        for one in unreported
    )
