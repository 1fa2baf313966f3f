"""The run that goes with a call: where it is in its script, and what was answered."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

import msgspec
from sqlalchemy import RowMapping, bindparam, insert, select, update

from denwaban.calls import Call
from denwaban.disclosure import lacks_check
from denwaban.lines import show_number
from denwaban.people import Caller, caller_of
from denwaban.people.persons import Person
from denwaban.scripts import walk
from denwaban.scripts.disclosure import NotVerified, closed, proves, restricted
from denwaban.scripts.kept import scripts_of
from denwaban.scripts.model import LONGEST_ANSWER, Inform, Script
from denwaban.scripts.rows import answers, runs, script_versions, scripts
from denwaban.scripts.said import open_answer, seal_answer
from denwaban.scripts.settings import settings_of
from denwaban.scripts.versions import plain_version
from denwaban.scripts.view import Answer, RunView
from denwaban.store import Question, Tx, among, new_id

_OWN_WORDS = re.compile(r"^report\.[a-z_]{1,30}$")
"""What an operator writes over the draft of the report is kept with the answers, under these names."""


class NoSuchRun(LookupError):
    """There is no such run."""


class NoSuchField(LookupError):
    """The run's script asks nothing of this name."""


class RunFinished(Exception):
    """The report is out; its run does not change any more."""


class AnswerTooLong(Exception):
    """More than `LONGEST_ANSWER` characters. What was saved before stays as it was."""

    def __init__(self, length: int) -> None:
        super().__init__(f"{length} > {LONGEST_ANSWER}")
        self.length = length


class Saved(NamedTuple):
    counter: int
    """What the field stands at now; the next save must exceed it."""
    kept: bool
    """False when a newer text was already there."""


class Followed(NamedTuple):
    """A run, and which version of which script it follows."""

    run: RunView
    version_id: str
    script_id: str


def start_run(tx: Tx, call: Call, version_id: str | None = None) -> RunView:
    """The run of this call; begun now unless it was already, where the client's regular callers begin for one of
    them. What is known about the caller is filled in, marked as known. `version_id`: what a practice call follows instead
    of what is published. Raises ValueError for a call that belongs to no client."""
    if call.client_id is None:
        raise ValueError("a call to nobody's number has no script")
    if (going := run_of_call(tx, call.id)) is not None:
        return going
    version_id = (
        version_id
        or tx.scalar(select(scripts.c.published_version_id).where(scripts.c.id == call.script_id))
        or plain_version(tx, call.client_id)
    )
    script = scripts_of(tx, [version_id])[version_id]
    caller = caller_of(tx, call.client_id, call.caller) if call.caller else None
    path = walk.begin(script, regular=caller is not None and caller.regular, at=tx.now)
    run_id = new_id()
    tx.execute(
        insert(runs).values(
            id=run_id,
            call_id=call.id,
            client_id=call.client_id,
            script_version_id=version_id,
            node=path[-1].node,
            path=msgspec.to_builtins(path),
            started_at=tx.now,
        )
    )
    if known := _known(script, call, caller):
        tx.execute(
            insert(answers),
            [
                {
                    "run_id": run_id,
                    "field": f,
                    "value": seal_answer(tx, call.client_id, run_id, f, v),
                    "known": 1,
                    "counter": 0,
                    "at": tx.now,
                }
                for f, v in known.items()
            ],
        )
    begun = run_of_call(tx, call.id)
    assert begun is not None  # inserted above
    return begun


def fill_known(tx: Tx, call: Call, view: RunView, person: Person, number: str) -> None:
    """It has come out who calls: what is known of the person, with their number (E.164) for a call without one, stands where
    nobody has written anything yet."""
    for field, value in _known(view.script, call, person, number).items():
        old = view.answers.get(field)
        sealed = seal_answer(tx, view.client_id, view.id, field, value)
        filled = {"value": sealed, "known": 1, "counter": 0, "at": tx.now}
        if old is None:
            tx.execute(_KEEP, {"run_id": view.id, "field": field, **filled})
        elif old.known or not old.value.strip():
            filled["counter"] = old.counter
            tx.execute(_KEEP_AGAIN, {"of_run": view.id, "of_field": field, **filled})


def _known(
    script: Script, call: Call, caller: Caller | Person | None, number: str = ""
) -> dict[str, str]:
    """Answers that need not be asked again."""
    # A caller ID that is no telephone number is shown as it came.
    number = call.caller or number
    facts = {"caller_number": show_number(number) if number else ""}
    if caller is not None:
        facts |= {"caller_name": caller.name, "caller_company": caller.company}
    found: dict[str, str] = {}
    for node in script.nodes:
        for field in node.ask:
            if value := facts.get(field.purpose):
                found[field.id] = value
                if field.type == "name" and field.purpose == "caller_name" and caller is not None:
                    found[f"{field.id}.kana"] = caller.kana
    return {field: value for field, value in found.items() if value}


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


def _run(tx: Tx, which: Which) -> RunView:
    return which if isinstance(which, RunView) else run(tx, which)


_RUN = select(runs, script_versions.c.version).join(
    script_versions, script_versions.c.id == runs.c.script_version_id
)
# Asked at every key of every seat: building them anew costs more than the database.
_OF_CALL = Question(_RUN.where(runs.c.call_id == bindparam("it")))
_OF_ID = Question(_RUN.where(runs.c.id == bindparam("it")))
_ANSWERS = Question(select(answers).where(answers.c.run_id == bindparam("it")))
_STEP = update(runs).where(runs.c.id == bindparam("it"))
_KEEP = insert(answers)
_KEEP_AGAIN = update(answers).where(
    answers.c.run_id == bindparam("of_run"), answers.c.field == bindparam("of_field")
)


def _view(tx: Tx, which: Question, it: str) -> RunView | None:
    row = tx.first(which, {"it": it})
    if row is None:
        return None
    given = {
        a["field"]: _answer(tx, row["client_id"], a) for a in tx.all(_ANSWERS, {"it": row["id"]})
    }
    version_id = row["script_version_id"]
    return _view_of(row, scripts_of(tx, [version_id])[version_id], given)


def _answer(tx: Tx, client_id: str, row: RowMapping) -> Answer:
    return Answer(open_answer(tx, client_id, row), bool(row["known"]), row["counter"])


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
        select(runs, script_versions.c.version, script_versions.c.script_id)
        .join(script_versions, script_versions.c.id == runs.c.script_version_id)
        .where(runs.c.call_id.in_(call_ids))
    )
    known = scripts_of(tx, {row["script_version_id"] for row in found})
    given: dict[str, dict[str, Answer]] = {
        row["id"]: {} for row in found if row["call_id"] in answered
    }
    if given:
        owners = {row["id"]: row["client_id"] for row in found}
        for row in tx.all(select(answers).where(answers.c.run_id.in_(given))):
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
    """What stands in these fields, by call and field; one query for any number of calls."""
    found: dict[str, dict[str, str]] = {call_id: {} for call_id in call_ids}
    for row in tx.all(_STANDS, {"those": call_ids, "fields": fields}):
        found[row["call_id"]][row["field"]] = open_answer(tx, row["client_id"], row)
    return found


def save_answer(
    tx: Tx,
    which: Which,
    field: str,
    value: str,
    counter: int | None = None,
    *,
    known: bool = False,
) -> Saved:
    """Keeps what stands in a field. Each writer counts upwards from what it last saw; a save whose `counter` is not above
    the kept one came late (another tab, a slow line) and changes nothing. Without a counter the save is the newest.
    `known`: it was not asked, but taken over from what the caller said before.

    Raises `NoSuchRun`, `NoSuchField`, `RunFinished`, `AnswerTooLong`.
    """
    view = _run(tx, which)
    if view.script.field(field) is None and not _OWN_WORDS.match(field):
        raise NoSuchField(field)
    if view.finished:
        raise RunFinished(view.id)
    if len(value) > LONGEST_ANSWER:
        raise AnswerTooLong(len(value))
    old = view.answers.get(field)
    stands = old.counter if old else 0
    if counter is None:
        counter = stands + 1
    if old is not None and counter <= stands:
        return Saved(stands, kept=False)
    # NUL is no character of any language, and PostgreSQL refuses it.
    new = {
        "value": seal_answer(tx, view.client_id, view.id, field, value.replace("\x00", "")),
        "known": int(known),
        "counter": counter,
        "at": tx.now,
    }
    if old is None:
        tx.execute(_KEEP, {"run_id": view.id, "field": field, **new})
    else:
        tx.execute(_KEEP_AGAIN, {"of_run": view.id, "of_field": field, **new})
    return Saved(counter, kept=True)


def go(tx: Tx, which: Which, choice: str, at: str | None = None) -> RunView:
    """Goes on by `choice` (`next` or a digit). `at` names the node the operator saw: when the run has meanwhile left it
    (a key pressed twice, another tab), nothing happens. Raises `NoSuchRun`, `RunFinished`, `NoSuchWay`, and `NotVerified` where
    the client demands that the server has compared the caller's answers and it has not found them right."""
    view = _run(tx, which)
    if view.finished:
        raise RunFinished(view.id)
    if at is not None and at != view.node.id:
        return view
    path = walk.forward(view.script, view.path, choice, tx.now)
    _look_for_check(tx, view, path, choice)
    return _move(tx, view, path)


def back(tx: Tx, which: Which, at: str | None = None) -> RunView:
    """One node back; at the first it stays. `at` as in `go`. Raises `NoSuchRun`, `RunFinished`."""
    view = _run(tx, which)
    if view.finished:
        raise RunFinished(view.id)
    if at is not None and at != view.node.id:
        return view
    return _move(tx, view, walk.backward(view.path))


def jump(tx: Tx, which: Which, target: str, at: str | None = None) -> RunView:
    """Straight to a node, where the script's head allows it; whether the operator may, the caller has to know. `at` as in
    `go`. Raises `NoSuchRun`, `RunFinished`, `NoSuchWay`, `NotVerified`."""
    view = _run(tx, which)
    if view.finished:
        raise RunFinished(view.id)
    if target == view.node.id or (at is not None and at != view.node.id):
        return view
    if target in closed_in(tx, view):
        raise NotVerified(target)
    path = walk.jump(view.script, view.path, target, tx.now)
    _look_for_check(tx, view, path, walk.JUMPED)
    return _move(tx, view, path)


def _look_for_check(tx: Tx, view: RunView, path: walk.Path, choice: str) -> None:
    """A branch that says the caller has proved who they are, and what is told behind it, wait for the server's own check."""
    target = path[-1].node
    node = view.script.node(target)
    gated = proves(view.node, choice) or node.restricted
    if not gated and isinstance(node, Inform):
        # Only these may be of a topic that the client restricts; the others are not asked about at every key.
        gated = target in restricted(view.script, settings_of(tx, view.client_id).terms.restricted)
    if gated and lacks_check(tx, view.call_id, view.client_id):
        raise NotVerified(target)


def closed_in(tx: Tx, view: RunView) -> frozenset[str]:
    """The nodes to which this call may not jump before the caller has proved who he is."""
    return closed(view.script, view.path, settings_of(tx, view.client_id).terms.restricted)


def _move(tx: Tx, view: RunView, path: walk.Path) -> RunView:
    way = msgspec.to_builtins(path)
    tx.execute(_STEP, {"it": view.id, "node": path[-1].node, "path": way})
    return replace(view, path=path)


def finish_run(tx: Tx, run_id: str) -> None:
    """No more changes; doing it again changes nothing."""
    tx.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.finished_at.is_(None))
        .values(finished_at=tx.now)
    )
