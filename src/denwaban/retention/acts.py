"""Setting the terms, and erasing: by night what is over, at once what a caller asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import insert, select, update

from denwaban import audit, vault
from denwaban.calls import (
    UNOPENED,
    calls_by_ids,
    erase_recordings,
    forget_numbers,
    numbered_before,
    recordings_before,
)
from denwaban.care import erase_abuse_words
from denwaban.clock import japan_day
from denwaban.delivery import erase_talk
from denwaban.feedback import erase_feedback
from denwaban.improvement import erase_questions
from denwaban.journal import Fact, append
from denwaban.memory import forget_calls
from denwaban.people import Changed, client
from denwaban.people.persons import forget_persons, persons_before
from denwaban.promises import erase_promises
from denwaban.reports import erase_reports, listed_by_ids, reports_before
from denwaban.retention.holds import held
from denwaban.retention.model import Counts, Kind, Terms, edge, next_night
from denwaban.retention.queries import unreported_before
from denwaban.retention.rows import erasures, retention_terms
from denwaban.retention.waiting import free_calls, needed_persons, waiting
from denwaban.routing import forget_places
from denwaban.scripts import erase_answers
from denwaban.store import Store, Tx, new_id
from denwaban.summaries import erase_lines
from denwaban.work import Duty

T = TypeVar("T")

AT_ONCE = 50
"""So many calls or reports are erased in one transaction: calls wait for the same writer."""


@dataclass(frozen=True, slots=True)
class KeptTerms:
    """A client's terms as they are kept."""

    terms: Terms
    version: int
    """0: nobody has chosen yet, and everything is kept."""
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """That something was erased: how much, when and why, but not what it was."""

    id: str
    kind: Kind
    counts: Counts
    at: datetime
    by_user_id: str | None


def terms_of(tx: Tx, client_id: str) -> KeptTerms:
    """How long a client's data is kept."""
    row = tx.first(select(retention_terms).where(retention_terms.c.id == client_id))
    if row is None:
        return KeptTerms(Terms(), 0, None)
    terms = Terms(row["recordings"], row["reports"], row["callers"])
    return KeptTerms(terms, row["version"], row["changed_at"])


def set_terms(
    tx: Tx, client_id: str, terms: Terms, user_id: str | None, seen: int | None = None
) -> None:
    """From the next night on. `seen`: the version that the change was made from; raises `Changed` when it has moved since."""
    before = terms_of(tx, client_id)
    if seen is not None and seen != before.version:
        raise Changed
    values = {
        "recordings": terms.recordings,
        "reports": terms.reports,
        "callers": terms.callers,
        "version": before.version + 1,
        "changed_at": tx.now,
        "changed_by": user_id,
        "due_at": next_night(tx.now) if terms.anything else None,
        "leased_until": None,
    }
    if before.version == 0:
        tx.execute(insert(retention_terms).values(id=client_id, **values))
    else:
        tx.execute(
            update(retention_terms).where(retention_terms.c.id == client_id).values(**values)
        )
    append(tx, Fact("retention.changed", client_id, client_id))
    told = {"recordings": terms.recordings, "reports": terms.reports, "callers": terms.callers}
    audit.record(tx, audit.Trace("retention.changed", user_id, client_id, data=told))
    tx.touch(f"work:{retention_terms.name}")


def over(tx: Tx, client_id: str, terms: Terms, limit: int = 100_000) -> Counts:
    """How much these terms would erase now, up to `limit` of each kind."""
    if held(tx, client_id).everything:
        return Counts()
    recordings = reports = callers = 0
    if terms.recordings is not None:
        recordings = len(
            recordings_before(tx, client_id, edge(terms.recordings, tx.now), "", limit)
        )
    if terms.reports is not None:
        reports = len(reports_before(tx, client_id, edge(terms.reports, tx.now), "", limit))
    if terms.callers is not None:
        callers = len(persons_before(tx, client_id, edge(terms.callers, tx.now), "", limit))
    return Counts(recordings, reports, callers)


def erasures_of(tx: Tx, client_id: str, limit: int = 20) -> list[Erasure]:
    """What was erased of a client, newest first."""
    rows = tx.all(
        select(erasures)
        .where(erasures.c.client_id == client_id)
        .order_by(erasures.c.id.desc())
        .limit(limit)
    )
    return [
        Erasure(
            row["id"],
            Kind(row["kind"]),
            Counts(row["recordings"], row["reports"], row["callers"]),
            row["at"],
            row["by_user_id"],
        )
        for row in rows
    ]


def note_erasure(
    tx: Tx, client_id: str, kind: Kind, counts: Counts, user_id: str | None, made: str
) -> None:
    """Keeps that something was erased, under the id `made`; what goes in several steps is added up there."""
    told = {
        "why": kind.value,
        "recordings": counts.recordings,
        "reports": counts.reports,
        "callers": counts.callers,
    }
    audit.record(tx, audit.Trace("data.erased", user_id, client_id, None, made, told))
    more = tx.execute(
        update(erasures)
        .where(erasures.c.id == made)
        .values(
            recordings=erasures.c.recordings + counts.recordings,
            reports=erasures.c.reports + counts.reports,
            callers=erasures.c.callers + counts.callers,
        )
    ).rowcount
    if more:
        return
    tx.execute(
        insert(erasures).values(
            id=made,
            client_id=client_id,
            kind=kind.value,
            recordings=counts.recordings,
            reports=counts.reports,
            callers=counts.callers,
            at=tx.now,
            by_user_id=user_id,
        )
    )
    append(tx, Fact("data.erased", made, client_id, {"why": kind.value}))


def forget(tx: Tx, client_id: str, report_ids: Sequence[str], call_ids: Sequence[str]) -> int:
    """Takes what callers said out of these reports and calls, wherever it is kept. How many reports had something left. Raises
    `VaultError` when a summary that may tell of them cannot be opened: what is erased in one place alone is not erased."""
    found = listed_by_ids(tx, list(report_ids))
    days = [japan_day(one.sent_at) for one in found]
    erased = erase_reports(tx, report_ids)
    erase_talk(tx, report_ids)
    erase_promises(tx, report_ids)
    erase_feedback(tx, report_ids)
    erase_answers(tx, call_ids)
    erase_questions(tx, call_ids)
    erase_abuse_words(tx, call_ids)
    forget_calls(tx, call_ids)
    if days:
        one_day = timedelta(days=1)  # a call before midnight, its report after
        erase_lines(tx, client_id, min(days) - one_day, max(days), set(report_ids), ())
    return erased


def forget_who(tx: Tx, client_id: str, call_ids: Sequence[str]) -> int:
    """Takes the numbers out of these calls, also where summaries have them. Raises `VaultError` when one of them cannot be
    opened, or a summary that may have it."""
    found = calls_by_ids(tx, call_ids)
    if any(one.caller == UNOPENED for one in found.values()):
        raise vault.Tampered("a number")
    days = [japan_day(one.arrived_at) for one in found.values()]
    rang = {(one.arrived_at, one.caller) for one in found.values()}
    gone = forget_numbers(tx, call_ids)
    forget_places(tx, call_ids)
    if days:
        erase_lines(tx, client_id, min(days), max(days), (), rang)
    return gone


# --- by night ---

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
    with vault.alone(tx, "retention", f"{len(ids)}"):
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
