"""Accepting reports and moving their status."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from denwaban.journal import append
from denwaban.reports import facts, queries
from denwaban.reports.finding import Finding
from denwaban.reports.gate import Around, findings
from denwaban.reports.model import (
    Draft,
    Override,
    Report,
    Routing,
    Status,
    StatusChange,
    first_status,
    subject_of,
    tidy,
)
from denwaban.reports.settings import form_of
from denwaban.store import Tx, new_id
from denwaban.texts import clean_text

REASON_MAX = 500


class Incomplete(ValueError):
    """A draft that may not be sent; `findings` say what is missing and how to mend it, in the order of the form."""

    def __init__(self, found: list[Finding]) -> None:
        super().__init__(" ".join(str(one.told) for one in found))
        self.findings = found


class AlreadySent(Exception):
    """The call already has a report, and it says something else; `report` is the one that was sent."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"call {report.call_id} already has report {report.id}")
        self.report = report


def accept(
    tx: Tx,
    client_id: str,
    call_id: str | None,
    operator_id: str,
    in_charge_id: str,
    draft: Draft,
    practice: bool,
    *,
    around: Around | None = None,
    routing: Routing | None = None,
    recipients: Sequence[str] = (),
    due_at: datetime | None = None,
    reason: str = "",
) -> Report:
    """Makes the report of a call; once the transaction is committed, it is never lost and never changes.

    A call has one report: the same draft again (a double press, a second tab) gives the same report, another draft
    raises `AlreadySent`. Raises `Incomplete` when something is missing, contradicts, must not be kept (card numbers) or the
    addressee is not on the client's roster, and for warnings unless a `reason` is given, which stays with the report.

    The client's form, how it was routed, who is told beside the one in charge and its deadline are frozen on it: nothing
    that is changed later alters it.
    """
    draft = tidy(draft)
    if call_id is not None and (sent := queries.of_call(tx, call_id)) is not None:
        if sent.draft == draft and sent.client_id == client_id:
            return sent
        raise AlreadySent(sent)
    form = form_of(tx, client_id).form
    known = replace(
        around or Around(tx.now), on_roster=queries.on_roster(tx, client_id, in_charge_id)
    )
    found = findings(draft, known, form)
    reason = clean_text(reason)[:REASON_MAX]
    if any(not one.warning for one in found) or (found and not reason):
        raise Incomplete(found)
    report = Report(
        id=new_id(),
        client_id=client_id,
        call_id=call_id,
        operator_id=operator_id,
        in_charge_id=in_charge_id,
        draft=draft,
        subject=subject_of(draft, practice=practice),
        status=first_status(draft),
        call_ended_at=queries.call_end(tx, call_id) if call_id is not None else None,
        sent_at=tx.now,
        practice=practice,
        form=form,
        routing=routing,
        recipients=tuple(one for one in dict.fromkeys(recipients) if one != in_charge_id),
        due_at=due_at,
        override=Override(reason, tuple(str(one.told) for one in found)) if found else None,
    )
    queries.add(tx, report)
    append(tx, facts.sent(report))
    return report


def report(tx: Tx, report_id: str) -> Report | None:
    """The report of this id; `closed` when it cannot be opened."""
    return queries.one(tx, report_id)


def reports(
    tx: Tx,
    client_id: str | None,
    *,
    status: Status | None = None,
    operator_id: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Report]:
    """Reports, newest first; of one client, or of all when `client_id` is None. `before` is the last id of the page before.
    One that cannot be opened is `closed`: it has no words and says so in its subject."""
    return queries.some(
        tx, client_id, status=status, operator_id=operator_id, before=before, limit=limit
    )


def reports_by_ids(tx: Tx, ids: list[str]) -> list[Report]:
    """The reports with these ids, oldest first, for those who pass on what they say. Raises `VaultError` when one cannot be
    opened."""
    return queries.by_ids(tx, ids)


def listed_by_ids(tx: Tx, ids: list[str]) -> list[Report]:
    """`reports_by_ids` for those who look, and for what needs no words: one that cannot be opened is `closed`."""
    return queries.by_ids_shown(tx, ids)


def set_status(
    tx: Tx, report_id: str, status: Status, by_user_id: str | None, note: str = ""
) -> Report:
    """Moves a report to 完了 / 要折り返し / 確認中 and keeps the history. The same status without a note does nothing.

    Raises `LookupError` when there is no such report.
    """
    found = queries.one(tx, report_id)
    if found is None:
        raise LookupError("no such report")
    note = clean_text(note, lines=True)
    if found.status is status and not note:
        return found
    queries.add_status(tx, found.client_id, report_id, status, by_user_id, note)
    append(tx, facts.status_changed(found, status, by_user_id))
    return replace(found, status=status)


def hand_to(tx: Tx, report_id: str, staff_id: str) -> None:
    """Makes a staff member the one owner of a report [D3]."""
    queries.set_in_charge(tx, report_id, staff_id)


def history(tx: Tx, report_id: str) -> list[StatusChange]:
    """Every status of a report, oldest first; a note that cannot be opened is `vault.UNOPENED`."""
    return queries.history(tx, report_id)
