"""Writing in the roster: shifts, leave, trips, swaps; each change can be undone whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, select, update

from denwaban.journal import append
from denwaban.oncall import facts
from denwaban.oncall.address import CHANNELS
from denwaban.oncall.hours import DAY_MINUTES, EVERY_DAY, moment
from denwaban.oncall.queries import change_of, entries_of, shifts_of
from denwaban.oncall.roster import Change, EntryKind, Shift, ShiftKind, What
from denwaban.oncall.rows import roster_changes, roster_entries, shifts
from denwaban.oncall.watching import look_again
from denwaban.people import PeopleError, Staff, staff_member
from denwaban.store import Tx, new_id

MOST_SHIFTS = 2000
"""Shifts of one client that count."""

LONGEST_ENTRY = timedelta(days=400)
LONGEST_NOTE = 200

WEEK = timedelta(days=7)


class BadRoster(PeopleError):
    """A change of the roster that is refused; a Japanese sentence for whoever tried."""


class NoSuchRow(LookupError):
    """The client has no such shift, entry or change, or it was taken out already."""


@dataclass(frozen=True, slots=True)
class NewShift:
    """A shift to write down; fields as in `roster.Shift`."""

    staff_id: str
    kind: ShiftKind
    opens: int
    closes: int
    days: int = 0
    day: date | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to write down; fields as in `roster.RosterEntry`."""

    staff_id: str
    kind: EntryKind
    starts: datetime
    ends: datetime
    channels: tuple[str, ...] = ()
    other_id: str | None = None
    note: str = ""


def add_shifts(
    tx: Tx,
    client_id: str,
    given: Sequence[NewShift],
    user_id: str | None = None,
    what: What = What.SHIFT,
) -> Change:
    """Writes shifts down as one change: all of them or none. What is there already in the very same way is left out.
    Raises `BadRoster`."""
    for shift in given:
        check_shift(tx, client_id, shift)
    known = {_key(one) for one in shifts_of(tx, client_id)}
    fresh = [one for one in dict.fromkeys(given) if _key(one) not in known]
    if not fresh:
        raise BadRoster("同じ当番がもう入っています", "")
    if len(known) + len(fresh) > MOST_SHIFTS:
        raise BadRoster("当番が多すぎます。終わったものを消してから入れてください", "")
    change = _change(tx, client_id, what, user_id)
    tx.execute(
        insert(shifts),
        [
            {
                "id": new_id(),
                "client_id": client_id,
                "staff_id": one.staff_id,
                "kind": one.kind.value,
                "days": one.days,
                "day": one.day,
                "first_day": one.first,
                "last_day": one.last,
                "opens": one.opens,
                "closes": one.closes,
                "made_id": change.id,
            }
            for one in fresh
        ],
    )
    return change


def add_entry(tx: Tx, client_id: str, entry: NewEntry, user_id: str | None = None) -> Change:
    """Writes leave, a trip or a swap down. Raises `BadRoster`: also for a swap that would close a circle."""
    _person(tx, client_id, entry.staff_id, "staff_id")
    if entry.ends <= entry.starts:
        raise BadRoster("終わりは、始まりより後にしてください", "ends")
    if entry.ends - entry.starts > LONGEST_ENTRY:
        raise BadRoster("長すぎます。400日までにしてください", "ends")
    if entry.ends <= tx.now:
        raise BadRoster("もう過ぎています。これからの日時にしてください", "ends")
    if len(entry.note) > LONGEST_NOTE or not entry.note.isprintable():
        raise BadRoster("ひとことは改行なしで200文字までにしてください", "note")
    if any(channel not in CHANNELS for channel in entry.channels):
        raise BadRoster("この連絡方法は使えません。一覧から選んでください", "channels")
    if entry.kind is EntryKind.SWAP:
        _check_swap(tx, client_id, entry)
    change = _change(tx, client_id, What.ENTRY, user_id)
    tx.execute(
        insert(roster_entries).values(
            id=new_id(),
            client_id=client_id,
            staff_id=entry.staff_id,
            kind=entry.kind.value,
            starts=entry.starts,
            ends=entry.ends,
            channels=list(entry.channels) if entry.kind is EntryKind.TRIP else [],
            other_id=entry.other_id if entry.kind is EntryKind.SWAP else None,
            note=entry.note.strip(),
            made_id=change.id,
        )
    )
    return change


def _check_swap(tx: Tx, client_id: str, entry: NewEntry) -> None:
    if entry.other_id is None:
        raise BadRoster("交代する相手を選んでください", "other_id")
    _person(tx, client_id, entry.other_id, "other_id")
    swaps = [
        one
        for one in entries_of(tx, client_id, entry.starts, entry.ends)
        if one.kind is EntryKind.SWAP
    ]
    seen = {entry.staff_id}
    following = {entry.other_id}
    # Several swaps may overlap the time: whoever any of them leads to counts.
    while following:
        if not seen.isdisjoint(following):
            raise BadRoster(
                "交代がひと回りして、元の方に戻ってしまいます。別の方を選んでください", "other_id"
            )
        seen |= following
        following = {
            one.other_id for one in swaps if one.staff_id in following and one.other_id is not None
        }


def remove_shift(tx: Tx, client_id: str, shift_id: str, user_id: str | None = None) -> Change:
    """Takes a shift out (a weekly one with all its weeks). Raises `NoSuchRow`."""
    return _remove(tx, shifts, client_id, shift_id, user_id)


def remove_entry(tx: Tx, client_id: str, entry_id: str, user_id: str | None = None) -> Change:
    """Takes an entry out. Raises `NoSuchRow`."""
    return _remove(tx, roster_entries, client_id, entry_id, user_id)


def copy_week(
    tx: Tx, client_id: str, monday: date, user_id: str | None = None, weeks: int = 1
) -> Change:
    """Writes the single shifts of the week before `monday` into that week, on the same weekdays. Weekly ones hold anyhow;
    whose staff have left are left out. Raises `BadRoster` when there is nothing to copy."""
    before = monday - WEEK * weeks
    here = {
        row["id"]
        for row in tx.all(
            select(shifts.c.staff_id.label("id")).where(shifts.c.client_id == client_id).distinct()
        )
        if (person := staff_member(tx, row["id"])) is not None and person.left_at is None
    }
    found = [
        NewShift(one.staff_id, one.kind, one.opens, one.closes, day=one.day + WEEK * weeks)
        for one in shifts_of(tx, client_id)
        if one.day is not None and before <= one.day < before + WEEK and one.staff_id in here
    ]
    if not found:
        raise BadRoster("前の週に、その日だけの当番がありません", "")
    return add_shifts(tx, client_id, found, user_id, What.COPIED)


def undo(tx: Tx, client_id: str, change_id: str, user_id: str | None = None) -> Change:
    """Takes a change back, whole: what it put in goes, what it took out returns. Raises `NoSuchRow` when there is no such
    change or it was taken back already."""
    change = change_of(tx, client_id, change_id)
    if change is None or change.undone_at is not None:
        raise NoSuchRow("no such change")
    made = _change(tx, client_id, What.UNDONE, user_id)
    for table in (shifts, roster_entries):
        tx.execute(update(table).where(table.c.removed_id == change_id).values(removed_id=None))
        tx.execute(
            update(table)
            .where(table.c.made_id == change_id, table.c.removed_id.is_(None))
            .values(removed_id=made.id)
        )
    tx.execute(
        update(roster_changes).where(roster_changes.c.id == change_id).values(undone_at=tx.now)
    )
    return made


def check_shift(tx: Tx, client_id: str, shift: NewShift) -> None:
    """Raises `BadRoster` when this cannot be a shift of the client."""
    _person(tx, client_id, shift.staff_id, "staff_id")
    if not (
        0 <= shift.opens < DAY_MINUTES and shift.opens < shift.closes <= shift.opens + DAY_MINUTES
    ):
        raise BadRoster(
            "時刻は、開始が 0:00〜23:59、終了が開始より後で24時間以内になるようにしてください",
            "opens",
        )
    if shift.day is None and not 0 < shift.days <= EVERY_DAY:
        raise BadRoster("日付か曜日を選んでください", "days")
    if shift.day is not None and shift.days:
        raise BadRoster("日付と曜日の両方は選べません", "days")
    if shift.day is not None and moment(shift.day, shift.closes) <= tx.now:
        raise BadRoster("もう過ぎています。これからの日時にしてください", "day")
    if shift.first is not None and shift.last is not None and shift.last < shift.first:
        raise BadRoster("終わりは、始まりより後にしてください", "last")


def _person(tx: Tx, client_id: str, staff_id: str, field: str) -> Staff:
    person = staff_member(tx, staff_id)
    if person is None or person.client_id != client_id or person.left_at is not None:
        raise BadRoster("この担当者は名簿にありません。一覧から選んでください", field)
    return person


def _key(one: Shift | NewShift) -> tuple[Any, ...]:
    return (
        one.staff_id,
        one.kind,
        one.opens,
        one.closes,
        one.days,
        one.day,
        one.first,
        one.last,
    )


def _change(tx: Tx, client_id: str, what: What, user_id: str | None) -> Change:
    change = Change(new_id(), client_id, what, tx.now, None)
    tx.execute(
        insert(roster_changes).values(
            id=change.id, client_id=client_id, what=what.value, user_id=user_id, at=tx.now
        )
    )
    append(tx, facts.roster_changed(client_id, what.value, change.id))
    look_again(tx, client_id)
    return change


def _remove(tx: Tx, table: Table, client_id: str, row_id: str, user_id: str | None) -> Change:
    known = tx.first(
        select(table.c.id).where(
            table.c.id == row_id, table.c.client_id == client_id, table.c.removed_id.is_(None)
        )
    )
    if known is None:
        raise NoSuchRow("no such row")
    change = _change(tx, client_id, What.REMOVED, user_id)
    tx.execute(update(table).where(table.c.id == row_id).values(removed_id=change.id))
    return change
