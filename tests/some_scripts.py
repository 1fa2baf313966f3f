"""Scripts made at random: whole ones for what must hold of all, sound ones to walk through."""

from dataclasses import dataclass
from datetime import date

import msgspec
from hypothesis import strategies as st

from denwaban.scripts import (
    Ask,
    Branch,
    Decide,
    End,
    Example,
    Field,
    HandOver,
    Head,
    Inform,
    MustSay,
    Node,
    Promise,
    Say,
    Script,
    lint,
    ways,
)
from denwaban.scripts.head import Empathy, Forbidden, Objection, PromiseRule, Topic
from denwaban.scripts.model import Purpose, Step

WORDS = st.text(max_size=40)
LABELS = st.text(min_size=1, max_size=30)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
URGENCY = st.sampled_from(["normal", "soon", "emergency"])
MINUTES = st.integers(5, 20_160)


def fields(number: int) -> st.SearchStrategy[tuple[Field, ...]]:
    """Up to three fields with ids of their own."""
    one = st.builds(
        Field,
        id=st.just("f"),
        label=LABELS,
        type=st.sampled_from(["name", "phone", "datetime", "choice", "text", "staff"]),
        mandatory=st.booleans(),
        purpose=st.sampled_from(["", "caller_name", "what_for", "note"]),
        hint=WORDS,
        choices=st.lists(LABELS, max_size=3).map(tuple),
        lines=st.integers(0, 4),
        identity=st.booleans(),
    )
    return st.lists(one, max_size=3).map(
        lambda found: tuple(
            msgspec.structs.replace(field, id=f"f{number}_{n}") for n, field in enumerate(found)
        )
    )


def nodes(number: int, count: int) -> st.SearchStrategy[Node]:
    """Any node, with any targets among `count`."""
    target = st.integers(0, count - 1).map(lambda n: f"n{n}")
    branch = st.builds(Branch, label=LABELS, to=target, urgency=URGENCY, verified=st.booleans())
    shared = {
        "id": st.just(f"n{number}"),
        "title": LABELS,
        "say": WORDS,
        "hint": WORDS,
        "refuse": WORDS,
        "urgency": URGENCY,
        "deadline": st.none() | MINUTES,
        "restricted": st.booleans(),
        "ask": fields(number),
    }
    return st.one_of(
        st.builds(Say, **shared, to=target),
        st.builds(Ask, **shared, to=target),
        st.builds(MustSay, **shared, to=target),
        st.builds(Inform, **shared, to=target, topic=LABELS),
        st.builds(HandOver, **shared, to=target, failed=target, staff=WORDS),
        st.builds(Promise, **shared, to=target, what=LABELS, minutes=MINUTES),
        st.builds(
            Decide,
            **shared,
            branches=st.lists(branch, max_size=4).map(tuple),
            otherwise=st.none() | branch,
        ),
        st.builds(End, **shared, done=WORDS, exception=WORDS),
    )


PHRASES = st.text(min_size=1, max_size=20)


def parts(
    kind: type[msgspec.Struct], **fixed: st.SearchStrategy[object]
) -> st.SearchStrategy[object]:
    """A few of a part of the head."""
    return st.lists(st.builds(kind, **fixed), max_size=2).map(tuple)


HEADS = st.builds(
    Head,
    about=st.text(max_size=200),
    purpose=st.sampled_from(["", "sales", "orphan"]),
    tone=WORDS,
    regular=st.sampled_from(["", "n0"]),
    free=st.booleans(),
    review=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    mandatory=st.lists(NAMES, max_size=3).map(tuple),
    must_say=st.lists(PHRASES, max_size=2).map(tuple),
    identity=st.integers(1, 5),
    promises=parts(PromiseRule, what=LABELS, by=WORDS, shortest=MINUTES, longest=MINUTES),
    topics=parts(Topic, name=LABELS, bound=st.sampled_from(["explain", "take"]), words=WORDS),
    forbidden=parts(Forbidden, words=PHRASES, instead=WORDS),
    empathy=parts(Empathy, feeling=st.sampled_from(["angry", "sad"]), words=PHRASES),
    objections=parts(Objection, when=PHRASES, answer=WORDS, locked=st.booleans()),
)

EXAMPLES = st.builds(
    Example,
    name=st.text(min_size=1, max_size=60),
    caller=WORDS,
    regular=st.booleans(),
    steps=st.lists(
        st.builds(
            Step,
            at=NAMES,
            answer=st.dictionaries(st.text(max_size=10), WORDS, max_size=2),
            choice=LABELS,
        ),
        max_size=3,
    ).map(tuple),
    expect=st.lists(NAMES, max_size=3).map(tuple),
    report=st.lists(PHRASES, max_size=2).map(tuple),
)


@st.composite
def any_scripts(draw: st.DrawFn) -> Script:
    """Well formed, hardly ever sound."""
    count = draw(st.integers(1, 5))
    return Script(
        nodes=tuple(draw(nodes(n, count)) for n in range(count)),
        head=draw(HEADS),
        examples=tuple(draw(st.lists(EXAMPLES, max_size=2))),
    )


@dataclass(frozen=True)
class Shape:
    """A node to be: what it asks and says, where it leads."""

    kind: str
    to: tuple[int, ...]
    item: int | None
    phrase: int | None
    exception: bool


ITEMS = ("item0", "item1", "item2")
SAYINGS = ("身の安全を最優先にしてください", "状況を担当へ確実に引き継ぎます")


def _node(number: int, last: int, shape: Shape) -> Node:
    name, title = f"n{number}", f"場面{number}"
    say = "はい。" + (SAYINGS[shape.phrase] + "。" if shape.phrase is not None else "")
    ask = (
        (Field(id=f"{ITEMS[shape.item]}_{number}", label="項目", purpose=_PURPOSES[shape.item]),)
        if shape.item is not None
        else ()
    )
    # The first way leads forward, so that an end can be reached from everywhere; the others lead anywhere.
    ahead = min(number + 1 + shape.to[0] % 3, last)
    where = [f"n{ahead}", *(f"n{n % (last + 1)}" for n in shape.to[1:])]
    if number == last or shape.kind == "end":
        why = "間違い電話" if shape.exception else ""
        return End(id=name, title=title, say=say, ask=ask, exception=why)
    if shape.kind == "decide":
        branches = tuple(Branch(label=f"枝{n}", to=to) for n, to in enumerate(where[:-1]))
        otherwise = Branch(label="それ以外", to=where[-1])
        return Decide(
            id=name, title=title, say=say, ask=ask, branches=branches, otherwise=otherwise
        )
    if shape.kind == "hand_over":
        return HandOver(id=name, title=title, say=say, ask=ask, to=where[0], failed=where[1])
    return Ask(id=name, title=title, say=say, ask=ask, to=where[0])


_PURPOSES: tuple[Purpose, ...] = ("caller_name", "what_for", "note")

SHAPES = st.builds(
    Shape,
    kind=st.sampled_from(["ask", "ask", "decide", "decide", "hand_over", "end"]),
    to=st.tuples(*[st.integers(0, 20)] * 3),
    item=st.none() | st.sampled_from(range(3)),
    phrase=st.none() | st.sampled_from(range(2)),
    exception=st.booleans(),
)


@st.composite
def tangled_scripts(draw: st.DrawFn) -> Script:
    """Up to twelve nodes with loops, dead wood cut off, that ask for anything; lint may find what some way skips."""
    shapes = draw(st.lists(SHAPES, min_size=2, max_size=12))
    last = len(shapes) - 1
    made = {f"n{n}": _node(n, last, shape) for n, shape in enumerate(shapes)}
    reached: dict[str, Node] = {}
    todo = ["n0"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached[name] = made[name]
            todo += ways(made[name]).values()
    kept = tuple(node for name, node in made.items() if name in reached)
    asked = {field.purpose for node in kept for field in node.ask}
    return Script(
        nodes=kept,
        head=Head(
            mandatory=tuple(purpose for purpose in _PURPOSES if purpose in asked), must_say=SAYINGS
        ),
    )


def mended(script: Script) -> Script:
    """The script without the demands that some way does not meet."""
    while wrong := [f for f in lint(script) if f.rule in ("skipped-item", "skipped-phrase")]:
        labels = {str(finding.values.get("phrase", "")) for finding in wrong}
        rest = script.head.mandatory
        if any(finding.rule == "skipped-item" for finding in wrong):
            rest = rest[1:]
        phrases = tuple(phrase for phrase in script.head.must_say if phrase not in labels)
        changed = msgspec.structs.replace(script.head, mandatory=rest, must_say=phrases)
        script = msgspec.structs.replace(script, head=changed)
    return script
