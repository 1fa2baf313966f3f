"""What nobody hears of before the identity check, and the scenes that lie behind it. Pure."""

from collections.abc import Collection

from denwaban.scripts.model import Fork, Inform, Node, Script, ways
from denwaban.scripts.phrases import bare
from denwaban.scripts.walk import NoSuchWay, Path, chosen


class NotVerified(NoSuchWay):
    """What is told there, nobody hears before the identity check."""


def restricted(script: Script, topics: Collection[str] = ()) -> frozenset[str]:
    """The nodes that tell something restricted: marked themselves, or of a topic that the script's head or the client
    (`topics`) restricts."""
    names = {bare(topic.name) for topic in script.head.topics if topic.restricted}
    names |= {bare(topic) for topic in topics}

    def tells(node: Node) -> bool:
        return node.restricted or (isinstance(node, Inform) and bare(node.topic) in names)

    return frozenset(node.id for node in script.nodes if tells(node))


def proves(node: Node, choice: str) -> bool:
    """Whether who takes this way says that the caller has proved who they are."""
    if (
        not isinstance(node, Fork)
        or not choice.isdigit()
        or not 1 <= int(choice) <= len(node.branches)
    ):
        return False
    return node.branches[int(choice) - 1].verified


def closed(script: Script, path: Path, topics: Collection[str] = ()) -> frozenset[str]:
    """The nodes to which nobody goes straight yet: from them something restricted can be reached without an identity check.
    Empty once the call has passed one."""
    todo = list(restricted(script, topics))
    if not todo or any(branch.verified for branch in chosen(script, path)):
        return frozenset()
    before: dict[str, list[str]] = {node.id: [] for node in script.nodes}
    for node in script.nodes:
        checked = {
            str(place)
            for place, branch in enumerate(node.branches if isinstance(node, Fork) else (), 1)
            if branch.verified
        }
        for choice, target in ways(node).items():
            if choice not in checked:
                before[target].append(node.id)
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += before[name]
    return frozenset(found)
