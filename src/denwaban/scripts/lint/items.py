"""What no call may leave out, and the author's own examples."""

from collections.abc import Callable, Iterator
from functools import partial

from denwaban.scripts import examples
from denwaban.scripts.lint.case import Case, told_way
from denwaban.scripts.lint.finding import Finding
from denwaban.scripts.model import End, Node
from denwaban.scripts.phrases import bare


def together(case: Case) -> Iterator[Finding]:
    """Mandatory items, must-say phrases and examples."""
    for place, item in enumerate(case.head.mandatory):
        fields = case.script.fields(item)
        if not fields:
            yield case.on("unknown-item", "head", "mandatory", place, item=item)
            continue
        label = fields[0].label
        for end, way in _skipping(case, partial(_asks, item=item)):
            yield case.at("skipped-item", end, item=label, way=way)
    for phrase in case.head.must_say:
        wanted = bare(phrase)
        for end, way in _skipping(case, partial(_says, case=case, wanted=wanted)):
            yield case.at("skipped-phrase", end, phrase=phrase, way=way)
    for place, example in enumerate(case.script.examples):
        if told := examples.run(case.script, example):
            yield case.on(
                "example-fails", "examples", place, name=example.name, told=" ".join(told)
            )


def _asks(node: Node, item: str) -> bool:
    return any(field.fulfils(item) for field in node.ask)


def _says(node: Node, case: Case, wanted: str) -> bool:
    return wanted in case.said[node.id]


def _skipping(case: Case, fulfils: Callable[[Node], bool]) -> Iterator[tuple[End, str]]:
    """The first end that some way comes to without a node that fulfils; exceptions do not count."""
    before = case.graph.without(fulfils)
    for name in before:
        node = case.graph.nodes[name]
        if isinstance(node, End) and not node.exception:
            yield node, told_way(case.graph.way(before, name))
            return
