"""What a script is: a small graph of nodes, one node a screen.

The same thing as TOML or JSON: see `text`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import msgspec

from denwaban.scripts.head import Emotion, Head, Label, Minutes, Name, NodeName, Phrase, Words

LONGEST_ANSWER = 10_000
"""Characters in one answer."""

Urgency = Literal["normal", "soon", "emergency"]

Purpose = Literal[
    "",
    "caller_name",
    "caller_company",
    "caller_number",
    "what_for",
    "callback_by",
    "in_charge",
    "note",
]
"""What an answer means in the report. Answers without one are listed there under their label."""

Opening = Literal["company", "caller", "goods", "purpose"]
"""What a caller is told before an offer is made (特定商取引法 16 条): whose offer, who calls, of what, and that it is one."""

OTHERWISE = "0"
"""The digit of the branch 「それ以外」."""


TAKEN, NOT_TAKEN = "つながった", "つながらない"
"""The two ways on from a hand-over."""


class Word(str):
    """A word of ours among what an author typed: it is translated, too."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a document from being a script."""

    message: str
    """A Japanese sentence."""
    line: int | None = None
    """1-based in the author's text."""
    expected: str = ""
    """What should stand there, as a Japanese sentence."""
    msgids: tuple[str, str] = ("", "")
    """Both sentences before names were put in: keys of the catalogues."""
    values: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, line: int | None, message: str, expected: str = "", **values: object) -> Self:
        """`message` and `expected` take `%(name)s`."""
        return cls(message % values, line, expected % values, (message, expected), values)

    def tell(self, translate: Callable[..., str]) -> tuple[str, str]:
        """(message, expected) in the reader's language; `translate` is gettext's `_`."""
        message, expected = self.msgids
        if not message:
            return self.message, self.expected
        values = {
            name: translate(str(value)) if isinstance(value, Word) else value
            for name, value in self.values.items()
        }
        return translate(message, **values), translate(expected, **values) if expected else ""

    def __str__(self) -> str:
        where = f"{self.line} 行目: " if self.line is not None else ""
        return f"{where}{self.message}{self.expected}"


class ScriptInvalid(Exception):
    """A script that cannot be read or published; `problems` has one for each thing to mend, never none."""

    def __init__(self, problems: Sequence[Problem | str]) -> None:
        self.problems = [p if isinstance(p, Problem) else Problem(p) for p in problems]
        super().__init__(" ".join(str(problem) for problem in self.problems))


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing to ask. A `name` has a second answer, its reading, kept under `<id>.kana`."""

    id: Name
    label: Label
    type: Literal["name", "phone", "datetime", "choice", "text", "staff"] = "text"
    mandatory: bool = False
    purpose: Purpose = ""
    hint: Annotated[str, msgspec.Meta(max_length=100)] = ""
    choices: tuple[Label, ...] = ()
    lines: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    """Of a text field; 0: two for what the call is about and for notes, else one."""
    identity: bool = False
    """Its answer is compared with what the client knows of the caller (本人確認)."""
    item: NodeName = ""
    """The mandatory item of the head that it answers, where neither its id nor its purpose says so."""

    @property
    def rows(self) -> int:
        """How many lines of text the field shows; the text may be longer."""
        return self.lines or (2 if self.purpose in ("what_for", "note") else 1)

    def fulfils(self, item: str) -> bool:
        """Whether it answers that mandatory item of the head."""
        return item in (self.id, self.purpose, self.item)

    @property
    def answers(self) -> tuple[str, ...]:
        """The ids under which what was typed is kept."""
        return (self.id, f"{self.id}.kana") if self.type == "name" else (self.id,)


class Branch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way on from a decision; `urgency` raises the report's."""

    label: Label
    to: Name
    urgency: Urgency = "normal"
    verified: bool = False
    """Who takes it has compared the identity fields: from here on restricted information may be told."""


class _Node(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    id: Name
    title: Label
    """Two or three words by which an operator knows where she is."""
    say: Words = ""
    hint: Words = ""
    """For the operator, not to be said."""
    refuse: Words = ""
    """What is not said here, and what is said instead (お断り)."""
    urgency: Urgency = "normal"
    """Its priority: the highest one walked through becomes the report's."""
    deadline: Minutes | None = None
    """Minutes from the call within which the client's staff should have dealt with it; the shortest on the way holds."""
    feeling: Emotion = ""
    """The mood that a caller here is in, as a rule: a phrase of empathy belongs into what is said."""
    restricted: bool = False
    """Here something is told that nobody hears of before the identity check."""
    unrecorded: bool = False
    """What is said here stays out of the recording: numbers of cards and the like (録音停止)."""
    opening: tuple[Opening, ...] = ()
    """What of the opening of an offer is told here."""
    ask: Annotated[tuple[Field, ...], msgspec.Meta(max_length=4)] = ()


class Say(_Node, frozen=True, kw_only=True, tag_field="kind", tag="say"):
    """Words, then on."""

    to: Name


class Ask(_Node, frozen=True, kw_only=True, tag_field="kind", tag="ask"):
    """Words, fields, then on."""

    to: Name


class Decide(_Node, frozen=True, kw_only=True, tag_field="kind", tag="decide"):
    """A fork; branches are chosen by digits 1 to 9, `otherwise` by 0. With purpose `what_for` the label chosen is part of
    the matter in the report: 「水漏れ: 台所の蛇口から」."""

    purpose: Literal["", "what_for"] = ""
    branches: Annotated[tuple[Branch, ...], msgspec.Meta(max_length=9)]
    otherwise: Branch | None = None
    """Every fork must have it, but its absence is told by `problems`, in words that an author understands."""


class Inform(_Node, frozen=True, kw_only=True, tag_field="kind", tag="inform"):
    """Something about a topic is told, as far as the head's topics allow."""

    topic: Label
    to: Name


class MustSay(_Node, frozen=True, kw_only=True, tag_field="kind", tag="must_say"):
    """Words that are said as they stand; going on is the operator's word for having said them."""

    to: Name


class HandOver(_Node, frozen=True, kw_only=True, tag_field="kind", tag="hand_over"):
    """The caller is put through while he waits; `failed` is where it goes when nobody takes the call. Its two ways are
    chosen like branches: 1 and 0."""

    staff: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """A name or a department; empty: whoever is in charge now."""
    to: Name
    failed: Name

    @property
    def purpose(self) -> Literal[""]:
        """No fork of this kind says what the call is about."""
        return ""

    @property
    def branches(self) -> tuple[Branch, ...]:
        return (Branch(label=TAKEN, to=self.to),)

    @property
    def otherwise(self) -> Branch:
        return Branch(label=NOT_TAKEN, to=self.failed)


class Promise(_Node, frozen=True, kw_only=True, tag_field="kind", tag="promise"):
    """The caller is promised a call back; the report then needs a time, `minutes` from the call unless asked."""

    what: Label = "折り返しのご連絡"
    minutes: Minutes = 180
    to: Name


class End(_Node, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """The last words. `done` goes into the report as what was done."""

    done: Words = ""
    exception: Words = ""
    """Why a call may end here without the mandatory items and phrases of the head; empty: it may not."""


Node = Say | Ask | Decide | Inform | MustSay | HandOver | Promise | End
Fork = Decide | HandOver


class Step(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """One step of an example: where the call is, what is answered there, how it goes on."""

    at: Name
    answer: dict[str, str] = {}
    """By the id of the field."""
    choice: Label = "next"
    """`next`, a digit, or the label of a branch."""


class Example(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A call as the author imagines it, and what should come of it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    caller: Words = ""
    """What the caller says."""
    regular: bool = False
    steps: tuple[Step, ...] = ()
    expect: tuple[Name, ...] = ()
    """Nodes that the call comes through, in this order."""
    report: tuple[Phrase, ...] = ()
    """Words that the report must have."""


class Script(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True
):
    """A whole script. The first node is where a call begins."""

    nodes: Annotated[tuple[Node, ...], msgspec.Meta(min_length=1, max_length=200)]
    head: Head = Head()
    examples: Annotated[tuple[Example, ...], msgspec.Meta(max_length=50)] = ()

    @property
    def first(self) -> Node:
        return self.nodes[0]

    def start(self, regular: bool) -> Node:
        """Where a call begins."""
        return self.node(self.head.regular) if regular and self.head.regular else self.first

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node.id: node for node in reversed(self.nodes)}

    def node(self, name: str) -> Node:
        """Raises KeyError when there is none of this name."""
        return self._by_id[name]

    @cached_property
    def _by_answer(self) -> dict[str, Field]:
        return {
            answer: field
            for node in reversed(self.nodes)
            for field in reversed(node.ask)
            for answer in field.answers
        }

    def field(self, answer: str) -> Field | None:
        """The field that an answer id belongs to."""
        return self._by_answer.get(answer)

    def fields(self, item: str) -> list[Field]:
        """The fields that fulfil a mandatory item of the head."""
        return [f for node in self.nodes for f in node.ask if f.fulfils(item)]


def ways(node: Node) -> dict[str, str]:
    """Where each choice leads: `next` for a node with one way on, digits for a fork, nothing at the end."""
    if isinstance(node, Fork):
        found = {str(digit): branch.to for digit, branch in enumerate(node.branches, 1)}
        if node.otherwise is not None:
            found[OTHERWISE] = node.otherwise.to
        return found
    return {} if isinstance(node, End) else {"next": node.to}


def write(script: Script) -> str:
    """The document as JSON text."""
    return msgspec.json.format(msgspec.json.encode(script)).decode()


def plain_data(script: Script) -> dict[str, Any]:
    """The document as what a JSON column takes."""
    data: dict[str, Any] = msgspec.to_builtins(script)
    return data
