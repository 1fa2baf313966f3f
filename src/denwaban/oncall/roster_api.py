"""Rosters, business hours and calendars as JSON, under /api/v1."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal
from denwaban.config import Settings
from denwaban.oncall.book import (
    BadRoster,
    Change,
    NewEntry,
    NewShift,
    NoSuchRow,
    add_entry,
    add_shifts,
    entries_of,
    entry_of,
    remove_entry,
    remove_shift,
    shift_of,
    shifts_of,
    undo,
)
from denwaban.oncall.calendar_pages import owned, person_for
from denwaban.oncall.calendars import (
    Kept,
    add_feed,
    calendar,
    calendars_of,
    remove_calendar,
)
from denwaban.oncall.feed import BadFeed
from denwaban.oncall.hours import BadHours, BusinessHours, OtherHours, Span
from denwaban.oncall.loading import business_hours, has_hours
from denwaban.oncall.model import may_roster
from denwaban.oncall.reaching import holes, reach, set_hours
from denwaban.oncall.roster import EntryKind, NobodyOnDuty, OnDuty, PassedOver, ShiftKind
from denwaban.oncall.roster_pages import ROSTER, user_of
from denwaban.people import client
from denwaban.store import Store, Tx
from denwaban.web import _
from denwaban.web.api import NO_NULL, IdText, missing, refused

Short = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NULL)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=2880)]
Days = Annotated[int, msgspec.Meta(ge=0, le=255)]


class PassedOut(msgspec.Struct):
    """Somebody who does not take reports, and why (see `oncall.Passed`)."""

    staff_id: str
    why: str
    until: datetime | None


class ReachOut(msgspec.Struct):
    """Who takes reports at a moment; `staff_id` is null when nobody does."""

    at: datetime
    staff_id: str | None
    why: str
    """lunch, duty, in_charge, swap or substitute; closed or nobody when nobody does."""
    instead_of: str | None
    because: str | None
    channels: list[str] | None
    """The only channels that reach them; null: all they have."""
    in_meeting: bool
    default_id: str | None
    """Whom reports go to while nobody takes them."""
    since: datetime | None
    until: datetime | None
    next_id: str | None
    passed: list[PassedOut]


class HoleOut(msgspec.Struct):
    """A time in which somebody should take reports and nobody does."""

    since: datetime
    until: datetime
    passed: list[PassedOut]


class Holes(msgspec.Struct):
    items: list[HoleOut]


class SpanIO(msgspec.Struct, forbid_unknown_fields=True):
    """Minutes of the day in Tokyo; beyond 1440 the next day's. `days`: bits Mon 1 … Sun 64, public holiday 128."""

    opens: Minute
    closes: Minute
    days: Days = 0


class OtherHoursIO(msgspec.Struct, forbid_unknown_fields=True):
    """Days on which other hours hold; closed without `spans`."""

    first: date
    last: date
    spans: list[SpanIO] = []
    note: Short = ""


class HoursIO(msgspec.Struct, forbid_unknown_fields=True):
    """Business hours. `year_end`: closed from this to that day (`12-29`, `01-03`) every year."""

    spans: list[SpanIO]
    year_end: tuple[Short, Short] | None = None
    exceptions: list[OtherHoursIO] = []


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


def _seen(tx: Tx, who: Principal, client_id: str) -> None:
    """Raises when this client's roster is not theirs, or there is no such client."""
    if not may_roster(who, client_id) or client(tx, client_id) is None:
        raise missing()


def _told(error: BadRoster | BadHours | BadFeed) -> Exception:
    return refused(error.field, error.tell(_))


def _passed(found: tuple[PassedOver, ...]) -> list[PassedOut]:
    return [PassedOut(one.staff.id, one.why.value, one.until) for one in found]


def _reach(found: OnDuty | NobodyOnDuty, at: datetime) -> ReachOut:
    values: dict[str, Any] = (
        {
            "staff_id": None,
            "why": "closed" if found.closed else "nobody",
            "instead_of": None,
            "because": None,
            "channels": None,
            "in_meeting": False,
            "default_id": found.default.id if found.default is not None else None,
            "since": found.since,
            "until": found.until,
            "next_id": found.next.staff.id if found.next is not None else None,
        }
        if isinstance(found, NobodyOnDuty)
        else {
            "staff_id": found.staff.id,
            "why": found.why.value,
            "instead_of": found.instead_of.id if found.instead_of is not None else None,
            "because": found.because.value if found.because is not None else None,
            "channels": list(found.channels) if found.channels is not None else None,
            "in_meeting": found.in_meeting,
            "default_id": None,
            "since": None,
            "until": None,
            "next_id": None,
        }
    )
    return ReachOut(at=at, passed=_passed(found.passed), **values)


@get("/clients/{client_id:str}/reach", guards=[ROSTER], tags=["roster"])
async def get_reach(
    client_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    at: FromQuery[datetime | None] = None,
) -> ReachOut:
    """Who takes this client's reports, now or at a moment, why, and why not each of the others."""

    def look(tx: Tx) -> ReachOut:
        _seen(tx, who, client_id)
        moment = tx.now if at is None else _aware(at, "at")
        return _reach(reach(tx, client_id, moment), moment)

    return await store.read(look)


@get("/clients/{client_id:str}/holes", guards=[ROSTER], tags=["roster"])
async def get_holes(
    client_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    weeks: FromQuery[Annotated[int, msgspec.Meta(ge=1, le=8)]] = 4,
) -> Holes:
    """When nobody would take this client's reports in the weeks to come."""

    def look(tx: Tx) -> list[HoleOut]:
        _seen(tx, who, client_id)
        found = holes(tx, client_id, tx.now, weeks)
        return [HoleOut(one.since, one.until, _passed(one.passed)) for one in found]

    return Holes(await store.read(look))


@get("/clients/{client_id:str}/hours", guards=[ROSTER], tags=["roster"])
async def get_hours(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> HoursIO:
    """When a client is open; 404 while it has not said."""

    def look(tx: Tx) -> BusinessHours:
        _seen(tx, who, client_id)
        if not has_hours(tx, client_id):
            raise missing()
        return business_hours(tx, client_id)

    return _show_hours(await store.read(look))


@put("/clients/{client_id:str}/hours", guards=[ROSTER], tags=["roster"])
async def put_hours(
    client_id: FromPath[IdText],
    data: JSONBody[HoursIO],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> HoursIO:
    """Replaces a client's business hours."""

    def change(tx: Tx) -> BusinessHours:
        _seen(tx, who, client_id)
        hours = _hours(data)
        set_hours(tx, client_id, hours)
        return hours

    try:
        return _show_hours(await store.write(change))
    except BadHours as error:
        raise _told(error) from error


def _hours(data: HoursIO) -> BusinessHours:
    ends = None
    if data.year_end is not None:
        try:
            first, last = (date.fromisoformat(f"2024-{part}") for part in data.year_end)
        except ValueError as error:
            raise BadHours("年末年始の日付を確かめてください。例: 12/29", "year_end") from error
        ends = ((first.month, first.day), (last.month, last.day))
    return BusinessHours(
        tuple(Span(one.days, one.opens, one.closes) for one in data.spans),
        ends,
        tuple(
            OtherHours(
                one.first,
                one.last,
                tuple(Span(0, span.opens, span.closes) for span in one.spans),
                one.note,
            )
            for one in data.exceptions
        ),
    )


def _show_hours(hours: BusinessHours) -> HoursIO:
    ends = hours.year_end
    return HoursIO(
        [SpanIO(one.opens, one.closes, one.days) for one in hours.spans],
        (f"{ends[0][0]:02}-{ends[0][1]:02}", f"{ends[1][0]:02}-{ends[1][1]:02}") if ends else None,
        [
            OtherHoursIO(
                one.first,
                one.last,
                [SpanIO(span.opens, span.closes) for span in one.spans],
                one.note,
            )
            for one in hours.exceptions
        ],
    )


@get("/clients/{client_id:str}/shifts", guards=[ROSTER], tags=["roster"])
async def list_shifts(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Shifts:
    """Every shift that counts, in the order in which they were written."""

    def look(tx: Tx) -> list[ShiftOut]:
        _seen(tx, who, client_id)
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
        _seen(tx, who, client_id)
        given = [NewShift(**msgspec.structs.asdict(one)) for one in data]
        return add_shifts(tx, client_id, given, user_of(who))

    try:
        return _show(await store.write(add))
    except BadRoster as error:
        raise _told(error) from error


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
        _seen(tx, who, client_id)
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
        _seen(tx, who, client_id)
        entry = NewEntry(
            data.staff_id,
            data.kind,
            _aware(data.starts, "starts"),
            _aware(data.ends, "ends"),
            tuple(data.channels),
            data.other_id,
            data.note,
        )
        return add_entry(tx, client_id, entry, user_of(who))

    try:
        return _show(await store.write(add))
    except BadRoster as error:
        raise _told(error) from error


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
        _seen(tx, who, client_id)
        return undo(tx, client_id, change_id, user_of(who))

    try:
        return _show(await store.write(back))
    except NoSuchRow as error:
        raise missing() from error


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
        raise _told(error) from error


@delete("/calendars/{calendar_id:str}", guards=[ROSTER], tags=["roster"])
async def delete_calendar(
    calendar_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> None:
    """Forgets a calendar and its times."""

    def remove(tx: Tx) -> None:
        owned(tx, who, calendar_id)
        remove_calendar(tx, calendar_id)

    await store.write(remove)


def _aware(at: datetime, field: str) -> datetime:
    if at.tzinfo is None or not 2000 <= at.year <= 2100:
        raise refused(field, _("時差のついた日時にしてください。例: 2026-11-24T10:00:00+09:00"))
    return at.astimezone(UTC)


def _show(change: Change) -> ChangeOut:
    return ChangeOut(change.id, change.what.value, change.at)


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


routes = [
    get_reach,
    get_holes,
    get_hours,
    put_hours,
    list_shifts,
    post_shifts,
    delete_shift,
    list_entries,
    post_entry,
    delete_entry,
    post_undo,
    list_calendars,
    post_calendar,
    delete_calendar,
]
