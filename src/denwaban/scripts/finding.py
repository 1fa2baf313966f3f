"""Nodes of published scripts in the search of the seat."""

from collections.abc import Collection

from denwaban.knowledge import NODE, index
from denwaban.scripts.disclosure import restricted
from denwaban.scripts.model import Node, Script
from denwaban.store import Tx


def findable(tx: Tx, client_id: str, script_id: str, script: Script) -> None:
    """From the commit on the search finds the nodes of this version of the script, and no others of it. Called wherever a
    version comes into force, in the same transaction. Topics that the client restricts, today or tomorrow, are left out where results
    are shown."""
    hidden = restricted(script)
    index.remove_under(tx, NODE, client_id, f"{script_id}:")
    for node in script.nodes:
        index.put(tx, NODE, f"{script_id}:{node.id}", client_id, node.title, body_of(node, hidden))


def body_of(node: Node, hidden: Collection[str]) -> str:
    """What is looked for and shown of a node beside its title: what is said, then the hint. Nothing of those that are hidden:
    they tell what needs an identity check (`disclosure.restricted`)."""
    return "" if node.id in hidden else "\n".join(filter(None, (node.say, node.hint)))
