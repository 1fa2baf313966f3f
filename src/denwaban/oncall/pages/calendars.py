"""The calendars of one member of staff: feeds and files, whether they can be read, and how old what is known is."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.config import Settings
from denwaban.oncall.calendars import (
    MOST,
    NoSuchCalendar,
    add_feed,
    add_file,
    calendar,
    calendars_of,
    read_again,
    remove_calendar,
)
from denwaban.oncall.feed import MOST_BYTES, BadFeed
from denwaban.oncall.ics import TOO_MUCH
from denwaban.oncall.model import may_change, may_roster
from denwaban.oncall.pages.common import ROSTER
from denwaban.oncall.reading import read_file
from denwaban.people import Staff, client, staff_member
from denwaban.store import Store, Tx
from denwaban.web import _, not_here, page


class FeedForm(msgspec.Struct):
    url: Annotated[str, msgspec.Meta(max_length=3000)] = ""


class UploadForm(msgspec.Struct):
    file: UploadFile | None = None


def may_set(who: Principal, person: Staff) -> bool:
    """Whose calendars are theirs to set: supervisors and administrators anybody's, the client's staff their own."""
    if person.left_at is not None:
        return False
    return who.role is Role.SUPERVISOR or may_change(who, person)


def person_for(tx: Tx, who: Principal, staff_id: str, *, to_set: bool = False) -> Staff:
    """Whose calendars it is about. Raises when they are not theirs to see (or to set)."""
    person = staff_member(tx, staff_id)
    if person is None or not may_roster(who, person.client_id):
        raise not_here()
    if to_set and not may_set(who, person):
        raise not_here()
    return person


def owned(tx: Tx, who: Principal, calendar_id: str) -> Staff:
    """Whose calendar this is, if it is theirs to set."""
    found = calendar(tx, calendar_id)
    if found is None:
        raise not_here()
    return person_for(tx, who, found.staff_id, to_set=True)


async def _page(who: Principal, store: Store, clock: Clock, staff_id: str, **more: Any) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        person = person_for(tx, who, staff_id)
        return {
            "person": person,
            "client": client(tx, person.client_id),
            "calendars": calendars_of(tx, staff_id),
            "may_edit": may_set(who, person),
        }

    context: dict[str, Any] = {
        **await store.read(look),
        "own": who.role is Role.CLIENT,
        "most": MOST,
        "now": clock.now(),
        "errors": {},
        **more,
    }
    return page("oncall/calendars.html", status=422 if context["errors"] else 200, **context)


@get("/staff/{staff_id:str}/calendars", guards=[ROSTER])
async def show_calendars(
    staff_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    """From which calendars somebody's absences are read."""
    return await _page(who, store, clock, staff_id)


@post("/staff/{staff_id:str}/calendars", guards=[ROSTER])
async def post_feed(
    staff_id: FromPath[str],
    data: URLEncodedBody[FeedForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> Template | Redirect:
    """Follows a calendar. Its address is never shown again."""

    def add(tx: Tx) -> None:
        person = person_for(tx, who, staff_id, to_set=True)
        add_feed(tx, person.client_id, staff_id, data.url, loopback=settings.calendar_loopback)

    try:
        await store.write(add)
    except BadFeed as error:
        return await _page(who, store, clock, staff_id, errors={"url": error.tell(_)})
    return _back(staff_id)


@post("/staff/{staff_id:str}/calendars/file", guards=[ROSTER])
async def post_file(
    staff_id: FromPath[str],
    data: MultipartBody[UploadForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    """Takes a calendar over from a file: its times alone."""
    await store.read(lambda tx: person_for(tx, who, staff_id, to_set=True))
    raw = await data.file.read(MOST_BYTES + 1) if data.file is not None else b""
    read = await read_file(raw, clock.now()) if len(raw) <= MOST_BYTES else TOO_MUCH
    if isinstance(read, str):
        return await _page(who, store, clock, staff_id, errors={"file": _(read)})

    def add(tx: Tx) -> None:
        person = person_for(tx, who, staff_id, to_set=True)
        add_file(tx, person.client_id, staff_id, read)

    try:
        await store.write(add)
    except BadFeed as error:
        return await _page(who, store, clock, staff_id, errors={"file": error.tell(_)})
    return _back(staff_id)


@post("/calendars/{calendar_id:str}/read", guards=[ROSTER])
async def post_read(
    calendar_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Redirect:
    """Reads a calendar again now."""

    def again(tx: Tx) -> str:
        person = owned(tx, who, calendar_id)
        read_again(tx, calendar_id)
        return person.id

    return _back(await store.write(again))


@post("/calendars/{calendar_id:str}/remove", guards=[ROSTER])
async def post_remove(
    calendar_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Redirect:
    """Forgets a calendar and its times."""

    def remove(tx: Tx) -> str:
        person = owned(tx, who, calendar_id)
        try:
            remove_calendar(tx, calendar_id)
        except NoSuchCalendar as error:
            raise not_here() from error
        return person.id

    return _back(await store.write(remove))


def _back(staff_id: str) -> Redirect:
    return Redirect(f"/staff/{staff_id}/calendars", status_code=303)


routes = [show_calendars, post_feed, post_file, post_read, post_remove]
