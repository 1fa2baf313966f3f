"""How a script hangs together: names, branches, screens, reach, loops, depth."""

from collections import Counter
from collections.abc import Iterator

from denwaban.scripts.fit import ROOM, height
from denwaban.scripts.lint.case import Case
from denwaban.scripts.lint.finding import Finding
from denwaban.scripts.lint.graph import missing_targets
from denwaban.scripts.model import Branch, Decide, End, HandOver, Node
from denwaban.scripts.phrases import bare


def alone(case: Case) -> Iterator[Finding]:
    """What each node shows by itself, and names."""
    yield from _names(case)
    for node in case.script.nodes:
        yield from _node(case, node)
        if isinstance(node, Decide):
            yield from _decision(case, node)
    known = {node.id for node in case.script.nodes}
    for where, target in missing_targets(case.script, known):
        if where is None:
            yield case.on("no-regular-node", "head", "regular", target=target)
        else:
            yield case.at("no-such-node", where, *_written(where, target), target=target)


def _written(node: Node, target: str) -> tuple[str | int, ...]:
    """Where in the node that target is named."""
    if isinstance(node, Decide):
        for place, branch in enumerate(node.branches):
            if branch.to == target:
                return ("branches", place)
        return ("otherwise",)
    return ("failed",) if isinstance(node, HandOver) and node.to != target else ("to",)


def _names(case: Case) -> Iterator[Finding]:
    nodes = Counter(node.id for node in case.script.nodes)
    fields = Counter(field.id for node in case.script.nodes for field in node.ask)
    for rule, names in (("duplicate-node", nodes), ("duplicate-field", fields)):
        for name, count in names.items():
            if count > 1:
                yield case.on(rule, "nodes", count=count, name=name)


def _node(case: Case, node: Node) -> Iterator[Finding]:
    begins = node.id in (case.script.first.id, case.head.regular)
    if height(node, first=begins, head=case.head) > ROOM:
        yield case.at("too-high", node, "say")
    if not node.say.strip() and not node.ask and not isinstance(node, Decide):
        yield case.at("empty-node", node)
    for place, field in enumerate(node.ask):
        if field.type == "choice" and len(field.choices) < 2:
            yield case.at("few-choices", node, "ask", place, label=field.label)
        if field.type != "choice" and field.choices:
            yield case.at("needless-choices", node, "ask", place, "choices", label=field.label)


def _decision(case: Case, node: Decide) -> Iterator[Finding]:
    if node.otherwise is None:
        yield case.at("no-otherwise", node)
    if not node.branches:
        yield case.at("no-branches", node)
    if len(node.branches) > case.around.branches:
        yield case.at(
            "many-branches", node, "branches", count=len(node.branches), most=case.around.branches
        )
    yield from _overlap(case, node)


def _overlap(case: Case, node: Decide) -> Iterator[Finding]:
    labels = [(n, branch, bare(branch.label)) for n, branch in enumerate(node.branches)]
    for n, branch, label in labels:
        for _before, other, taken in labels[:n]:
            if label == taken:
                yield case.at("same-branches", node, "branches", n, label=branch.label)
            elif _contained(label, taken):
                yield case.at(
                    "overlapping-branches",
                    node,
                    "branches",
                    n,
                    label=branch.label,
                    other=other.label,
                )
    if isinstance(node.otherwise, Branch):
        rest = bare(node.otherwise.label)
        if any(label == rest for _n, _branch, label in labels):
            yield case.at("same-branches", node, "otherwise", label=node.otherwise.label)


def _contained(one: str, other: str) -> bool:
    """A single letter (「薬」 in 「薬局」) says too little to be told."""
    short, long = sorted((one, other), key=len)
    return len(short) > 1 and short in long


def together(case: Case) -> Iterator[Finding]:
    """What only the ways through the script show."""
    graph = case.graph
    for node in case.script.nodes:
        if node.id not in graph.reached:
            yield case.at("unreachable", node)
    if not any(isinstance(node, End) for node in case.script.nodes):
        yield case.on("no-end", "nodes")
        return
    for node in case.reached():
        if node.id not in graph.finishing:
            yield case.at("no-exit", node)
    depths = graph.depths()
    deepest = max(depths, key=lambda name: depths[name])
    if depths[deepest] > case.around.depth:
        # The first decision too many is where an author would cut.
        first = next(
            node
            for node in case.reached()
            if depths[node.id] > case.around.depth and isinstance(node, Decide)
        )
        yield case.at("too-deep", first, count=depths[deepest], most=case.around.depth)
