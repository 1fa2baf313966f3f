"""Finds what would leave an operator stuck in the middle of a call."""

from collections import Counter

from denwaban.scripts.fit import ROOM, height
from denwaban.scripts.model import Decide, End, Node, Script, ways


def problems(script: Script) -> list[str]:
    """What has to be mended before the script can be published, as Japanese sentences; empty when it is sound."""
    return [*_names(script), *_nodes(script), *(_graph(script) if not _broken(script) else [])]


def _called(node: Node) -> str:
    return f"「{node.title}」({node.id})"


def _names(script: Script) -> list[str]:
    nodes = Counter(node.id for node in script.nodes)
    fields = Counter(field.id for node in script.nodes for field in node.ask)
    return [
        *(f"同じ id の場面が {n} つあります: {name}。" for name, n in nodes.items() if n > 1),
        *(f"同じ id の項目が {n} つあります: {name}。" for name, n in fields.items() if n > 1),
    ]


def _nodes(script: Script) -> list[str]:
    known = {node.id for node in script.nodes}
    found: list[str] = []
    for node in script.nodes:
        if height(node, first=node is script.first) > ROOM:
            found.append(
                f"{_called(node)} は 1 画面に収まりません。言葉を短くするか、場面を分けてください。"
            )
        if not node.say.strip() and not node.ask and not isinstance(node, Decide):
            found.append(f"{_called(node)} に、言うことも聞くこともありません。")
        if isinstance(node, Decide):
            if node.otherwise is None:
                found.append(f"{_called(node)} に「それ以外」の行き先がありません。")
            if not node.branches:
                found.append(f"{_called(node)} に分岐がひとつもありません。")
        found += [
            f"{_called(node)} の行き先「{target}」という場面はありません。"
            for target in dict.fromkeys(ways(node).values())
            if target not in known
        ]
        for field in node.ask:
            if field.type == "choice" and len(field.choices) < 2:
                found.append(
                    f"{_called(node)} の「{field.label}」には、選択肢が 2 つ以上必要です。"
                )
            if field.type != "choice" and field.choices:
                found.append(
                    f"{_called(node)} の「{field.label}」は選択式ではないので、選択肢は書けません。"
                )
    return found


def _broken(script: Script) -> bool:
    """Whether a walk over the graph would make no sense yet."""
    known = {node.id for node in script.nodes}
    doubled = len(known) != len(script.nodes)
    return doubled or any(t not in known for node in script.nodes for t in ways(node).values())


def _graph(script: Script) -> list[str]:
    reached = _reachable(script)
    finishing = _finishing(script)
    found = [
        f"{_called(n)} には、どこからも行けません。" for n in script.nodes if n.id not in reached
    ]
    if not any(isinstance(node, End) for node in script.nodes):
        return [*found, "終わりの場面(end)がありません。"]
    return found + [
        f"{_called(node)} から先は、終わりにたどり着けません(堂々めぐりです)。"
        for node in script.nodes
        if node.id in reached and node.id not in finishing
    ]


def _reachable(script: Script) -> set[str]:
    seen: set[str] = set()
    todo = [script.first.id]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += ways(script.node(name)).values()
    return seen


def _finishing(script: Script) -> set[str]:
    """The nodes from which an end can be reached."""
    good = {node.id for node in script.nodes if isinstance(node, End)}
    while True:
        more = {
            node.id
            for node in script.nodes
            if node.id not in good and good.intersection(ways(node).values())
        }
        if not more:
            return good
        good |= more
