"""From plain data to a script, with every problem found told in words that an author understands."""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

import msgspec

from denwaban.scripts.head import Empathy, Forbidden, Head, Objection, PromiseRule, Topic
from denwaban.scripts.model import Branch, Example, Field, Node, Problem, Script, Step, Word
from denwaban.scripts.places import Place
from denwaban.texts import N_

LineOf = Callable[[Place], int | None]

_PARTS = {"nodes": "場面", "head": "台本全体の決まり", "examples": "通話の例"}

_MEANT = {
    "id": N_("英小文字で始まり、英小文字・数字・_ だけの名前(40 文字まで)を書きます。"),
    "kind": N_("say, ask, decide, inform, must_say, hand_over, promise, end のどれかを書きます。"),
    "title": N_("場面の短い名前(30 文字まで)を書きます。"),
    "label": N_("短い名前(1〜30 文字)を書きます。"),
    "to": N_("行き先の場面の id を書きます。"),
    "failed": N_("つながらないときの行き先の場面の id を書きます。"),
    "say": N_("言うことを、400 文字までの文で書きます。"),
    "hint": N_("オペレーターへの覚え書きを、文で書きます。"),
    "refuse": N_("お断りの言葉を、400 文字までの文で書きます。"),
    "urgency": N_("normal, soon, emergency のどれかを書きます。"),
    "type": N_("name, phone, datetime, choice, text, staff のどれかを書きます。"),
    "branches": N_('{ label = "…", to = "…" } を 9 つまで並べます。'),
    "otherwise": N_('{ label = "それ以外", to = "…" } と書きます。'),
    "choices": N_("選択肢の言葉を並べます。"),
    "minutes": N_("5 から 20160 までの分を、数字で書きます。"),
    "deadline": N_("5 から 20160 までの分を、数字で書きます。"),
    "topic": N_("話題の名前(30 文字まで)を書きます。"),
    "mandatory": N_("項目なら true か false、台本全体なら項目の id を並べて書きます。"),
    "opening": N_("company, caller, goods, purpose を並べます。"),
    "review": N_("2027-01-31 のような日付を書きます。"),
    "nodes": N_("[[nodes]] の場面を 1 つから 200 まで書きます。"),
    "ask": N_("項目は 1 つの場面に 4 つまでです。"),
    "answer": N_('{ 項目の id = "答え" } と書きます。'),
    "at": N_("その手順を行う場面の id を書きます。"),
    "purpose": N_("決められた言葉のどれかを書きます。"),
}
"""What belongs to a key, said where something else stands."""

_TYPES = {
    "str": N_("文字"),
    "int": N_("数字"),
    "bool": N_("true か false"),
    "array": N_("[ ] の並び"),
    "object": N_("{ } のまとまり"),
    "date": N_("日付"),
    "null": N_("空"),
    "float": N_("小数"),
}

_LENGTH = {
    ("str", "<="): (N_("「%(key)s」が長すぎます。"), N_("%(most)s 文字までです。")),
    ("str", ">="): (N_("「%(key)s」が短すぎます。"), N_("%(most)s 文字以上です。")),
    ("array", "<="): (N_("「%(key)s」が多すぎます。"), N_("%(most)s 個までです。")),
    ("array", ">="): (N_("「%(key)s」が足りません。"), N_("%(most)s 個以上です。")),
}

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
        return None, [Problem.of(None, N_("台本になっていません。"), _MEANT["nodes"])]
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
        form.doubled(
            _PARTS["nodes"], [(node.id, ("nodes", n, "id")) for n, node in enumerate(nodes)]
        )
        form.doubled(
            N_("項目"),
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

    def add(self, place: Place, message: str, expected: str = "", **values: object) -> None:
        """Both sentences are keys of the catalogues and take `%(name)s`."""
        self.problems.append(Problem.of(self._line_of(place), message, expected, **values))

    def unknown(self, place: Place, key: str, known: Iterable[str]) -> None:
        near = difflib.get_close_matches(key, known, 1)
        ask = N_("「%(near)s」ではありませんか。") if near else N_("書けるのは %(known)s です。")
        self.add(
            place,
            N_("「%(key)s」という項目は、ここにはありません。"),
            ask,
            key=key,
            near=near[0] if near else "",
            known=", ".join(known),
        )

    def several(
        self, data: Mapping[str, Any], key: str, *, needed: bool = False
    ) -> Iterable[tuple[int, Any]]:
        found = data.get(key, [])
        if not isinstance(found, list | tuple):
            told = N_("「%(key)s」は、[[%(key)s]] の並びで書きます。")
            self.add((key,), told, _MEANT.get(key, ""), key=key)
            return ()
        if needed and not found:
            told = N_("%(part)sがひとつもありません。")
            self.add((key,), told, _MEANT[key], part=Word(_PARTS[key]))
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
                        missing = N_("「%(key)s」がありません。")
                        meant = _MEANT.get(match[1], "")
                        self.add((*place, *inside), missing, meant, key=match[1])
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
            message, bound = _LENGTH[match[1], match[2]]
            self.add(place, message, bound, key=key, most=match[3])
        elif match := re.search(r"`int` (<=|>=) -?\d+", said):
            much = N_("「%(key)s」の数が大きすぎます。")
            few = N_("「%(key)s」の数が小さすぎます。")
            self.add(place, much if match[1] == "<=" else few, meant, key=key)
        elif match := re.search(r"Expected `(\w+)[^`]*`, got `(\w+)`", said):
            wanted, got = (Word(_TYPES.get(name, name)) for name in match.groups())
            told = N_("「%(key)s」は%(wanted)sで書きますが、%(got)sになっています。")
            self.add(place, told, meant, key=key, wanted=wanted, got=got)
        elif match := re.search(r"Invalid (?:enum )?value '?(.*?)'?$", said):
            self.add(
                place,
                N_("「%(key)s」に「%(value)s」とは書けません。"),
                meant,
                key=key,
                value=match[1],
            )
        else:
            self.add(place, N_("「%(key)s」の書き方に誤りがあります。"), meant, key=key)

    def doubled(self, what: str, names: list[tuple[str, Place]]) -> None:
        times = Counter(name for name, _place in names)
        seen: set[str] = set()
        for name, place in names:
            if times[name] > 1 and name in seen:
                self.add(
                    place,
                    N_("%(what)sの id「%(name)s」が 2 度使われています。"),
                    N_("ほかにない id を書きます。"),
                    what=Word(what),
                    name=name,
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
