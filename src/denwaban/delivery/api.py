"""Deliveries and acknowledgements for programs."""

from datetime import datetime
from typing import Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.delivery import queries
from denwaban.delivery.acknowledgements import Acknowledged, acknowledgements_of
from denwaban.delivery.acts import NotTheirs, acknowledge
from denwaban.delivery.model import Kind
from denwaban.delivery.queries import Attempt, Delivery
from denwaban.delivery.story import for_clients
from denwaban.reports import report as report_of
from denwaban.store import Store, Tx
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

everybody = needs(Role.OPERATOR, Role.SUPERVISOR, Role.CLIENT, Role.ADMINISTRATOR)
takers = needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)

DeliveryState = Literal["pending", "sent", "failed", "cancelled"]


class AttemptOut(msgspec.Struct):
    number: int
    started_at: datetime
    ended_at: datetime | None
    """None: under way, or cut off in the middle."""
    result: str | None
    """sent, retry, failed or not_set_up."""
    detail: str


class DeliveryOut(msgspec.Struct):
    """One person told once by one channel."""

    id: str
    report_id: str
    client_id: str
    staff_id: str
    channel: str
    kind: Kind
    address: str
    """Without its secrets."""
    state: str
    tries: int
    created_at: datetime
    sent_at: datetime | None
    """When its service accepted it."""
    delivered_at: datetime | None
    """When its service told that it has arrived; not every service does."""
    read_at: datetime | None
    """When we learned that it was read."""
    next_try_at: datetime | None
    error: str | None
    idempotency_key: str


class DeliveryWithAttempts(msgspec.Struct):
    delivery: DeliveryOut
    attempts: list[AttemptOut]


class AcknowledgementOut(msgspec.Struct):
    """Who has taken a report, by which way, and when."""

    report_id: str
    client_id: str
    staff_id: str
    staff_name: str
    via: str
    at: datetime
    already: bool
    """Whether it had been taken before this request."""


class AcknowledgeIn(msgspec.Struct, forbid_unknown_fields=True):
    report_id: IdText
    staff_id: IdText
    """Who takes it: somebody on the roster of the report's client."""


def _told(text: str, who: Principal) -> str:
    return for_clients(text) if who.role is Role.CLIENT else text


def show(found: Delivery, who: Principal) -> DeliveryOut:
    return DeliveryOut(
        id=found.id,
        report_id=found.report_id,
        client_id=found.client_id,
        staff_id=found.staff_id,
        channel=found.channel,
        kind=found.kind,
        address=found.shown,
        state=found.state,
        tries=found.tries,
        created_at=found.created_at,
        sent_at=found.sent_at,
        delivered_at=found.delivered_at,
        read_at=found.read_at,
        next_try_at=found.next_at,
        error=_told(found.error, who) if found.error is not None else None,
        idempotency_key=found.idempotency_key,
    )


def show_attempt(attempt: Attempt, who: Principal) -> AttemptOut:
    return AttemptOut(
        attempt.number,
        attempt.started_at,
        attempt.ended_at,
        attempt.result,
        _told(attempt.detail, who),
    )


def show_acknowledged(taken: Acknowledged) -> AcknowledgementOut:
    return AcknowledgementOut(
        taken.report_id,
        taken.client_id,
        taken.staff_id,
        taken.staff_name,
        taken.via,
        taken.at,
        not taken.first,
    )


@get("/deliveries", guards=[everybody], tags=["deliveries"], operation_id="listDeliveries")
async def list_deliveries(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    report_id: FromQuery[IdText | None] = None,
    result: FromQuery[DeliveryState | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[DeliveryOut]:
    """Deliveries, newest first; a client's key sees its own."""
    place = decode_cursor(cursor)
    wanted = only_client(who, client_id)

    def verb(tx: Tx) -> list[Delivery]:
        return queries.some_deliveries(
            tx,
            wanted,
            report_id=report_id,
            state=result,
            before=place[0] if place else None,
            limit=limit + 1,
        )

    found = await store.read(verb)
    return make_page(found, limit, lambda one: show(one, who), lambda one: (one.id,))


@get(
    "/deliveries/{delivery_id:str}",
    guards=[everybody],
    tags=["deliveries"],
    operation_id="readDelivery",
)
async def read_delivery(
    who: NamedDependency[Principal], store: NamedDependency[Store], delivery_id: FromPath[IdText]
) -> DeliveryWithAttempts:
    """One delivery with every attempt."""
    found, tries = await store.read(
        lambda tx: (queries.delivery(tx, delivery_id), queries.attempts_of(tx, delivery_id))
    )
    if found is None:
        raise missing()
    needs_client(who, found.client_id)
    return DeliveryWithAttempts(show(found, who), [show_attempt(one, who) for one in tries])


@get(
    "/acknowledgements",
    guards=[everybody],
    tags=["acknowledgements"],
    operation_id="listAcknowledgements",
)
async def list_acknowledgements(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[AcknowledgementOut]:
    """Who has taken which report, newest report first."""
    place = decode_cursor(cursor)
    wanted = only_client(who, client_id)

    def verb(tx: Tx) -> list[Acknowledged]:
        before = place[0] if place else None
        return acknowledgements_of(tx, wanted, before, limit + 1)

    return make_page(
        await store.read(verb), limit, show_acknowledged, lambda taken: (taken.report_id,)
    )


@post(
    "/acknowledgements",
    guards=[takers],
    tags=["acknowledgements"],
    operation_id="acknowledgeReport",
    status_code=200,
)
async def acknowledge_report(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    data: JSONBody[AcknowledgeIn],
) -> AcknowledgementOut:
    """Takes a report for a staff member; every reminder ends. Again, or too late, it tells who took it and when."""

    def verb(tx: Tx) -> Acknowledged:
        report = report_of(tx, data.report_id)
        if report is None:
            raise missing()
        needs_client(who, report.client_id)
        try:
            return acknowledge(tx, data.report_id, data.staff_id, "api")
        except NotTheirs as error:
            raise refused("staff_id", "not on the client's roster") from error

    return show_acknowledged(await store.write(verb))


routes = [list_deliveries, read_delivery, list_acknowledgements, acknowledge_report]
