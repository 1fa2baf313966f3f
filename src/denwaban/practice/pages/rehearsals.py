"""A rehearsal: every way of a draft or a version walked without a telephone, kept as an example, tried by telephone."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.practice.acts import Practice
from denwaban.practice.model import PracticeError
from denwaban.practice.pages.walking import Room, Walking, loaded, offers, room_of, shown
from denwaban.practice.rehearsal import run_of, with_names
from denwaban.practice.trying import ring_walk
from denwaban.scripts import (
    Contradiction,
    Listed,
    NoSuchScript,
    NoSuchWay,
    Script,
    ScriptError,
    ScriptInvalid,
    State,
    document_of,
    draft_of,
    lint,
    parse,
    rehearsal,
    rehearsal_version,
    save_draft,
    script_listed,
    script_of_version,
    version,
    with_example,
)
from denwaban.store import Store, Tx
from denwaban.web import Problem, _, needs, not_here, page

AUTHORS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
THEIRS = needs(Role.CLIENT)

STRUCTURE = ("duplicate-node", "no-such-node", "no-regular-node")
"""Rules of lint without which nobody can walk."""


class Keep(msgspec.Struct, forbid_unknown_fields=True):
    """The walk that is to be an example."""

    walk: Walking
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    base: Annotated[str, msgspec.Meta(max_length=32)] = ""
    caller: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Ring(msgspec.Struct, forbid_unknown_fields=True):
    """The walk that the caller is to follow."""

    walk: Walking
    caller: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    operator: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?$")] = ""
    """Whose seat rings; empty: whoever takes calls now."""


def _told(status: int, **what: Any) -> Response[dict[str, Any]]:
    return Response(what, status_code=status, headers={"Cache-Control": "no-store"})


def _listed(tx: Tx, script_id: str) -> Listed:
    found = script_listed(tx, script_id)
    if found is None:
        raise NoSuchScript(script_id)
    return found


def _walkable(script: Script) -> Script:
    broken = [one for one in lint(script) if one.rule in STRUCTURE]
    if broken:
        raise ScriptInvalid([one.tell(_)[0] for one in broken])
    return script


def _draft_text(tx: Tx, listed: Listed) -> tuple[str, str]:
    """(the draft's id, its text); of a script without a draft ("", what is published)."""
    draft = draft_of(tx, listed.id)
    if draft is not None:
        return draft.id, draft.text
    if listed.version_id is None:
        raise NoSuchScript(listed.id)
    return "", document_of(tx, listed.version_id)[1]


def _draft_room(tx: Tx, script_id: str) -> Room:
    """The draft; without one, what is published. Raises `NoSuchScript`, `ScriptInvalid`."""
    listed = _listed(tx, script_id)
    base, text = _draft_text(tx, listed)
    number = 0 if base else listed.version or 0
    script = _walkable(parse(text).script)
    more = {
        "script_id": script_id,
        "base": base,
        "author": True,
        "text_id": base or listed.version_id,
    }
    return room_of(tx, listed.client_id, script, listed.name, number, **more)


def _version_room(tx: Tx, version_id: str) -> Room:
    """Raises `NoSuchScript`."""
    found = version(tx, version_id)
    if found.state is State.REHEARSAL:
        raise NoSuchScript(version_id)
    listed = _listed(tx, found.script_id)
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


def _their_room(tx: Tx, who: Principal, version_id: str) -> Room:
    """Only what the client's calls follow or what waits for its word. Raises `NoSuchScript`."""
    script_id, client_id, name = script_of_version(tx, version_id)
    listed = _listed(tx, script_id)
    if who.client_id != client_id or version_id not in (listed.version_id, listed.coming_id):
        raise NoSuchScript(version_id)
    number = version(tx, version_id).number
    script = document_of(tx, version_id)[0]
    return room_of(tx, client_id, script, name, number, version_id=version_id, text_id=version_id)


def _sentences(error: ScriptInvalid) -> str:
    """The first three problems in the reader's language, with their lines."""
    told = []
    for problem in error.problems[:3]:
        where = _("%(n)s 行目: ", n=problem.line) if problem.line is not None else ""
        told.append(where + "".join(problem.tell(_)))
    return " ".join(told)


def _unwalkable(error: ScriptInvalid, script_id: str) -> Problem:
    told = _sentences(error)
    return Problem(409, _("まだ通しで歩けません"), f"{told} {_('編集の画面で直してください。')}")


def _page(room: Room, clock: Clock) -> Template:
    examples, walks = offers(room, clock.now())
    data = Walking()
    run = run_of(room.script, rehearsal.replay(room.script, []), {}, room.client.id)
    return page(
        "practice/rehearsal.html",
        examples=examples,
        walks=walks,
        words=_words(),
        **shown(room, run, data, clock.now()),
    )


def _step(room: Room, data: Walking, clock: Clock) -> Template:
    examples, walks = offers(room, clock.now())
    if data.load:
        data = loaded(data, examples, walks, room)
    try:
        path = rehearsal.replay(room.script, data.choices, regular=data.regular)
    except NoSuchWay as error:
        raise Problem(
            409, _("台本が変わったようです"), _("初めからやり直してください。")
        ) from error
    run = run_of(room.script, path, data.answers, room.client.id)
    # What the loaded walk answers stays with the page; of the others only what was typed.
    return page(
        "practice/walking.html",
        examples=examples,
        walks=walks,
        **shown(room, run, data, clock.now()),
    )


def _words() -> dict[str, str]:
    """What the page's own program says."""
    return {
        "away": _("サーバーにつながりません。つながり次第、もう一度お試しください"),
        "kept": _("例として下書きに残しました"),
        "ringing": _("電話をかけています。受電席でお受けください"),
    }


@get("/scripts/{script_id:str}/rehearsal", guards=[AUTHORS])
async def show_draft(
    script_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    """The draft, or what is published where nobody is writing."""
    try:
        return _page(await store.read(lambda tx: _draft_room(tx, script_id)), clock)
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptInvalid as error:
        raise _unwalkable(error, script_id) from error


@post("/scripts/{script_id:str}/rehearsal", guards=[AUTHORS], status_code=200, opt={"quiet": True})
async def step_draft(
    script_id: FromPath[str],
    data: JSONBody[Walking],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    try:
        return _step(await store.read(lambda tx: _draft_room(tx, script_id)), data, clock)
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptInvalid as error:
        raise _unwalkable(error, script_id) from error


@get("/scripts/versions/{version_id:str}/rehearsal", guards=[AUTHORS])
async def show_version(
    version_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    try:
        return _page(await store.read(lambda tx: _version_room(tx, version_id)), clock)
    except NoSuchScript as error:
        raise not_here() from error


@post(
    "/scripts/versions/{version_id:str}/rehearsal",
    guards=[AUTHORS],
    status_code=200,
    opt={"quiet": True},
)
async def step_version(
    version_id: FromPath[str],
    data: JSONBody[Walking],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    try:
        return _step(await store.read(lambda tx: _version_room(tx, version_id)), data, clock)
    except NoSuchScript as error:
        raise not_here() from error


@get("/portal/scripts/{version_id:str}/rehearsal", guards=[THEIRS])
async def show_theirs(
    version_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    try:
        return _page(await store.read(lambda tx: _their_room(tx, who, version_id)), clock)
    except NoSuchScript as error:
        raise not_here() from error


@post(
    "/portal/scripts/{version_id:str}/rehearsal",
    guards=[THEIRS],
    status_code=200,
    opt={"quiet": True},
)
async def step_theirs(
    version_id: FromPath[str],
    data: JSONBody[Walking],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    try:
        return _step(await store.read(lambda tx: _their_room(tx, who, version_id)), data, clock)
    except NoSuchScript as error:
        raise not_here() from error


@post("/scripts/{script_id:str}/examples", guards=[AUTHORS], opt={"quiet": True})
async def keep_example(
    script_id: FromPath[str],
    data: JSONBody[Keep],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Response[Any]:
    """Puts the walk into the draft as an example. 201 {draft}; 409 when another author changed the same place; 422 with a
    sentence when it cannot be one."""

    def act(tx: Tx) -> Any:
        listed = _listed(tx, script_id)
        base, text = _draft_text(tx, listed)
        script = _walkable(parse(text).script)
        if any(one.startswith(rehearsal.JUMP) for one in data.walk.choices):
            raise ScriptError("場面を飛び越えた歩みは、例にできません")
        path = rehearsal.replay(script, data.walk.choices, regular=data.walk.regular)
        room = room_of(tx, listed.client_id, script, listed.name, 0)
        answers = with_names(script, data.walk.answers, room.staff)
        example = rehearsal.to_example(
            script, path, answers, name=data.name, caller=data.caller, regular=data.walk.regular
        )
        if any(one.name == example.name for one in script.examples):
            raise ScriptError("同じ名前の例があります")
        return save_draft(tx, script_id, with_example(text, example), base or None, who.user_id)

    try:
        done = await store.write(act)
    except NoSuchScript as error:
        raise not_here() from error
    except (NoSuchWay, ScriptInvalid) as error:
        told = _sentences(error) if isinstance(error, ScriptInvalid) else ""
        return _told(422, problem=told or _("台本が変わったようです"))
    except ScriptError as error:
        return _told(422, problem=_(str(error)))
    if isinstance(done, Contradiction):
        return _told(409, problem=_("ほかの方が同じところを変えました。両方とも残っています"))
    return _told(201, draft=done.draft.id)


async def _ring(
    store: Store, practice: Practice, room: Room, text: str, data: Ring
) -> Response[Any]:
    """A practice call about this walk, following this text."""
    try:
        path = rehearsal.replay(room.script, data.walk.choices, regular=data.walk.regular)
    except NoSuchWay:
        return _told(422, problem=_("台本が変わったようです"))
    answers = with_names(room.script, data.walk.answers, room.staff)
    kind, _colon, number = data.walk.following.partition(":")
    caller = data.caller
    if not caller and kind == "example" and number.isdigit():
        caller = "".join(one.caller for one in room.script.examples[int(number) :][:1])
    one = rehearsal.Walk("", data.walk.regular, path, answers, (), caller)
    version_id = room.version_id
    if not version_id:
        version_id = await store.write(lambda tx: rehearsal_version(tx, room.script_id, text))
    state = _("第%(version)s版", version=room.number) if room.number else _("下書き")
    title = f"{room.title}({state})"
    try:
        made = await ring_walk(
            store, practice, room.client, room.script, one, version_id, title, data.operator or None
        )
    except PracticeError as error:
        return _told(409, problem=str(error))
    return _told(201, practice=made.id)


@post("/scripts/{script_id:str}/rehearsal/call", guards=[AUTHORS], opt={"quiet": True})
async def ring_draft(
    script_id: FromPath[str],
    data: JSONBody[Ring],
    store: NamedDependency[Store],
    practice: NamedDependency[Practice],
) -> Response[Any]:
    """電話で試す: a synthesised caller rings and follows the walk; the operator's call follows this draft. 201 {practice}."""

    def look(tx: Tx) -> tuple[Room, str]:
        room = _draft_room(tx, script_id)
        return room, _draft_text(tx, _listed(tx, script_id))[1]

    try:
        room, text = await store.read(look)
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptInvalid as error:
        raise _unwalkable(error, script_id) from error
    return await _ring(store, practice, room, text, data)


@post("/scripts/versions/{version_id:str}/rehearsal/call", guards=[AUTHORS], opt={"quiet": True})
async def ring_version(
    version_id: FromPath[str],
    data: JSONBody[Ring],
    store: NamedDependency[Store],
    practice: NamedDependency[Practice],
) -> Response[Any]:
    """The same for a version."""
    try:
        room = await store.read(lambda tx: _version_room(tx, version_id))
    except NoSuchScript as error:
        raise not_here() from error
    return await _ring(store, practice, room, "", data)


routes = [
    show_draft,
    step_draft,
    show_version,
    step_version,
    show_theirs,
    step_theirs,
    keep_example,
    ring_draft,
    ring_version,
]
