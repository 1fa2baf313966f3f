"""What becomes of a walk: kept as an example, or tried by telephone."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.practice.acts import Practice
from denwaban.practice.model import PracticeError
from denwaban.practice.pages.rooms import (
    AUTHORS,
    draft_room,
    draft_text,
    listed_as,
    sentences,
    unwalkable,
    version_room,
    walkable,
)
from denwaban.practice.pages.walking import Room, Walking, room_of
from denwaban.practice.rehearsal import with_names
from denwaban.practice.trying import ring_walk
from denwaban.scripts import (
    Contradiction,
    NoSuchScript,
    NoSuchWay,
    ScriptError,
    ScriptInvalid,
    parse,
    rehearsal,
    rehearsal_version,
    save_draft,
    with_example,
)
from denwaban.store import Store, Tx
from denwaban.web import _, not_here


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
        listed = listed_as(tx, script_id)
        base, text = draft_text(tx, listed)
        script = walkable(parse(text).script)
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
        told = sentences(error) if isinstance(error, ScriptInvalid) else ""
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
    if not caller and kind == "example" and number.isdecimal():
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
        room = draft_room(tx, script_id)
        return room, draft_text(tx, listed_as(tx, script_id))[1]

    try:
        room, text = await store.read(look)
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptInvalid as error:
        raise unwalkable(error) from error
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
        room = await store.read(lambda tx: version_room(tx, version_id))
    except NoSuchScript as error:
        raise not_here() from error
    return await _ring(store, practice, room, "", data)


routes = [keep_example, ring_draft, ring_version]
