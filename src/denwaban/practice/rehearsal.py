"""A script walked without a telephone: where it is, what lacks, which branches were taken, what report would come. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from denwaban.calls import Call
from denwaban.console import Lack, draft_of, problems, words_of
from denwaban.oncall import Deadlines
from denwaban.people import Staff
from denwaban.reports import Around, Draft, findings, subject_of
from denwaban.scripts import Answer, End, RunView, Script, rehearsal, walk

CALLER = "+819000001200"
"""Who calls in a rehearsal: a number that is not in use in Japan."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The report that would be sent now."""

    subject: str
    draft: Draft
    lacks: tuple[Lack, ...]
    """What keeps it from being sent."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many branches of the script were taken in this rehearsal."""

    taken: int
    branches: int
    seen: tuple[str, ...]
    """Every way taken, as `node choice`."""


def run_of(script: Script, path: walk.Path, answers: Mapping[str, str], client_id: str) -> RunView:
    """The run that a call would have; it stands in no database."""
    given = {key: Answer(value, False, 0) for key, value in answers.items()}
    return RunView(
        id="",
        call_id="",
        client_id=client_id,
        version=0,
        script=script,
        path=path,
        answers=given,
        finished=False,
    )


def imagined_call(client_id: str, now: datetime) -> Call:
    """The call that a walk stands for; it stands in no database."""
    return Call(
        id="",
        client_id=client_id,
        leg="",
        trunk="",
        dialled="",
        caller=CALLER,
        arrived_at=now,
        practice=True,
    )


def preview(run: RunView, staff: list[Staff], now: datetime, deadlines: Deadlines) -> Preview:
    """What the seat would make of the walk when the call ended now."""
    call = imagined_call(run.client_id, now)
    words = words_of(run, call, None, staff, staff[0].id if staff else "", deadlines=deadlines)
    draft = draft_of(run, words, staff)
    lacks = problems(run, call, words)
    if not lacks:
        found = findings(draft, Around(now))
        lacks += [Lack("", "said", str(one.told), one.told) for one in found]
    return Preview(subject_of(draft, practice=True), draft, tuple(lacks))


def coverage(script: Script, seen: Sequence[str], path: walk.Path) -> Coverage:
    """`seen`: ways taken before, as `node choice`; what the script does not have is left out."""
    known = {f"{edge.node} {edge.choice}" for edge in walk.edges(script)}
    now = [f"{edge.node} {edge.choice}" for edge in walk.taken(path)]
    taken = tuple(dict.fromkeys(one for one in (*seen, *now) if one in known))
    forks = {f"{edge.node} {edge.choice}" for edge in walk.branches(script)}
    return Coverage(len(forks.intersection(taken)), len(forks), taken)


@dataclass(frozen=True, slots=True)
class Text:
    """A script as one text of it says, by the id of that text, which never changes."""

    id: str
    script: Script = field(compare=False)


@lru_cache(maxsize=32)
def offered(
    text: Text, today: date, names: tuple[str, ...]
) -> tuple[tuple[rehearsal.Walk, ...], tuple[rehearsal.Walk, ...]]:
    """(the author's examples, walks made from the script), each with what fails. Asked for at every step, so kept for the
    texts that were walked last. `names`: of the client's staff."""
    examples = tuple(rehearsal.walk_of(text.script, one) for one in text.script.examples)
    return examples, tuple(rehearsal.walks(text.script, today, names))


def with_ids(script: Script, answers: Mapping[str, str], staff: Sequence[Staff]) -> dict[str, str]:
    """Members of staff by id, as the fields of the seat have them."""
    ids = {person.name: person.id for person in staff}
    return {
        key: ids.get(value, value) if _staff(script, key) else value
        for key, value in answers.items()
    }


def with_names(
    script: Script, answers: Mapping[str, str], staff: Sequence[Staff]
) -> dict[str, str]:
    """Members of staff by name, as examples have them."""
    names = {person.id: person.name for person in staff}
    return {
        key: names.get(value, value) if _staff(script, key) else value
        for key, value in answers.items()
    }


def _staff(script: Script, answer: str) -> bool:
    field = script.field(answer)
    return field is not None and field.type == "staff"


def ended(run: RunView) -> bool:
    """Whether the walk is at an end."""
    return isinstance(run.node, End)
