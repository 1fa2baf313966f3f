"""The text form of a script: TOML that a person can read and review in a diff."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import msgspec

from denwaban.scripts.model import Script, read

Place = tuple[str | int, ...]
"""Where in a document: `("nodes", 3, "ask", 0, "label")`."""


@dataclass(frozen=True, slots=True)
class Source:
    """An author's text, and on which line of it everything stands."""

    text: str
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """The 1-based line of that place, or of the nearest thing around it that has one."""
        for length in range(len(place), 0, -1):
            if (found := self.lines.get(place[:length])) is not None:
                return found
        return None


class Parsed(NamedTuple):
    """A script and the text that it was read from."""

    script: Script
    source: Source


def parse(text: str) -> Parsed:
    """The script that the text describes. Raises `ScriptInvalid`, with line and what was expected for each problem.

    What is returned is well formed, not yet sound: that is what `lint` says."""
    return Parsed(read(text), Source(text))


def dump(script: Script) -> str:
    """The one text form of a script: `parse(dump(script)).script == script`. What stands at its default is left out."""
    lines: list[str] = []
    _table(lines, "head", "[head]", script.head)
    for node in script.nodes:
        _table(lines, "nodes", "[[nodes]]", node)
    for example in script.examples:
        _table(lines, "examples", "[[examples]]", example)
    return "\n".join(lines).strip("\n") + "\n"


def _table(
    lines: list[str], path: str, title: str, struct: msgspec.Struct, indent: str = ""
) -> None:
    """A table with a line for each value; fields to ask become tables of their own under it."""
    values = _set(struct)
    if not values and path == "head":
        return
    asked = values.pop("ask", ())
    lines += ["", indent + title]
    lines += [f"{indent}{_key(key)} = {_value(value, indent)}" for key, value in values.items()]
    for one in asked:
        _table(lines, f"{path}.ask", f"[[{path}.ask]]", one, indent + "  ")


def _set(struct: msgspec.Struct) -> dict[str, Any]:
    """What does not stand at its default, by name; what kind of node it is comes first."""
    found: dict[str, Any] = {}
    if struct.__struct_config__.tag is not None:
        found[str(struct.__struct_config__.tag_field)] = struct.__struct_config__.tag
    for one in msgspec.structs.fields(struct):
        value = getattr(struct, one.name)
        default = one.default if one.default_factory is msgspec.NODEFAULT else one.default_factory()
        if value is not None and value != default:
            found[one.encode_name] = value
    return found


def _value(value: Any, indent: str = "") -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, msgspec.Struct):
        value = _set(value)
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if value and isinstance(value[0], msgspec.Struct):
        rows = "".join(f"{indent}  {_value(one)},\n" for one in value)
        return f"[\n{rows}{indent}]"
    return f"[{', '.join(_value(one) for one in value)}]"


def _string(text: str) -> str:
    # JSON's escapes are TOML's too, but for DEL, which TOML does not let stand.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _string(name)
