"""What differs between two scripts: by scenes, in the words of the script; and line by line. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import msgspec

from denwaban.scripts.model import Node, Script

Kind = Literal["added", "removed", "changed"]

CONTEXT = 3
"""Unchanged lines shown around a change."""

_TOKEN = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)
_LONGEST_MARKED = 2000
"""Characters of a line that is compared word by word."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing about a scene that is another now; `before` and `after` are as people read them."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """A scene that came, went or is another now."""

    kind: Kind
    node: str
    title: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of both texts, side by side. Pieces are (whether it is marked, text)."""

    kind: Literal["same", "changed", "added", "removed", "gap"]
    left: int | None = None
    before: tuple[tuple[bool, str], ...] = ()
    right: int | None = None
    after: tuple[tuple[bool, str], ...] = ()
    skipped: int = 0
    """Of a gap: how many lines are the same."""


def changes(old: Script, new: Script) -> list[Change]:
    """Scenes that differ: in the order of the new script, those that went last."""
    before = {node.id: node for node in old.nodes}
    after = {node.id: node for node in new.nodes}
    found: list[Change] = []
    for node in new.nodes:
        if node.id not in before:
            found.append(Change("added", node.id, node.title, (Part("say", "", node.say),)))
        elif parts := _parts(old, before[node.id], new, node):
            found.append(Change("changed", node.id, node.title, parts))
    if old.head != new.head:
        found.insert(0, Change("changed", "", "", _struct_parts(old.head, new.head)))
    return found + [
        Change("removed", node.id, node.title, (Part("say", node.say, ""),))
        for node in old.nodes
        if node.id not in after
    ]


def _parts(old: Script, before: Node, new: Script, after: Node) -> tuple[Part, ...]:
    return _differing(_told(old, before), _told(new, after))


def _struct_parts(old: Any, new: Any) -> tuple[Part, ...]:
    return _differing(
        {name: _plain(value) for name, value in msgspec.to_builtins(old).items()},
        {name: _plain(value) for name, value in msgspec.to_builtins(new).items()},
    )


def _differing(old: dict[str, str], new: dict[str, str]) -> tuple[Part, ...]:
    """What differs; of lists only the lines that do."""
    found = []
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name, ""), new.get(name, "")
        if before == after:
            continue
        ours, others = before.split("\n"), after.split("\n")
        went = "\n".join(line for line in ours if line not in others)
        came = "\n".join(line for line in others if line not in ours)
        # The same lines in another order are shown whole.
        found.append(Part(name, went, came) if went or came else Part(name, before, after))
    return tuple(found)


def _told(script: Script, node: Node) -> dict[str, str]:
    """A scene's properties as text; where it leads by the titles of the scenes there."""
    titles = {each.id: each.title for each in script.nodes}
    found: dict[str, str] = {}
    for name, value in msgspec.to_builtins(node).items():
        if name == "id":
            continue
        if name in ("to", "failed"):
            found[name] = titles.get(value, value)
        elif name == "branches":
            found[name] = "\n".join(
                f"{place} {each['label']} → {titles.get(each['to'], each['to'])}"
                for place, each in enumerate(value, 1)
            )
        elif name == "otherwise" and value:
            found[name] = f"{value['label']} → {titles.get(value['to'], value['to'])}"
        elif name == "ask":
            found[name] = "\n".join(_field(each) for each in value)
        else:
            found[name] = _plain(value)
    return found


def _field(field: dict[str, Any]) -> str:
    more = [
        _plain(value)
        for name, value in field.items()
        if name in ("hint", "choices", "type") and value
    ]
    must = "*" if field.get("mandatory") else ""
    return f"{field['label']}{must} ({', '.join(more)})" if more else f"{field['label']}{must}"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is False or value == []:
        return ""
    if value is True:
        return "✓"
    if isinstance(value, list):
        return "\n".join(_plain(each) for each in value)
    if isinstance(value, dict):
        return " / ".join(_plain(each) for each in value.values() if _plain(each))
    return str(value)


def compare(before: str, after: str, context: int | None = CONTEXT) -> list[Row]:
    """Two texts line by line, with the words marked that differ. `context` None: every line is shown."""
    old, new = before.split("\n"), after.split("\n")
    rows: list[Row] = []
    blocks = SequenceMatcher(None, old, new).get_opcodes()
    for place, (_tag, i1, i2, j1, j2) in enumerate(blocks):
        if _tag == "equal":
            same = [
                Row("same", i + 1, ((False, old[i]),), j + 1, ((False, new[j]),))
                for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
            ]
            rows += _folded(same, context, place == 0, place == len(blocks) - 1)
            continue
        both = min(i2 - i1, j2 - j1)
        for k in range(both):
            one, other = _marked(old[i1 + k], new[j1 + k])
            rows.append(Row("changed", i1 + k + 1, one, j1 + k + 1, other))
        rows += [Row("removed", i + 1, ((True, old[i]),)) for i in range(i1 + both, i2)]
        rows += [Row("added", None, (), j + 1, ((True, new[j]),)) for j in range(j1 + both, j2)]
    return rows


def _folded(same: Sequence[Row], context: int | None, first: bool, last: bool) -> Iterable[Row]:
    if context is None:
        return same
    head, tail = 0 if first else context, 0 if last else context
    skipped = len(same) - head - tail
    if skipped < 2:
        return same
    return [*same[:head], Row("gap", skipped=skipped), *same[len(same) - tail :]]


def _marked(
    before: str, after: str
) -> tuple[tuple[tuple[bool, str], ...], tuple[tuple[bool, str], ...]]:
    if len(before) + len(after) > _LONGEST_MARKED:
        return ((True, before),), ((True, after),)
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    one: list[tuple[bool, str]] = []
    other: list[tuple[bool, str]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if i2 > i1:
            one.append((tag != "equal", "".join(old[i1:i2])))
        if j2 > j1:
            other.append((tag != "equal", "".join(new[j1:j2])))
    return tuple(one), tuple(other)
