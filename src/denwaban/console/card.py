"""The call that one operator's screen is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from denwaban.calls import Call
from denwaban.console.guide import GIVEN, Guide, forbidden_in, guide_of
from denwaban.console.model import greeting_of, in_vain
from denwaban.console.outlook import Outlook, outlook, takes
from denwaban.console.transfers import verdicts
from denwaban.disclosure import Standing, standing
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
from denwaban.people import Client, Operator, Presence, Staff, persons
from denwaban.scripts import Forbidden, HandOver, Node, RunView, first_node, settings_of
from denwaban.store import Tx

SHOWN_STAFF = 5


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


def shown_number(caller: str) -> str:
    """A caller's number as people read it; what was received when it is none; empty when withheld."""
    return show_number(caller) if caller else ""


def card_of(
    tx: Tx,
    operator: Operator,
    shown: Call,
    owner: Client,
    run: RunView | None,
    stage: str,
    wanted: frozenset[str],
) -> Card:
    """What the screen of this operator shows of a call of theirs. `wanted`: the regions of the screen that are drawn anew; where
    `right` is not among them and the script has begun, who calls and whom the client has are read only as far as the scene
    shows them."""
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
        before=_before(tx, shown, run, memory if whole else None)
        if stage == "talking" and run
        else {},
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


def _before(tx: Tx, shown: Call, run: RunView, memory: Memory | None) -> Mapping[str, Before]:
    """What the caller answered last time to what this scene asks."""
    if not any(may_be_known(field) for field in run.node.ask):
        return {}
    return known_before(run.node.ask, said_by_caller(tx, shown, memory))
