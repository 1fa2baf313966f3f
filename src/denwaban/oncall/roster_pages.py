"""A client's roster: who takes reports now and this week, its holes, and writing in it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.oncall import duty_words
from denwaban.oncall.book import (
    BadRoster,
    Change,
    NewEntry,
    NewShift,
    NoSuchRow,
    add_entry,
    add_shifts,
    change_of,
    copy_week,
    entries_of,
    monday_of,
    remove_entry,
    remove_shift,
    shifts_of,
    today,
    undo,
)
from denwaban.oncall.calendars import broken_of
from denwaban.oncall.hours import moment
from denwaban.oncall.live import NotReady, go_live, may_go_live, prepare_again
from denwaban.oncall.loading import business_hours, has_hours
from denwaban.oncall.model import may_roster
from denwaban.oncall.reaching import reach
from denwaban.oncall.roster import EntryKind, NobodyOnDuty, ShiftKind
from denwaban.oncall.shift_file import COLUMNS, NotImported, import_shifts, minute_of, read_shifts
from denwaban.oncall.timetable import coming_holes, week_asked, week_of
from denwaban.oncall.words import channel_words
from denwaban.people import PeopleError, client, staff_of
from denwaban.people.csvfile import LineError, UnreadableFile
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, _, needs, not_here, page

ROSTER = needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)
FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)
THEIRS = needs(Role.CLIENT)

HALF_DAY = 13 * 60
"""The minute at which half a day of leave changes over."""

Text = Annotated[str, msgspec.Meta(max_length=500)]
WeekText = Annotated[str, msgspec.Meta(max_length=10)]


class ShiftForm(msgspec.Struct):
    """A shift: on `day`, or every week on `days`; times as 9:00. An end before the beginning is the next day's."""

    staff_id: Text = ""
    kind: ShiftKind = ShiftKind.DUTY
    day: Text = ""
    days: list[int] = []
    opens: Text = ""
    closes: Text = ""
    week: WeekText = ""


class EntryForm(msgspec.Struct):
    """Leave, half a day, a trip or a swap, of whole days unless times are given."""

    staff_id: Text = ""
    kind: EntryKind = EntryKind.LEAVE
    since: Text = ""
    until: Text = ""
    since_time: Text = ""
    until_time: Text = ""
    half: Text = "am"
    channels: list[str] = []
    other_id: Text = ""
    note: Text = ""
    week: WeekText = ""


class WeekForm(msgspec.Struct):
    week: WeekText = ""


class FileForm(msgspec.Struct):
    file: UploadFile | None = None
    week: WeekText = ""


class LiveForm(msgspec.Struct):
    live: bool = True


def own(who: Principal, client_id: str) -> None:
    """Raises when this client's roster is not theirs."""
    if not may_roster(who, client_id):
        raise not_here()


def user_of(who: Principal) -> str | None:
    return None if who.is_key else who.user_id


async def _page(
    who: Principal, store: Store, client_id: str, week: str = "", done: str = "", **more: Any
) -> Template:
    own(who, client_id)

    def look(tx: Tx) -> dict[str, Any]:
        found = client(tx, client_id)
        if found is None:
            raise not_here()
        monday = week_asked(week, tx.now)
        change = change_of(tx, client_id, done) if done else None
        people = staff_of(tx, client_id)
        return {
            "client": found,
            "people": people,
            "names": {person.id: person.name for person in people},
            "now": reach(tx, client_id, tx.now),
            "week": week_of(tx, client_id, monday),
            "holes": coming_holes(tx, client_id),
            "gate": may_go_live(tx, client_id) if found.live_at is None else None,
            "entries": entries_of(tx, client_id, tx.now),
            "weekly": [one for one in shifts_of(tx, client_id) if one.day is None],
            "broken": broken_of(tx, client_id),
            "has_hours": has_hours(tx, client_id),
            "hours": business_hours(tx, client_id),
            "change": change,
            "today": today(tx.now),
            "before": monday - timedelta(days=7),
            "after": monday + timedelta(days=7),
        }

    context: dict[str, Any] = {
        **await store.read(look),
        "own": who.role is Role.CLIENT,
        "said": _said(),
        "words": duty_words,
        "channels": channel_words(),
        "columns": COLUMNS,
        "errors": {},
        "opened": "",
        "lines": [],
        "shift": ShiftForm(),
        "entry": EntryForm(),
        "is_nobody": lambda answer: isinstance(answer, NobodyOnDuty),
        **more,
    }
    status = 422 if context["errors"] or context["lines"] else 200
    return page("oncall/roster.html", status=status, **context)


def _said() -> dict[str, str]:
    return {
        "shift": _("当番を入れました。"),
        "entry": _("予定を入れました。"),
        "removed": _("消しました。"),
        "copied": _("前の週から写しました。"),
        "imported": _("ファイルから入れました。"),
        "undone": _("元に戻しました。"),
    }


def _back(client_id: str, week: str, change: Change | None = None) -> Redirect:
    done = f"&done={change.id}" if change is not None else ""
    monday = week if _is_date(week) else ""
    return Redirect(f"/clients/{client_id}/roster?week={monday}{done}", status_code=303)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@get("/roster", guards=[THEIRS])
async def show_mine(who: NamedDependency[Principal]) -> Redirect:
    """The roster of the reader's own company."""
    return Redirect(f"/clients/{who.client_id}/roster", status_code=303)


@get("/clients/{client_id:str}/roster", guards=[ROSTER])
async def show_roster(
    client_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    week: FromQuery[WeekText] = "",
    done: FromQuery[Text] = "",
) -> Template:
    """Who takes reports now, why, and in the week of `week` (any day of it)."""
    return await _page(who, store, client_id, week, done)


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
        shift = _shift(data)
        change = await store.write(lambda tx: add_shifts(tx, client_id, [shift], user_of(who)))
    except PeopleError as error:
        errors = {error.field: error.tell(_)}
        return await _page(
            who, store, client_id, data.week, opened="shift", shift=data, errors=errors
        )
    return _back(client_id, data.week, change)


def _shift(data: ShiftForm) -> NewShift:
    opens, closes = minute_of(data.opens), minute_of(data.closes)
    if opens is None or closes is None:
        raise BadRoster("時刻を読み取れません。例: 9:00", "opens" if opens is None else "closes")
    if closes <= opens:
        closes += 1440
    day = _day(data.day, "day") if data.day else None
    days = 0 if day is not None else sum(set(data.days))
    return NewShift(data.staff_id, data.kind, opens, closes, days, day)


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
        entry = _entry(data)
        change = await store.write(lambda tx: add_entry(tx, client_id, entry, user_of(who)))
    except PeopleError as error:
        errors = {error.field: error.tell(_)}
        return await _page(
            who, store, client_id, data.week, opened="entry", entry=data, errors=errors
        )
    return _back(client_id, data.week, change)


def _entry(data: EntryForm) -> NewEntry:
    first = _day(data.since, "since")
    last = _day(data.until, "until") if data.until else first
    if data.kind is EntryKind.HALF:
        minutes = (0, HALF_DAY) if data.half == "am" else (HALF_DAY, 1440)
        starts, ends = moment(first, minutes[0]), moment(first, minutes[1])
    else:
        starts = _at(first, data.since_time, 0, "since_time")
        ends = _at(last, data.until_time, 1440, "until_time")
    return NewEntry(
        data.staff_id,
        data.kind,
        starts,
        ends,
        tuple(data.channels) if data.kind is EntryKind.TRIP else (),
        data.other_id or None,
        data.note.strip(),
    )


def _at(day: date, text: str, otherwise: int, field: str) -> datetime:
    minute = minute_of(text) if text else otherwise
    if minute is None or minute > 1440:
        raise BadRoster("時刻を読み取れません。例: 9:00", field)
    return moment(day, minute)


def _day(text: str, field: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise BadRoster("日付を選んでください", field) from error
    if not 2000 <= found.year <= 2100:
        raise BadRoster("日付を確かめてください", field)
    return found


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
    return _back(client_id, week, change)


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
        return copy_week(tx, client_id, monday_of(week_asked(data.week, tx.now)), user_of(who))

    try:
        change = await store.write(copy)
    except BadRoster as error:
        return await _page(who, store, client_id, data.week, errors={"copy": error.tell(_)})
    return _back(client_id, data.week, change)


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
        return await _page(
            who, store, client_id, data.week, opened="import", lines=_told(refused.errors)
        )
    except (UnreadableFile, BadRoster) as error:
        errors = {"file": error.tell(_)}
        return await _page(who, store, client_id, data.week, opened="import", errors=errors)
    return _back(client_id, data.week, change)


def _told(errors: tuple[LineError, ...]) -> list[tuple[int, str, str]]:
    """(row, column, sentence)."""
    return [
        (one.number, COLUMNS.get(one.field, (one.field,))[0], one.error.tell(_)) for one in errors
    ]


@post("/clients/{client_id:str}/roster/live", guards=[FLOOR])
async def post_live(
    client_id: FromPath[str],
    data: URLEncodedBody[LiveForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Goes live, or back to preparation. What stands in the way is listed."""
    try:
        await store.write(
            lambda tx: go_live(tx, client_id) if data.live else prepare_again(tx, client_id)
        )
    except NotReady:
        why = _("まだ稼働できません。下の「稼働の前に」を一つずつ片づけてください。")
        return await _page(who, store, client_id, errors={"gate": why})
    return _back(client_id, "")


menu = [MenuEntry("/roster", "当番表", frozenset({Role.CLIENT}))]

routes = [
    show_mine,
    show_roster,
    post_shift,
    post_entry,
    post_remove_shift,
    post_remove_entry,
    post_undo,
    post_copy,
    post_import,
    post_live,
]
