"""Writing in a client's roster; each change can be undone."""

from collections.abc import Callable

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal
from denwaban.oncall.book import (
    BadRoster,
    NoSuchRow,
    add_entry,
    add_shifts,
    copy_week,
    remove_entry,
    remove_shift,
    undo,
)
from denwaban.oncall.pages.common import ROSTER, own, user_of
from denwaban.oncall.pages.forms import EntryForm, FileForm, ShiftForm, WeekForm, as_entry, as_shift
from denwaban.oncall.pages.roster import back, screen
from denwaban.oncall.roster import Change
from denwaban.oncall.shift_file import COLUMNS, NotImported, import_shifts, read_shifts
from denwaban.oncall.timetable import week_asked
from denwaban.people import PeopleError
from denwaban.people.csvfile import LineError, UnreadableFile
from denwaban.store import Store, Tx
from denwaban.web import _, not_here


@post("/clients/{client_id:str}/roster/shifts", guards=[ROSTER])
async def post_shift(
    client_id: FromPath[str],
    data: URLEncodedBody[ShiftForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Adds a shift."""
    own(who, client_id)
    try:
        shift = as_shift(data)
        change = await store.write(lambda tx: add_shifts(tx, client_id, [shift], user_of(who)))
    except PeopleError as error:
        errors = {error.field: error.tell(_)}
        return await screen(
            who, store, client_id, data.week, opened="shift", shift=data, errors=errors
        )
    return back(client_id, data.week, change)


@post("/clients/{client_id:str}/roster/entries", guards=[ROSTER])
async def post_entry(
    client_id: FromPath[str],
    data: URLEncodedBody[EntryForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Adds leave, half a day, a trip or a swap."""
    own(who, client_id)
    try:
        entry = as_entry(data)
        change = await store.write(lambda tx: add_entry(tx, client_id, entry, user_of(who)))
    except PeopleError as error:
        errors = {error.field: error.tell(_)}
        return await screen(
            who, store, client_id, data.week, opened="entry", entry=data, errors=errors
        )
    return back(client_id, data.week, change)


async def _on_row(
    store: Store,
    who: Principal,
    client_id: str,
    week: str,
    verb: Callable[[Tx, str, str, str | None], Change],
    row_id: str,
) -> Redirect:
    """Does `verb` to one of the client's own rows, and back to the week with the change to undo."""
    own(who, client_id)
    try:
        change = await store.write(lambda tx: verb(tx, client_id, row_id, user_of(who)))
    except NoSuchRow as error:
        raise not_here() from error
    return back(client_id, week, change)


@post("/clients/{client_id:str}/roster/shifts/{shift_id:str}/remove", guards=[ROSTER])
async def post_remove_shift(
    client_id: FromPath[str],
    shift_id: FromPath[str],
    data: URLEncodedBody[WeekForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Takes a shift out; it can be undone."""
    return await _on_row(store, who, client_id, data.week, remove_shift, shift_id)


@post("/clients/{client_id:str}/roster/entries/{entry_id:str}/remove", guards=[ROSTER])
async def post_remove_entry(
    client_id: FromPath[str],
    entry_id: FromPath[str],
    data: URLEncodedBody[WeekForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Takes leave, a trip or a swap out; it can be undone."""
    return await _on_row(store, who, client_id, data.week, remove_entry, entry_id)


@post("/clients/{client_id:str}/roster/changes/{change_id:str}/undo", guards=[ROSTER])
async def post_undo(
    client_id: FromPath[str],
    change_id: FromPath[str],
    data: URLEncodedBody[WeekForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Takes a change back, whole."""
    return await _on_row(store, who, client_id, data.week, undo, change_id)


@post("/clients/{client_id:str}/roster/copy", guards=[ROSTER])
async def post_copy(
    client_id: FromPath[str],
    data: URLEncodedBody[WeekForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Copies the single shifts of the week before into this week."""
    own(who, client_id)

    def copy(tx: Tx) -> Change:
        return copy_week(tx, client_id, week_asked(data.week, tx.now), user_of(who))

    try:
        change = await store.write(copy)
    except BadRoster as error:
        return await screen(who, store, client_id, data.week, errors={"copy": error.tell(_)})
    return back(client_id, data.week, change)


@post("/clients/{client_id:str}/roster/import", guards=[ROSTER])
async def post_import(
    client_id: FromPath[str],
    data: MultipartBody[FileForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Takes shifts over from a file: all of it, or nothing and every bad row by its number."""
    own(who, client_id)
    raw = await data.file.read() if data.file is not None else b""
    try:
        lines = read_shifts(raw)
        change = await store.write(lambda tx: import_shifts(tx, client_id, lines, user_of(who)))
    except NotImported as refused:
        return await screen(
            who, store, client_id, data.week, opened="import", lines=_told(refused.errors)
        )
    except (UnreadableFile, BadRoster) as error:
        errors = {"file": error.tell(_)}
        return await screen(who, store, client_id, data.week, opened="import", errors=errors)
    return back(client_id, data.week, change)


def _told(errors: tuple[LineError, ...]) -> list[tuple[int, str, str]]:
    """(row, column, sentence)."""
    return [
        (one.number, COLUMNS.get(one.field, (one.field,))[0], one.error.tell(_)) for one in errors
    ]


routes = [
    post_shift,
    post_entry,
    post_remove_shift,
    post_remove_entry,
    post_undo,
    post_copy,
    post_import,
]
