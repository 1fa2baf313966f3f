"""Making and keeping promises."""

from dataclasses import replace
from datetime import datetime

from denwaban.delivery import press
from denwaban.journal import Fact, append
from denwaban.oncall import deadlines_of
from denwaban.promises import rows
from denwaban.promises.model import Promise
from denwaban.reports import Report
from denwaban.reports import report as report_of
from denwaban.store import Tx, new_id
from denwaban.vault import VaultError

WARN_MINUTES = 30
"""So long before its time somebody is told."""


class NoEvidence(ValueError):
    """A promise is closed by what was done, not by a click; the message is a Japanese sentence."""


def make(tx: Tx, report: Report) -> Promise | None:
    """The promise that a report holds: a call-back by its time, or that an opportunity is followed up within three hours.
    None when there is neither. Idempotent per report. Raises `VaultError` for a report that cannot be opened."""
    if not report.draft.callback_needed and not report.chances:
        return None
    already = rows.of_report(tx, report.id)
    if already is not None:
        return already
    if report.closed:
        raise VaultError(
            f"reports/{report.id}"
        )  # what stands for its words is not what was promised
    promise = Promise(
        id=new_id(),
        client_id=report.client_id,
        report_id=report.id,
        caller_number=report.draft.number,
        caller_name=report.draft.who,
        what=report.draft.what_for,
        by=report.promise_by,
        made_at=tx.now,
        kept_at=None,
        kept_by_user_id=None,
        evidence="",
    )
    rows.add(tx, promise, _first_look(tx, promise))
    append(tx, Fact("promise.made", promise.id, promise.client_id, {"report_id": report.id}))
    return promise


def _first_look(tx: Tx, promise: Promise) -> datetime | None:
    """Half an hour before its time as the client counts, at its time when it is nearer; None without a time."""
    if promise.by is None:
        return None
    warn_at = deadlines_of(tx, promise.client_id).before(promise.by, WARN_MINUTES)
    return warn_at if warn_at > tx.now else promise.by


def look(tx: Tx, promise_id: str) -> None:
    """Tells whom an open promise belongs to that its time is near, and at its time that it has broken; then also the next
    person and our own floor [D1]. Idempotent: the same moment tells once."""
    found = rows.due(tx, promise_id)
    if found is None or found.by is None:
        return
    report = report_of(tx, found.report_id)
    assert report is not None  # a foreign key
    broken = found.by <= tx.now
    if broken:
        rows.look_again(tx, promise_id, None, broken_at=tx.now)
    else:
        rows.look_again(tx, promise_id, found.by, warned_at=tx.now)
    append(
        tx,
        Fact(
            "promise.broken" if broken else "promise.near",
            found.id,
            found.client_id,
            {"report_id": found.report_id},
        ),
    )
    press(tx, report, broken=broken)


def keep(tx: Tx, promise_id: str, user_id: str | None, evidence: str) -> Promise:
    """The promise was kept; `evidence` says how. `user_id` is None for somebody without an
    account. Idempotent: the first evidence stays.

    Raises `LookupError` when there is no such promise, `NoEvidence` when `evidence` says nothing.
    """
    promise = rows.one(tx, promise_id)
    if promise is None:
        raise LookupError("no such promise")
    if promise.kept_at is not None:
        return promise
    evidence = evidence.strip()
    if not evidence:
        raise NoEvidence(
            "何をしたかを一言入れてください。例:「15時に電話し、修理日をお伝えしました」"
        )
    rows.close(tx, promise, user_id, evidence)
    append(
        tx,
        Fact(
            "promise.kept",
            promise_id,
            promise.client_id,
            {"report_id": promise.report_id, "user_id": user_id, "late": promise.late(tx.now)},
        ),
    )
    return replace(promise, kept_at=tx.now, kept_by_user_id=user_id, evidence=evidence)


def promise(tx: Tx, promise_id: str) -> Promise | None:
    """The promise of this id."""
    return rows.one(tx, promise_id)


def promise_of_report(tx: Tx, report_id: str) -> Promise | None:
    """The promise that this report holds."""
    return rows.of_report(tx, report_id)


def open_promises(tx: Tx, client_id: str, number: str) -> list[Promise]:
    """What this caller still waits for, nearest time first; nothing for a withheld number.

    A report has the number as the operator typed it, a call has E.164: both forms are the same caller.
    """
    return rows.open_to(tx, client_id, [number]) if number else []


def open_of_client(tx: Tx, client_id: str) -> list[Promise]:
    """Everything this client's callers still wait for, nearest time first."""
    return rows.open_ones(tx, client_id)


def late(tx: Tx, client_id: str | None = None) -> list[Promise]:
    """Promises whose time has passed, longest late first; of one client, or of all [D4]."""
    return rows.open_ones(tx, client_id, before=tx.now)
