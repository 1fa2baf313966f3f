"""Taking clients and staff over from CSV: shown first, then all of it or nothing."""

from typing import Any, Literal

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromQuery, MultipartBody
from litestar.response import Template

from denwaban.people.csvfile import Line, UnreadableFile, decode
from denwaban.people.importing import (
    CLIENT_COLUMNS,
    STAFF_COLUMNS,
    Imported,
    NotImported,
    import_clients,
    import_staff,
    look_at,
    read_clients,
    read_staff,
)
from denwaban.people.pages.common import ADMINISTRATOR
from denwaban.store import Store
from denwaban.web import _, page

Kind = Literal["clients", "staff"]
SHOWN = 20
"""So many rows are shown before they are taken over."""


class ImportForm(msgspec.Struct):
    kind: Kind = "clients"
    file: UploadFile | None = None
    text: str = ""
    """The file as it was read, once it has been looked at."""
    sure: bool = False


def _page(kind: Kind, status: int = 200, **more: Any) -> Template:
    columns = CLIENT_COLUMNS if kind == "clients" else STAFF_COLUMNS
    context: dict[str, Any] = {
        "kind": kind,
        "columns": columns,
        "lines": [],
        "result": None,
        "done": None,
        "text": "",
        "error": "",
        "count": 0,
        **more,
    }
    return page("people/import.html", status=status, **context)


@get("/import", guards=[ADMINISTRATOR])
async def show_import(kind: FromQuery[Kind] = "clients") -> Template:
    return _page(kind)


def _read(kind: Kind, data: bytes) -> list[Line]:
    return read_clients(data) if kind == "clients" else read_staff(data)


@post("/import", guards=[ADMINISTRATOR])
async def post_import(data: MultipartBody[ImportForm], store: NamedDependency[Store]) -> Template:
    """Looks at a file; with `sure` takes it over."""
    kind = data.kind
    try:
        raw = await data.file.read() if data.file is not None else data.text.encode()
        # Kept in the page until somebody says yes; nothing lies about on disk.
        text = decode(raw).removeprefix("\ufeff")
        lines = _read(kind, text.encode())
    except UnreadableFile as error:
        return _page(kind, 422, error=error.tell(_))
    shown: dict[str, Any] = {"text": text, "lines": lines[:SHOWN], "count": len(lines)}
    if not data.sure:
        result = await store.write(lambda tx: look_at(tx, lines, kind))
        return _page(kind, 422 if result.errors else 200, result=result, **shown)
    try:
        done: Imported = await store.write(
            lambda tx: import_clients(tx, lines) if kind == "clients" else import_staff(tx, lines)
        )
    except NotImported as refused:
        return _page(kind, 422, result=refused.result, **shown)
    return _page(kind, done=done)


routes = [show_import, post_import]
