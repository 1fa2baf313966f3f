"""What has to come first: who calls and why before an offer; apology, matter, hand-over, and only then a call back."""

import re
from collections.abc import Callable, Iterator

from denwaban.scripts.lint.case import Case, told_way
from denwaban.scripts.lint.finding import Finding
from denwaban.scripts.lint.wording import opening
from denwaban.scripts.model import HandOver, Node, Opening, Promise

_APOLOGY = re.compile(r"申し訳|お詫び|おわび|ご不便|ご迷惑")
_LEFT = re.compile(
    r"(?:退職|離職|転職|退社)(?:いたし|致し|しまし|しており|され|済み|となり)|辞めまし|辞めており"
)
"""Said of somebody who was here; a caller's own plans (「転職のご相談」) are something else."""
_OPENING: dict[Opening, str] = {
    "company": "事業者名",
    "caller": "勧誘する人の氏名",
    "goods": "商品・サービスの種類",
    "purpose": "勧誘の目的",
}


def together(case: Case) -> Iterator[Finding]:
    """The orders that the purpose of the script asks for."""
    if case.purpose == "sales":
        yield from _sales(case)
    yield from _never_before(
        case,
        "left-before-matter",
        lambda node: bool(_LEFT.search(case.said[node.id])),
        case.asks_matter,
    )
    if case.purpose == "orphan":
        yield from _orphan(case)


def _sales(case: Case) -> Iterator[Finding]:
    """特定商取引法 16 条: before soliciting, whatever the way in."""
    for entry in case.graph.entries:
        heard = opening(case, entry)
        told = {what for node in heard if node.say.strip() for what in node.opening}
        if lacking := [words for what, words in _OPENING.items() if what not in told]:
            yield case.at("sales-opening", heard[0], lacking="、".join(lacking))


def _orphan(case: Case) -> Iterator[Finding]:
    def apologises(node: Node) -> bool:
        return bool(_APOLOGY.search(case.said[node.id]))

    def hands_over(node: Node) -> bool:
        return isinstance(node, HandOver)

    # A node speaks before it asks: an apology in the words of the node that asks for the matter is in time.
    yield from _never_before(
        case, "no-apology", lambda n: case.asks_matter(n) and not apologises(n), apologises
    )
    yield from _never_before(case, "hand-over-before-matter", hands_over, case.asks_matter)
    yield from _never_before(
        case, "promise-before-hand-over", lambda node: isinstance(node, Promise), hands_over
    )


def _never_before(
    case: Case, rule: str, wrong: Callable[[Node], bool], first: Callable[[Node], bool]
) -> Iterator[Finding]:
    """Nodes that are wrong as long as no node that has to come first has been left behind."""
    if not any(wrong(node) for node in case.reached()):
        return
    early = case.graph.without(first, enter=True)
    for node in case.reached():
        if node.id in early and wrong(node):
            yield case.at(rule, node, "say", way=told_way(case.graph.way(early, node.id)))
