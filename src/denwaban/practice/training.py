"""練習モード: an operator walks a published script as if somebody were calling, and gets a sheet of what went well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Select, func, insert, select, update

from denwaban.calls import call as call_of
from denwaban.calls.rows import calls
from denwaban.oncall import deadlines_of
from denwaban.people import staff_of
from denwaban.people.rows import clients, operators
from denwaban.practice.rehearsal import preview, run_of
from denwaban.practice.rows import practice_sheets
from denwaban.practice.score import Score, score
from denwaban.scripts import (
    NoSuchScript,
    RunView,
    Script,
    document_of,
    rehearsal,
    run_of_call,
    script_listed,
    script_of_version,
    walk,
)
from denwaban.scripts.rows import runs, script_versions, scripts
from denwaban.store import Tx, new_id

SHOWN = 50
"""Sheets in one list."""


class NoSuchSheet(LookupError):
    """There is no such sheet, or it is another operator's: the two are not told apart."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One practice of one operator."""

    id: str
    operator_id: str
    operator: str
    client_id: str
    client: str
    script: str
    version_id: str
    call_id: str | None
    """None: without a telephone."""
    started_at: datetime
    path: walk.Path
    late: tuple[str, ...]
    finished_at: datetime | None
    score: Score | None


def begin(tx: Tx, operator_id: str, version_id: str) -> str:
    """Begins a practice on a script that calls follow now; returns the sheet's id. Raises `NoSuchScript`."""
    script_id, client_id, _name = script_of_version(tx, version_id)
    listed = script_listed(tx, script_id)
    if listed is None or listed.version_id != version_id:
        raise NoSuchScript(version_id)
    script = document_of(tx, version_id)[0]
    sheet_id = new_id()
    tx.execute(
        insert(practice_sheets).values(
            id=sheet_id,
            operator_id=operator_id,
            client_id=client_id,
            script_version_id=version_id,
            started_at=tx.now,
            path=msgspec.to_builtins(walk.begin(script, at=tx.now)),
            late=[],
        )
    )
    return sheet_id


def stepped(
    tx: Tx, sheet: Sheet, script: Script, choices: Sequence[str], answers: Mapping[str, str]
) -> RunView:
    """The walk is now where these choices lead; the moments of what was walked before are kept, the answers are not. A
    sheet that is finished does not change any more. Raises `NoSuchWay`."""
    path = timed(script, sheet.path, choices, tx.now)
    run = run_of(script, path, answers, sheet.client_id)
    if sheet.finished_at is None:
        passed = {step.node for step in path[:-1]}
        late = {f.id for f in run.missing if any(f in script.node(n).ask for n in passed)}
        tx.execute(
            update(practice_sheets)
            .where(practice_sheets.c.id == sheet.id)
            .values(path=msgspec.to_builtins(path), late=sorted({*sheet.late, *late}))
        )
    return run


def timed(script: Script, known: walk.Path, choices: Sequence[str], now: datetime) -> walk.Path:
    """The path of these choices: with the moments of `known` as far as both go the same way, with `now` from there on."""
    path = walk.begin(script, at=known[0].at)
    was = rehearsal.choices_of(known)
    same = True
    for place, choice in enumerate(choices):
        same = same and was[place : place + 1] == [choice]
        path = rehearsal.stepped(script, path, choice, known[place + 1].at if same else now)
    return path


def finish(
    tx: Tx, sheet: Sheet, script: Script, choices: Sequence[str], answers: Mapping[str, str]
) -> None:
    """Ends a practice and writes its score; doing it again changes nothing. Raises `NoSuchWay`."""
    if sheet.finished_at is not None:
        return
    run = stepped(tx, sheet, script, choices, answers)
    lacks = preview(
        run, staff_of(tx, sheet.client_id), tx.now, deadlines_of(tx, sheet.client_id)
    ).lacks
    made = score(run, lacks, sheet.started_at, tx.now, sheet_of(tx, sheet.id).late)
    _finish(tx, sheet.id, made, tx.now)


def of_call(tx: Tx, operator_id: str, call_id: str) -> str:
    """The sheet of a practice call that this operator has taken, made when it is not there yet; returns its id. Raises
    `NoSuchSheet` for other calls and for one that goes on."""
    found = call_of(tx, call_id)
    run = run_of_call(tx, call_id)
    if (
        found is None
        or run is None
        or not found.practice
        or found.operator_id != operator_id
        or found.ended_at is None
        or found.answered_at is None
    ):
        raise NoSuchSheet(call_id)
    there: str | None = tx.scalar(
        select(practice_sheets.c.id).where(practice_sheets.c.call_id == call_id)
    )
    if there is not None:
        return there
    # The run may have begun while it still rang.
    path = (run.path[0]._replace(at=found.answered_at), *run.path[1:])
    walked = run_of(run.script, path, {k: a.value for k, a in run.answers.items()}, run.client_id)
    lacks = preview(
        walked, staff_of(tx, run.client_id), found.ended_at, deadlines_of(tx, run.client_id)
    ).lacks
    sheet_id = new_id()
    tx.execute(
        insert(practice_sheets).values(
            id=sheet_id,
            operator_id=operator_id,
            client_id=run.client_id,
            script_version_id=tx.scalar(
                select(runs.c.script_version_id).where(runs.c.call_id == call_id)
            ),
            call_id=call_id,
            started_at=found.answered_at,
            path=msgspec.to_builtins(path),
            late=[],
        )
    )
    _finish(tx, sheet_id, score(walked, lacks, found.answered_at, found.ended_at), found.ended_at)
    return sheet_id


def unscored(tx: Tx, operator_id: str) -> list[tuple[str, str, datetime]]:
    """(call id, client, when) of this operator's last practice calls that have no sheet yet, newest first."""
    rows = tx.all(
        select(calls.c.id, clients.c.name, calls.c.answered_at)
        .join(clients, clients.c.id == calls.c.client_id)
        .join(runs, runs.c.call_id == calls.c.id)
        .outerjoin(practice_sheets, practice_sheets.c.call_id == calls.c.id)
        .where(
            calls.c.operator_id == operator_id,
            calls.c.practice,
            calls.c.answered_at.is_not(None),
            calls.c.ended_at.is_not(None),
            practice_sheets.c.id.is_(None),
        )
        .order_by(calls.c.ended_at.desc())
        .limit(5)
    )
    return [(row["id"], row["name"], row["answered_at"]) for row in rows]


def practised(tx: Tx, operator_id: str, version_id: str) -> int:
    """How many practice calls this operator has taken on that version."""
    return int(
        tx.scalar(
            select(func.count())
            .select_from(runs)
            .join(calls, calls.c.id == runs.c.call_id)
            .where(
                runs.c.script_version_id == version_id,
                calls.c.operator_id == operator_id,
                calls.c.practice,
            )
        )
    )


def sheet_of(tx: Tx, sheet_id: str) -> Sheet:
    """Raises `NoSuchSheet`."""
    row = tx.first(_select().where(practice_sheets.c.id == sheet_id))
    if row is None:
        raise NoSuchSheet(sheet_id)
    return _sheet(row)


def sheets(tx: Tx, operator_id: str | None = None) -> list[Sheet]:
    """Finished practices, newest first: of one operator or of all."""
    query = _select().where(practice_sheets.c.finished_at.is_not(None))
    if operator_id is not None:
        query = query.where(practice_sheets.c.operator_id == operator_id)
    return [_sheet(r) for r in tx.all(query.order_by(practice_sheets.c.id.desc()).limit(SHOWN))]


def _select() -> Select[Any]:
    return (
        select(
            practice_sheets,
            operators.c.name.label("operator"),
            clients.c.name.label("client"),
            scripts.c.name.label("script"),
        )
        .join(operators, operators.c.id == practice_sheets.c.operator_id)
        .join(clients, clients.c.id == practice_sheets.c.client_id)
        .join(script_versions, script_versions.c.id == practice_sheets.c.script_version_id)
        .join(scripts, scripts.c.id == script_versions.c.script_id)
    )


def _sheet(row: RowMapping) -> Sheet:
    return Sheet(
        id=row["id"],
        operator_id=row["operator_id"],
        operator=row["operator"],
        client_id=row["client_id"],
        client=row["client"],
        script=row["script"],
        version_id=row["script_version_id"],
        call_id=row["call_id"],
        started_at=row["started_at"],
        path=msgspec.convert(row["path"], walk.Path),
        late=tuple(row["late"]),
        finished_at=row["finished_at"],
        score=msgspec.convert(row["score"], Score) if row["score"] is not None else None,
    )


def _finish(tx: Tx, sheet_id: str, made: Score, at: datetime) -> None:
    tx.execute(
        update(practice_sheets)
        .where(practice_sheets.c.id == sheet_id)
        .values(score=msgspec.to_builtins(made), finished_at=at)
    )
