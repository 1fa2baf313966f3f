"""All scripts, and making a new one: blank, by copying, or from a file."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromQuery, MultipartBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.clock import Clock
from denwaban.people import client, clients
from denwaban.people.csvfile import UnreadableFile, decode
from denwaban.scripts.around import around_of
from denwaban.scripts.drafts import BLANK, draft_of, new_script, published_text
from denwaban.scripts.library import library
from denwaban.scripts.life import LONGEST_TEXT, ScriptError
from denwaban.scripts.lint import lint
from denwaban.scripts.model import ScriptInvalid
from denwaban.scripts.pages.common import AUTHORS
from denwaban.scripts.queries import Listed, scripts_page
from denwaban.scripts.text import parse
from denwaban.scripts.words import state_words
from denwaban.store import Store, Tx
from denwaban.web import _, not_here, page
from denwaban.web.api import Cursor, decode_cursor, encode_cursor

AT_ONCE = 30

LIBRARY = "library:"

Text = Annotated[str, msgspec.Meta(max_length=100)]


class NewForm(msgspec.Struct):
    client_id: str = ""
    name: str = ""
    source: str = "blank"
    """blank | file | `library:` and a template's code | the id of a script to copy"""
    file: UploadFile | None = None


def counted(tx: Tx, one: Listed) -> tuple[int, int]:
    """(errors, warnings) of what its authors work on, else of what calls follow."""
    draft = draft_of(tx, one.id)
    text = draft.text if draft else published_text(tx, one.id)
    if text is None:
        return 0, 0
    try:
        script, source = parse(text)
    except ScriptInvalid as error:
        return len(error.problems), 0
    found = lint(script, around_of(tx, one.client_id, one.id), source)
    errors = sum(each.level == "error" for each in found)
    return errors, len(found) - errors


@get("/scripts", guards=[AUTHORS])
async def show_scripts(
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    q: FromQuery[Text] = "",
    client_id: FromQuery[Text] = "",
    cursor: FromQuery[Cursor | None] = None,
) -> Template:
    place = decode_cursor(cursor, 3)
    after = (place[0], place[1], place[2]) if place is not None else None

    def look(tx: Tx) -> dict[str, Any]:
        found = scripts_page(
            tx,
            client_id=client_id or None,
            search=q.strip(),
            after=after,
            limit=AT_ONCE + 1,
        )
        return {
            "scripts": found[:AT_ONCE],
            "more": encode_cursor(*found[AT_ONCE - 1].place) if len(found) > AT_ONCE else None,
            "findings": {one.id: counted(tx, one) for one in found[:AT_ONCE]},
            "client": client(tx, client_id) if client_id else None,
        }

    found = await store.read(look)
    if client_id and found["client"] is None:
        raise not_here()
    return page(
        "scripts/list.html",
        **found,
        q=q,
        later=cursor is not None,
        states=state_words(),
        now=clock.now(),
    )


async def _new_page(store: Store, form: NewForm, error: str = "") -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        return {
            "clients": clients(tx),
            "scripts": scripts_page(tx, limit=500),
        }

    found = await store.read(look)
    return page(
        "scripts/new.html",
        status=422 if error else 200,
        form=form,
        error=error,
        clients=[("", _("選んでください")), *((one.id, one.name) for one in found["clients"])],
        scripts=found["scripts"],
        library=[(LIBRARY + one.code, _(one.title)) for one in library()],
    )


@get("/scripts/new", guards=[AUTHORS])
async def show_new(
    store: NamedDependency[Store],
    client_id: FromQuery[Text] = "",
    source: FromQuery[Text] = "blank",
) -> Template:
    return await _new_page(store, NewForm(client_id=client_id, source=source))


async def read_file(file: UploadFile | None) -> str:
    """The text of a file that somebody chose. Raises `ScriptError`."""
    data = await file.read() if file is not None else b""
    if not data.strip():
        raise ScriptError("ファイルを選んでください")
    try:
        text = decode(data)
    except UnreadableFile as error:
        raise ScriptError(
            "文字コードを読み取れませんでした。UTF-8 で保存し直してください"
        ) from error
    if "\x00" in text:
        raise ScriptError("台本のファイルではないようです。TOML の文字のファイルを選んでください")
    if len(text) > LONGEST_TEXT:
        raise ScriptError("台本が長すぎます。40万文字までです")
    return text


@post("/scripts", guards=[AUTHORS])
async def post_script(
    data: MultipartBody[NewForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    def make(tx: Tx, text: str | None) -> str:
        if client(tx, data.client_id) is None:
            raise ScriptError("顧客企業を選んでください")
        if text is None:
            draft = draft_of(tx, data.source)
            text = draft.text if draft else published_text(tx, data.source)
        return new_script(tx, data.client_id, data.name, text or BLANK, who.user_id)

    try:
        text: str | None = None
        if data.source == "blank":
            text = BLANK
        elif data.source == "file":
            text = await read_file(data.file)
        elif data.source.startswith(LIBRARY):
            code = data.source.removeprefix(LIBRARY)
            text = next((one.text for one in library() if one.code == code), None)
        made = await store.write(lambda tx: make(tx, text))
    except ScriptError as error:
        return await _new_page(store, data, _(str(error)))
    except LookupError:
        return await _new_page(store, data, _("写す台本を選んでください"))
    return Redirect(f"/scripts/{made}/edit", status_code=303)


routes = [show_scripts, show_new, post_script]
