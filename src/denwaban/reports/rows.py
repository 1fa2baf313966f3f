"""The finished account of a call. Rows of `reports` never change once sent but for `status` and `in_charge`."""

from datetime import datetime

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    false,
    func,
    insert,
    select,
    update,
)

from denwaban.calls import rows as calls_rows
from denwaban.people import rows as people_rows
from denwaban.reports.form import plain, read
from denwaban.reports.model import Draft, Override, Report, Routing, Status, StatusChange
from denwaban.store import Id, Json, Question, Tx, Utc, among, metadata, new_id

reports = Table(
    "reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False),
    Column("call_id", Id, ForeignKey("calls.id"), unique=True),
    Column("operator_id", Id, ForeignKey("operators.id"), nullable=False),
    Column("in_charge_id", Id, ForeignKey("staff.id"), nullable=False, index=True),
    Column("caller_name", Text, nullable=False),
    Column("caller_kana", Text, nullable=False),
    Column("caller_company", Text, nullable=False),
    Column("caller_number", String(100), nullable=False),
    Column("what_for", Text, nullable=False),
    Column("done", Text, nullable=False),
    Column("callback_needed", Boolean, nullable=False),
    Column("callback_by", Utc),
    Column("urgency", String(20), nullable=False),  # normal | soon | emergency
    Column("tone", String(20), nullable=False),  # calm | worried | hurried | angry
    Column("note", Text, nullable=False),
    Column("answers", Json, nullable=False),  # [[label, value], …] in the order of the script
    Column("subject", Text, nullable=False),
    Column(
        "status", String(20), nullable=False
    ),  # done 完了 | callback 要折り返し | checking 確認中
    Column("call_ended_at", Utc),
    Column("sent_at", Utc, nullable=False),
    Column("practice", Boolean, nullable=False),
    Column("form", Json),  # the client's form as it was then; null: the default one
    Column("extra", Json),  # [[key, value], …] of the client's own fields
    Column("confirmed", Json),  # what was read back to the caller: ["kana", "number"]
    Column("routing", Json),  # which rule fired and why; null: none was asked
    Column("recipients", Json),  # ids of staff told at once beside the person in charge
    Column("override", Json),  # {"reason", "told"}: warnings that did not keep it back
    Column("opportunity", Boolean, nullable=False, server_default=false()),  # 商機
    Column("due_at", Utc),
    Column("erased_at", Utc),  # nothing of what the caller said is left
)
Index("ix_reports_client_sent", reports.c.client_id, reports.c.sent_at)
Index("ix_reports_client", reports.c.client_id, reports.c.id)
Index("ix_reports_operator", reports.c.operator_id, reports.c.id)

report_statuses = Table(
    "report_statuses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("at", Utc, nullable=False),
    Column("by_user_id", Id),  # null: the system
    Column("note", Text, nullable=False),
)


report_forms = Table(
    "report_forms",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("form", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id),  # null: a program
)

report_rules = Table(
    "report_rules",
    metadata,
    Column("client_id", Id, ForeignKey("clients.id"), primary_key=True),
    Column("rules", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Id),  # null: a program
)


def add(tx: Tx, report: Report) -> None:
    """Writes a report and the first line of its history."""
    draft = report.draft
    tx.execute(
        insert(reports).values(
            id=report.id,
            client_id=report.client_id,
            call_id=report.call_id,
            operator_id=report.operator_id,
            in_charge_id=report.in_charge_id,
            caller_name=draft.who,
            caller_kana=draft.kana,
            caller_company=draft.company,
            caller_number=draft.number,
            what_for=draft.what_for,
            done=draft.done,
            callback_needed=draft.callback_needed,
            callback_by=draft.callback_by,
            urgency=draft.urgency,
            tone=draft.tone,
            note=draft.note,
            answers=[list(pair) for pair in draft.answers],
            subject=report.subject,
            status=report.status.value,
            call_ended_at=report.call_ended_at,
            sent_at=report.sent_at,
            practice=report.practice,
            form=plain(report.form),
            extra=[list(pair) for pair in draft.extra],
            confirmed=list(draft.confirmed),
            routing=msgspec.to_builtins(report.routing) if report.routing else None,
            recipients=list(report.recipients),
            override=msgspec.to_builtins(report.override) if report.override else None,
            opportunity=bool(report.chances),
            due_at=report.due_at,
        )
    )
    add_status(tx, report.id, report.status, None, "")


def add_status(tx: Tx, report_id: str, status: Status, by_user_id: str | None, note: str) -> None:
    """One more line of history, and the status as it is now."""
    last = tx.scalar(
        select(func.coalesce(func.max(report_statuses.c.position), 0)).where(
            report_statuses.c.report_id == report_id
        )
    )
    tx.execute(
        insert(report_statuses).values(
            id=new_id(),
            report_id=report_id,
            position=last + 1,
            status=status.value,
            at=tx.now,
            by_user_id=by_user_id,
            note=note,
        )
    )
    tx.execute(update(reports).where(reports.c.id == report_id).values(status=status.value))


def set_in_charge(tx: Tx, report_id: str, staff_id: str) -> None:
    """Whom the report belongs to from now on."""
    tx.execute(update(reports).where(reports.c.id == report_id).values(in_charge_id=staff_id))


def history(tx: Tx, report_id: str) -> list[StatusChange]:
    """Every status of a report, oldest first."""
    return [
        StatusChange(Status(row["status"]), row["at"], row["by_user_id"], row["note"])
        for row in tx.all(
            select(report_statuses)
            .where(report_statuses.c.report_id == report_id)
            .order_by(report_statuses.c.position)
        )
    ]


def one(tx: Tx, report_id: str) -> Report | None:
    """The report of this id."""
    row = tx.first(select(reports).where(reports.c.id == report_id))
    return from_row(row) if row is not None else None


def of_call(tx: Tx, call_id: str) -> Report | None:
    """The one report of a call."""
    row = tx.first(select(reports).where(reports.c.call_id == call_id))
    return from_row(row) if row is not None else None


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
    return [from_row(row) for row in tx.all(query)]


def sent_between(
    tx: Tx, client_id: str, since: datetime, until: datetime, limit: int
) -> list[Report]:
    """A client's reports that were sent from `since` until before `until`, oldest first, without practice."""
    found = tx.all(
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
    return [from_row(row) for row in found]


def by_ids(tx: Tx, ids: list[str]) -> list[Report]:
    """The reports with these ids, oldest first."""
    return [from_row(row) for row in tx.all(_BY_IDS, {"ids": ids})]


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


def from_row(row: RowMapping) -> Report:
    draft = Draft(
        who=row["caller_name"],
        kana=row["caller_kana"],
        company=row["caller_company"],
        number=row["caller_number"],
        what_for=row["what_for"],
        done=row["done"],
        callback_needed=row["callback_needed"],
        callback_by=row["callback_by"],
        urgency=row["urgency"],
        tone=row["tone"],
        note=row["note"],
        answers=tuple((label, value) for label, value in row["answers"]),
        extra=tuple((key, value) for key, value in row["extra"] or ()),
        confirmed=tuple(row["confirmed"] or ()),
    )
    return Report(
        id=row["id"],
        client_id=row["client_id"],
        call_id=row["call_id"],
        operator_id=row["operator_id"],
        in_charge_id=row["in_charge_id"],
        draft=draft,
        subject=row["subject"],
        status=Status(row["status"]),
        call_ended_at=row["call_ended_at"],
        sent_at=row["sent_at"],
        practice=row["practice"],
        form=read(row["form"]),
        routing=msgspec.convert(row["routing"], Routing) if row["routing"] else None,
        recipients=tuple(row["recipients"] or ()),
        due_at=row["due_at"],
        override=msgspec.convert(row["override"], Override) if row["override"] else None,
    )
