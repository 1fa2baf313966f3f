"""A script with its versions; one version; two compared; files."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.clock import Clock
from denwaban.scripts.changes import changes, compare
from denwaban.scripts.drafts import (
    Contradiction,
    draft_of,
    published_text,
    rename_script,
    save_draft,
)
from denwaban.scripts.life import NoSuchScript, ScriptError, Version
from denwaban.scripts.model import Script, ScriptInvalid
from denwaban.scripts.pages.common import AUTHORS, drawing, listed, names
from denwaban.scripts.pages.lists import read_file
from denwaban.scripts.readings import readers
from denwaban.scripts.settings import settings_of
from denwaban.scripts.text import parse
from denwaban.scripts.versions import document_of, version, versions_of
from denwaban.scripts.words import change_words, part_words, state_words
from denwaban.store import Store, Tx
from denwaban.web import _, not_here, page, saved

Name = Annotated[str, msgspec.Meta(max_length=32)]


class FileForm(msgspec.Struct):
    file: UploadFile | None = None
    base: str = ""


class NameForm(msgspec.Struct):
    name: str = ""


async def _script_page(store: Store, clock: Clock, script_id: str, error: str = "") -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        script = listed(tx, script_id)
        versions = versions_of(tx, script_id)
        draft = draft_of(tx, script_id)
        return {
            "script": script,
            "draft": draft,
            "versions": versions,
            "names": names(
                tx,
                [
                    *(one.author_id for one in versions),
                    *(one.decided_by for one in versions),
                    draft.user_id if draft else None,
                ],
            ),
            "readers": readers(tx, script.version_id) if script.version_id else [],
            "settings": settings_of(tx, script.client_id),
        }

    found = await store.read(look)
    return page(
        "scripts/script.html",
        status=422 if error else 200,
        **found,
        error=error,
        states=state_words(),
        now=clock.now(),
    )


@get("/scripts/{script_id:str}", guards=[AUTHORS])
async def show_script(
    script_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    return await _script_page(store, clock, script_id)


@post("/scripts/{script_id:str}/name", guards=[AUTHORS])
async def post_name(
    script_id: FromPath[str],
    data: URLEncodedBody[NameForm],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    try:
        await store.write(lambda tx: rename_script(tx, script_id, data.name))
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptError as error:
        return await _script_page(store, clock, script_id, _(str(error)))
    return saved(f"/scripts/{script_id}")


@get("/scripts/versions/{version_id:str}", guards=[AUTHORS])
async def show_version(
    version_id: FromPath[str], store: NamedDependency[Store], clock: NamedDependency[Clock]
) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        found = version(tx, version_id)
        document, text = document_of(tx, version_id)
        return {
            "script": listed(tx, found.script_id),
            "version": found,
            "document": document,
            "text": text,
            "names": names(tx, [found.author_id, found.decided_by]),
            "readers": readers(tx, version_id),
        }

    try:
        found = await store.read(look)
    except NoSuchScript as error:
        raise not_here() from error
    title = _(
        "台本「%(name)s」第%(version)s版の図",
        name=found["script"].name,
        version=found["version"].number,
    )
    return page(
        "scripts/version.html",
        **found,
        drawing=drawing(found["document"], title),
        states=state_words(),
        now=clock.now(),
    )


def _side(
    tx: Tx, script_id: str, versions: dict[str, Version], which: str
) -> tuple[str, str, Script | None]:
    """(title, text, script) of a version or the draft. Raises `NoSuchScript`."""
    if which == "draft":
        draft = draft_of(tx, script_id)
        if draft is None:
            raise NoSuchScript(which)
        try:
            return _("下書き"), draft.text, parse(draft.text).script
        except ScriptInvalid:
            return _("下書き"), draft.text, None
    if which not in versions:
        raise NoSuchScript(which)
    document, text = document_of(tx, which)
    return _("第%(version)s版", version=versions[which].number), text, document


@get("/scripts/{script_id:str}/compare", guards=[AUTHORS])
async def show_compare(
    script_id: FromPath[str],
    store: NamedDependency[Store],
    a: FromQuery[Name] = "",
    b: FromQuery[Name] = "",
    whole: FromQuery[bool] = False,
) -> Template:
    """Two versions: by scenes, as text and as a drawing. Without a choice the newest two."""

    def look(tx: Tx) -> dict[str, Any]:
        script = listed(tx, script_id)
        versions = versions_of(tx, script_id)
        known = {one.id: one for one in versions}
        choices = [
            *([("draft", _("下書き"))] if script.draft_id else []),
            *((one.id, _("第%(version)s版", version=one.number)) for one in versions),
        ]
        ids = [key for key, _title in choices]
        newer = b or (ids[0] if ids else "")
        older = a or next((key for key in ids if key not in (newer, "draft")), newer)
        return {
            "script": script,
            "choices": choices,
            "a": older,
            "b": newer,
            "sides": [
                _side(tx, script_id, known, older),
                _side(tx, script_id, known, newer),
            ]
            if newer
            else [],
        }

    try:
        found = await store.read(look)
    except NoSuchScript as error:
        raise not_here() from error
    sides = found["sides"]
    both = [side[2] for side in sides]
    old, new = both if len(both) == 2 else (None, None)
    drawn = old is not None and new is not None
    return page(
        "scripts/compare.html",
        **found,
        whole=whole,
        rows=compare(sides[0][1], sides[1][1], None if whole else 3) if sides else [],
        changes=changes(old, new) if old is not None and new is not None else [],
        drawing=drawing(new, _("2つの版を重ねた図"), old=old) if new is not None and drawn else "",
        change_words=change_words(),
        part_words=part_words(),
    )


@get("/scripts/{script_id:str}/file", guards=[AUTHORS])
async def show_file(
    script_id: FromPath[str],
    store: NamedDependency[Store],
    which: FromQuery[Literal["draft", "published"]] = "draft",
    version_id: FromQuery[Name] = "",
) -> Response[bytes]:
    """The author's text as a file, as it was written."""

    def look(tx: Tx) -> tuple[str, str]:
        script = listed(tx, script_id)
        if version_id:
            if version(tx, version_id).script_id != script_id:
                raise NoSuchScript(version_id)
            return script.name, document_of(tx, version_id)[1]
        draft = draft_of(tx, script_id) if which == "draft" else None
        text = draft.text if draft else published_text(tx, script_id)
        if text is None:
            raise NoSuchScript(script_id)
        return script.name, text

    try:
        name, text = await store.read(look)
    except NoSuchScript as error:
        raise not_here() from error
    return Response(
        text.encode(),
        media_type="application/toml; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.toml",
            "Cache-Control": "no-store",
        },
    )


@post("/scripts/{script_id:str}/file", guards=[AUTHORS])
async def post_file(
    script_id: FromPath[str],
    data: MultipartBody[FileForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    """A file becomes the draft; one that contradicts what another author wrote meanwhile is kept beside it."""
    try:
        text = await read_file(data.file)
        done = await store.write(
            lambda tx: save_draft(tx, script_id, text, data.base or None, who.user_id)
        )
    except NoSuchScript as error:
        raise not_here() from error
    except ScriptError as error:
        return await _script_page(store, clock, script_id, _(str(error)))
    if isinstance(done, Contradiction):
        return Redirect(f"/scripts/{script_id}/clash/{done.aside.id}", status_code=303)
    return Redirect(f"/scripts/{script_id}/edit", status_code=303)


@post("/scripts/versions/{version_id:str}/draft", guards=[AUTHORS])
async def post_draft_from(
    version_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Redirect:
    """Begins a draft with the words of a version (one that was returned, say); never over another draft."""

    def begin(tx: Tx) -> str:
        found = version(tx, version_id)
        if draft_of(tx, found.script_id) is None:
            text = document_of(tx, version_id)[1]
            save_draft(tx, found.script_id, text, None, who.user_id)
        return found.script_id

    try:
        script_id = await store.write(begin)
    except NoSuchScript as error:
        raise not_here() from error
    return Redirect(f"/scripts/{script_id}/edit", status_code=303)


routes = [
    show_script,
    post_name,
    show_version,
    show_compare,
    show_file,
    post_file,
    post_draft_from,
]
