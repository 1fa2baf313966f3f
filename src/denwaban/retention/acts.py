"""Setting the terms, and erasing what somebody or the night (`nightly`) names; that it was erased is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from denwaban import audit, vault
from denwaban.calls import (
    UNOPENED_NUMBER,
    calls_by_ids,
    forget_numbers,
    recordings_before,
)
from denwaban.care import erase_abuse_words
from denwaban.clock import japan_day
from denwaban.delivery import erase_talk
from denwaban.feedback import erase_feedback
from denwaban.improvement import erase_questions
from denwaban.journal import Fact, append
from denwaban.memory import forget_calls
from denwaban.people import Changed
from denwaban.people.persons import persons_before
from denwaban.promises import erase_promises
from denwaban.reports import erase_reports, listed_by_ids, reports_before
from denwaban.retention.holds import held
from denwaban.retention.model import Counts, Kind, Terms, edge, next_night
from denwaban.retention.rows import erasures, retention_terms
from denwaban.routing import forget_places
from denwaban.scripts import erase_answers
from denwaban.store import Tx
from denwaban.summaries import erase_lines


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
    left: int | None = None
    """How much of a caller goes on being erased."""


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
            row["left"],
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
    if any(one.caller == UNOPENED_NUMBER for one in found.values()):
        raise vault.VaultError("a number")
    days = [japan_day(one.arrived_at) for one in found.values()]
    rang = {(one.arrived_at, one.caller) for one in found.values()}
    gone = forget_numbers(tx, call_ids)
    forget_places(tx, call_ids)
    if days:
        erase_lines(tx, client_id, min(days), max(days), (), rang)
    return gone
