"""A rehearsal: every way of a draft or a version walked without a telephone."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.practice.pages.rooms import AUTHORS, draft_room, their_room, unwalkable, version_room
from denwaban.practice.pages.walking import Room, Walking, loaded, offers, shown
from denwaban.practice.rehearsal import run_of
from denwaban.scripts import NoSuchScript, NoSuchWay, ScriptInvalid, rehearsal
from denwaban.store import Store
from denwaban.web import Problem, _, needs, not_here, page

THEIRS = needs(Role.CLIENT)


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
        return _page(await store.read(lambda tx: draft_room(tx, script_id)), clock)
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptInvalid as error:
        raise unwalkable(error) from error


@post("/scripts/{script_id:str}/rehearsal", guards=[AUTHORS], status_code=200, opt={"quiet": True})
async def step_draft(
    script_id: FromPath[str],
    data: JSONBody[Walking],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    try:
        return _step(await store.read(lambda tx: draft_room(tx, script_id)), data, clock)
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptInvalid as error:
        raise unwalkable(error) from error


@get("/scripts/versions/{version_id:str}/rehearsal", guards=[AUTHORS])
async def show_version(
    version_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    try:
        return _page(await store.read(lambda tx: version_room(tx, version_id)), clock)
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
        return _step(await store.read(lambda tx: version_room(tx, version_id)), data, clock)
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
        return _page(await store.read(lambda tx: their_room(tx, who, version_id)), clock)
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
        return _step(await store.read(lambda tx: their_room(tx, who, version_id)), data, clock)
    except NoSuchScript as error:
        raise not_here() from error


routes = [show_draft, step_draft, show_version, step_version, show_theirs, step_theirs]
