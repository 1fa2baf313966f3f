"""What must not be told to just anybody, promised without leave, or said of people who have left."""

import re
from collections.abc import Iterator

from denwaban.scripts.disclosure import restricted
from denwaban.scripts.lint.case import Case, told_way
from denwaban.scripts.lint.finding import Finding
from denwaban.scripts.model import Fork, HandOver, Inform, Node, Promise
from denwaban.scripts.phrases import bare

_TIME = re.compile(
    r"([0-9０-９一二三四五六七八九十]+(?:分|時間|日))以内に[^。]{0,20}(?:ご連絡|連絡|お電話|折り返|伺い|お伺い)"
)
_ADDRESSED = r"(さん|様|氏|課長|部長|店長|院長|先生|所長|社長|主任|係長)"


_CARD = re.compile(
    r"(?:カード|口座)の?番号|セキュリティ[・ー]?コード|暗証番号|マイナンバー|個人番号|パスワード"
)


def alone(case: Case) -> Iterator[Finding]:
    """Promises, boundaries, names, holidays, secrets that are asked for while the recording runs."""
    for node in case.script.nodes:
        if not node.unrecorded:
            for place, field in enumerate(node.ask):
                if match := _CARD.search(f"{field.label} {field.hint}"):
                    yield case.at("secret-recorded", node, "ask", place, words=match[0])
        if isinstance(node, Promise):
            yield from _promise(case, node)
        elif match := _TIME.search(node.say):
            yield case.at("promise-in-words", node, "say", words=match[0])
        if isinstance(node, Inform):
            yield from _topic(case, node)
    if case.around.left:
        yield from _left(case)
    if not case.around.holiday_cover:
        yield case.on("no-holiday-cover", "nodes")


def _promise(case: Case, node: Promise) -> Iterator[Finding]:
    around, rules = case.around, case.head.promises
    rule = next((one for one in rules if bare(one.what) == bare(node.what)), None)
    nobody = not around.may_promise or around.promisers == frozenset()
    if rule is not None and around.promisers is not None and rule.by in around.present:
        nobody = nobody or rule.by not in around.promisers
    if nobody or (rules and rule is None):
        yield case.at("unallowed-promise", node, "what", what=node.what)
        return
    least = max(around.shortest_promise, rule.shortest if rule else 0)
    most = min(around.longest_promise, rule.longest if rule else around.longest_promise)
    if not least <= node.minutes <= most:
        yield case.at("promise-time", node, "minutes", minutes=node.minutes, least=least, most=most)


def _topic(case: Case, node: Inform) -> Iterator[Finding]:
    topic = next((one for one in case.head.topics if bare(one.name) == bare(node.topic)), None)
    if topic is None and case.head.topics:
        yield case.at("unknown-topic", node, "topic", topic=node.topic)
    elif topic is not None and topic.bound == "take":
        yield case.at("boundary-crossed", node, "topic", topic=node.topic)


def _left(case: Case) -> Iterator[Finding]:
    """Whole names for certain; family names only where somebody is addressed by it and nobody else has that name."""
    here = {_family(name) for name in case.around.present}
    families = {_family(name) for name in case.around.left} - here
    whole = {bare(name): name for name in sorted(case.around.left)}
    for name in case.around.present:
        whole.pop(bare(name), None)
    # One expression for all names: a large client has hundreds of them.
    names = _any_of(whole)
    addressed = re.compile(f"({'|'.join(map(re.escape, sorted(families)))}){_ADDRESSED}")
    for node in case.script.nodes:
        text = bare(_texts(node))
        if names is not None and (match := names.search(text)):
            yield case.at("staff-left", node, name=whole[match[0]])
        elif families and (match := addressed.search(text)):
            yield case.at("staff-left-perhaps", node, name=match[0])
    for place, rule in enumerate(case.head.promises):
        if bare(rule.by) in whole:
            yield case.on("staff-left-in-head", "head", "promises", place, name=rule.by)


def _any_of(names: dict[str, str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, names))) if names else None


def _family(name: str) -> str:
    return bare(name.split()[0]) if name.split() else ""


def _texts(node: Node) -> str:
    """All that an operator reads of a node."""
    found = [node.title, node.say, node.hint, node.refuse]
    found += [text for field in node.ask for text in (field.label, field.hint, *field.choices)]
    if isinstance(node, HandOver):
        found.append(node.staff)
    elif isinstance(node, Fork):
        found += [branch.label for branch in node.branches]
    return "\n".join(found)


def together(case: Case) -> Iterator[Finding]:
    """Restricted information and the identity check before it."""
    telling = restricted(case.script, case.around.restricted)
    if any(node.id in telling for node in case.reached()):
        unchecked = case.graph.without(
            lambda _node: False, lambda edge: edge.branch is None or not edge.branch.verified
        )
        for node in case.reached():
            if node.id in telling and node.id in unchecked:
                way = told_way(case.graph.way(unchecked, node.id))
                yield case.at("restricted-unchecked", node, way=way)
    yield from _identity(case)


def _identity(case: Case) -> Iterator[Finding]:
    checks = [
        (node, place, branch)
        for node in case.reached()
        if isinstance(node, Fork)
        for place, branch in enumerate(node.branches)
        if branch.verified
    ]
    if not checks:
        return
    asked = case.graph.fewest(lambda node: sum(field.identity for field in node.ask))
    for node, place, branch in checks:
        if asked[node.id] < case.head.identity:
            yield case.at(
                "identity-unasked",
                node,
                "branches",
                place,
                label=branch.label,
                asked=asked[node.id],
                needed=case.head.identity,
            )
