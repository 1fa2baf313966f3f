"""Reports and their history, written and read. What callers said is sealed on its way in and opened on its way out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Select, func, insert, select, update

from denwaban import vault
from denwaban.calls import rows as calls_rows
from denwaban.people import rows as people_rows
from denwaban.reports.form import plain, read
from denwaban.reports.model import Draft, Override, Report, Routing, Status, StatusChange
from denwaban.reports.rows import report_statuses, reports
from denwaban.reports.sealing import (
    CLOSED,
    Words,
    has_number,
    notes,
    sealed,
    words_of,
    words_shown,
)
from denwaban.store import Question, Tx, among, new_id


def add(tx: Tx, report: Report) -> None:
    """Writes a report and the first line of its history."""
    draft = report.draft
    said = {
        "caller_name": draft.who,
        "caller_kana": draft.kana,
        "caller_company": draft.company,
        "caller_number": draft.number,
        "what_for": draft.what_for,
        "done": draft.done,
        "note": draft.note,
        "answers": draft.answers,
        "subject": report.subject,
        "extra": draft.extra,
        "routing": report.routing,
        "override": report.override,
    }
    tx.execute(
        insert(reports).values(
            id=report.id,
            client_id=report.client_id,
            call_id=report.call_id,
            operator_id=report.operator_id,
            in_charge_id=report.in_charge_id,
            callback_needed=draft.callback_needed,
            callback_by=draft.callback_by,
            urgency=draft.urgency,
            tone=draft.tone,
            status=report.status.value,
            call_ended_at=report.call_ended_at,
            sent_at=report.sent_at,
            practice=report.practice,
            form=plain(report.form),
            confirmed=list(draft.confirmed),
            recipients=list(report.recipients),
            opportunity=bool(report.chances),
            due_at=report.due_at,
            **sealed(tx, report.client_id, report.id, said),
        )
    )
    add_status(tx, report.client_id, report.id, report.status, None, "")


def add_status(
    tx: Tx, client_id: str, report_id: str, status: Status, by_user_id: str | None, note: str
) -> None:
    """One more line of history, and the status as it is now."""
    last = tx.scalar(
        select(func.coalesce(func.max(report_statuses.c.position), 0)).where(
            report_statuses.c.report_id == report_id
        )
    )
    made = new_id()
    tx.execute(
        insert(report_statuses).values(
            id=made,
            report_id=report_id,
            position=last + 1,
            status=status.value,
            at=tx.now,
            by_user_id=by_user_id,
            note=notes.seal(tx, client_id, made, "note", note),
        )
    )
    tx.execute(update(reports).where(reports.c.id == report_id).values(status=status.value))


def set_in_charge(tx: Tx, report_id: str, staff_id: str) -> None:
    """Whom the report belongs to from now on."""
    tx.execute(update(reports).where(reports.c.id == report_id).values(in_charge_id=staff_id))


def history(tx: Tx, report_id: str) -> list[StatusChange]:
    """Every status of a report, oldest first. A note that cannot be opened says so (`UNOPENED`)."""
    return [
        StatusChange(
            Status(row["status"]),
            row["at"],
            row["by_user_id"],
            notes.shown(tx, row["client_id"], row["id"], "note", row["note"]),
        )
        for row in tx.all(
            select(report_statuses, reports.c.client_id)
            .join(reports, reports.c.id == report_statuses.c.report_id)
            .where(report_statuses.c.report_id == report_id)
            .order_by(report_statuses.c.position)
        )
    ]


def one(tx: Tx, report_id: str) -> Report | None:
    """The report of this id; one that cannot be opened is `closed`, as in all lists."""
    return _first(tx, select(reports).where(reports.c.id == report_id))


def of_call(tx: Tx, call_id: str) -> Report | None:
    """The one report of a call."""
    return _first(tx, select(reports).where(reports.c.call_id == call_id))


def some(
    tx: Tx,
    client_id: str | None,
    *,
    status: Status | None = None,
    operator_id: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Report]:
    """Reports, newest first; of one client, or of all when `client_id` is None. Ids sort by time: `before` pages on."""
    query = select(reports).order_by(reports.c.id.desc()).limit(limit)
    if client_id is not None:
        query = query.where(reports.c.client_id == client_id)
    if status is not None:
        query = query.where(reports.c.status == status.value)
    if operator_id is not None:
        query = query.where(reports.c.operator_id == operator_id)
    if before is not None:
        query = query.where(reports.c.id < before)
    return _all(tx, query)


def to_numbers(
    tx: Tx, client_id: str, numbers: list[str], besides: str, limit: int
) -> list[Report]:
    """A client's reports in which one of these numbers stands, newest first, without the report `besides`."""
    query = select(reports).where(has_number(tx, client_id, numbers), reports.c.id != besides)
    return _all(tx, query.order_by(reports.c.id.desc()).limit(limit))


def sent_between(
    tx: Tx, client_id: str, since: datetime, until: datetime, limit: int
) -> list[Report]:
    """A client's reports that were sent from `since` until before `until`, oldest first, without practice."""
    query = (
        select(reports)
        .where(
            reports.c.client_id == client_id,
            reports.c.sent_at >= since,
            reports.c.sent_at < until,
            reports.c.practice.is_(False),
        )
        .order_by(reports.c.sent_at, reports.c.id)
        .limit(limit)
    )
    return _all(tx, query)


def by_ids(tx: Tx, ids: list[str]) -> list[Report]:
    """The reports with these ids, oldest first. Raises `VaultError` when one cannot be opened."""
    return _all(tx, _BY_IDS, {"ids": ids}, words=words_of)


def by_ids_shown(tx: Tx, ids: list[str]) -> list[Report]:
    """`by_ids` for a list."""
    return _all(tx, _BY_IDS, {"ids": ids})


# Built once: asked for every batch of messages.
_BY_IDS = Question(select(reports).where(among(reports.c.id, "ids")).order_by(reports.c.id))


def call_end(tx: Tx, call_id: str) -> datetime | None:
    """When a call ended, if it has."""
    calls = calls_rows.calls
    found: datetime | None = tx.scalar(select(calls.c.ended_at).where(calls.c.id == call_id))
    return found


def on_roster(tx: Tx, client_id: str, staff_id: str) -> bool:
    """Whether this client has this staff member, who has not left."""
    staff = people_rows.staff
    found = select(staff.c.id).where(
        staff.c.id == staff_id, staff.c.client_id == client_id, staff.c.left_at.is_(None)
    )
    return tx.first(found) is not None


_Reader = Callable[[Tx, RowMapping, str, str], Words]


def _all(
    tx: Tx, query: Select[Any] | Question, values: Any = None, words: _Reader = words_shown
) -> list[Report]:
    rows = tx.all(query, values)
    vault.learn_keys(tx, ((row["client_id"], row["sealed"]) for row in rows))
    return [_report(row, words(tx, row, row["id"], row["client_id"])) for row in rows]


def _first(tx: Tx, query: Select[Any]) -> Report | None:
    row = tx.first(query)
    if row is None:
        return None
    return _report(row, words_shown(tx, row, row["id"], row["client_id"]))


def _report(row: RowMapping, words: Words) -> Report:
    draft = Draft(
        who=words["caller_name"],
        kana=words["caller_kana"],
        company=words["caller_company"],
        number=words["caller_number"],
        what_for=words["what_for"],
        done=words["done"],
        callback_needed=row["callback_needed"],
        callback_by=row["callback_by"],
        urgency=row["urgency"],
        tone=row["tone"],
        note=words["note"],
        answers=tuple((label, value) for label, value in words["answers"]),
        extra=tuple((key, value) for key, value in words["extra"] or ()),
        confirmed=tuple(row["confirmed"] or ()),
    )
    return Report(
        id=row["id"],
        client_id=row["client_id"],
        call_id=row["call_id"],
        operator_id=row["operator_id"],
        in_charge_id=row["in_charge_id"],
        draft=draft,
        subject=words["subject"],
        status=Status(row["status"]),
        call_ended_at=row["call_ended_at"],
        sent_at=row["sent_at"],
        practice=row["practice"],
        form=read(row["form"]),
        routing=msgspec.convert(words["routing"], Routing) if words["routing"] else None,
        recipients=tuple(row["recipients"] or ()),
        due_at=row["due_at"],
        override=msgspec.convert(words["override"], Override) if words["override"] else None,
        closed=words is CLOSED,
    )
