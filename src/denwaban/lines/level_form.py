"""What is agreed with a client, as a form has it: read and checked field by field. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from denwaban.lines.ladder import (
    MOST_STEPS,
    ServiceLevel,
    Step,
    StepKind,
    in_order,
    level_faults,
    step_fault,
)
from denwaban.web import _


@dataclass(slots=True)
class StepRow:
    """A step as it was typed."""

    after: str = "60"
    kind: str = StepKind.WIDER.value
    level: str = "0"
    group: str = ""
    words: str = ""


@dataclass(slots=True)
class LevelForm:
    """All of it as it was typed."""

    least_level: str = "0"
    previous_seconds: str = "0"
    callers_first: bool = False
    says_place: bool = False
    answer_seconds: str = "20"
    answer_percent: str = "80"
    steps: list[StepRow] = field(default_factory=list)


def kind_names() -> dict[str, str]:
    """What a step does, in words."""
    return {
        StepKind.WIDER: _("段階を下げて広げる"),
        StepKind.GROUP: _("ほかの班も加える"),
        StepKind.CALL_BACK: _("折り返しを案内する(1 を押す)"),
        StepKind.MESSAGE: _("お詫びを流して伝言を録る"),
    }


def level_names() -> list[tuple[str, str]]:
    """The levels, in words."""
    return [
        ("0", _("問わない(だれでも)")),
        ("1", _("1 習い始め")),
        ("2", _("2 ひとりで受けられる")),
        ("3", _("3 慣れている")),
        ("4", _("4 くわしい")),
        ("5", _("5 任せられる")),
    ]


def form_of(level: ServiceLevel) -> LevelForm:
    """What the form shows for what is stored."""
    return LevelForm(
        str(level.least_level),
        str(level.previous_seconds),
        level.callers_first,
        level.says_place,
        str(level.answer_seconds),
        str(level.answer_percent),
        [
            StepRow(str(step.after), step.kind.value, str(step.level), step.group, step.words)
            for step in level.ladder
        ],
    )


def read_form(fields: Mapping[str, str]) -> LevelForm:
    """The form; step n has `after-n`, `kind-n`, `level-n`, `group-n`, `words-n`, and `steps` says how many there are."""
    count = fields.get("steps", "")
    many = min(int(count), MOST_STEPS) if count.isdecimal() and len(count) < 3 else 0

    def text(name: str) -> str:
        return fields.get(name, "").strip()

    return LevelForm(
        text("least_level"),
        text("previous_seconds"),
        "callers_first" in fields,
        "says_place" in fields,
        text("answer_seconds"),
        text("answer_percent"),
        [
            StepRow(
                text(f"after-{n}"),
                text(f"kind-{n}"),
                text(f"level-{n}"),
                text(f"group-{n}"),
                text(f"words-{n}"),
            )
            for n in range(many)
        ],
    )


def rearranged(form: LevelForm, wish: str) -> None:
    """Does what the button `drop-N` or `add` asks for; anything else changes nothing."""
    verb, _dash, place = wish.partition("-")
    if wish == "add" and len(form.steps) < MOST_STEPS:
        form.steps.append(StepRow())
    elif verb == "drop" and place.isdecimal() and int(place) < len(form.steps):
        del form.steps[int(place)]


def checked(form: LevelForm, groups: Sequence[str]) -> tuple[ServiceLevel, dict[str, str]]:
    """What was typed, and what is wrong by field. Only without errors is it of any use."""
    errors: dict[str, str] = {}

    def number(name: str, text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) < 6:
            return int(text)
        errors[name] = _("数字で入れてください")
        return 0

    steps = list[Step]()
    for n, row in enumerate(form.steps):
        if row.kind not in set(StepKind):
            errors[f"kind-{n}"] = _("することを選んでください")
            continue
        kind = StepKind(row.kind)
        step = Step(
            number(f"after-{n}", row.after),
            kind,
            number(f"level-{n}", row.level) if kind is StepKind.WIDER else 0,
            row.group if kind is StepKind.GROUP else "",
            row.words if kind is StepKind.MESSAGE else "",
        )
        if f"after-{n}" not in errors and (fault := step_fault(step, groups)):
            where = "group" if kind is StepKind.GROUP and not step.group else "after"
            errors[f"{where}-{n}"] = _(fault)
        steps.append(step)
    level = ServiceLevel(
        number("least_level", form.least_level),
        number("previous_seconds", form.previous_seconds),
        form.callers_first,
        form.says_place,
        number("answer_seconds", form.answer_seconds),
        number("answer_percent", form.answer_percent),
        in_order(steps),
    )
    for name, fault in level_faults(level).items():
        errors.setdefault(name, _(fault))
    return level, errors
