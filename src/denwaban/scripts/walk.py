"""The way of one call through a script: where it is, where it may go, what is still to be asked. Pure."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import msgspec

from denwaban.scripts.model import OTHERWISE, Branch, Field, Fork, Node, Script, Urgency, ways


class Step(NamedTuple):
    """A node that was walked through, and the choice by which it was left (empty for the present one)."""

    node: str
    choice: str = ""


Path = Annotated[tuple[Step, ...], msgspec.Meta(min_length=1)]
"""In the order walked; the last step is where the call is."""

_RISING: tuple[Urgency, ...] = ("normal", "soon", "emergency")


class NoSuchWay(Exception):
    """The present node does not lead there."""


def begin(script: Script) -> Path:
    return (Step(script.first.id),)


def forward(script: Script, path: Path, choice: str) -> Path:
    """The path after `choice` (`next` or a digit). Raises `NoSuchWay`."""
    here = path[-1].node
    target = ways(script.node(here)).get(choice)
    if target is None:
        raise NoSuchWay(choice)
    return (*path[:-1], Step(here, choice), Step(target))


def backward(path: Path) -> Path:
    """One step back; at the beginning it stays. Answers are kept."""
    if len(path) == 1:
        return path
    return (*path[:-2], Step(path[-2].node))


def walked(script: Script, path: Path) -> list[Node]:
    """Every node on the path once, in the order first reached."""
    return [script.node(name) for name in dict.fromkeys(step.node for step in path)]


def forks(script: Script, path: Path) -> list[tuple[Fork, Branch]]:
    """The forks passed and the branches taken, in order."""
    found: list[tuple[Fork, Branch]] = []
    for step in path:
        node = script.node(step.node)
        if not isinstance(node, Fork) or not step.choice:
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


def missing(script: Script, path: Path, answers: Mapping[str, str]) -> list[Field]:
    """Mandatory fields of the nodes walked that have no answer, in order. The reading of a name is not mandatory."""
    return [
        field
        for node in walked(script, path)
        for field in node.ask
        if field.mandatory and not answers.get(field.id, "").strip()
    ]
