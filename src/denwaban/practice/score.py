"""What went well in a practice, and what may go better. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from denwaban.console import SAID, Lack
from denwaban.scripts import Decide, End, MustSay, RunView, says, walk
from denwaban.texts import NOT_ASKED

Kind = Literal["end", "mandatory", "must_say", "forbidden", "order", "report"]


class Mark(msgspec.Struct, frozen=True):
    """One line of the sheet. `label` is what it is about: a field, a phrase, a sentence about the report; empty where the
    kind says all."""

    kind: Kind
    label: str
    good: bool


class NodeTime(msgspec.Struct, frozen=True):
    """How long the practice was at a node."""

    title: str
    seconds: float


class Score(msgspec.Struct, frozen=True):
    """The sheet of one practice."""

    marks: tuple[Mark, ...]
    nodes: tuple[NodeTime, ...]
    first_question: float | None
    """Seconds until the first question; None when none came, or nobody knows."""
    seconds: float

    @property
    def good(self) -> int:
        return sum(mark.good for mark in self.marks)


def score(
    run: RunView,
    lacks: Sequence[Lack],
    began: datetime,
    over: datetime,
    late: Collection[str] = (),
) -> Score:
    """`lacks`: what keeps the report from being sent; `late`: ids of mandatory fields that were passed and filled in
    afterwards."""
    nodes = _times(run.path, run, over)
    return Score(
        (*_ending(run), *_asked(run), *_said(run), *_forbidden(run), *_order(run, late), *_report(lacks)),
        nodes,
        _first_question(run, began),
        max(0.0, (over - began).total_seconds()),
    )  # fmt: skip


def _ending(run: RunView) -> list[Mark]:
    return [Mark("end", "", isinstance(run.node, End))]


def _asked(run: RunView) -> list[Mark]:
    lacking = {field.id for field in run.missing}
    wanted = {f.id: f for node in run.walked for f in node.ask if f.mandatory}
    wanted |= {field.id: field for field in run.missing}
    for item in run.script.head.mandatory:
        wanted |= {
            field.id: field
            for field in run.script.fields(item)
            if any(field in node.ask for node in run.walked)
        }
    return [
        Mark("mandatory", field.label, name not in lacking and run.value(name) != NOT_ASKED)
        for name, field in wanted.items()
    ]


def _said(run: RunView) -> list[Mark]:
    unsaid = set(run.unsaid).difference(run.value(SAID).splitlines())
    found = [Mark("must_say", node.title, True) for node in run.walked if isinstance(node, MustSay)]
    if isinstance(run.node, End) and not run.node.exception:
        found += [Mark("must_say", p, p not in unsaid) for p in run.script.head.must_say]
    return found


def _forbidden(run: RunView) -> list[Mark]:
    typed = "\n".join(answer.value for answer in run.answers.values())
    return [
        Mark("forbidden", one.words, not says(typed, one.words))
        for one in run.script.head.forbidden
    ]


def _order(run: RunView, late: Collection[str]) -> list[Mark]:
    labels = [field.label for name in late if (field := run.script.field(name)) is not None]
    if any(step.choice == walk.JUMPED for step in run.path):
        labels.append("")
    return [Mark("order", "、".join(filter(None, labels)), not labels)]


def _report(lacks: Sequence[Lack]) -> list[Mark]:
    told = [lack for lack in lacks if lack.what != "asked"]
    if not told:
        return [Mark("report", "", not lacks)]
    return [
        Mark("report", lack.label if lack.what == "said" else lack.what, False) for lack in told
    ]


def _times(path: walk.Path, run: RunView, over: datetime) -> tuple[NodeTime, ...]:
    if any(step.at is None for step in path):
        return ()
    moments = [step.at for step in path if step.at is not None]
    return tuple(
        NodeTime(run.script.node(step.node).title, max(0.0, (after - began).total_seconds()))
        for step, began, after in zip(path, moments, [*moments[1:], over], strict=True)
    )


def _first_question(run: RunView, began: datetime) -> float | None:
    for step in run.path:
        node = run.script.node(step.node)
        if node.ask or isinstance(node, Decide):
            return max(0.0, (step.at - began).total_seconds()) if step.at is not None else None
    return None
