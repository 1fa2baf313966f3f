"""A file that somebody uploads to take over: looked at first, then all of it or nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar.datastructures import UploadFile

from denwaban.people.csvfile import Line, UnreadableFile, decode
from denwaban.people.importing import Imported, NotImported
from denwaban.web import _

SHOWN = 20
"""So many rows are shown before they are taken over."""


class FileForm(msgspec.Struct):
    file: UploadFile | None = None
    text: str = ""
    """The file as it was read, once it has been looked at."""
    sure: bool = False


NOTHING_YET: dict[str, Any] = {
    "lines": [],
    "result": None,
    "done": None,
    "text": "",
    "error": "",
    "count": 0,
}
"""What the page shows before a file is chosen."""


async def taken_over(
    form: FileForm,
    read: Callable[[bytes], list[Line]],
    look: Callable[[list[Line]], Awaitable[Imported]],
    take: Callable[[list[Line]], Awaitable[Imported]],
) -> tuple[int, dict[str, Any]]:
    """(status, what the page shows) once the file was looked at or, when the reader is `sure`, taken over."""
    try:
        raw = await form.file.read() if form.file is not None else form.text.encode()
        # Kept in the page until somebody says yes; nothing lies about on disk.
        text = decode(raw).removeprefix("\ufeff")
        lines = read(text.encode())
    except UnreadableFile as error:
        return 422, {**NOTHING_YET, "error": error.tell(_)}
    shown = {**NOTHING_YET, "text": text, "lines": lines[:SHOWN], "count": len(lines)}
    if not form.sure:
        result = await look(lines)
        return 422 if result.errors else 200, {**shown, "result": result}
    try:
        return 200, {**NOTHING_YET, "done": await take(lines)}
    except NotImported as refused:
        return 422, {**shown, "result": refused.result}
