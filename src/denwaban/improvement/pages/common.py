"""What these pages share."""

from typing import Any

from denwaban.access import Role, user
from denwaban.improvement.deciding import (
    branch_label,
)
from denwaban.improvement.mending import add_branch
from denwaban.improvement.queries import Proposal
from denwaban.improvement.words import sentence
from denwaban.scripts import (
    Listed,
    Script,
    script_listed,
)
from denwaban.store import Tx
from denwaban.web import needs, not_here

AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
THEIRS = needs(Role.CLIENT)

AT_ONCE = 50


def the_script(tx: Tx, script_id: str) -> Listed:
    """Or a `Problem` 404."""
    found = script_listed(tx, script_id)
    if found is None:
        raise not_here()
    return found


def shown(tx: Tx, one: Proposal, script: Script, text: str = "") -> dict[str, Any]:
    """A proposal; `text` is the draft that accepting it would change."""
    node = next((each for each in script.nodes if each.id == one.node), None)
    field = script.field(one.label)
    title = node.title if node is not None else one.node
    label = branch_label(one.what, one.label)
    who = user(tx, one.decided_by) if one.decided_by else None
    return {
        "one": one,
        "title": title,
        "label": field.label if field is not None else one.label,
        "branch": label if label and text and add_branch(text, one.node, label) else "",
        "faq": bool(label),
        "who": who.name if who is not None else "",
    }


def told(one: dict[str, Any]) -> dict[str, Any]:
    """With its sentence in the reader's language."""
    return {**one, "sentence": sentence(one["one"], one["title"], one["label"])}
