"""From plain data to a script, with every problem found told in words that an author understands."""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

import msgspec

from denwaban.scripts.head import Empathy, Forbidden, Head, Objection, PromiseRule, Topic
from denwaban.scripts.model import Branch, Example, Field, Node, Problem, Script, Step
from denwaban.scripts.places import Place

LineOf = Callable[[Place], int | None]

_PARTS = {"nodes": "場面", "head": "台本全体の決まり", "examples": "通話の例"}

_MEANT = {
    "id": "英小文字で始まり、英小文字・数字・_ だけの名前(40 文字まで)を書きます。",
    "kind": "say, ask, decide, inform, must_say, hand_over, promise, end のどれかを書きます。",
    "title": "場面の短い名前(30 文字まで)を書きます。",
    "label": "短い名前(1〜30 文字)を書きます。",
    "to": "行き先の場面の id を書きます。",
    "failed": "つながらないときの行き先の場面の id を書きます。",
    "say": "言うことを、400 文字までの文で書きます。",
    "hint": "オペレーターへの覚え書きを、文で書きます。",
    "refuse": "お断りの言葉を、400 文字までの文で書きます。",
    "urgency": "normal, soon, emergency のどれかを書きます。",
    "type": "name, phone, datetime, choice, text, staff のどれかを書きます。",
    "branches": '{ label = "…", to = "…" } を 9 つまで並べます。',
    "otherwise": '{ label = "それ以外", to = "…" } と書きます。',
    "choices": "選択肢の言葉を並べます。",
    "minutes": "5 から 20160 までの分を、数字で書きます。",
    "deadline": "5 から 20160 までの分を、数字で書きます。",
    "topic": "話題の名前(30 文字まで)を書きます。",
    "mandatory": "項目なら true か false、台本全体なら項目の id を並べて書きます。",
    "opening": "company, caller, goods, purpose を並べます。",
    "review": "2027-01-31 のような日付を書きます。",
    "nodes": "[[nodes]] の場面を 1 つから 200 まで書きます。",
    "ask": "項目は 1 つの場面に 4 つまでです。",
    "answer": '{ 項目の id = "答え" } と書きます。',
    "at": "その手順を行う場面の id を書きます。",
    "purpose": "決められた言葉のどれかを書きます。",
}
"""What belongs to a key, said where something else stands."""

_TYPES = {
    "str": "文字",
    "int": "数字",
    "bool": "true か false",
    "array": "[ ] の並び",
    "object": "{ } のまとまり",
    "date": "日付",
    "null": "空",
    "float": "小数",
}

_LENGTH = {"str": ("文字", "長すぎます", "短すぎます"), "array": ("個", "多すぎます", "足りません")}

_KEYS = sorted(
    {"kind"}.union(
        *(
            (field.encode_name for field in msgspec.structs.fields(kind))
            for kind in (Head, Example, Step, Field, Branch, *get_args(Node))
        ),
        *(
            (field.encode_name for field in msgspec.structs.fields(kind))
            for kind in (Forbidden, Empathy, Objection, Topic, PromiseRule)
        ),
    )
)


def to_script(data: Any, line_of: LineOf) -> tuple[Script | None, list[Problem]]:
    """The script, or None with everything that keeps the data from being one; `line_of` knows the author's lines."""
    if not isinstance(data, Mapping):
        return None, [Problem("台本になっていません。", None, _MEANT["nodes"])]
    form = _Form(line_of)
    for key in data:
        if key not in _PARTS:
            form.unknown((key,), key, _PARTS)
    head = form.one(data.get("head", {}), Head, ("head",))
    nodes = [form.node(one, ("nodes", n)) for n, one in form.several(data, "nodes", needed=True)]
    examples = [
        form.one(one, Example, ("examples", n)) for n, one in form.several(data, "examples")
    ]
    if not form.problems:
        form.doubled("場面", [(node.id, ("nodes", n, "id")) for n, node in enumerate(nodes)])
        form.doubled(
            "項目",
            [
                (field.id, ("nodes", n, "ask", m, "id"))
                for n, node in enumerate(nodes)
                for m, field in enumerate(node.ask)
            ],
        )
    if form.problems:
        return None, sorted(form.problems, key=lambda problem: problem.line or 0)
    try:
        # Only the limits on how many there may be are left to find.
        whole = {"nodes": nodes, "head": head, "examples": examples}
        return msgspec.convert(whole, Script, from_attributes=True), []
    except msgspec.ValidationError as error:
        said, _, path = str(error).partition(" - at `$")
        form.told(said, _inside(path))
        return None, form.problems


class _Form:
    """Gathers problems while parts are read."""

    def __init__(self, line_of: LineOf) -> None:
        self.problems: list[Problem] = []
        self._line_of = line_of

    def add(self, place: Place, message: str, expected: str = "") -> None:
        self.problems.append(Problem(message, self._line_of(place), expected))

    def unknown(self, place: Place, key: str, known: Iterable[str]) -> None:
        near = difflib.get_close_matches(key, known, 1)
        ask = (
            f"「{near[0]}」ではありませんか。" if near else f"書けるのは {', '.join(known)} です。"
        )
        self.add(place, f"「{key}」という項目は、ここにはありません。", ask)

    def several(
        self, data: Mapping[str, Any], key: str, *, needed: bool = False
    ) -> Iterable[tuple[int, Any]]:
        found = data.get(key, [])
        if not isinstance(found, list | tuple):
            self.add((key,), f"「{key}」は、[[{key}]] の並びで書きます。", _MEANT.get(key, ""))
            return ()
        if needed and not found:
            self.add((key,), f"{_PARTS[key]}がひとつもありません。", _MEANT[key])
        return enumerate(found)

    def node(self, data: Any, place: Place) -> Any:
        """A node; its fields are read one by one, so that each can tell what is wrong with it."""
        asked = data.get("ask", ()) if isinstance(data, Mapping) else ()
        if not isinstance(asked, list | tuple):
            asked = ()
        before = len(self.problems)
        fields = [self.one(one, Field, (*place, "ask", n)) for n, one in enumerate(asked)]
        if len(self.problems) > before:
            data = {key: value for key, value in data.items() if key != "ask"}
        elif fields:
            data = {**data, "ask": asked}
        return self.one(data, Node, place)

    def one(self, data: Any, kind: Any, place: Place) -> Any:
        """Reads a part. What is wrong is told and left out, so that what else is wrong is told too."""
        left_out: set[Place] = set()
        while True:
            try:
                return msgspec.convert(data, kind)
            except msgspec.ValidationError as error:
                said, _, path = str(error).partition(" - at `$")
                inside = _inside(path)
                if match := re.search(r"unknown field `(.*)`", said):
                    inside = (*inside, match[1])
                    self.unknown((*place, *inside), match[1], _KEYS)
                elif match := re.search(r"missing required field `(.*)`", said):
                    if (*inside, match[1]) not in left_out:
                        missing = f"「{match[1]}」がありません。"
                        self.add((*place, *inside), missing, _MEANT.get(match[1], ""))
                    return None
                else:
                    self.told(said, (*place, *inside))
                if not inside:
                    return None
                left_out.add(inside)
                data = _without(data, inside)

    def told(self, said: str, place: Place) -> None:
        """Adds what msgspec says of that place, in our words."""
        key = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
        meant = _MEANT.get(key, "")
        if match := re.search(r"`(\w+)` of length (<=|>=) (\d+)", said):
            unit, much, few = _LENGTH[match[1]]
            how, bound = (much, "まで") if match[2] == "<=" else (few, "以上")
            self.add(place, f"「{key}」が{how}。", f"{match[3]} {unit}{bound}です。")
        elif match := re.search(r"`int` (<=|>=) -?\d+", said):
            how = "大きすぎます。" if match[1] == "<=" else "小さすぎます。"
            self.add(place, f"「{key}」の数が{how}", meant)
        elif match := re.search(r"Expected `(\w+)[^`]*`, got `(\w+)`", said):
            wanted, got = (_TYPES.get(name, name) for name in match.groups())
            self.add(place, f"「{key}」は{wanted}で書きますが、{got}になっています。", meant)
        elif match := re.search(r"Invalid (?:enum )?value '?(.*?)'?$", said):
            self.add(place, f"「{key}」に「{match[1]}」とは書けません。", meant)
        else:
            self.add(place, f"「{key}」の書き方に誤りがあります。", meant)

    def doubled(self, what: str, names: list[tuple[str, Place]]) -> None:
        times = Counter(name for name, _place in names)
        seen: set[str] = set()
        for name, place in names:
            if times[name] > 1 and name in seen:
                self.add(
                    place,
                    f"{what}の id「{name}」が 2 度使われています。",
                    "ほかにない id を書きます。",
                )
            seen.add(name)


def _inside(path: str) -> Place:
    """msgspec's `.branches[0].to` as a place."""
    return tuple(
        int(number) if number else name
        for name, number in re.findall(r"\.([^.\[`]+)|\[(\d+)\]", path)
    )


def _without(data: Any, place: Place) -> Any:
    """A copy without what stands at that place."""
    first, *rest = place
    if isinstance(data, Mapping):
        if not rest:
            return {key: value for key, value in data.items() if key != first}
        return {**data, first: _without(data[first], tuple(rest))}
    return [
        _without(one, tuple(rest)) if n == first else one
        for n, one in enumerate(data)
        if rest or n != first
    ]
