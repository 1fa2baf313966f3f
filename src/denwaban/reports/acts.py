"""Accepting reports and moving their status."""

from dataclasses import replace

from denwaban.journal import append
from denwaban.reports import facts, rows
from denwaban.reports.model import (
    Draft,
    Incomplete,
    Report,
    Status,
    StatusChange,
    first_status,
    problems,
    subject_of,
    tidy,
)
from denwaban.store import Tx, new_id


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
) -> Report:
    """Makes the report of a call; once the transaction is committed, it is never lost and never changes.

    A call has one report: the same draft again (a double press, a second tab) gives the same report, another draft
    raises `AlreadySent`. Raises `Incomplete` with sentences for the operator when something is missing or the
    addressee is not on the client's roster.
    """
    draft = tidy(draft)
    if call_id is not None and (sent := rows.of_call(tx, call_id)) is not None:
        if sent.draft == draft and sent.client_id == client_id:
            return sent
        raise AlreadySent(sent)
    found = problems(draft, tx.now)
    if not rows.on_roster(tx, client_id, in_charge_id):
        found.append("宛先が名簿にありません。名簿から選び直してください。")
    if found:
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
        call_ended_at=rows.call_end(tx, call_id) if call_id is not None else None,
        sent_at=tx.now,
        practice=practice,
    )
    rows.add(tx, report)
    append(tx, facts.sent(report))
    return report


def report(tx: Tx, report_id: str) -> Report | None:
    """The report of this id."""
    return rows.one(tx, report_id)


def reports(
    tx: Tx,
    client_id: str | None,
    *,
    status: Status | None = None,
    operator_id: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Report]:
    """Reports, newest first; of one client, or of all when `client_id` is None. `before` is the last id of the page before."""
    return rows.some(
        tx, client_id, status=status, operator_id=operator_id, before=before, limit=limit
    )


def reports_by_ids(tx: Tx, ids: list[str]) -> list[Report]:
    """The reports with these ids, oldest first."""
    return rows.by_ids(tx, ids)


def set_status(
    tx: Tx, report_id: str, status: Status, by_user_id: str | None, note: str = ""
) -> Report:
    """Moves a report to 完了 / 要折り返し / 確認中 and keeps the history. The same status without a note does nothing.

    Raises `LookupError` when there is no such report.
    """
    found = rows.one(tx, report_id)
    if found is None:
        raise LookupError("no such report")
    note = note.strip()
    if found.status is status and not note:
        return found
    rows.add_status(tx, report_id, status, by_user_id, note)
    append(tx, facts.status_changed(found, status, by_user_id))
    return replace(found, status=status)


def hand_to(tx: Tx, report_id: str, staff_id: str) -> None:
    """Makes a staff member the one owner of a report [D3]."""
    rows.set_in_charge(tx, report_id, staff_id)


def history(tx: Tx, report_id: str) -> list[StatusChange]:
    """Every status of a report, oldest first."""
    return rows.history(tx, report_id)
