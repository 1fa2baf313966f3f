"""Which ways to walk through a script so that each is taken once at least. Pure."""

from collections import deque

from denwaban.scripts import walk
from denwaban.scripts.model import Script, ways
from denwaban.scripts.walk import Edge, edges


class Planner:
    """Takes each way once at least. Every search goes once over the ways and finds a new one, or ends a walk."""

    def __init__(self, script: Script) -> None:
        self._ways = {node.id: ways(node) for node in script.nodes}
        self._left = {Edge(*each) for each in edges(script)}
        self._to_end = self._distances()

    def next(self, start: str) -> walk.Path | None:
        """A walk that takes something new; None when nothing new can be reached."""
        return self.walk(start) if self._towards(start, {start}) is not None else None

    def walk(self, start: str) -> walk.Path:
        here, visited = start, {start}
        steps: list[Edge] = []

        def go(edge: Edge) -> None:
            nonlocal here
            steps.append(edge)
            self._left.discard(edge)
            here = self._ways[edge.node][edge.choice]
            visited.add(here)

        while (way := self._towards(here, visited)) is not None:
            for edge in way:
                go(edge)
        while (out := self._way_out(here)) is not None:
            go(out)
        return (*(walk.Step(edge.node, edge.choice) for edge in steps), walk.Step(here))

    def _towards(self, here: str, visited: set[str]) -> list[Edge] | None:
        """The shortest way to something new that goes through no node twice."""
        came: dict[str, Edge | None] = {here: None}
        todo = deque([here])
        while todo:
            name = todo.popleft()
            for choice, to in self._ways[name].items():
                edge = Edge(name, choice)
                if edge in self._left:
                    way = [edge]
                    while (before := came[way[-1].node]) is not None:
                        way.append(before)
                    return way[::-1]
                if to not in came and to not in visited:
                    came[to] = edge
                    todo.append(to)
        return None

    def _distances(self) -> dict[str, int]:
        """Steps from each node to the nearest end."""
        back: dict[str, list[str]] = {name: [] for name in self._ways}
        for name, found in self._ways.items():
            for to in found.values():
                back[to].append(name)
        far = {name: 0 for name, found in self._ways.items() if not found}
        todo = deque(far)
        while todo:
            name = todo.popleft()
            for before in back[name]:
                if before not in far:
                    far[before] = far[name] + 1
                    todo.append(before)
        return far

    def _way_out(self, here: str) -> Edge | None:
        nearest = [
            (self._to_end[to], place, choice)
            for place, (choice, to) in enumerate(self._ways[here].items())
            if to in self._to_end
        ]
        return Edge(here, min(nearest)[2]) if nearest else None
