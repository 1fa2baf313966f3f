"""The FAQ as a file, taken out and taken over."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import MultipartBody
from litestar.response import Template

from denwaban.knowledge.importing import (
    COLUMNS,
    MOST,
    import_faqs,
    look_at,
    read_faqs,
    written,
)
from denwaban.knowledge.model import Faq
from denwaban.knowledge.pages.desk import Desk, owner, show
from denwaban.knowledge.queries import faqs_page
from denwaban.people.csvfile import UnreadableFile, decode
from denwaban.people.importing import Imported, NotImported
from denwaban.store import Tx
from denwaban.web import _

SHOWN = 20
"""So many rows of a file are shown before they are taken over."""


class ImportForm(msgspec.Struct):
    file: UploadFile | None = None
    text: str = ""
    """The file as it was read, once it has been looked at."""
    sure: bool = False


@get("/export")
async def export(desk: NamedDependency[Desk]) -> Response[bytes]:
    """All entries as CSV with a byte order mark: Excel then reads it as UTF-8."""

    def read(tx: Tx) -> list[Faq]:
        owner(tx, desk)
        return faqs_page(tx, desk.client_id)

    entries = await desk.store.read(read)
    return Response(
        written(entries).encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="faq.csv"',
            "Cache-Control": "no-store",
        },
    )


async def _import_page(desk: Desk, status: int = 200, **more: Any) -> Template:
    context: dict[str, Any] = {
        "columns": COLUMNS,
        "most": MOST,
        "lines": [],
        "result": None,
        "done": None,
        "text": "",
        "error": "",
        "count": 0,
        "client": await desk.store.read(lambda tx: owner(tx, desk)),
        **more,
    }
    return show(desk, "import", status, **context)


@get("/import")
async def show_import(desk: NamedDependency[Desk]) -> Template:
    return await _import_page(desk)


@post("/import", status_code=200)
async def post_import(desk: NamedDependency[Desk], data: MultipartBody[ImportForm]) -> Template:
    """Looks at a file; with `sure` takes it over."""
    try:
        raw = await data.file.read() if data.file is not None else data.text.encode()
        # Kept in the page until somebody says yes; nothing lies about on disk.
        text = decode(raw).removeprefix("\ufeff")
        lines = read_faqs(text.encode())
    except UnreadableFile as error:
        return await _import_page(desk, 422, error=error.tell(_))
    shown: dict[str, Any] = {"text": text, "lines": lines[:SHOWN], "count": len(lines)}
    store, client_id, author = desk.store, desk.client_id, desk.author
    await store.read(lambda tx: owner(tx, desk))
    if not data.sure:
        result = await store.write(lambda tx: look_at(tx, client_id, lines, author))
        status = 422 if result.errors else 200
        return await _import_page(desk, status, result=result, **shown)
    try:
        done: Imported = await store.write(lambda tx: import_faqs(tx, client_id, lines, author))
    except NotImported as refused:
        return await _import_page(desk, 422, result=refused.result, **shown)
    return await _import_page(desk, done=done)
