"""What a script is: a small graph of nodes, one node a screen.

A document is the same thing as TOML or JSON; `read` takes both, `write` gives JSON that reads back equal.
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

LONGEST_ANSWER = 10_000
"""Characters in one answer."""

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Of a node or a field."""

Words = Annotated[str, msgspec.Meta(max_length=400)]
"""What is said or shown at once; longer does not fit one screen without a scroll."""

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]

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

OTHERWISE = "0"
"""The digit of the branch 「それ以外」."""


class ScriptInvalid(Exception):
    """A script that cannot be published; `problems` are Japanese sentences, one for each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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

    @property
    def rows(self) -> int:
        """How many lines of text the field shows; the text may be longer."""
        return self.lines or (2 if self.purpose in ("what_for", "note") else 1)

    @property
    def answers(self) -> tuple[str, ...]:
        """The ids under which what was typed is kept."""
        return (self.id, f"{self.id}.kana") if self.type == "name" else (self.id,)


class Branch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way on from a decision; `urgency` raises the report's."""

    label: Label
    to: Name
    urgency: Urgency = "normal"


class _Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: Name
    title: Label
    """Two or three words by which an operator knows where she is."""
    say: Words = ""
    hint: Words = ""
    """For the operator, not to be said."""
    refuse: Words = ""
    """What is not said here, and what is said instead (お断り)."""
    urgency: Urgency = "normal"
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


class Promise(_Node, frozen=True, kw_only=True, tag_field="kind", tag="promise"):
    """The caller is promised a call back; the report then needs a time, `minutes` from the call unless asked."""

    what: Label = "折り返しのご連絡"
    minutes: Annotated[int, msgspec.Meta(ge=5, le=20_160)] = 180
    to: Name


class End(_Node, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """The last words. `done` goes into the report as what was done."""

    done: Words = ""


Node = Say | Ask | Decide | Promise | End


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole script. The first node is where a call begins."""

    nodes: Annotated[tuple[Node, ...], msgspec.Meta(min_length=1, max_length=200)]

    @property
    def first(self) -> Node:
        return self.nodes[0]

    def node(self, name: str) -> Node:
        """Raises KeyError when there is none of this name."""
        for node in self.nodes:
            if node.id == name:
                return node
        raise KeyError(name)

    def field(self, answer: str) -> Field | None:
        """The field that an answer id belongs to."""
        for node in self.nodes:
            for field in node.ask:
                if answer in field.answers:
                    return field
        return None


def ways(node: Node) -> dict[str, str]:
    """Where each choice leads: `next` for a node with one way on, digits for a fork, nothing at the end."""
    if isinstance(node, Decide):
        found = {str(digit): branch.to for digit, branch in enumerate(node.branches, 1)}
        if node.otherwise is not None:
            found[OTHERWISE] = node.otherwise.to
        return found
    return {} if isinstance(node, End) else {"next": node.to}


def read(document: str | Mapping[str, Any]) -> Script:
    """A script from TOML text, JSON text or plain data. Raises `ScriptInvalid`; what it returns is still to be
    checked by `problems`."""
    try:
        if isinstance(document, str):
            text = document.lstrip("\ufeff \t\r\n")
            data: Any = msgspec.json.decode(text) if text.startswith("{") else tomllib.loads(text)
        else:
            data = document
        return msgspec.convert(data, Script)
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError) as error:
        raise ScriptInvalid([f"台本の書き方に誤りがあります: {error}"]) from error


def write(script: Script) -> str:
    """The document as JSON text."""
    return msgspec.json.format(msgspec.json.encode(script)).decode()


def plain_data(script: Script) -> dict[str, Any]:
    """The document as what a JSON column takes."""
    data: dict[str, Any] = msgspec.to_builtins(script)
    return data
