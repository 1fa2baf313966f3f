"""A run as it is now: where it is, what was answered, what is still to be asked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from denwaban.scripts import walk
from denwaban.scripts.model import Branch, Field, Fork, Node, Script, Urgency


class RunFinished(Exception):
    """The report is out; its run does not change any more."""


class Answer(NamedTuple):
    value: str
    known: bool
    """Filled in from what we knew; nobody has touched it in this call."""
    counter: int
    closed: bool = False
    """Something was answered that cannot be opened just now; `value` is empty."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A call's way through its script, as it is now."""

    id: str
    call_id: str
    client_id: str
    version: int
    script: Script
    path: walk.Path
    answers: Mapping[str, Answer]
    finished: bool

    @property
    def node(self) -> Node:
        return self.script.node(self.path[-1].node)

    @property
    def walked(self) -> list[Node]:
        return walk.walked(self.script, self.path)

    @property
    def chosen(self) -> list[Branch]:
        return walk.chosen(self.script, self.path)

    @property
    def forks(self) -> list[tuple[Fork, Branch]]:
        return walk.forks(self.script, self.path)

    @property
    def urgency(self) -> Urgency:
        return walk.urgency(self.script, self.path)

    @property
    def deadline(self) -> int | None:
        """Minutes from the call, the shortest on the way; None when no node says."""
        return walk.deadline(self.script, self.path)

    @property
    def missing(self) -> list[Field]:
        """Mandatory fields that were passed without an answer."""
        return walk.missing(
            self.script,
            self.path,
            {k: a.value for k, a in self.answers.items()},
            {field.id for field in self.extra},
        )

    @property
    def extra(self) -> list[Field]:
        """Mandatory fields of the head that were answered in this call although no node on the way asks them."""
        asked = {field.id for node in self.walked for field in node.ask}
        found = {f.id: f for item in self.script.head.mandatory for f in self.script.fields(item)}
        return [
            field
            for name, field in found.items()
            if name not in asked and self.value(name).strip() and not self.answers[name].known
        ]

    @property
    def unsaid(self) -> list[str]:
        """Phrases that every call has to hear and that this one, at its end, did not."""
        return walk.unsaid(self.script, self.path)

    def value(self, field: str) -> str:
        """The answer, or an empty text."""
        found = self.answers.get(field)
        return found.value if found else ""
