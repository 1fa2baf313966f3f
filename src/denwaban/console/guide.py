"""What a script gives an operator besides the words of the node: bounds, moods, objections, what is left to say. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from denwaban.calls import Call
from denwaban.clock import JST, japan_day
from denwaban.oncall import BY_CLOCK, Deadlines
from denwaban.scripts import (
    Emotion,
    End,
    Field,
    Forbidden,
    HandOver,
    Inform,
    Objection,
    Promise,
    PromiseRule,
    RunView,
    Script,
    Terms,
    Topic,
    closed,
    restricted,
    says,
    ways,
)

SAID, REFUSED, MOOD, EXCEPTION, NOW, MEMO, GIVEN = (
    "report.said",
    "report.refused",
    "report.mood",
    "report.exception",
    "report.now",
    "report.memo",
    "report.who_calls",
)
"""Kept with the answers of the run: phrases said beside the script (one a line), `yes` once the caller has refused, the
mood chosen, why something mandatory is lacking, `yes` when the caller asks for the client's staff at once, what the operator
jotted down while talking, and the id of the person that the operator said it is."""

REFUSAL = "refused"
"""The mandatory item whose answer says whether the caller wants to hear no more."""

NO_MORE = "望まない"
"""In such an answer: the caller wants no more offers (再勧誘の禁止)."""

QUARTER = timedelta(minutes=15)

ANY = Terms()
"""Of a client that bounds nothing."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a promise may fall due, both ends included."""

    earliest: datetime
    latest: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.earliest <= moment <= self.latest


@dataclass(frozen=True, slots=True)
class Guide:
    """The script beside the words of the present node."""

    kind: str
    """Of the node: say, ask, decide, inform, must_say, hand_over, promise, end."""
    tone: str
    due: datetime | None
    """By when the client's staff should have dealt with the call."""
    topic: Topic | None
    """Of a node that informs; one that the head does not name may be explained."""
    phrases: tuple[str, ...]
    """For the mood chosen, or the one that callers at this node are in as a rule."""
    moods: tuple[Emotion, ...]
    """Those for which there are phrases, in the order of the script."""
    mood: str
    refused: bool
    objections: tuple[Objection, ...]
    locked: int
    """How many answers to objections may not be given any more."""
    forbidden: tuple[Forbidden, ...]
    unsaid: tuple[str, ...]
    """What every call has to hear and this one has not: from the node before an end on."""
    unasked: tuple[Field, ...]
    """What is mandatory and not asked in this node: at an end, or after a jump."""
    times: bool
    """Whether the client allows that callers are promised a time."""
    window: Window | None
    soon: frozenset[str]
    """Which of the quick choices of a time fall into the window; all without one."""
    quick: Mapping[str, datetime]
    """When they are, for a client that counts in business hours; empty: by the clock, which the browser knows."""
    hand_over: str
    """To whom the caller is put through; empty: whoever is in charge."""
    free: bool
    """This operator may go to any node but those that are closed."""
    closed: frozenset[str]
    """Where a free operator may not go yet: behind the identity check, which this call has not passed."""
    hidden: frozenset[str]
    """Nodes whose words are not in the list of places, for what they tell needs a check."""


def guide_of(
    run: RunView,
    call: Call,
    now: datetime,
    terms: Terms,
    *,
    experienced: bool,
    deadlines: Deadlines = BY_CLOCK,
) -> Guide:
    head, node = run.script.head, run.node
    mood = run.value(MOOD) or node.feeling
    gone = is_refused(run)
    allowed = window_of(run, call, now, terms, deadlines)
    times = quick(now, deadlines)
    begun = call.answered_at or call.arrived_at
    free = experienced and head.free
    return Guide(
        kind=str(node.__struct_config__.tag),
        tone=head.tone,
        due=deadlines.after(begun, run.deadline) if run.deadline is not None else None,
        topic=_topic(run.script, node.topic) if isinstance(node, Inform) else None,
        phrases=tuple(e.words for e in head.empathy if e.feeling in ("", mood)),
        moods=tuple(dict.fromkeys(e.feeling for e in head.empathy if e.feeling)),
        mood=mood,
        refused=gone,
        objections=tuple(o for o in head.objections if not (gone and o.locked)),
        locked=sum(o.locked for o in head.objections) if gone else 0,
        forbidden=head.forbidden,
        unsaid=tuple(unsaid(run)),
        unasked=tuple(f for f in run.missing if f not in node.ask),
        times=terms.may_promise,
        window=allowed,
        soon=frozenset()
        if isinstance(node, Promise) and not terms.may_promise
        else frozenset(name for name, at in times.items() if allowed is None or at in allowed),
        quick={} if deadlines.hours is None else times,
        hand_over=node.staff if isinstance(node, HandOver) else "",
        free=free,
        closed=closed(run.script, run.path, terms.restricted) if free else frozenset(),
        hidden=restricted(run.script, terms.restricted) if free else frozenset(),
    )


def unsaid(run: RunView) -> list[str]:
    """Phrases that the call has to hear and has not, told from the node before an end on."""
    heard = set(run.value(SAID).splitlines())
    return [p for p in _pending(run) if p not in heard]


def _pending(run: RunView) -> list[str]:
    if isinstance(run.node, End):
        return run.unsaid
    ends = [run.script.node(target) for target in ways(run.node).values()]
    if not any(isinstance(end, End) and not end.exception for end in ends):
        return run.unsaid
    # Each end says something of its own: what all of them say is not left.
    said = [node.say for node in run.walked]
    return [
        phrase
        for phrase in run.script.head.must_say
        if not any(says(text, phrase) for text in said)
        and not all(says(end.say, phrase) for end in ends if isinstance(end, End))
    ]


def is_refused(run: RunView) -> bool:
    """Whether the caller has refused an offer: the operator marked it, or the script came to where it is written down."""
    marked = run.value(REFUSED)
    if marked:
        return marked == "yes"
    for node in run.walked:
        for field in node.ask:
            if not field.fulfils(REFUSAL):
                continue
            only = field.choices and all(NO_MORE in choice for choice in field.choices)
            if only or NO_MORE in run.value(field.id):
                return True
    return False


def forbidden_in(script: Script, text: str) -> list[Forbidden]:
    """Phrases of the text that are never said to this client's callers, nor written about them."""
    return [one for one in script.head.forbidden if says(text, one.words)]


def window_of(
    run: RunView, call: Call, now: datetime, terms: Terms, deadlines: Deadlines = BY_CLOCK
) -> Window | None:
    """When the promise of this call may fall due, by the client's terms and the script's rules; None when neither bounds
    it."""
    rules: Sequence[PromiseRule] = run.script.head.promises
    promised = [node for node in run.walked if isinstance(node, Promise)]
    if promised:
        rules = [rule for rule in rules if rule.what == promised[-1].what] or rules
    least = max(terms.shortest_promise, min((rule.shortest for rule in rules), default=0))
    most = min(
        terms.longest_promise, max((rule.longest for rule in rules), default=terms.longest_promise)
    )
    if not rules and (least, most) == (ANY.shortest_promise, ANY.longest_promise):
        return None
    begun = call.answered_at or call.arrived_at
    return Window(deadlines.after(begun, least), quarter(deadlines.after(now, most)))


def quarter(moment: datetime) -> datetime:
    """The next quarter of an hour: nobody promises 15:07."""
    late = timedelta(
        minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
    )
    return moment if not late else moment - late + QUARTER


def quick(now: datetime, deadlines: Deadlines) -> dict[str, datetime]:
    """The quick choices of a time."""
    tomorrow = datetime.combine(japan_day(now) + timedelta(days=1), time(10), JST)
    times = {str(m): quarter(deadlines.after(now, m)) for m in (30, 60, 180)}
    return {**times, "tomorrow": tomorrow}


def _topic(script: Script, name: str) -> Topic:
    return next((t for t in script.head.topics if t.name == name), Topic(name=name))
