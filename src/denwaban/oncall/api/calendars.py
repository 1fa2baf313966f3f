"""Calendars as JSON, under /api/v1."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal
from denwaban.config import Settings
from denwaban.oncall.api.common import told
from denwaban.oncall.calendars import Kept, add_feed, calendar, calendars_of, remove_calendar
from denwaban.oncall.feed import BadFeed
from denwaban.oncall.pages.calendars import owned, person_for
from denwaban.oncall.pages.common import ROSTER
from denwaban.store import Store, Tx
from denwaban.web.api import NO_NULL, IdText


class FeedIn(msgspec.Struct, forbid_unknown_fields=True):
    """The address of an iCalendar feed. It goes in and never comes out."""

    url: Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NULL)]


class CalendarOut(msgspec.Struct):
    """A calendar and how old what is known of it is."""

    id: str
    staff_id: str
    source: str
    """The host alone; empty for an uploaded file."""
    tried_at: datetime | None
    good_at: datetime | None
    error: str
    times: int


class Calendars(msgspec.Struct):
    items: list[CalendarOut]


@get("/staff/{staff_id:str}/calendars", guards=[ROSTER], tags=["roster"])
async def list_calendars(
    staff_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Calendars:
    """From which calendars somebody's absences are read."""

    def look(tx: Tx) -> list[Kept]:
        person_for(tx, who, staff_id)
        return calendars_of(tx, staff_id)

    return Calendars([_show_calendar(one) for one in await store.read(look)])


@post("/staff/{staff_id:str}/calendars", guards=[ROSTER], tags=["roster"])
async def post_calendar(
    staff_id: FromPath[IdText],
    data: JSONBody[FeedIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    settings: NamedDependency[Settings],
) -> CalendarOut:
    """Follows a calendar from now on."""

    def add(tx: Tx) -> Kept:
        person = person_for(tx, who, staff_id, to_set=True)
        made = add_feed(
            tx, person.client_id, staff_id, data.url, loopback=settings.calendar_loopback
        )
        found = calendar(tx, made)
        assert found is not None  # it was just written
        return found

    try:
        return _show_calendar(await store.write(add))
    except BadFeed as error:
        raise told(error) from error


@delete("/calendars/{calendar_id:str}", guards=[ROSTER], tags=["roster"])
async def delete_calendar(
    calendar_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> None:
    """Forgets a calendar and its times."""

    def remove(tx: Tx) -> None:
        owned(tx, who, calendar_id)
        remove_calendar(tx, calendar_id)

    await store.write(remove)


def _show_calendar(found: Kept) -> CalendarOut:
    return CalendarOut(
        id=found.id,
        staff_id=found.staff_id,
        source=found.shown.partition("/")[0],
        tried_at=found.tried_at,
        good_at=found.good_at,
        error=found.error,
        times=found.times,
    )


routes = [list_calendars, post_calendar, delete_calendar]
