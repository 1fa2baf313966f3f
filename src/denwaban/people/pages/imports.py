"""Taking clients and staff over from CSV."""

from functools import partial
from typing import Any, Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, MultipartBody
from litestar.response import Template

from denwaban.people.importing import (
    CLIENT_COLUMNS,
    STAFF_COLUMNS,
    import_clients,
    import_staff,
    look_at,
    read_clients,
    read_staff,
)
from denwaban.people.pages.common import ADMINISTRATOR
from denwaban.people.pages.taking_over import NOTHING_YET, FileForm, taken_over
from denwaban.store import Store
from denwaban.web import page

Kind = Literal["clients", "staff"]


class ImportForm(FileForm):
    kind: Kind = "clients"


def _page(kind: Kind, status: int, shown: dict[str, Any]) -> Template:
    columns = CLIENT_COLUMNS if kind == "clients" else STAFF_COLUMNS
    return page("people/import.html", status=status, kind=kind, columns=columns, **shown)


@get("/import", guards=[ADMINISTRATOR])
async def show_import(kind: FromQuery[Kind] = "clients") -> Template:
    return _page(kind, 200, NOTHING_YET)


@post("/import", guards=[ADMINISTRATOR])
async def post_import(data: MultipartBody[ImportForm], store: NamedDependency[Store]) -> Template:
    """Looks at a file; with `sure` takes it over."""
    read, take = (
        (read_clients, import_clients) if data.kind == "clients" else (read_staff, import_staff)
    )
    status, shown = await taken_over(
        data,
        read,
        look=lambda lines: store.write(lambda tx: look_at(tx, partial(take, tx, lines))),
        take=lambda lines: store.write(lambda tx: take(tx, lines)),
    )
    return _page(data.kind, status, shown)


routes = [show_import, post_import]
