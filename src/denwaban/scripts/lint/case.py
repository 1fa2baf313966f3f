"""What all rules look at, worked out once."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from denwaban.scripts.lint.finding import Around, Finding
from denwaban.scripts.lint.graph import Graph
from denwaban.scripts.lint.rules import RULES
from denwaban.scripts.model import Decide, Node, Script
from denwaban.scripts.phrases import bare
from denwaban.scripts.places import Place
from denwaban.scripts.text import Source

SHOWN_WAY = 6
"""How many nodes of a way are told."""


class Case:
    """One script under the eye of lint."""

    def __init__(self, script: Script, around: Around, source: Source | None) -> None:
        self.script = script
        self.head = script.head
        self.around = around
        self.source = source
        self.purpose = script.head.purpose or around.purpose
        self.said = {node.id: bare(node.say) for node in script.nodes}
        self._place = {node.id: n for n, node in reversed(list(enumerate(script.nodes)))}

    @cached_property
    def graph(self) -> Graph:
        """Only asked for when the script is `whole`."""
        return Graph(self.script)

    def reached(self) -> Iterator[Node]:
        """The nodes that a call can come to, in the author's order."""
        return (node for node in self.script.nodes if node.id in self.graph.reached)

    def asks_matter(self, node: Node) -> bool:
        """Whether the caller says here what the call is about."""
        return any(field.purpose == "what_for" for field in node.ask) or (
            isinstance(node, Decide) and node.purpose == "what_for"
        )

    def at(self, rule: str, node: Node, *inside: str | int, **values: object) -> Finding:
        """A finding about a node, or about something in it."""
        place: Place = ("nodes", self._place[node.id], *inside)
        return self._finding(rule, place, node.id, {"called": called(node), **values})

    def on(self, rule: str, *place: str | int, **values: object) -> Finding:
        """A finding about the whole script."""
        return self._finding(rule, place, None, values)

    def _finding(
        self, rule: str, place: Place, node: str | None, values: dict[str, object]
    ) -> Finding:
        told = RULES[rule]
        line = self.source.line(place) if self.source else None
        return Finding(
            rule,
            told.level,
            line,
            node,
            told.message % values,
            told.why,
            told.mend,
            told.message,
            values,
        )

    def order(self, finding: Finding) -> tuple[bool, int, int]:
        """Errors first, then by line, then as the nodes come."""
        return (
            finding.level != "error",
            finding.line or 0,
            self._place.get(finding.node, -1) if finding.node else -1,
        )


def called(node: Node) -> str:
    """A node as its author knows it."""
    return f"「{node.title}」({node.id})"


def told_way(nodes: Iterable[Node]) -> str:
    """「名乗り → … → 結び」, shortened in the middle."""
    titles = [node.title for node in nodes]
    if len(titles) > SHOWN_WAY:
        titles = [*titles[:2], "…", *titles[-(SHOWN_WAY - 2) :]]
    return " → ".join(titles)
