"""Walks made from a script alone: together they take every way there is, filled in as a caller might answer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from denwaban.scripts import examples, walk
from denwaban.scripts.disclosure import NotVerified, closed
from denwaban.scripts.model import OTHERWISE, End, Example, Field, Fork, Node, Script, Step
from denwaban.scripts.phrases import bare
from denwaban.scripts.planner import Planner

LONGEST_NAME = 60
"""Characters of an example's name."""

JUMP = ">"
"""Begins a choice that names a node: the free mode goes straight there."""

TOLD = 3
"""So many words an example expects of the report."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A call that nobody made: where it goes and what is answered."""

    name: str
    """By the branches that it takes: 「水漏れ → 止められない」."""
    regular: bool
    path: walk.Path
    answers: Mapping[str, str]
    failures: tuple[str, ...]
    """What would lack at its end, as Japanese sentences."""
    caller: str = ""
    """What the caller says first, where the author has written it."""

    @property
    def choices(self) -> tuple[str, ...]:
        """How it goes on from node to node."""
        return tuple(choices_of(self.path))


def replay(script: Script, choices: Sequence[str], *, regular: bool = False) -> walk.Path:
    """The path of these choices from the beginning. Raises `NoSuchWay`."""
    path = walk.begin(script, regular=regular)
    for choice in choices:
        path = stepped(script, path, choice)
    return path


def stepped(script: Script, path: walk.Path, choice: str, at: datetime | None = None) -> walk.Path:
    """One step on: `next`, a digit, or `>node` for a jump of the free mode. Raises `NoSuchWay`."""
    if choice.startswith(JUMP):
        target = choice.removeprefix(JUMP)
        if target in closed(script, path):
            raise NotVerified(target)
        return walk.jump(script, path, target, at)
    return walk.forward(script, path, choice, at)


def choices_of(path: walk.Path) -> list[str]:
    """The choices that `replay` makes this path of."""
    pairs = zip(path, path[1:], strict=False)
    return [
        f"{JUMP}{after.node}" if step.choice == walk.JUMPED else step.choice
        for step, after in pairs
    ]


def walks(script: Script, today: date, people: Sequence[str] = ()) -> list[Walk]:
    """Walks that together take every way that can be taken, each from a beginning to an end; the same script gives the
    same walks. For scripts whose names and targets are sound (`lint.graph.whole`) and that have a way out everywhere;
    walks of others stop where there is no way out. `people`: names of the client's staff, for who is asked for."""
    planner = Planner(script)
    found: list[tuple[bool, walk.Path]] = []
    for regular in (False, True):
        start = script.start(regular).id
        if regular and start == script.first.id:
            break
        # A beginning of its own is walked, also when all that follows is known.
        path: walk.Path | None = planner.walk(start)
        while path is not None:
            found.append((regular, path))
            path = planner.next(start)
    names: dict[str, int] = {}
    made = []
    for number, (regular, path) in enumerate(found):
        answers = plausible(script, path, number, today, people)
        name = _named(script, path, regular)
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            name = f"{name}({names[name]})"
        made.append(Walk(name, regular, path, answers, tuple(lacking(script, path, answers))))
    return made


def lacking(script: Script, path: walk.Path, answers: Mapping[str, str]) -> list[str]:
    """Why a walk does not come out as every call has to, as Japanese sentences."""
    last = script.node(path[-1].node)
    return [
        *([] if isinstance(last, End) else [f"「{last.title}」で止まり、終わりまで進みません。"]),
        *(f"必須の「{f.label}」を聞いていません。" for f in walk.missing(script, path, answers)),
        *(f"必ず言う「{one}」を言っていません。" for one in walk.unsaid(script, path)),
    ]


def plausible(
    script: Script, path: walk.Path, number: int, today: date, people: Sequence[str] = ()
) -> dict[str, str]:
    """Made-up answers to everything asked on the way; `number` varies what is chosen. None of the telephone numbers is in
    use in Japan."""
    found: dict[str, str] = {}
    for node in walk.walked(script, path):
        for field in node.ask:
            found[field.id] = _answer(field, number, today, people)
            if field.type == "name":
                found[f"{field.id}.kana"] = _CALLERS[number % len(_CALLERS)][1]
    return found


_CALLERS = (
    ("佐藤 花子", "さとう はなこ"),
    ("中村 健一", "なかむら けんいち"),
    ("小林 進", "こばやし すすむ"),
    ("井上 桜", "いのうえ さくら"),
)

_BY_PURPOSE = {
    "caller_company": "あおば商事",
    "what_for": "お願いしたことの進み具合を知りたい",
    "note": "特になし",
}


def _answer(field: Field, number: int, today: date, people: Sequence[str]) -> str:
    match field.type:
        case "name":
            return _CALLERS[number % len(_CALLERS)][0]
        case "phone":
            return f"090-0000-12{number % 100:02d}"
        case "datetime":
            return f"{(today + timedelta(days=1)).isoformat()}T15:00"
        case "choice":
            return field.choices[number % len(field.choices)] if field.choices else ""
        case "staff":
            return people[number % len(people)] if people else "ご担当の方"
    if field.purpose == "caller_name":
        return _CALLERS[number % len(_CALLERS)][0]
    return _BY_PURPOSE.get(field.purpose, f"{field.label}のお答え")


def _named(script: Script, path: walk.Path, regular: bool) -> str:
    labels = [branch.label for branch in walk.chosen(script, path)]
    name = " → ".join(labels) or script.node(path[-1].node).title
    name = f"常連: {name}" if regular else name
    # Room for a number behind it.
    return name if len(name) <= LONGEST_NAME - 5 else f"{name[: LONGEST_NAME - 6]}…"


def to_example(
    script: Script, path: walk.Path, answers: Mapping[str, str], *, name: str, caller: str = "",
    regular: bool = False,
) -> Example:  # fmt: skip
    """The walk as an example that the author keeps: comes through these nodes, and the report says the first of what was
    answered."""
    given = {key: value for key, value in answers.items() if value.strip()}
    steps = []
    for step in path:
        node = script.node(step.node)
        asked = {key: given[key] for field in node.ask for key in field.answers if key in given}
        steps.append(Step(at=step.node, answer=asked, choice=_told_choice(node, step.choice)))
    report = [
        given[field.id][:100]
        for node in walk.walked(script, path)
        for field in node.ask
        if field.purpose in ("caller_name", "what_for") and bare(given.get(field.id, "")[:100])
    ]
    urgency = walk.urgency(script, path)
    return Example(
        name=name.strip()[:LONGEST_NAME],
        caller=caller.strip(),
        regular=regular,
        steps=tuple(steps),
        expect=tuple(step.node for step in path),
        report=(*report[:TOLD], *([urgency] if urgency != "normal" else [])),
    )


def _told_choice(node: Node, choice: str) -> str:
    """The label where it is the only one of that name: who reads the example knows what was chosen."""
    if not isinstance(node, Fork) or not choice:
        return choice or "next"
    found = node.otherwise if choice == OTHERWISE else node.branches[int(choice) - 1]
    return found.label if found and examples.choice_of(node, found.label) == choice else choice


def walk_of(script: Script, example: Example) -> Walk:
    """An example as a walk: as far as it can be gone, with what does not come out as it says."""
    path = walk.begin(script, regular=example.regular)
    answers: dict[str, str] = {}
    for step in example.steps:
        node = script.node(path[-1].node)
        if node.id != step.at:
            break
        known = {answer for field in node.ask for answer in field.answers}
        answers |= {key: value for key, value in step.answer.items() if key in known}
        if isinstance(node, End):
            break
        try:
            path = walk.forward(script, path, examples.choice_of(node, step.choice))
        except walk.NoSuchWay:
            break
    failures = tuple(examples.run(script, example))
    return Walk(example.name, example.regular, path, answers, failures, example.caller)
