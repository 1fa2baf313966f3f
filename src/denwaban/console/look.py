"""Everything one operator's screen shows, read in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from denwaban.calls import Call, call, queue, ringing, talking_with
from denwaban.care import SeatCare, seat_care
from denwaban.clock import JST
from denwaban.console import rows
from denwaban.console.guide import GIVEN, Guide, forbidden_in, guide_of
from denwaban.console.model import greeting_of, in_vain
from denwaban.console.outlook import Outlook, outlook, takes
from denwaban.disclosure import Standing, standing
from denwaban.lines import show_number
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
    NobodyOnDuty,
    OnDuty,
    deadlines_of,
    person_in_charge,
    substitutes_of,
)
from denwaban.people import Client, Operator, Presence, Staff, client, persons, staff_of
from denwaban.scripts import (
    Forbidden,
    HandOver,
    News,
    Node,
    RunView,
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
    return look_on(tx, operator, talking, None, opened, wanted, helped)


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
    unreported = rows.unreported(tx, operator.id, since, SHOWN_TODO) if "todo" in wanted else []
    stage, shown = "idle", None
    if talking is not None:
        stage, shown = "talking", talking
    elif helped:
        stage, shown = "helping", call(tx, helped)
    elif (offered := ringing_here(tx, operator.id)) is not None:
        stage, shown = "ringing", offered
    elif unreported and opened != NONE_OPEN:
        stage = "report"
        chosen = opened and rows.is_unreported(tx, operator.id, since, opened)
        shown = call(tx, opened if chosen else unreported[0])
    owner = client(tx, shown.client_id) if shown is not None and shown.client_id else None
    card = None
    if shown is not None and owner is not None:
        known = run if run is not None and run.call_id == shown.id else run_of_call(tx, shown.id)
        if known is None and stage not in ("ringing", "helping"):
            raise NotBegun(shown.id)
        card = _card(tx, operator, shown, owner, known, stage, wanted)
    names: dict[str, str] = {}
    return Look(
        pieces=wanted,
        operator=operator,
        now=tx.now,
        stage=stage if owner else "idle",
        todo=tuple(_todo(tx, names, call_id) for call_id in unreported),
        todo_count=len(unreported)
        if len(unreported) < SHOWN_TODO
        else rows.count_unreported(tx, operator.id, since),
        today=rows.today(tx, operator.id, _midnight(tx.now)) if "day" in wanted else rows.NO_DAY,
        client=owner.name if owner else "",
        since=(shown.answered_at or shown.arrived_at) if shown else None,
        card=card,
        news=None if owner else news_for(tx, operator.id),
        care=seat_care(tx, talking) if talking is not None and "care" in wanted else None,
    )


def ringing_here(tx: Tx, operator_id: str) -> Call | None:
    """The call that rings at this operator's seat."""
    call_id = ringing(tx, queue(tx)).get(operator_id)
    return call(tx, call_id) if call_id else None


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(JST).date(), time(), JST)


def _name(tx: Tx, names: dict[str, str], client_id: str | None) -> str:
    if client_id is None:
        return ""
    if client_id not in names:
        found = client(tx, client_id)
        names[client_id] = found.name if found else ""
    return names[client_id]


def _todo(tx: Tx, names: dict[str, str], call_id: str) -> Todo:
    found = call(tx, call_id)
    assert found is not None  # the id was read in this transaction
    run = run_of_call(tx, call_id)
    who = (
        next(
            (a.value for key, a in run.answers.items() if key in ("report.who", "caller_name")), ""
        )
        if run
        else ""
    )
    return Todo(
        call_id,
        _name(tx, names, found.client_id),
        who or shown_number(found.caller),
        found.ended_at or tx.now,
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
    duty: OnDuty | NobodyOnDuty | None = None
    roster: list[Staff] = []
    if whole or (run is not None and _names_staff(run.node)):
        duty, roster = person_in_charge(tx, owner.id, tx.now), staff_of(tx, owner.id)
    memory = memory_of_call(tx, shown) if whole else NOTHING
    known = memory.person
    if run is not None and not whole and len(run.path) == 1:
        known = who_calls(tx, shown)  # greeted by name
    ahead, forbidden = None, []
    if stage == "report" and run is not None and duty is not None:
        ahead = outlook(tx, shown, run, known, roster, duty)
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
        people=people_of(tx, roster, duty) if duty is not None else (),
        nobody=isinstance(duty, NobodyOnDuty),
        outlook=ahead,
        guide=_guide(tx, operator, run, shown) if run else None,
        forbidden=tuple(forbidden),
        identity=standing(tx, shown) if whole else None,
        telephones=rows.with_telephone(tx, owner.id)
        if whole and stage == "talking"
        else frozenset(),
        in_vain=run is not None and in_vain(run, shown),
    )


def _names_staff(node: Node) -> bool:
    """Whether the scene shows who of the client is there."""
    return isinstance(node, HandOver) or any(field.type == "staff" for field in node.ask)


def _guide(tx: Tx, operator: Operator, run: RunView, shown: Call) -> Guide:
    terms = settings_of(tx, run.client_id).terms
    return guide_of(
        run,
        shown,
        tx.now,
        terms,
        experienced=operator.experienced,
        deadlines=deadlines_of(tx, run.client_id),
    )


def _told(run: RunView) -> list[str]:
    """What was typed on the way."""
    return [run.value(field.id) for node in run.walked for field in node.ask]


def people_of(tx: Tx, roster: list[Staff], duty: OnDuty | NobodyOnDuty) -> tuple[Person, ...]:
    """Who takes reports first, then those in charge, then the others. Substitutes of those whom the screen shows."""
    first = takes(duty)
    ordered = sorted(roster, key=lambda p: (p.id != first, not p.in_charge, p.id))
    absent = [p for p in ordered[:SHOWN_STAFF] if p.presence_at(tx.now) is not Presence.PRESENT]
    others = (
        substitutes_of(tx, absent[0].client_id, {p.id for p in absent}, tx.now) if absent else {}
    )
    return tuple(
        Person(
            person,
            person.presence_at(tx.now).value,
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
