"""The FAQ as a file, taken out and taken over."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import MultipartBody
from litestar.response import Template

from denwaban.knowledge.importing import COLUMNS, MOST, import_faqs, read_faqs, written
from denwaban.knowledge.model import Faq
from denwaban.knowledge.pages.desk import Desk, owner, show
from denwaban.knowledge.queries import faqs_page
from denwaban.people.csvfile import Line
from denwaban.people.importing import Imported, look_at
from denwaban.people.pages.taking_over import NOTHING_YET, FileForm, taken_over
from denwaban.store import Tx


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


async def _page(desk: Desk, status: int, shown: dict[str, Any]) -> Template:
    client = await desk.store.read(lambda tx: owner(tx, desk))
    return show(desk, "import", status, client=client, columns=COLUMNS, most=MOST, **shown)


@get("/import")
async def show_import(desk: NamedDependency[Desk]) -> Template:
    return await _page(desk, 200, NOTHING_YET)


@post("/import", status_code=200)
async def post_import(desk: NamedDependency[Desk], data: MultipartBody[FileForm]) -> Template:
    """Looks at a file; with `sure` takes it over."""
    store, client_id, author = desk.store, desk.client_id, desk.author
    await store.read(lambda tx: owner(tx, desk))

    def take(tx: Tx, lines: list[Line]) -> Imported:
        return import_faqs(tx, client_id, lines, author)

    status, shown = await taken_over(
        data,
        read_faqs,
        look=lambda lines: store.write(lambda tx: look_at(tx, partial(take, tx, lines))),
        take=lambda lines: store.write(lambda tx: take(tx, lines)),
    )
    return await _page(desk, status, shown)
