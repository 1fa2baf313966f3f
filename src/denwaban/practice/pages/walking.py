"""The screen on which a script is walked, as pieces that both rehearsals and practices send."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec

from denwaban.clock import japan_day
from denwaban.console import Person, greeting_of, guide_of, mood_words, people_of, sentence, span
from denwaban.oncall import BY_CLOCK, Deadlines, deadlines_of, on_duty, roster_now
from denwaban.people import Client, Staff, client
from denwaban.practice.rehearsal import (
    Text,
    coverage,
    ended,
    imagined_call,
    offered,
    preview,
    with_ids,
)
from denwaban.reports import URGENCY_WORDS
from denwaban.scripts import (
    LONGEST_ANSWER,
    OTHERWISE,
    Branch,
    Decide,
    HandOver,
    Node,
    RunView,
    Script,
    Terms,
    rehearsal,
    settings_of,
)
from denwaban.store import Tx
from denwaban.texts import NOT_ASKED
from denwaban.web import _

USUAL = Terms()

LONGEST_WALK = 500
"""Steps of one walk."""

Choice = Annotated[str, msgspec.Meta(pattern=r"^(next|[0-9]|>[a-z][a-z0-9_]{0,39})$")]
"""As `scripts.rehearsal.stepped` takes it."""
Way = Annotated[str, msgspec.Meta(max_length=80)]
AnswerText = Annotated[str, msgspec.Meta(max_length=LONGEST_ANSWER)]
AnswerName = Annotated[str, msgspec.Meta(max_length=64)]
Choices = Annotated[list[Choice], msgspec.Meta(max_length=LONGEST_WALK)]
Answers = Annotated[dict[AnswerName, AnswerText], msgspec.Meta(max_length=1000)]


class Walking(msgspec.Struct, forbid_unknown_fields=True):
    """Where the page is. The server keeps nothing of it but, in practice, the way and its times."""

    choices: Choices = msgspec.field(default_factory=list)
    answers: Answers = msgspec.field(default_factory=dict)
    regular: bool = False
    seen: Annotated[list[Way], msgspec.Meta(max_length=3000)] = msgspec.field(default_factory=list)
    """Ways taken before, as `node choice`."""
    plan: Choices = msgspec.field(default_factory=list)
    """The choices of the walk that is stepped through."""
    load: Annotated[str, msgspec.Meta(pattern=r"^((example|walk):[0-9]{1,4})?$")] = ""
    """A walk to begin from its first node."""
    following: Annotated[str, msgspec.Meta(max_length=12)] = ""
    """The walk that was loaded last."""


@dataclass(frozen=True, slots=True)
class Room:
    """What the walk stands in."""

    script: Script
    client: Client
    staff: list[Staff]
    title: str
    """The script's name."""
    number: int
    """Which version of it; 0: the draft."""
    kind: str = "rehearsal"
    """rehearsal | practice"""
    script_id: str = ""
    version_id: str = ""
    base: str = ""
    """The draft that was read; empty: none."""
    author: bool = False
    """May keep examples and ring."""
    text_id: str = ""
    """Of the text that the script was read from."""
    people: tuple[Person, ...] = ()
    """The staff as the seat shows them."""
    terms: Terms = USUAL
    deadlines: Deadlines = BY_CLOCK
    experienced: bool = True
    """Whoever walks may use the free mode of a script that has one."""


def room_of(tx: Tx, client_id: str, script: Script, title: str, number: int, **more: Any) -> Room:
    """Reads the client and its staff."""
    owner = client(tx, client_id)
    assert owner is not None  # a script has a client
    roster = roster_now(tx, client_id)
    staff = list(roster.staff)
    people = people_of(roster, on_duty(roster, tx.now), tx.now)
    terms = settings_of(tx, client_id).terms
    return Room(
        script,
        owner,
        staff,
        title,
        number,
        people=people,
        terms=terms,
        deadlines=deadlines_of(tx, client_id),
        **more,
    )


def offers(
    room: Room, now: datetime
) -> tuple[tuple[rehearsal.Walk, ...], tuple[rehearsal.Walk, ...]]:
    """(the author's examples, walks through every branch) of the room's script."""
    names = tuple(person.name for person in room.staff)
    return offered(Text(room.text_id, room.script), japan_day(now), names)


def loaded(
    data: Walking, examples: Sequence[rehearsal.Walk], walks: Sequence[rehearsal.Walk], room: Room
) -> Walking:
    """The page with the wanted walk at its beginning, its answers filled in."""
    kind, _colon, number = data.load.partition(":")
    among = examples if kind == "example" else walks
    if not data.load or int(number) >= len(among):
        return data
    chosen = among[int(number)]
    return Walking(
        answers=with_ids(room.script, chosen.answers, room.staff),
        regular=chosen.regular,
        seen=data.seen,
        plan=list(chosen.choices),
        following=data.load,
    )


def branch_of(node: Node, choice: str) -> Branch | None:
    """The branch of that digit; None where there is none."""
    if not isinstance(node, Decide | HandOver) or not choice.isdecimal():
        return None
    if choice == OTHERWISE:
        return node.otherwise
    return node.branches[int(choice) - 1] if int(choice) <= len(node.branches) else None


def shown(room: Room, run: RunView, data: Walking, now: datetime) -> dict[str, Any]:
    """What the pieces need."""
    seen = coverage(room.script, data.seen, run.path)
    looked = preview(run, room.staff, now, room.deadlines)
    step = len(data.choices)
    following = data.plan[:step] == data.choices and step < len(data.plan)
    planned = data.plan[step] if following else ""
    branch = branch_of(run.node, planned)
    call = imagined_call(room.client.id, now)
    return {
        "guide": guide_of(
            run,
            call,
            now,
            room.terms,
            experienced=room.experienced,
            deadlines=room.deadlines,
        ),
        "people": room.people,
        "span": span,
        "mood_words": mood_words(),
        "room": room,
        "run": run,
        "node": run.node,
        "coverage": seen,
        "preview": looked,
        "lacks": [sentence(lack) for lack in looked.lacks],
        "urgency": {key: _(words) for key, words in URGENCY_WORDS.items()},
        "ended": ended(run),
        "greeting": greeting_of(room.client),
        "not_asked": NOT_ASKED,
        "planned": planned,
        "planned_label": branch.label if branch else "",
        "data": data,
        "state": msgspec.to_builtins(
            {
                "choices": data.choices,
                "answers": data.answers,
                "regular": data.regular,
                "seen": seen.seen,
                "plan": data.plan,
                "following": data.following,
            }
        ),
    }
