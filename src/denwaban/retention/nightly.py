"""Erasing by night what is over."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import select, update

from denwaban import vault
from denwaban.calls import erase_recordings, numbered_before, recordings_before
from denwaban.people import client
from denwaban.people.persons import forget_persons, persons_before
from denwaban.reports import reports_before
from denwaban.retention.acts import forget, forget_who, note_erasure, terms_of
from denwaban.retention.holds import held
from denwaban.retention.model import Counts, Kind, Terms, edge, next_night
from denwaban.retention.queries import unreported_before
from denwaban.retention.rows import erasures, retention_terms
from denwaban.retention.waiting import free_calls, needed_persons, waiting
from denwaban.store import Store, Tx, new_id
from denwaban.work import Duty

T = TypeVar("T")

AT_ONCE = 50
"""So many calls or reports are erased in one transaction: calls wait for the same writer."""

Step = Callable[[Tx, str], tuple[str | None, Counts]]
"""Erases some behind an id; tells the last id that it looked at (None: there was none) and how much went."""


def _old_recordings(tx: Tx, after: str, client_id: str, months: int) -> tuple[str | None, Counts]:
    found = recordings_before(tx, client_id, edge(months, tx.now), after, AT_ONCE)
    gone = erase_recordings(tx, free_calls(tx, client_id, found))
    return (found[-1] if found else None), Counts(recordings=gone)


def _old_reports(tx: Tx, after: str, client_id: str, months: int) -> tuple[str | None, Counts]:
    found = reports_before(tx, client_id, edge(months, tx.now), after, AT_ONCE)
    kept, open_ones = held(tx, client_id), waiting(tx, [one for one, _call in found])
    free = [
        (report_id, call_id)
        for report_id, call_id in found
        if report_id not in open_ones and not kept.everything and call_id not in kept.calls
    ]

    def erase(some: Sequence[tuple[str, str | None]]) -> int:
        calls = [call_id for _report, call_id in some if call_id is not None]
        return forget(tx, client_id, [report_id for report_id, _call in some], calls)

    gone = _as_far_as_it_opens(tx, free, erase)
    return (found[-1][0] if found else None), Counts(reports=gone)


def _as_far_as_it_opens(tx: Tx, ids: Sequence[T], erase: Callable[[Sequence[T]], int]) -> int:
    """Erases all at once, or one by one when something of them cannot be opened; that waits for another night. How many went."""
    with vault.alone(tx, "retention", f"{len(ids)} at once"):
        return erase(ids)
    gone = 0
    for one in ids:
        with vault.alone(tx, "retention", str(one)):
            gone += erase([one])
    return gone


def _old_answers(tx: Tx, after: str, client_id: str, months: int) -> tuple[str | None, Counts]:
    """Of calls that nobody reported."""
    found = unreported_before(tx, client_id, edge(months, tx.now), after, AT_ONCE)
    free = free_calls(tx, client_id, found)
    _as_far_as_it_opens(tx, free, lambda some: forget(tx, client_id, (), some))
    return (found[-1] if found else None), Counts()


def _old_numbers(tx: Tx, after: str, client_id: str, months: int) -> tuple[str | None, Counts]:
    found = numbered_before(tx, client_id, edge(months, tx.now), after, AT_ONCE)
    free = free_calls(tx, client_id, found)
    _as_far_as_it_opens(tx, free, lambda some: forget_who(tx, client_id, some))
    return (found[-1] if found else None), Counts()


def _old_callers(tx: Tx, after: str, client_id: str, months: int) -> tuple[str | None, Counts]:
    if held(tx, client_id).everything:
        return None, Counts()
    found = persons_before(tx, client_id, edge(months, tx.now), after, AT_ONCE)
    needed = vault.shown(lambda: needed_persons(tx, client_id), None) if found else set()
    if needed is None:
        return None, Counts()  # somebody of them is still needed, and it cannot be told who
    gone = forget_persons(tx, client_id, [one for one in found if one not in needed])
    return (found[-1] if found else None), Counts(callers=gone)


def duty(store: Store) -> Duty:
    """Erasing what is over, each client once a night. Killed in the middle it goes on with what is left."""

    async def do(client_id: str) -> None:
        kept = await store.read(lambda tx: terms_of(tx, client_id))
        made = new_id()
        for step in _steps(client_id, kept.terms):
            after: str | None = ""
            while after is not None:
                after = await store.write(partial(_noted, client_id, made, step, after))
        await store.write(lambda tx: _until_tomorrow(tx, client_id))
        if await store.read(lambda tx: _noted_as(tx, made)):
            await store.clear_log()

    return Duty(
        "retention",
        retention_terms,
        do,
        lease=timedelta(minutes=30),
        at_once=1,
        late_after=timedelta(hours=6),
    )


def _steps(client_id: str, terms: Terms) -> list[Step]:
    wanted = [
        (_old_recordings, terms.recordings),
        (_old_reports, terms.reports),
        (_old_answers, terms.reports),
        (_old_numbers, terms.callers),
        (_old_callers, terms.callers),
    ]
    return [
        partial(step, client_id=client_id, months=months)
        for step, months in wanted
        if months is not None
    ]


def _noted(client_id: str, made: str, step: Step, after: str, tx: Tx) -> str | None:
    """With the record of it in the same transaction."""
    last, gone = step(tx, after)
    if gone:
        note_erasure(tx, client_id, Kind.RETENTION, gone, None, made)
    return last


def _noted_as(tx: Tx, made: str) -> bool:
    return tx.first(select(erasures.c.id).where(erasures.c.id == made)) is not None


def _until_tomorrow(tx: Tx, client_id: str) -> None:
    kept = terms_of(tx, client_id)
    due = next_night(tx.now) if kept.terms.anything and client(tx, client_id) else None
    tx.execute(
        update(retention_terms)
        .where(retention_terms.c.id == client_id)
        .values(due_at=due, leased_until=None)
    )
