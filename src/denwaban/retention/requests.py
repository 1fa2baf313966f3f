"""Erasing what is kept of one caller (本人からの請求): at once when it is little, else some at a time beside everything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import RowMapping, select, update

from denwaban import vault
from denwaban.calls import erase_recordings
from denwaban.people.persons import forget_persons, taken_from_number
from denwaban.retention.acts import forget, forget_who, note_erasure
from denwaban.retention.model import Counts, Kind
from denwaban.retention.nightly import AT_ONCE
from denwaban.retention.rows import erasures
from denwaban.retention.whose import Asked, May, asked, may_go, must_open, who
from denwaban.store import Store, Tx, new_id
from denwaban.work import Duty

AGAIN = timedelta(hours=1)
"""What cannot be opened is tried again after this long."""


def erase_caller(tx: Tx, client_id: str, typed: str, user_id: str | None) -> tuple[Counts, May]:
    """Erases what may go of one caller, and keeps that it happened: not who it was. What is held, or still has to be dealt
    with, stays, and so does the caller's name until then. Raises `BadTerms`, and `VaultError` when a number of theirs cannot be
    opened: its calls would stay, and nobody would know any more whose they are."""
    found = asked(tx, client_id, typed)
    must_open(tx, found)
    may = may_go(tx, found)
    gone = _erase(tx, found, may.calls, may.reports) + _forget_caller(tx, found, may)
    note_erasure(tx, client_id, Kind.REQUEST, gone, user_id, new_id())
    return gone, may


def _erase(tx: Tx, found: Asked, calls: Sequence[str], reports: Sequence[str]) -> Counts:
    recordings = erase_recordings(tx, calls)
    erased = forget(tx, found.client_id, reports, calls)
    forget_who(tx, found.client_id, calls)
    return Counts(recordings, erased)


def _forget_caller(tx: Tx, found: Asked, may: May) -> Counts:
    if not may.caller or found.caller is None:
        return Counts()
    return Counts(callers=forget_persons(tx, found.client_id, [found.caller.id]))


# --- of much ---


@dataclass(frozen=True, slots=True)
class Begun:
    """An erasure that was asked for."""

    gone: Counts
    may: May
    left: int
    """How many calls and reports go on being erased; 0: it is done."""


async def erase(store: Store, client_id: str, typed: str, user_id: str | None) -> Begun:
    """`erase_caller`, beside everything else when it is much: then it is written down that it was asked for, and `duty` does it, also
    when this program dies. Raises as `erase_caller` does."""

    def look(tx: Tx) -> tuple[Asked, May]:
        found = asked(tx, client_id, typed)
        return found, may_go(tx, found)

    found, may = await store.read_long(look)
    if found.size <= AT_ONCE:
        gone, may = await store.write(lambda tx: erase_caller(tx, client_id, typed, user_id))
        await store.clear_log()
        return Begun(gone, may, 0)
    left = len(may.calls) + len(may.reports)
    await store.write(lambda tx: _ask(tx, client_id, typed, user_id, left))
    return Begun(Counts(), may, left)


def _ask(tx: Tx, client_id: str, typed: str, user_id: str | None, left: int) -> None:
    must_open(tx, who(tx, client_id, typed))
    made = new_id()
    note_erasure(tx, client_id, Kind.REQUEST, Counts(), user_id, made)
    number = vault.seal(tx, client_id, _place(made), typed)
    values = {"number": number, "left": left, "due_at": tx.now}
    tx.execute(update(erasures).where(erasures.c.id == made).values(**values))
    tx.touch(f"work:{erasures.name}")


def _place(erasure_id: str) -> str:
    return f"erasures.number/{erasure_id}"


def duty(store: Store) -> Duty:
    """Erasing callers of whom much is kept. Killed in the middle it goes on with what is left: a call, its report and its recording go
    in one transaction, and whose they were last."""

    async def do(erasure_id: str) -> None:
        while await _round(store, erasure_id):
            pass
        await store.clear_log()

    return Duty(
        "caller-erasures",
        erasures,
        do,
        lease=timedelta(minutes=30),
        at_once=1,
        late_after=timedelta(hours=2),
    )


async def _round(store: Store, erasure_id: str) -> bool:
    """Erases all that may go now. Whether more of it came meanwhile."""

    def look(tx: Tx) -> tuple[RowMapping, str, Asked, May] | None:
        row = tx.first(select(erasures).where(erasures.c.id == erasure_id))
        if row is None or row["number"] is None:
            return None
        typed = vault.open_(tx, row["client_id"], _place(erasure_id), row["number"])
        found = asked(tx, row["client_id"], typed)
        must_open(tx, found)
        return row, typed, found, may_go(tx, found)

    planned = await store.read_long(look)
    if planned is None:
        return False
    row, typed, found, may = planned
    units = _units(found, may)
    unopened = 0
    for begin in range(0, len(units), AT_ONCE):
        some = units[begin : begin + AT_ONCE]
        left = len(units) - begin - len(some)
        closed = await store.write(partial(_step, row, typed, found, some, left))
        if closed is None:
            return True
        unopened += closed
    done = {call for call, _reports in units}
    return await store.write(partial(_finish, row, typed, done, unopened))


Unit = tuple[str | None, tuple[str, ...]]
"""A call that may go, with its reports; or a report whose call may not, or that has none."""


def _units(found: Asked, may: May) -> list[Unit]:
    reports: dict[str | None, list[str]] = {}
    free = set(may.reports)
    calls = set(may.calls)
    alone: list[Unit] = []
    for report_id, call_id in found.reports:
        if report_id in free and call_id in calls:
            reports.setdefault(call_id, []).append(report_id)
        elif report_id in free:
            alone.append((None, (report_id,)))
    return [*((one, tuple(reports.get(one, ()))) for one in may.calls), *alone]


def _step(
    row: RowMapping, typed: str, found: Asked, units: Sequence[Unit], left: int, tx: Tx
) -> int | None:
    """Erases these, as far as they still may go. How many do not open, and stay; None when whose they are has changed since it was looked
    up."""
    if who(tx, found.client_id, typed).whose != found.whose:
        return None
    calls = {call for call, _reports in units if call is not None}
    calls -= taken_from_number(tx, calls, found.caller.id if found.caller is not None else "")
    reports = {report for call, those in units if call is None or call in calls for report in those}
    some = found.only(calls, reports)
    may = may_go(tx, some)
    gone, closed = Counts(), 1
    with vault.alone(tx, "erasures", row["id"]):
        gone, closed = _erase(tx, found, may.calls, may.reports), 0
    if closed:
        # One by one: what does not open stays alone.
        closed = 0
        for call, those in _units(some, may):
            closed += 1
            with vault.alone(tx, "erasures", row["id"]):
                gone += _erase(tx, found, [call] if call is not None else [], those)
                closed -= 1
    if gone:
        note_erasure(tx, found.client_id, Kind.REQUEST, gone, row["by_user_id"], row["id"])
    tx.execute(update(erasures).where(erasures.c.id == row["id"]).values(left=left))
    return closed


def _finish(row: RowMapping, typed: str, done: set[str | None], unopened: int, tx: Tx) -> bool:
    """Forgets who it was, when nothing of it is left; whether something came meanwhile that may go as well. What did not open is tried
    again later."""
    found = asked(tx, row["client_id"], typed)
    may = may_go(tx, found)
    if any(one not in done for one in may.calls):
        return True
    values: dict[str, object] = {"due_at": None, "number": None, "left": None}
    if unopened:
        values = {"due_at": tx.now + AGAIN, "left": unopened}
    elif gone := _forget_caller(tx, found, may):
        note_erasure(tx, row["client_id"], Kind.REQUEST, gone, row["by_user_id"], row["id"])
    mine = erasures.c.id == row["id"]
    tx.execute(update(erasures).where(mine).values(leased_until=None, **values))
    return False
