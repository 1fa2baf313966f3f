"""Changing an author's text where a machine can do it safely: comments and order stay, and what comes out is checked."""

import json

import msgspec

from denwaban.scripts import Branch, Decide, Script, ScriptInvalid, Source, parse

MOST_BRANCHES = 9


def add_branch(text: str, node: str, label: str) -> str | None:
    """The text with one more branch at that fork, the last one, leading where それ以外 leads. None when the text is no
    script, has no such fork, has it already, or is written in a way that only a person should change."""
    try:
        script, source = parse(text)
    except ScriptInvalid:
        return None
    place = next((n for n, one in enumerate(script.nodes) if one.id == node), None)
    fork = script.nodes[place] if place is not None else None
    if place is None or not isinstance(fork, Decide) or fork.otherwise is None:
        return None
    if not fork.branches or len(fork.branches) >= MOST_BRANCHES:
        return None
    if any(branch.label == label for branch in fork.branches):
        return None
    branch = Branch(label=label, to=fork.otherwise.to)
    wanted = _with(script, place, fork, branch)
    changed = _written(text, source, place, len(fork.branches), branch)
    if changed is None:
        return None
    try:
        return changed if parse(changed).script == wanted else None
    except ScriptInvalid:
        return None


def _with(script: Script, place: int, fork: Decide, branch: Branch) -> Script:
    more = msgspec.structs.replace(fork, branches=(*fork.branches, branch))
    nodes = (*script.nodes[:place], more, *script.nodes[place + 1 :])
    return msgspec.structs.replace(script, nodes=nodes)


def _written(text: str, source: Source, place: int, count: int, branch: Branch) -> str | None:
    at = source.line(("nodes", place, "branches", count - 1))
    if at is None:
        return None
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    last = lines[at - 1]
    indent = last[: len(last) - len(last.lstrip())]
    label, to = json.dumps(branch.label, ensure_ascii=False), json.dumps(branch.to)
    if last.strip().startswith("[[nodes.branches]]"):
        end = at
        while end < len(lines) and not lines[end].lstrip().startswith("["):
            end += 1
        # Blank lines and comments before the next part belong to that part.
        while lines[end - 1].strip() == "" or lines[end - 1].lstrip().startswith("#"):
            end -= 1
        new = [f"{indent}[[nodes.branches]]", f"{indent}label = {label}", f"{indent}to = {to}"]
        return "\n".join([*lines[:end], *new, *lines[end:]])
    if last.strip().startswith("{") and last.rstrip().endswith(("}", "},")):
        comma = last if last.rstrip().endswith(",") else last.rstrip() + ","
        new = [comma, f"{indent}{{ label = {label}, to = {to} }},"]
        return "\n".join([*lines[: at - 1], *new, *lines[at:]])
    return None
