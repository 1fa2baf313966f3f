"""The way of one call through a script: where it is, where it may go, what is still to be asked. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from denwaban.scripts.head import Objection
from denwaban.scripts.model import OTHERWISE, Branch, End, Field, Fork, Node, Script, Urgency, ways
from denwaban.scripts.phrases import says


class Step(NamedTuple):
    """A node that was walked through, and the choice by which it was left (empty for the present one)."""

    node: str
    choice: str = ""
    at: datetime | None = None
    """When the call came to it; None in runs older than this. After a step back it is still the first time: what was
    lost on a wrong way is part of what the node took."""


Path = Annotated[tuple[Step, ...], msgspec.Meta(min_length=1)]
"""In the order walked; the last step is where the call is."""

_RISING: tuple[Urgency, ...] = ("normal", "soon", "emergency")


JUMPED = "jump"
"""The choice of a step from which an operator went straight elsewhere."""


class NoSuchWay(Exception):
    """The present node does not lead there."""


def begin(script: Script, *, regular: bool = False, at: datetime | None = None) -> Path:
    """`regular`: the caller is one whom the client greets in a way of their own."""
    return (Step(script.start(regular).id, "", at),)


def forward(script: Script, path: Path, choice: str, at: datetime | None = None) -> Path:
    """The path after `choice` (`next` or a digit), taken at that moment. Raises `NoSuchWay`."""
    target = ways(script.node(path[-1].node)).get(choice)
    if target is None:
        raise NoSuchWay(choice)
    return (*path[:-1], path[-1]._replace(choice=choice), Step(target, "", at))


def jump(script: Script, path: Path, target: str, at: datetime | None = None) -> Path:
    """The path after an experienced operator went straight to a node. Raises `NoSuchWay` when there is none of that name
    or the script does not allow it. What is mandatory stays so: `missing` and `unsaid` tell it at the end."""
    if not script.head.free or all(node.id != target for node in script.nodes):
        raise NoSuchWay(target)
    return (*path[:-1], path[-1]._replace(choice=JUMPED), Step(target, "", at))


def backward(path: Path) -> Path:
    """One step back; at the beginning it stays. Answers are kept."""
    if len(path) == 1:
        return path
    return (*path[:-2], path[-2]._replace(choice=""))


def walked(script: Script, path: Path) -> list[Node]:
    """Every node on the path once, in the order first reached."""
    return [script.node(name) for name in dict.fromkeys(step.node for step in path)]


def forks(script: Script, path: Path) -> list[tuple[Fork, Branch]]:
    """The forks passed and the branches taken, in order."""
    found: list[tuple[Fork, Branch]] = []
    for step in path:
        node = script.node(step.node)
        if not isinstance(node, Fork) or step.choice in ("", JUMPED):
            continue
        taken = node.otherwise if step.choice == OTHERWISE else node.branches[int(step.choice) - 1]
        if taken is not None:
            found.append((node, taken))
    return found


def chosen(script: Script, path: Path) -> list[Branch]:
    """The branches taken, in order."""
    return [branch for _node, branch in forks(script, path)]


def urgency(script: Script, path: Path) -> Urgency:
    """The highest of all nodes walked and branches taken."""
    met = [node.urgency for node in walked(script, path)]
    met += [branch.urgency for branch in chosen(script, path)]
    return max(met, key=_RISING.index)


def deadline(script: Script, path: Path) -> int | None:
    """Minutes from the call within which it should be dealt with: the shortest of all nodes walked; None: no node says."""
    return min((n.deadline for n in walked(script, path) if n.deadline is not None), default=None)


def missing(
    script: Script, path: Path, answers: Mapping[str, str], off_the_way: Collection[str] = ()
) -> list[Field]:
    """What is still to be asked, in order: mandatory fields of the nodes walked that have no answer, and at an end what
    every call has to bring, unless that end is an exception. The reading of a name is not mandatory. `off_the_way`: ids of
    fields that were asked although no node walked asks them."""

    def answered(field: Field) -> bool:
        return bool(answers.get(field.id, "").strip())

    here = walked(script, path)
    found = [f for node in here for f in node.ask if f.mandatory and not answered(f)]
    if _complete(script, path):
        asked = {field.id for node in here for field in node.ask} | set(off_the_way)
        for item in script.head.mandatory:
            fields = script.fields(item)
            if fields and not any(f.id in asked and answered(f) for f in fields):
                # The one that was on the way, if any was.
                wanted = next((f for f in fields if f.id in asked), fields[0])
                found += [wanted] if wanted not in found else []
    return found


def unsaid(script: Script, path: Path) -> list[str]:
    """At an end that is no exception, or after a jump: the phrases that every call has to hear and that no node walked says."""
    if not _complete(script, path):
        return []
    said = [node.say for node in walked(script, path)]
    return [p for p in script.head.must_say if not any(says(text, p) for text in said)]


def objections(script: Script, *, refused: bool) -> list[Objection]:
    """The answers to objections that may be given now: after a refusal nobody is talked round (再勧誘の禁止)."""
    return [one for one in script.head.objections if not (refused and one.locked)]


def _complete(script: Script, path: Path) -> bool:
    """Whether the call has come to where nothing may lack. One that left the order of the script may end anywhere."""
    last = script.node(path[-1].node)
    if isinstance(last, End):
        return not last.exception
    return any(step.choice == JUMPED for step in path)


class Edge(NamedTuple):
    """One way on: the node, and the choice by which it is left."""

    node: str
    choice: str


def edges(script: Script) -> list[Edge]:
    """Every way on, in the author's order."""
    return [Edge(node.id, choice) for node in script.nodes for choice in ways(node)]


def branches(script: Script) -> list[Edge]:
    """Those of the forks alone: what somebody has to decide."""
    return [Edge(n.id, choice) for n in script.nodes if isinstance(n, Fork) for choice in ways(n)]


def taken(path: Path) -> list[Edge]:
    """The ways that a walk took."""
    return [Edge(step.node, step.choice) for step in path if step.choice]
