"""Reading runs: where each is in its script, and what was answered."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import RowMapping, bindparam, select

from denwaban.scripts import walk
from denwaban.scripts.kept import scripts_of
from denwaban.scripts.model import Script
from denwaban.scripts.rows import answers, runs, script_versions
from denwaban.scripts.said import shown_answer
from denwaban.scripts.view import Answer, RunView
from denwaban.store import Question, Tx, among, among_these
from denwaban.vault import UNOPENED

_RUN = select(runs, script_versions.c.version).join(
    script_versions, script_versions.c.id == runs.c.script_version_id
)
# Asked at every key of every seat: building them anew costs more than the database.
_OF_CALL = Question(_RUN.where(runs.c.call_id == bindparam("it")))
_OF_ID = Question(_RUN.where(runs.c.id == bindparam("it")))
_ANSWERS = Question(select(answers).where(answers.c.run_id == bindparam("it")))


class NoSuchRun(LookupError):
    """There is no such run."""


class Followed(NamedTuple):
    """A run, and which version of which script it follows."""

    run: RunView
    version_id: str
    script_id: str


def run_of_call(tx: Tx, call_id: str) -> RunView | None:
    """The run of a call, None when it has not begun."""
    return _view(tx, _OF_CALL, call_id)


def run(tx: Tx, run_id: str) -> RunView:
    """Raises `NoSuchRun`."""
    found = _view(tx, _OF_ID, run_id)
    if found is None:
        raise NoSuchRun(run_id)
    return found


Which = str | RunView
"""A run by its id, or as this very transaction has read it: then it is not read again."""


def run_as_read(tx: Tx, which: Which) -> RunView:
    """The run, read when it was not yet. Raises `NoSuchRun`."""
    return which if isinstance(which, RunView) else run(tx, which)


def _view(tx: Tx, question: Question, it: str) -> RunView | None:
    row = tx.first(question, {"it": it})
    if row is None:
        return None
    given = {
        a["field"]: _answer(tx, row["client_id"], a) for a in tx.all(_ANSWERS, {"it": row["id"]})
    }
    version_id = row["script_version_id"]
    return _view_of(row, scripts_of(tx, [version_id])[version_id], given)


def _answer(tx: Tx, client_id: str, row: RowMapping) -> Answer:
    said = shown_answer(tx, client_id, row)
    if said == UNOPENED:
        # Nothing, to be asked again: what stands for it would go on into the report.
        return Answer("", bool(row["known"]), row["counter"], closed=True)
    return Answer(said, bool(row["known"]), row["counter"])


def _view_of(row: RowMapping, script: Script, given: Mapping[str, Answer]) -> RunView:
    return RunView(
        id=row["id"],
        call_id=row["call_id"],
        client_id=row["client_id"],
        version=row["version"],
        script=script,
        path=msgspec.convert(row["path"], walk.Path),
        answers=given,
        finished=row["finished_at"] is not None,
    )


def runs_of_calls(tx: Tx, call_ids: Collection[str], answered: Collection[str]) -> list[Followed]:
    """The runs that these calls have; those of `answered` with their answers. As many queries for many as for one."""
    found = tx.all(
        _RUN.add_columns(script_versions.c.script_id).where(among_these(runs.c.call_id, call_ids))
    )
    known = scripts_of(tx, {row["script_version_id"] for row in found})
    given: dict[str, dict[str, Answer]] = {
        row["id"]: {} for row in found if row["call_id"] in answered
    }
    if given:
        owners = {row["id"]: row["client_id"] for row in found}
        for row in tx.all(select(answers).where(among_these(answers.c.run_id, given))):
            run_id = row["run_id"]
            given[run_id][row["field"]] = _answer(tx, owners[run_id], row)
    return [
        Followed(
            _view_of(row, known[row["script_version_id"]], given.get(row["id"], {})),
            row["script_version_id"],
            row["script_id"],
        )
        for row in found
    ]


_STANDS = Question(
    select(runs.c.call_id, runs.c.client_id, answers)
    .join(answers, answers.c.run_id == runs.c.id)
    .where(among(runs.c.call_id, "those"), among(answers.c.field, "fields"))
)


def answers_to(
    tx: Tx, call_ids: Collection[str], fields: Collection[str]
) -> dict[str, dict[str, str]]:
    """What stands in these fields, by call and field, nothing where it cannot be opened; one query for any number of calls."""
    found: dict[str, dict[str, str]] = {call_id: {} for call_id in call_ids}
    for row in tx.all(_STANDS, {"those": call_ids, "fields": fields}):
        found[row["call_id"]][row["field"]] = shown_answer(tx, row["client_id"], row, "")
    return found
