"""The text form of a script: TOML that a person can read and review in a diff."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple

import msgspec

from denwaban.scripts.form import to_script
from denwaban.scripts.model import Example, Problem, Script, ScriptInvalid, write
from denwaban.scripts.places import Place, places
from denwaban.texts import N_


@dataclass(frozen=True)
class Source:
    """An author's text, and on which line of it everything stands."""

    text: str

    @cached_property
    def _places(self) -> dict[Place, int]:
        # JSON has no lines that an author would know.
        return {} if _is_json(self.text) else places(self.text)

    def line(self, place: Place) -> int | None:
        """The 1-based line of that place, or of the nearest thing around it that has one."""
        for length in range(len(place), 0, -1):
            if (found := self._places.get(place[:length])) is not None:
                return found
        return None


class Parsed(NamedTuple):
    """A script and the text that it was read from."""

    script: Script
    source: Source


def parse(text: str) -> Parsed:
    """The script that a text (TOML, or JSON) describes. Raises `ScriptInvalid`, with line and what was expected for
    each problem.

    What is returned is well formed, not yet sound: that is what `lint` says."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    source = Source(text)
    data = _decoded(text)
    script, problems = to_script(
        data, lambda place: None if _is_json(text) else source.line(place) or 1
    )
    if script is None:
        raise ScriptInvalid(problems)
    return Parsed(script, source)


def read(document: str | Mapping[str, Any]) -> Script:
    """A script from TOML text, JSON text or plain data. Raises `ScriptInvalid`."""
    if isinstance(document, str):
        return parse(document).script
    script, problems = to_script(document, lambda place: None)
    if script is None:
        raise ScriptInvalid(problems)
    return script


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text) if _is_json(text) else tomllib.loads(text)
    except msgspec.DecodeError as error:
        match = re.search(r"byte (\d+)", str(error))
        line = text.encode()[: int(match[1])].count(b"\n") + 1 if match else None
        raise ScriptInvalid(
            [
                Problem.of(
                    line,
                    N_("JSON の書き方に誤りがあります。"),
                    N_("かっことコンマを確かめてください。"),
                )
            ]
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ScriptInvalid([_syntax(text, str(error))]) from error


_SYNTAX = (
    ("Expected '=' after a key", N_("= がありません。"), N_('名前 = "値" と書きます。')),
    (
        "Expected newline",
        N_("1 行に 2 つのことが書かれています。"),
        N_("改行して、1 行に 1 つ書きます。"),
    ),
    ("Unclosed array", N_("[ が閉じられていません。"), N_("終わりに ] を書きます。")),
    (
        "Unclosed inline table",
        N_("{ が閉じられていません。"),
        N_("同じ行の終わりに } を書きます。"),
    ),
    (
        "Unterminated string",
        N_("文字の終わりの引用符がありません。"),
        N_('終わりに " を書きます。'),
    ),
    ("Expected ']]'", N_("[[ が閉じられていません。"), N_("[[nodes]] のように書きます。")),
    ("Expected ']'", N_("[ が閉じられていません。"), N_("[head] や [[nodes]] のように書きます。")),
    (
        "Cannot overwrite a value",
        N_("同じ名前が 2 度書かれています。"),
        N_("どちらか 1 つにします。"),
    ),
    ("Cannot declare", N_("同じまとまりが 2 度書かれています。"), N_("1 つにまとめます。")),
    (
        "Duplicate inline table key",
        N_("同じ名前が 2 度書かれています。"),
        N_("どちらか 1 つにします。"),
    ),
    ("Cannot mutate", N_("もう閉じたまとまりに書き足しています。"), N_("1 か所にまとめます。")),
    ("Unescaped", N_("\\ の使い方に誤りがあります。"), N_("\\ そのものは \\\\ と書きます。")),
    (
        "Illegal character '\\n'",
        N_("文字の終わりの引用符がありません。"),
        N_('同じ行の終わりに " を書きます。'),
    ),
    (
        "Illegal character",
        N_("使えない文字があります。"),
        N_('長い文は """ で囲むと、改行できます。'),
    ),
    ("Invalid value", N_("値の書き方に誤りがあります。"), N_('文字は " で囲みます。')),
    (
        "Invalid initial character",
        N_("名前の書き方に誤りがあります。"),
        N_("名前は英小文字で始めます。"),
    ),
)
"""What the TOML reader says, in words for an author."""


def _syntax(text: str, said: str) -> Problem:
    match = re.search(r"at line (\d+)", said)
    line = int(match[1]) if match else text.rstrip().count("\n") + 1
    for start, message, expected in _SYNTAX:
        if said.startswith(start):
            return Problem.of(line, message, expected)
    return Problem.of(
        line, N_("書き方に誤りがあります。"), N_('[[nodes]] か、名前 = "値" のように書きます。')
    )


def dump(script: Script) -> str:
    """The one text form of a script: `parse(dump(script)).script == script`. What stands at its default is left out."""
    lines: list[str] = []
    _table(lines, "head", "[head]", script.head)
    for node in script.nodes:
        _table(lines, "nodes", "[[nodes]]", node)
    for example in script.examples:
        _table(lines, "examples", "[[examples]]", example)
    return "\n".join(lines).strip("\n") + "\n"


def with_example(text: str, example: Example) -> str:
    """The author's text with one example more at its end; nothing else of it is touched. Raises `ScriptInvalid` when it
    cannot be put there (fifty are there, or they are written as one list)."""
    if _is_json(text.removeprefix("\ufeff")):
        script = read(text)
        changed = msgspec.structs.replace(script, examples=(*script.examples, example))
        made = write(changed)
    else:
        lines: list[str] = []
        _table(lines, "examples", "[[examples]]", example)
        made = "\n".join([text.rstrip(), *lines]) + "\n"
    parse(made)
    return made


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


@cache
def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    """(name, default) of each field of a kind of part."""
    return [
        (
            one.encode_name,
            one.default if one.default_factory is msgspec.NODEFAULT else one.default_factory(),
        )
        for one in msgspec.structs.fields(kind)
    ]


def _set(struct: msgspec.Struct) -> dict[str, Any]:
    """What does not stand at its default, by name; what kind of node it is comes first."""
    found: dict[str, Any] = {}
    if struct.__struct_config__.tag is not None:
        found[str(struct.__struct_config__.tag_field)] = struct.__struct_config__.tag
    for name, default in _fields(type(struct)):
        value = getattr(struct, name)
        if value is not None and value != default:
            found[name] = value
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
