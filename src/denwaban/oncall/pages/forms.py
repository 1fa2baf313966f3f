"""What is typed into a roster, read as shifts and entries."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar.datastructures import UploadFile

from denwaban.oncall.book import BadRoster, NewEntry, NewShift
from denwaban.oncall.hours import moment
from denwaban.oncall.roster import EntryKind, ShiftKind
from denwaban.oncall.shift_file import minute_of
from denwaban.web import ticked

Text = Annotated[str, msgspec.Meta(max_length=500)]
WeekText = Annotated[str, msgspec.Meta(max_length=10)]

HALF_DAY = 13 * 60
"""The minute at which half a day of leave changes over."""


class ShiftForm(msgspec.Struct):
    """A shift: on `day`, or every week on `days`; times as 9:00. An end before the beginning is the next day's."""

    staff_id: Text = ""
    kind: ShiftKind = ShiftKind.DUTY
    day: Text = ""
    days: list[int] | int = []
    opens: Text = ""
    closes: Text = ""
    week: WeekText = ""

    def __post_init__(self) -> None:
        self.days = ticked(self.days)


class EntryForm(msgspec.Struct):
    """Leave, half a day, a trip or a swap, of whole days unless times are given."""

    staff_id: Text = ""
    kind: EntryKind = EntryKind.LEAVE
    since: Text = ""
    until: Text = ""
    since_time: Text = ""
    until_time: Text = ""
    half: Text = "am"
    channels: list[str] | str = []
    other_id: Text = ""
    note: Text = ""
    week: WeekText = ""

    def __post_init__(self) -> None:
        self.channels = ticked(self.channels)


class WeekForm(msgspec.Struct):
    week: WeekText = ""


class FileForm(msgspec.Struct):
    file: UploadFile | None = None
    week: WeekText = ""


class LiveForm(msgspec.Struct):
    live: bool = True


def as_shift(data: ShiftForm) -> NewShift:
    """The shift that was meant. Raises `BadRoster`."""
    opens, closes = minute_of(data.opens), minute_of(data.closes)
    if opens is None or closes is None:
        raise BadRoster("時刻を読み取れません。例: 9:00", "opens" if opens is None else "closes")
    if closes <= opens:
        closes += 1440
    day = _day(data.day, "day") if data.day else None
    days = 0 if day is not None else sum(set(ticked(data.days)))
    return NewShift(data.staff_id, data.kind, opens, closes, days, day)


def as_entry(data: EntryForm) -> NewEntry:
    """The entry that was meant. Raises `BadRoster`."""
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
        tuple(ticked(data.channels)) if data.kind is EntryKind.TRIP else (),
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
