"""Shifts, leave, trips and swaps as JSON, under /api/v1."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.oncall.api.common import Days, Minute, Short, aware, seen, told
from denwaban.oncall.book import (
    BadRoster,
    NewEntry,
    NewShift,
    NoSuchRow,
    add_entry,
    add_shifts,
    remove_entry,
    remove_shift,
    undo,
)
from denwaban.oncall.model import may_roster
from denwaban.oncall.pages.common import ROSTER, user_of
from denwaban.oncall.queries import entries_of, entry_of, shift_of, shifts_of
from denwaban.oncall.roster import Change, EntryKind, ShiftKind
from denwaban.store import Store, Tx
from denwaban.web.api import IdText, missing


class ShiftIn(msgspec.Struct, forbid_unknown_fields=True):
    """A shift: once on `day`, or every week on `days` from `first` to `last`."""

    staff_id: IdText
    kind: ShiftKind
    opens: Minute
    closes: Minute
    days: Days = 0
    day: date | None = None
    first: date | None = None
    last: date | None = None


class ShiftOut(ShiftIn, kw_only=True):
    id: str


class Shifts(msgspec.Struct):
    items: list[ShiftOut]


class EntryIn(msgspec.Struct, forbid_unknown_fields=True):
    """Leave, half a day, a trip (`channels`: the only ways that reach somebody) or a swap (`other_id` takes over)."""

    staff_id: IdText
    kind: EntryKind
    starts: datetime
    ends: datetime
    channels: list[Short] = []
    other_id: IdText | None = None
    note: Short = ""


class EntryOut(EntryIn, kw_only=True):
    id: str


class Entries(msgspec.Struct):
    items: list[EntryOut]


class ChangeOut(msgspec.Struct):
    """A change of the roster: undo it by its id."""

    id: str
    what: str
    at: datetime


@get("/clients/{client_id:str}/shifts", guards=[ROSTER], tags=["roster"])
async def list_shifts(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Shifts:
    """Every shift that counts, in the order in which they were written."""

    def look(tx: Tx) -> list[ShiftOut]:
        seen(tx, who, client_id)
        return [
            ShiftOut(
                id=one.id,
                staff_id=one.staff_id,
                kind=one.kind,
                opens=one.opens,
                closes=one.closes,
                days=one.days,
                day=one.day,
                first=one.first,
                last=one.last,
            )
            for one in shifts_of(tx, client_id)
        ]

    return Shifts(await store.read(look))


@post("/clients/{client_id:str}/shifts", guards=[ROSTER], tags=["roster"])
async def post_shifts(
    client_id: FromPath[IdText],
    data: JSONBody[Annotated[list[ShiftIn], msgspec.Meta(min_length=1, max_length=500)]],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> ChangeOut:
    """Adds shifts as one change: all of them or none."""

    def add(tx: Tx) -> Change:
        seen(tx, who, client_id)
        given = [NewShift(**msgspec.structs.asdict(one)) for one in data]
        return add_shifts(tx, client_id, given, user_of(who))

    try:
        return _show(await store.write(add))
    except BadRoster as error:
        raise told(error) from error


@delete("/shifts/{shift_id:str}", guards=[ROSTER], tags=["roster"], status_code=200)
async def delete_shift(
    shift_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ChangeOut:
    """Takes a shift out."""

    def remove(tx: Tx) -> Change:
        found = shift_of(tx, shift_id)
        if found is None or not may_roster(who, found[0]):
            raise missing()
        return remove_shift(tx, found[0], shift_id, user_of(who))

    return _show(await store.write(remove))


@get("/clients/{client_id:str}/entries", guards=[ROSTER], tags=["roster"])
async def list_entries(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Entries:
    """Leave, trips and swaps that are not over."""

    def look(tx: Tx) -> list[EntryOut]:
        seen(tx, who, client_id)
        return [
            EntryOut(
                id=one.id,
                staff_id=one.staff_id,
                kind=one.kind,
                starts=one.starts,
                ends=one.ends,
                channels=list(one.channels),
                other_id=one.other_id,
                note=one.note,
            )
            for one in entries_of(tx, client_id, tx.now)
        ]

    return Entries(await store.read(look))


@post("/clients/{client_id:str}/entries", guards=[ROSTER], tags=["roster"])
async def post_entry(
    client_id: FromPath[IdText],
    data: JSONBody[EntryIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> ChangeOut:
    """Adds leave, half a day, a trip or a swap."""

    def add(tx: Tx) -> Change:
        seen(tx, who, client_id)
        entry = NewEntry(
            data.staff_id,
            data.kind,
            aware(data.starts, "starts"),
            aware(data.ends, "ends"),
            tuple(data.channels),
            data.other_id,
            data.note,
        )
        return add_entry(tx, client_id, entry, user_of(who))

    try:
        return _show(await store.write(add))
    except BadRoster as error:
        raise told(error) from error


@delete("/entries/{entry_id:str}", guards=[ROSTER], tags=["roster"], status_code=200)
async def delete_entry(
    entry_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ChangeOut:
    """Takes leave, a trip or a swap out."""

    def remove(tx: Tx) -> Change:
        found = entry_of(tx, entry_id)
        if found is None or not may_roster(who, found[0]):
            raise missing()
        return remove_entry(tx, found[0], entry_id, user_of(who))

    return _show(await store.write(remove))


@post(
    "/clients/{client_id:str}/roster-changes/{change_id:str}/undo", guards=[ROSTER], tags=["roster"]
)
async def post_undo(
    client_id: FromPath[IdText],
    change_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> ChangeOut:
    """Takes a change back, whole."""

    def back(tx: Tx) -> Change:
        seen(tx, who, client_id)
        return undo(tx, client_id, change_id, user_of(who))

    try:
        return _show(await store.write(back))
    except NoSuchRow as error:
        raise missing() from error


def _show(change: Change) -> ChangeOut:
    return ChangeOut(change.id, change.what.value, change.at)


routes = [
    list_shifts,
    post_shifts,
    delete_shift,
    list_entries,
    post_entry,
    delete_entry,
    post_undo,
]
