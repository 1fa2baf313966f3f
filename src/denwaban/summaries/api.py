"""Summaries for programs."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import Response, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.people import Changed, PeopleError, client_here
from denwaban.store import Store, Tx
from denwaban.summaries.model import Document, Kind
from denwaban.summaries.pages import common
from denwaban.summaries.paper import Press
from denwaban.summaries.plans import KeptPlan, plan_of, set_plan
from denwaban.summaries.queries import Kept, Listed, kept, listed
from denwaban.summaries.schedule import EARLIEST, LATEST, Plan
from denwaban.web import needs
from denwaban.web.api import (
    Cursor,
    IdText,
    Limit,
    Page,
    decode_cursor,
    make_page,
    missing,
    needs_client,
    only_client,
    refused,
)

readers = needs(Role.SUPERVISOR, Role.CLIENT, Role.ADMINISTRATOR)


class SummaryOut(msgspec.Struct):
    """A summary that is made. It never changes; a correction is another edition of the same days."""

    id: str
    client_id: str
    kind: Kind
    first: date
    """Days in Tokyo, both counted."""
    last: date
    edition: int
    reason: str
    """Why there is an edition after the first."""
    made_at: datetime | None
    received: int
    answered: int
    missed: int


class SummaryWithFigures(msgspec.Struct):
    summary: SummaryOut
    figures: Document


class SummaryPlanOut(msgspec.Struct):
    """What is sent to a client and when. `version` 0: the usual plan."""

    version: int
    daily: bool
    at: int
    """Minute of the day in Tokyo."""
    open_days: bool
    quiet: bool
    monthly: bool
    month_day: int
    staff_ids: list[str]
    """Who gets the mail; empty: whoever is in charge."""
    changed_at: datetime | None
    next_look_at: datetime | None


class SummaryPlanIn(msgspec.Struct, forbid_unknown_fields=True):
    """The whole plan. `seen`: the version it was made from; 409 when there is a newer one."""

    seen: Annotated[int, msgspec.Meta(ge=0, le=2**31)]
    daily: bool
    at: Annotated[int, msgspec.Meta(ge=EARLIEST, le=LATEST)]
    open_days: bool
    quiet: bool
    monthly: bool
    month_day: Annotated[int, msgspec.Meta(ge=1, le=31)]
    staff_ids: Annotated[list[IdText], msgspec.Meta(max_length=20)]


def show(one: Listed) -> SummaryOut:
    return SummaryOut(
        one.id,
        one.client_id,
        one.period.kind,
        one.period.first,
        one.period.last,
        one.edition,
        one.reason,
        one.made_at,
        one.received,
        one.answered,
        one.missed,
    )


def show_plan(found: KeptPlan) -> SummaryPlanOut:
    plan = found.plan
    return SummaryPlanOut(
        found.version,
        plan.daily,
        plan.at,
        plan.open_days,
        plan.quiet,
        plan.monthly,
        plan.month_day,
        list(plan.staff),
        found.changed_at,
        found.due_at,
    )


@get("/summaries", guards=[readers], tags=["summaries"], operation_id="listSummaries")
async def list_summaries(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    kind: FromQuery[Kind | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[SummaryOut]:
    """Summaries, the newest days first; a client's key sees its own."""
    wanted = only_client(who, client_id)
    place = decode_cursor(cursor, 2)
    before = (_day(place[0]), place[1]) if place is not None else None

    def verb(tx: Tx) -> list[Listed]:
        return listed(tx, wanted, kind=kind, before=before, made=True, limit=limit + 1)

    return make_page(
        await store.read(verb), limit, show, lambda one: (one.period.last.isoformat(), one.id)
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise missing() from error


async def _kept(who: Principal, store: Store, summary_id: str) -> Kept:
    found = await store.read(lambda tx: kept(tx, summary_id))
    if found is None or not found.listed.edition:
        raise missing()
    needs_client(who, found.listed.client_id)
    return found


@get(
    "/summaries/{summary_id:str}",
    guards=[readers],
    tags=["summaries"],
    operation_id="readSummary",
)
async def read_summary(
    who: NamedDependency[Principal], store: NamedDependency[Store], summary_id: FromPath[IdText]
) -> SummaryWithFigures:
    """One summary with its figures."""
    found = await _kept(who, store, summary_id)
    return SummaryWithFigures(show(found.listed), found.document)


@get(
    "/summaries/{summary_id:str}/pdf",
    guards=[readers],
    tags=["summaries"],
    operation_id="readSummaryPdf",
    media_type="application/pdf",
)
async def read_pdf(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    press: NamedDependency[Press],
    summary_id: FromPath[IdText],
) -> Response[bytes]:
    """The same on paper (A4)."""
    return await common.pdf_file(store, who, await _kept(who, store, summary_id), press)


@get(
    "/summaries/{summary_id:str}/csv",
    guards=[readers],
    tags=["summaries"],
    operation_id="readSummaryCsv",
    media_type="text/csv",
)
async def read_csv(
    who: NamedDependency[Principal], store: NamedDependency[Store], summary_id: FromPath[IdText]
) -> Response[bytes]:
    """Its calls, one row a call: UTF-8 with a byte order mark."""
    return await common.csv_file(store, who, await _kept(who, store, summary_id))


@get(
    "/clients/{client_id:str}/summary-plan",
    guards=[readers],
    tags=["summaries"],
    operation_id="readSummaryPlan",
)
async def read_plan(
    who: NamedDependency[Principal], store: NamedDependency[Store], client_id: FromPath[IdText]
) -> SummaryPlanOut:
    """What is sent to this client."""
    needs_client(who, client_id)

    def verb(tx: Tx) -> KeptPlan:
        client_here(tx, client_id)
        return plan_of(tx, client_id)

    return show_plan(await store.read(verb))


@put(
    "/clients/{client_id:str}/summary-plan",
    guards=[readers],
    tags=["summaries"],
    operation_id="setSummaryPlan",
)
async def write_plan(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromPath[IdText],
    data: JSONBody[SummaryPlanIn],
) -> SummaryPlanOut:
    """Sets it; from the next time on."""
    needs_client(who, client_id)
    plan = Plan(
        daily=data.daily,
        at=data.at,
        open_days=data.open_days,
        quiet=data.quiet,
        monthly=data.monthly,
        month_day=data.month_day,
        staff=tuple(dict.fromkeys(data.staff_ids)),
    )

    def verb(tx: Tx) -> KeptPlan:
        client_here(tx, client_id)
        return set_plan(tx, client_id, plan, None if who.is_key else who.user_id, data.seen)

    try:
        return show_plan(await store.write(verb))
    except Changed as error:
        raise refused("seen", str(error), 409) from error
    except PeopleError as error:
        raise refused("staff_ids" if error.field == "staff" else error.field, str(error)) from error


routes = [list_summaries, read_summary, read_pdf, read_csv, read_plan, write_plan]
