"""Numbers of many clients, taken over from a file."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import MultipartBody
from litestar.response import Template

from denwaban.lines.importing import COLUMNS, import_numbers, read_numbers
from denwaban.lines.pages.common import ADMINISTRATOR
from denwaban.people.csvfile import UnreadableFile
from denwaban.people.importing import NotImported
from denwaban.store import Store
from denwaban.web import _, page


class ImportForm(msgspec.Struct):
    file: UploadFile | None = None


@get("/numbers/import", guards=[ADMINISTRATOR])
async def show_import() -> Template:
    return _import_page()


@post("/numbers/import", guards=[ADMINISTRATOR])
async def post_import(data: MultipartBody[ImportForm], store: NamedDependency[Store]) -> Template:
    """Takes a file over, or says for every row what is wrong and takes nothing."""
    try:
        lines = read_numbers(await data.file.read() if data.file is not None else b"")
        done = await store.write(lambda tx: import_numbers(tx, lines))
    except UnreadableFile as error:
        return _import_page(422, error=error.tell(_))
    except NotImported as refused:
        return _import_page(422, problems=refused.result.errors)
    return _import_page(done=done)


def _import_page(status: int = 200, **more: Any) -> Template:
    context: dict[str, Any] = {
        "done": None,
        "error": "",
        "problems": [],
        "columns": COLUMNS,
        **more,
    }
    return page("lines/import.html", status=status, **context)


routes = [show_import, post_import]
