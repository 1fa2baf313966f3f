"""The client's pages: what waits for approval, what it changes, yes or no."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.scripts import authoring
from denwaban.scripts.changes import changes
from denwaban.scripts.life import NoSuchScript, NotNow, ScriptError
from denwaban.scripts.pages.common import drawing, listed, names
from denwaban.scripts.queries import awaiting, scripts_page
from denwaban.scripts.versions import document_of, version
from denwaban.scripts.words import change_words, kind_words, part_words, state_words
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, Problem, _, needs, not_here, page

THEIRS = needs(Role.CLIENT)

menu = (MenuEntry("/portal/scripts", "台本", frozenset({Role.CLIENT})),)


class AnswerForm(msgspec.Struct):
    answer: str = ""
    """yes | no"""
    note: str = ""


def _client(who: Principal) -> str:
    if who.client_id is None:
        raise Problem(403, _("この画面を使う権限がありません"))
    return who.client_id


@get("/portal/scripts", guards=[THEIRS])
async def show_theirs(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    client_id = _client(who)
    waiting, scripts = await store.read(
        lambda tx: (awaiting(tx, client_id), scripts_page(tx, client_id=client_id, limit=200))
    )
    return page(
        "scripts/theirs.html",
        waiting=waiting,
        scripts=[one for one in scripts if one.version_id is not None],
        now=clock.now(),
    )


async def _version_page(
    store: Store, who: Principal, clock: Clock, version_id: str, error: str = "", note: str = ""
) -> Template:
    client_id = _client(who)

    def look(tx: Tx) -> dict[str, Any]:
        found = version(tx, version_id)
        script = listed(tx, found.script_id)
        # Only what they follow or are asked about: drafts that were taken back are our own affair.
        if script.client_id != client_id or found.id not in (script.version_id, script.coming_id):
            raise not_here()
        document = document_of(tx, version_id)[0]
        old = None
        if script.version_id is not None and script.version_id != version_id:
            old = document_of(tx, script.version_id)[0]
        return {
            "script": script,
            "version": found,
            "document": document,
            "old": old,
            "names": names(tx, [found.decided_by]),
        }

    try:
        found = await store.read(look)
    except NoSuchScript as missing:
        raise not_here() from missing
    old = found.pop("old")
    return page(
        "scripts/their_version.html",
        status=422 if error else 200,
        **found,
        changes=changes(old, found["document"]) if old is not None else [],
        drawing=drawing(found["document"], _("台本の図"), old=old),
        kinds=kind_words(),
        change_words=change_words(),
        part_words=part_words(),
        states=state_words(),
        error=error,
        note=note,
        now=clock.now(),
    )


@get("/portal/scripts/{version_id:str}", guards=[THEIRS])
async def show_their_version(
    version_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    return await _version_page(store, who, clock, version_id)


@post("/portal/scripts/{version_id:str}", guards=[THEIRS])
async def post_answer(
    version_id: FromPath[str],
    data: URLEncodedBody[AnswerForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    client_id = _client(who)

    def act(tx: Tx) -> None:
        if listed(tx, version(tx, version_id).script_id).client_id != client_id:
            raise NoSuchScript(version_id)
        if data.answer == "yes":
            authoring.approve(tx, version_id, who.user_id, data.note)
        else:
            authoring.give_back(tx, version_id, who.user_id, data.note)

    try:
        await store.write(act)
    except NoSuchScript as error:
        raise not_here() from error
    except NotNow as error:
        raise Problem(409, _(str(error)), _("一覧から選び直してください。")) from error
    except ScriptError as error:
        return await _version_page(store, who, clock, version_id, _(str(error)), data.note)
    return Redirect("/portal/scripts", status_code=303)


routes = [show_theirs, show_their_version, post_answer]
