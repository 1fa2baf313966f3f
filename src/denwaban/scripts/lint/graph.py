"""The ways through a script as a graph. Everything here costs about as much as the script is long; no path is ever
enumerated: a script of 200 nodes can have more of them than there are stars."""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from denwaban.scripts.model import Branch, Decide, End, Fork, Node, Script, ways


class Edge(NamedTuple):
    """One way on."""

    to: str
    branch: Branch | None
    """None where there is no choice."""


class Graph:
    """The nodes by name, what leads where, and what can be reached. Only for scripts whose targets all exist."""

    def __init__(self, script: Script) -> None:
        self.nodes: dict[str, Node] = {node.id: node for node in script.nodes}
        self.entries = list(dict.fromkeys([script.first.id, script.start(True).id]))
        self.edges: dict[str, list[Edge]] = {node.id: _edges(node) for node in script.nodes}
        self.reached = self.without(lambda _node: False)
        self.finishing = self._finishing()

    def without(
        self,
        stops: Callable[[Node], bool],
        passes: Callable[[Edge], bool] = lambda _edge: True,
        *,
        enter: bool = False,
    ) -> dict[str, str]:
        """What can be reached without going through a node that stops, over edges that let pass: each with the node
        before it (an entry with itself). With `enter`, a node that stops is still reached, but not left."""
        before: dict[str, str] = {}
        todo = deque((entry, entry) for entry in self.entries)
        while todo:
            name, came = todo.popleft()
            if name in before:
                continue
            stopped = stops(self.nodes[name])
            if stopped and not enter:
                continue
            before[name] = came
            if not stopped:
                todo.extend((edge.to, name) for edge in self.edges[name] if passes(edge))
        return before

    def way(self, before: Mapping[str, str], name: str) -> list[Node]:
        """The way by which `without` came to a node."""
        found = [name]
        while before[found[-1]] != found[-1]:
            found.append(before[found[-1]])
        return [self.nodes[one] for one in reversed(found)]

    def _finishing(self) -> set[str]:
        """The nodes from which an end can be reached."""
        back: dict[str, list[str]] = {name: [] for name in self.nodes}
        for name, edges in self.edges.items():
            for edge in edges:
                back[edge.to].append(name)
        good: set[str] = set()
        todo = [name for name, node in self.nodes.items() if isinstance(node, End)]
        while todo:
            name = todo.pop()
            if name not in good:
                good.add(name)
                todo += back[name]
        return good

    def fewest(self, worth: Callable[[Node], int]) -> dict[str, int]:
        """For each node that can be reached the least that can have been gathered when it is left."""
        least: dict[str, int] = {}
        todo = [(worth(self.nodes[entry]), entry) for entry in self.entries]
        heapq.heapify(todo)
        while todo:
            so_far, name = heapq.heappop(todo)
            if name in least:
                continue
            least[name] = so_far
            for edge in self.edges[name]:
                if edge.to not in least:
                    heapq.heappush(todo, (so_far + worth(self.nodes[edge.to]), edge.to))
        return least

    def depths(self) -> dict[str, int]:
        """For each node that can be reached the most decisions on a way to it, itself included. The decisions of a loop
        count once each."""
        deepest: dict[str, int] = {}
        # Components come with those that they lead to first: taken backwards, all that leads to a node is known.
        for component in reversed(self._components()):
            inside = set(component)
            here = sum(isinstance(self.nodes[name], Decide) for name in component)
            before = max((deepest.get(name, 0) for name in component), default=0)
            for name in component:
                deepest[name] = before + here
            for name in component:
                for edge in self.edges[name]:
                    if edge.to not in inside:
                        deepest[edge.to] = max(deepest.get(edge.to, 0), before + here)
        return deepest

    def _components(self) -> list[list[str]]:
        """Tarjan's strongly connected components of what can be reached, without recursion."""
        index: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        on_stack: set[str] = set()
        found: list[list[str]] = []
        for entry in self.entries:
            if entry in index:
                continue
            work = [(entry, iter(self.edges[entry]))]
            index[entry] = low[entry] = len(index)
            stack.append(entry)
            on_stack.add(entry)
            while work:
                name, rest = work[-1]
                for edge in rest:
                    if edge.to not in index:
                        index[edge.to] = low[edge.to] = len(index)
                        stack.append(edge.to)
                        on_stack.add(edge.to)
                        work.append((edge.to, iter(self.edges[edge.to])))
                        break
                    if edge.to in on_stack:
                        low[name] = min(low[name], index[edge.to])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[name])
                    if low[name] == index[name]:
                        found.append(_popped(stack, on_stack, name))
        return found


def _popped(stack: list[str], on_stack: set[str], until: str) -> list[str]:
    component = []
    while True:
        name = stack.pop()
        on_stack.discard(name)
        component.append(name)
        if name == until:
            return component


def _edges(node: Node) -> list[Edge]:
    if isinstance(node, Fork):
        branches = (*node.branches, *([node.otherwise] if node.otherwise else []))
        return [Edge(branch.to, branch) for branch in branches]
    return [Edge(to, None) for to in ways(node).values()]


def whole(script: Script) -> bool:
    """Whether a graph can be made: every name once, every target there."""
    known = {node.id for node in script.nodes}
    return len(known) == len(script.nodes) and not missing_targets(script, known)


def missing_targets(script: Script, known: Collection[str]) -> Iterable[tuple[Node | None, str]]:
    """(where it is named, the name) for each node that is named and not there."""
    return [
        *(
            (node, target)
            for node in script.nodes
            for target in dict.fromkeys(ways(node).values())
            if target not in known
        ),
        *([(None, script.head.regular)] if script.head.regular not in {"", *known} else []),
    ]
