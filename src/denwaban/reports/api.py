"""Reports for programs."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from denwaban.access import Principal, Role
from denwaban.people import PeopleError, client
from denwaban.reports import acts
from denwaban.reports.export import taken
from denwaban.reports.model import Report, Status, StatusChange
from denwaban.store import Store, Tx
from denwaban.web import needs
from denwaban.web.api import (
    Cursor,
    IdText,
    Limit,
    LongText,
    Page,
    decode_cursor,
    make_page,
    missing,
    needs_client,
    only_client,
    refused,
)

everybody = needs(Role.OPERATOR, Role.SUPERVISOR, Role.CLIENT, Role.ADMINISTRATOR)
who_may_change = needs(Role.SUPERVISOR, Role.CLIENT, Role.ADMINISTRATOR)


class CallerOut(msgspec.Struct):
    name: str
    kana: str
    company: str
    number: str
    """E.164 or as the caller said it; empty when withheld."""


class AnswerOut(msgspec.Struct):
    label: str
    value: str


class LineOut(msgspec.Struct):
    """A field of the client's form, as the report was written."""

    key: str
    label: str
    value: str
    secret: bool
    """Kept out of messages; who reads the API has shown who they are."""


class RoutingOut(msgspec.Struct):
    """How the person in charge was found when it was sent."""

    by: str
    """rule, operator, script or default."""
    rule: str
    """The rule that fitted; empty when none did."""
    why: list[str]
    everyone: bool
    opportunity: list[str]
    """Words of opportunity (商機) that the caller said."""


class ReportOut(msgspec.Struct):
    """The finished account of a call. It never changes but for `status` and `in_charge_id`."""

    id: str
    client_id: str
    call_id: str | None
    in_charge_id: str
    """The staff member it belongs to now."""
    subject: str
    caller: CallerOut
    what_for: str
    done: str
    callback_needed: bool
    callback_by: datetime | None
    urgency: str
    tone: str
    note: str
    answers: list[AnswerOut]
    fields: list[LineOut]
    """The client's own fields."""
    confirmed: list[str]
    """What was read back to the caller: kana, number."""
    routing: RoutingOut | None
    recipients: list[str]
    """Ids of staff who were told at once beside the person in charge."""
    due_at: datetime | None
    """By when somebody should have dealt with it."""
    sent_in_spite_of: list[str]
    """Warnings that the operator passed, in Japanese."""
    reason: str
    """Why."""
    status: Status
    call_ended_at: datetime | None
    sent_at: datetime
    practice: bool


class StatusOut(msgspec.Struct):
    status: Status
    at: datetime
    by_user_id: str | None
    """None: set when the report was sent, or by a program."""
    note: str


class ReportWithHistory(msgspec.Struct):
    report: ReportOut
    history: list[StatusOut]


class StatusIn(msgspec.Struct, forbid_unknown_fields=True):
    status: Status
    note: LongText = ""


def show(report: Report) -> ReportOut:
    draft = report.draft
    own = dict(draft.extra)
    return ReportOut(
        id=report.id,
        client_id=report.client_id,
        call_id=report.call_id,
        in_charge_id=report.in_charge_id,
        subject=report.subject,
        caller=CallerOut(draft.who, draft.kana, draft.company, draft.number),
        what_for=draft.what_for,
        done=draft.done,
        callback_needed=draft.callback_needed,
        callback_by=draft.callback_by,
        urgency=draft.urgency,
        tone=draft.tone,
        note=draft.note,
        answers=[AnswerOut(label, value) for label, value in draft.answers],
        fields=[
            LineOut(one.key, one.label, own.get(one.key, ""), one.secret) for one in report.form.own
        ],
        confirmed=list(draft.confirmed),
        routing=RoutingOut(
            report.routing.by,
            report.routing.rule,
            list(report.routing.why),
            report.routing.everyone,
            list(report.chances),
        )
        if report.routing is not None
        else None,
        recipients=list(report.recipients),
        due_at=report.due_at,
        sent_in_spite_of=list(report.override.told) if report.override else [],
        reason=report.override.reason if report.override else "",
        status=report.status,
        call_ended_at=report.call_ended_at,
        sent_at=report.sent_at,
        practice=report.practice,
    )


def show_change(change: StatusChange) -> StatusOut:
    return StatusOut(change.status, change.at, change.by_user_id, change.note)


@get("/reports", guards=[everybody], tags=["reports"], operation_id="listReports")
async def list_reports(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    status: FromQuery[Status | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[ReportOut]:
    """Reports, newest first; a client's key sees its own."""
    place = decode_cursor(cursor)
    wanted = only_client(who, client_id)

    def verb(tx: Tx) -> list[Report]:
        before = place[0] if place else None
        return acts.reports(tx, wanted, status=status, before=before, limit=limit + 1)

    return make_page(await store.read(verb), limit, show, lambda report: (report.id,))


Day = Annotated[str, QueryParameter(pattern=r"^(\d{4}-\d\d-\d\d)?$")]
"""A day in Tokyo, such as 2026-11-24; empty: see there."""


@get(
    "/reports.csv",
    guards=[who_may_change],
    tags=["reports"],
    operation_id="exportReports",
    media_type="text/csv",
)
async def export_reports(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    first: FromQuery[Day] = "",
    last: FromQuery[Day] = "",
) -> Response[bytes]:
    """A client's reports sent from `first` to `last` (this month so far when left out), one row each, as CSV (UTF-8 with a byte
    order mark): the fields of its form are the columns. A client's key need not name the client."""
    wanted = only_client(who, client_id)
    if wanted is None:
        raise refused("client_id", "name a client")

    if await store.read(lambda tx: client(tx, wanted)) is None:
        raise missing()
    try:
        return await taken(store, who, wanted, first, last)
    except PeopleError as error:
        raise refused(error.field, str(error)) from error


@get("/reports/{report_id:str}", guards=[everybody], tags=["reports"], operation_id="readReport")
async def read_report(
    who: NamedDependency[Principal], store: NamedDependency[Store], report_id: FromPath[IdText]
) -> ReportWithHistory:
    """One report and the history of its status."""
    found = await store.read(lambda tx: (acts.report(tx, report_id), acts.history(tx, report_id)))
    report, history = found
    if report is None:
        raise missing()
    needs_client(who, report.client_id)
    return ReportWithHistory(show(report), [show_change(change) for change in history])


@post(
    "/reports/{report_id:str}/status",
    guards=[who_may_change],
    tags=["reports"],
    operation_id="setReportStatus",
    status_code=200,
)
async def set_status(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    report_id: FromPath[IdText],
    data: JSONBody[StatusIn],
) -> ReportOut:
    """Moves a report to done, callback or checking, with a note for the history. Idempotent without a note."""

    def verb(tx: Tx) -> Report:
        report = acts.report(tx, report_id)
        if report is None:
            raise missing()
        needs_client(who, report.client_id)
        return acts.set_status(tx, report_id, data.status, who.user_id, data.note)

    return show(await store.write(verb))


routes = [list_reports, export_reports, read_report, set_status]
