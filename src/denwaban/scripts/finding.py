"""Nodes of published scripts in the search of the seat."""

from denwaban.knowledge import NODE, index
from denwaban.scripts.model import Node, Script
from denwaban.store import Tx


def findable(tx: Tx, client_id: str, script_id: str, script: Script) -> None:
    """From the commit on the search finds the nodes of this version of the script, and no others of it. Called wherever a
    version comes into force, in the same transaction."""
    index.remove_under(tx, NODE, client_id, f"{script_id}:")
    for node in script.nodes:
        index.put(tx, NODE, f"{script_id}:{node.id}", client_id, node.title, body_of(node))


def body_of(node: Node) -> str:
    """What is looked for and shown of a node beside its title: what is said, then the hint. Nothing of a node that tells
    what needs an identity check."""
    return "" if node.restricted else "\n".join(filter(None, (node.say, node.hint)))
