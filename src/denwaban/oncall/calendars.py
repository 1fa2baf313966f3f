"""Calendars of staff members: kept, read again when it is time, their last good state shown with its age."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, delete, func, insert, select, update

from denwaban import vault
from denwaban.clock import Clock, japan_day
from denwaban.journal import append
from denwaban.oncall import facts
from denwaban.oncall.feed import (
    BadFeed,
    Broken,
    Fetched,
    NotModified,
    checked_url,
    fetch,
    shown_url,
)
from denwaban.oncall.queries import client_of
from denwaban.oncall.reading import Read, read_file
from denwaban.oncall.rows import calendar_busy, calendars
from denwaban.oncall.sealing import CALENDAR
from denwaban.oncall.watching import look_again
from denwaban.store import Store, Tx, new_id
from denwaban.work import Duty

MOST = 5
"""Calendars of one person."""

EVERY = timedelta(minutes=30)
BACK_OFF = (5, 15, 60, 180, 360)
"""Minutes after the first, second … failure in a row; the last for ever."""

OLD = timedelta(hours=24)
"""A feed whose last good state is older than this is not to be trusted any more, and the page says so loudly."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A calendar as people see it."""

    id: str
    client_id: str
    staff_id: str
    shown: str
    """Where it comes from, without its secret; empty for an uploaded file."""
    created_at: datetime
    tried_at: datetime | None
    good_at: datetime | None
    error: str
    """What is wrong, in Japanese; empty when the last try was good."""
    times: int
    """How many busy times are known."""

    def stale(self, now: datetime) -> bool:
        """Whether what is known of it may have been overtaken."""
        return bool(self.shown) and (self.good_at is None or now - self.good_at > OLD)


class NoSuchCalendar(LookupError):
    """There is no such calendar."""


def add_feed(tx: Tx, client_id: str, staff_id: str, url: str, *, loopback: bool = False) -> str:
    """Follows a calendar from now on; returns its id. It is fetched at once by the duty. Raises `BadFeed`."""
    kept = checked_url(url, loopback=loopback)
    if kept in [_shown_url(tx, row, "") for row in _rows(tx, staff_id)]:
        raise BadFeed("このカレンダーはもう入っています", "url")
    made = _add(tx, client_id, staff_id, kept)
    tx.execute(update(calendars).where(calendars.c.id == made).values(due_at=tx.now))
    tx.touch(f"work:{calendars.name}")
    return made


def add_file(tx: Tx, client_id: str, staff_id: str, read: Read) -> str:
    """Keeps an uploaded calendar; returns its id. Raises `BadFeed`."""
    made = _add(tx, client_id, staff_id, None)
    _keep(tx, made, client_id, staff_id, read)
    return made


def remove_calendar(tx: Tx, calendar_id: str) -> None:
    """Forgets a calendar, its address and its times. Raises `NoSuchCalendar`."""
    row = _row(tx, calendar_id)
    tx.execute(delete(calendar_busy).where(calendar_busy.c.calendar_id == calendar_id))
    tx.execute(delete(calendars).where(calendars.c.id == calendar_id))
    append(tx, facts.roster_changed(row["client_id"], "calendar"))
    look_again(tx, row["client_id"])


def read_again(tx: Tx, calendar_id: str) -> None:
    """Fetches a calendar now rather than later. Raises `NoSuchCalendar`."""
    _row(tx, calendar_id)
    tx.execute(update(calendars).where(calendars.c.id == calendar_id).values(due_at=tx.now))
    tx.touch(f"work:{calendars.name}")


def calendar(tx: Tx, calendar_id: str) -> Kept | None:
    """The calendar of this id."""
    row = tx.first(select(calendars).where(calendars.c.id == calendar_id))
    return _shown(tx, row) if row is not None else None


def calendars_of(tx: Tx, staff_id: str) -> list[Kept]:
    """The calendars of a staff member, in the order in which they came."""
    return [_shown(tx, row) for row in _rows(tx, staff_id)]


def broken_of(tx: Tx, client_id: str) -> list[Kept]:
    """The calendars of a client that could not be read the last time."""
    rows = tx.all(
        select(calendars)
        .where(calendars.c.client_id == client_id, calendars.c.error != "")
        .order_by(calendars.c.id)
    )
    return [_shown(tx, row) for row in rows]


def duty(store: Store, clock: Clock, *, loopback: bool = False) -> Duty:
    """Reading calendars that are due. `loopback` as in `feed.checked_url`."""

    async def do(calendar_id: str) -> None:
        def look(tx: Tx) -> tuple[RowMapping, str | None] | None:
            row = tx.first(select(calendars).where(calendars.c.id == calendar_id))
            return (row, _url(tx, row)) if row is not None else None

        found = await store.read(look)
        if found is None:
            return
        row, url = found
        got = await _get(row, url, loopback)
        now = clock.now()
        read: Read | str | None = None
        if isinstance(got, Broken):
            read = got.why
        elif isinstance(got, Fetched):
            read = await read_file(got.data, now)
        elif row["good_at"] is None or japan_day(row["good_at"]) != japan_day(now):
            # As it was; but the weeks ahead have moved on.
            read = await read_file(row["body"].encode(), now)
        await store.write(lambda tx: record(tx, calendar_id, row["url"], got, read))

    return Duty("calendars", calendars, do, lease=timedelta(seconds=90), at_once=4)


async def _get(row: RowMapping, url: str | None, loopback: bool) -> Fetched | NotModified | Broken:
    if url is None:
        return NotModified()
    return await fetch(
        url,
        row["etag"] if row["body"] else "",
        row["last_modified"] if row["body"] else "",
        loopback=loopback,
    )


def record(
    tx: Tx,
    calendar_id: str,
    url: str | None,
    got: Fetched | NotModified | Broken,
    read: Read | str | None,
) -> None:
    """Keeps what came of reading a calendar, from the (sealed) `url` that it had then: a good state replaces the one before, of a bad one only what is wrong. `read`
    is None when nothing had to be read."""
    row = tx.first(select(calendars).where(calendars.c.id == calendar_id))
    if row is None or row["url"] != url:
        return
    due = tx.now + (EVERY if url is not None else timedelta(days=1))
    if isinstance(read, str):
        failures = row["failures"] + 1
        wait = timedelta(minutes=BACK_OFF[min(failures, len(BACK_OFF)) - 1])
        _set(tx, calendar_id, error=read, failures=failures, due_at=tx.now + wait)
        if failures == 1:
            append(tx, facts.roster_changed(row["client_id"], "calendar"))
        return
    if isinstance(got, Fetched):
        _set(tx, calendar_id, etag=got.etag, last_modified=got.last_modified)
    if read is None:
        _set(tx, calendar_id, error="", failures=0, good_at=tx.now, due_at=due)
        return
    _keep(tx, calendar_id, row["client_id"], row["staff_id"], read)
    _set(tx, calendar_id, due_at=due)


def _keep(tx: Tx, calendar_id: str, client_id: str, staff_id: str, read: Read) -> None:
    tx.execute(delete(calendar_busy).where(calendar_busy.c.calendar_id == calendar_id))
    if read.busy:
        tx.execute(
            insert(calendar_busy),
            [
                {
                    "id": new_id(),
                    "client_id": client_id,
                    "calendar_id": calendar_id,
                    "staff_id": staff_id,
                    "starts": begin,
                    "ends": end,
                    "away": away,
                }
                for begin, end, away in read.busy
            ],
        )
    _set(tx, calendar_id, body=read.body, error="", failures=0, good_at=tx.now)
    append(tx, facts.roster_changed(client_id, "calendar"))
    look_again(tx, client_id)


def _add(tx: Tx, client_id: str, staff_id: str, url: str | None) -> str:
    if client_of(tx, staff_id) != client_id:
        raise BadFeed("この担当者は名簿にありません", "")
    if len(_rows(tx, staff_id)) >= MOST:
        raise BadFeed("カレンダーは1人%(most)s件までです", "url", most=str(MOST))
    made = new_id()
    tx.execute(
        insert(calendars).values(
            id=made,
            client_id=client_id,
            staff_id=staff_id,
            url=vault.seal(tx, client_id, CALENDAR, url) if url is not None else None,
            body="",
            etag="",
            last_modified="",
            created_at=tx.now,
            error="",
            failures=0,
            due_at=None if url is not None else tx.now + timedelta(days=1),
        )
    )
    return made


def _set(tx: Tx, calendar_id: str, **values: object) -> None:
    tx.execute(
        update(calendars)
        .where(calendars.c.id == calendar_id)
        .values(tried_at=tx.now, leased_until=None, **values)
    )


def _row(tx: Tx, calendar_id: str) -> RowMapping:
    row = tx.first(select(calendars).where(calendars.c.id == calendar_id))
    if row is None:
        raise NoSuchCalendar("no such calendar")
    return row


def _url(tx: Tx, row: RowMapping) -> str | None:
    if not row["url"]:
        return None
    return vault.open_old(tx, row["client_id"], CALENDAR, row["url"], row["id"])


def _shown_url(tx: Tx, row: RowMapping, instead: str) -> str | None:
    return vault.shown(lambda: _url(tx, row), instead)


def _rows(tx: Tx, staff_id: str) -> list[RowMapping]:
    return list(
        tx.all(select(calendars).where(calendars.c.staff_id == staff_id).order_by(calendars.c.id))
    )


def _source(tx: Tx, row: RowMapping) -> str:
    url = _shown_url(tx, row, vault.UNOPENED)
    return shown_url(url) if url and url != vault.UNOPENED else url or ""


def _shown(tx: Tx, row: RowMapping) -> Kept:
    times = tx.scalar(
        select(func.count())
        .select_from(calendar_busy)
        .where(calendar_busy.c.calendar_id == row["id"], calendar_busy.c.ends > tx.now)
    )
    return Kept(
        row["id"],
        row["client_id"],
        row["staff_id"],
        _source(tx, row),
        row["created_at"],
        row["tried_at"],
        row["good_at"],
        row["error"],
        int(times),
    )
