"""The run that goes with a call: begun, written into, ended."""

import re
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select, update

from denwaban.calls import Call
from denwaban.lines import show_number
from denwaban.people import Caller, caller_of
from denwaban.people.persons import Person
from denwaban.scripts import walk
from denwaban.scripts.kept import scripts_of
from denwaban.scripts.model import LONGEST_ANSWER, Script
from denwaban.scripts.rows import answers, runs, scripts
from denwaban.scripts.run_queries import Which, run_as_read, run_of_call
from denwaban.scripts.said import seal_answer
from denwaban.scripts.versions import plain_version
from denwaban.scripts.view import RunFinished, RunView
from denwaban.store import Tx, new_id

_OWN_WORDS = re.compile(r"^report\.[a-z_]{1,30}$")
"""What an operator writes over the draft of the report is kept with the answers, under these names."""

_FIRST = insert(answers)
_AGAIN = update(answers).where(
    answers.c.run_id == bindparam("of_run"), answers.c.field == bindparam("of_field")
)


class NoSuchField(LookupError):
    """The run's script asks nothing of this name."""


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
        if old is None or old.known or not (old.value.strip() or old.closed):
            _keep(tx, view, field, value, old.counter if old else 0, known=True)


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
    view = run_as_read(tx, which)
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
    _keep(tx, view, field, value.replace("\x00", ""), counter, known=known)
    return Saved(counter, kept=True)


def _keep(tx: Tx, view: RunView, field: str, value: str, counter: int, *, known: bool) -> None:
    """Writes what stands in a field; in `view` is what stood there before."""
    new = {
        "value": seal_answer(tx, view.client_id, view.id, field, value),
        "known": int(known),
        "counter": counter,
        "at": tx.now,
    }
    if field in view.answers:
        tx.execute(_AGAIN, {"of_run": view.id, "of_field": field, **new})
    else:
        tx.execute(_FIRST, {"run_id": view.id, "field": field, **new})


def finish_run(tx: Tx, run_id: str) -> None:
    """No more changes; doing it again changes nothing."""
    tx.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.finished_at.is_(None))
        .values(finished_at=tx.now)
    )
