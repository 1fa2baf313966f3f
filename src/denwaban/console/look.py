"""Everything one operator's screen shows, read in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from denwaban.calls import Call, call, ringing_at, talking_with
from denwaban.care import SeatCare, seat_care
from denwaban.clock import JST
from denwaban.console import rows
from denwaban.console.guide import GIVEN, Guide, forbidden_in, guide_of
from denwaban.console.model import OWN, greeting_of, in_vain
from denwaban.console.outlook import Outlook, outlook, takes
from denwaban.console.transfers import verdicts
from denwaban.disclosure import Standing, standing
from denwaban.journal import last_seq
from denwaban.lines import Verdict, show_number
from denwaban.memory import (
    NOTHING,
    Before,
    Memory,
    greeting_for,
    known_before,
    may_be_known,
    memory_of_call,
    said_by_caller,
    who_calls,
)
from denwaban.oncall import (
    BY_CLOCK,
    Deadlines,
    NobodyOnDuty,
    OnDuty,
    Roster,
    deadlines_of,
    on_duty,
    roster_now,
    substitutes,
)
from denwaban.people import Client, Operator, Presence, Staff, client, persons
from denwaban.scripts import (
    Forbidden,
    HandOver,
    News,
    Node,
    RunView,
    answers_to,
    first_node,
    news_for,
    run_of_call,
    settings_of,
)
from denwaban.store import Tx

UNREPORTED_FOR = timedelta(days=7)
"""How long a call without a report stays under やること. A supervisor sees older ones."""

SHOWN_TODO = 5
SHOWN_HISTORY = 3
SHOWN_PROMISES = 2
SHOWN_STAFF = 5

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
class Person:
    """A staff member as the roster on the screen shows them."""

    staff: Staff
    presence: str
    """Now: an absence whose time is over is none."""
    on_duty: bool
    substitute: str


@dataclass(frozen=True, slots=True)
class Card:
    """The call that the screen is about, from the first ring to the sent report."""

    call: Call
    client: Client
    number: str
    memory: Memory
    """Who calls, and what they have had to do with the client; `NOTHING` where the right side is not read."""
    before: Mapping[str, Before]
    """What the caller answered last time to what is asked now, by the field's id."""
    greeting: str
    node: Node
    run: RunView | None
    people: tuple[Person, ...]
    nobody: bool
    """Nobody of the client may be reached now."""
    outlook: Outlook | None
    """What would be sent now; None before the report."""
    guide: Guide | None
    """The script beside the words of the node; None before it has begun."""
    forbidden: tuple[Forbidden, ...]
    """Phrases in the report that should be worded otherwise."""
    identity: Standing | None = None
    """How the call stands with its identity check; None where nothing is gated."""
    telephones: frozenset[str] = frozenset()
    """Who of the client's staff can be called; read while talking."""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    """What the client's conditions say of whom the caller may be put through to, by staff id; read once they have asked for them."""
    in_vain: bool = False
    """The caller wanted the client's staff at once, and got neither them nor a promise."""

    @property
    def given(self) -> str:
        """The person whom the operator said it is; empty: nobody."""
        return self.run.value(GIVEN) if self.run is not None else ""

    @property
    def caller(self) -> persons.Person | None:
        """Who calls, as far as it is known."""
        return self.memory.person

    @property
    def times(self) -> int:
        """How many calls of this caller we know of, this one with it."""
        return len(self.memory.past) + 1


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
        card = _card(tx, operator, shown, owner, known, stage, wanted)
    stage = stage if owner else "idle"
    return Look(
        pieces=wanted,
        operator=operator,
        now=tx.now,
        stage=stage,
        todo=_todo(tx, unreported) if stage in ("idle", "report") else (),
        todo_count=todo_count,
        today=rows.today(tx, operator.id, _midnight(tx.now)) if "day" in wanted else rows.NO_DAY,
        client=owner.name if owner else "",
        since=(shown.answered_at or shown.arrived_at) if shown else None,
        card=card,
        news=None if owner else news_for(tx, operator.id),
        care=seat_care(tx, talking) if talking is not None and "care" in wanted else None,
    )


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(JST).date(), time(), JST)


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


def shown_number(caller: str) -> str:
    """A caller's number as people read it; what was received when it is none; empty when withheld."""
    return show_number(caller) if caller else ""


def _card(
    tx: Tx,
    operator: Operator,
    shown: Call,
    owner: Client,
    run: RunView | None,
    stage: str,
    wanted: frozenset[str],
) -> Card:
    whole = "right" in wanted or run is None
    roster: Roster | None = None
    duty: OnDuty | NobodyOnDuty | None = None
    if whole or (run is not None and _names_staff(run.node)):
        roster = roster_now(tx, owner.id)
        duty = on_duty(roster, tx.now)
    memory = memory_of_call(tx, shown) if whole else NOTHING
    known = memory.person
    if run is not None and not whole and len(run.path) == 1:
        known = who_calls(tx, shown)  # greeted by name
    deadlines = deadlines_of(tx, owner.id) if run is not None else BY_CLOCK
    ahead, forbidden = None, []
    if stage == "report" and run is not None and roster is not None and duty is not None:
        ahead = outlook(tx, shown, run, known, list(roster.staff), duty, deadlines)
        words = ahead.words
        said = "\n".join([words.what_for, words.done, words.note, *_told(run)])
        forbidden = forbidden_in(run.script, said)
    return Card(
        call=shown,
        client=owner,
        number=shown_number(shown.caller),
        memory=memory,
        before=_before(tx, shown, run) if stage == "talking" and run else {},
        greeting=greeting_for(greeting_of(owner), known),
        node=run.node
        if run
        else first_node(tx, shown.script_id, regular=known is not None and known.regular),
        run=run,
        people=people_of(roster, duty, tx.now) if roster is not None and duty is not None else (),
        nobody=isinstance(duty, NobodyOnDuty),
        outlook=ahead,
        guide=_guide(tx, operator, run, shown, deadlines) if run else None,
        forbidden=tuple(forbidden),
        identity=standing(tx, shown) if whole else None,
        telephones=frozenset(who for who, channel in roster.ways if channel == "phone")
        if roster is not None
        else frozenset(),
        verdicts=verdicts(tx, shown, run, [one.id for one in roster.staff])
        if whole and stage == "talking" and roster is not None
        else {},
        in_vain=run is not None and in_vain(run, shown),
    )


def _names_staff(node: Node) -> bool:
    """Whether the scene shows who of the client is there."""
    return isinstance(node, HandOver) or any(field.type == "staff" for field in node.ask)


def _guide(tx: Tx, operator: Operator, run: RunView, shown: Call, deadlines: Deadlines) -> Guide:
    terms = settings_of(tx, run.client_id).terms
    return guide_of(
        run,
        shown,
        tx.now,
        terms,
        experienced=operator.experienced,
        deadlines=deadlines,
    )


def _told(run: RunView) -> list[str]:
    """What was typed on the way."""
    return [run.value(field.id) for node in run.walked for field in node.ask]


def people_of(roster: Roster, duty: OnDuty | NobodyOnDuty, now: datetime) -> tuple[Person, ...]:
    """Who takes reports first, then those in charge, then the others. Substitutes of those whom the screen shows."""
    first = takes(duty)
    ordered = sorted(roster.staff, key=lambda p: (p.id != first, not p.in_charge, p.id))
    absent = {p.id for p in ordered[:SHOWN_STAFF] if p.presence_at(now) is not Presence.PRESENT}
    others = substitutes(roster, absent, now) if absent else {}
    return tuple(
        Person(
            person,
            person.presence_at(now).value,
            isinstance(duty, OnDuty) and person.id == first,
            others[person.id].name if person.id in others else "",
        )
        for person in ordered
    )


def _before(tx: Tx, shown: Call, run: RunView) -> Mapping[str, Before]:
    """What the caller answered last time to what this scene asks."""
    if not any(may_be_known(field) for field in run.node.ask):
        return {}
    return known_before(run.node.ask, said_by_caller(tx, shown))
