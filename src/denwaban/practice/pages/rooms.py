"""What a rehearsal walks: the draft, a version, or what a client may see of it."""

from denwaban.access import Principal, Role
from denwaban.practice.pages.walking import Room, room_of
from denwaban.scripts import (
    Listed,
    NoSuchScript,
    Script,
    ScriptInvalid,
    State,
    document_of,
    draft_of,
    lint,
    parse,
    script_listed,
    script_of_version,
    version,
)
from denwaban.store import Tx
from denwaban.web import Problem, _, needs

AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

STRUCTURE = ("duplicate-node", "no-such-node", "no-regular-node")
"""Rules of lint without which nobody can walk."""


def listed_as(tx: Tx, script_id: str) -> Listed:
    """Raises `NoSuchScript`."""
    found = script_listed(tx, script_id)
    if found is None:
        raise NoSuchScript(script_id)
    return found


def walkable(script: Script) -> Script:
    """The script itself. Raises `ScriptInvalid` when nobody can walk it."""
    broken = [one for one in lint(script) if one.rule in STRUCTURE]
    if broken:
        raise ScriptInvalid([one.tell(_)[0] for one in broken])
    return script


def draft_text(tx: Tx, listed: Listed) -> tuple[str, str]:
    """(the draft's id, its text); of a script without a draft ("", what is published)."""
    draft = draft_of(tx, listed.id)
    if draft is not None:
        return draft.id, draft.text
    if listed.version_id is None:
        raise NoSuchScript(listed.id)
    return "", document_of(tx, listed.version_id)[1]


def draft_room(tx: Tx, script_id: str) -> Room:
    """The draft; without one, what is published. Raises `NoSuchScript`, `ScriptInvalid`."""
    listed = listed_as(tx, script_id)
    base, text = draft_text(tx, listed)
    number = 0 if base else listed.version or 0
    script = walkable(parse(text).script)
    more = {
        "script_id": script_id,
        "base": base,
        "author": True,
        "text_id": base or listed.version_id,
    }
    return room_of(tx, listed.client_id, script, listed.name, number, **more)


def version_room(tx: Tx, version_id: str) -> Room:
    """Raises `NoSuchScript`."""
    found = version(tx, version_id)
    if found.state is State.REHEARSAL:
        raise NoSuchScript(version_id)
    listed = listed_as(tx, found.script_id)
    script = document_of(tx, version_id)[0]
    draft = draft_of(tx, listed.id)
    more = {
        "script_id": listed.id,
        "version_id": version_id,
        "text_id": version_id,
        "base": draft.id if draft else "",
        "author": True,
    }
    return room_of(tx, listed.client_id, script, listed.name, found.number, **more)


def their_room(tx: Tx, who: Principal, version_id: str) -> Room:
    """Only what the client's calls follow or what waits for its word. Raises `NoSuchScript`."""
    script_id, client_id, name = script_of_version(tx, version_id)
    listed = listed_as(tx, script_id)
    if who.client_id != client_id or version_id not in (listed.version_id, listed.coming_id):
        raise NoSuchScript(version_id)
    number = version(tx, version_id).number
    script = document_of(tx, version_id)[0]
    return room_of(tx, client_id, script, name, number, version_id=version_id, text_id=version_id)


def sentences(error: ScriptInvalid) -> str:
    """The first three problems in the reader's language, with their lines."""
    told = []
    for problem in error.problems[:3]:
        where = _("%(n)s 行目: ", n=problem.line) if problem.line is not None else ""
        told.append(where + "".join(problem.tell(_)))
    return " ".join(told)


def unwalkable(error: ScriptInvalid) -> Problem:
    """As an answer to who wanted to walk it."""
    told = sentences(error)
    return Problem(409, _("まだ通しで歩けません"), f"{told} {_('編集の画面で直してください。')}")
