"""Contacts as JSON, under /api/v1. Secrets go in and never come out."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal, Role
from denwaban.oncall.acts import (
    NoSuchContact,
    add_contact,
    change_contact,
    order_contacts,
    remove_contact,
)
from denwaban.oncall.address import BadAddress
from denwaban.oncall.model import Contact, may_change
from denwaban.oncall.pages.contacts import READERS, WRITERS
from denwaban.oncall.queries import contact, every_contact_of
from denwaban.people import Staff, staff_member
from denwaban.store import Store, Tx
from denwaban.web import Problem, _
from denwaban.web.api import NO_NULL, IdText, missing, refused

ChannelName = Literal[
    "mail",
    "sms",
    "phone",
    "line",
    "line_works",
    "slack_app",
    "slack",
    "chatwork",
    "chatwork_task",
    "teams",
    "google_chat",
    "webhook",
]
Value = Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NULL)]


class AddressIn(msgspec.Struct, forbid_unknown_fields=True):
    """Where a channel leads: mail `to`; sms and phone `number`; line and line_works `user`; slack_app `place`, `token`, perhaps
    `member`; slack, teams and google_chat `url`; chatwork `room`, `token`, chatwork_task also `member`; webhook `url`,
    `secret` (`whsec_…`; after a change the former one signs too for a day)."""

    to: Value = ""
    url: Value = ""
    room: Value = ""
    token: Value = ""
    secret: Value = ""
    number: Value = ""
    user: Value = ""
    place: Value = ""
    member: Value = ""


class ContactOut(msgspec.Struct):
    """One way to tell a member of staff of reports."""

    id: str
    client_id: str
    staff_id: str
    channel: str
    address: str
    """Without its secrets."""
    enabled: bool
    """Whether reports are sent there."""
    tested_at: datetime | None
    """When a test message was last sent to this very address."""
    test_result: str | None
    """sent, retry, failed or not_set_up; null before the first test."""


class Contacts(msgspec.Struct):
    """Every contact of a member of staff, in their order."""

    items: list[ContactOut]


class ContactIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new contact. A client's key may add all but webhook, hooks only of the services themselves."""

    channel: ChannelName
    address: AddressIn


class ContactChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change; what is left out stays, and so does a secret that is left out of the address."""

    address: AddressIn | None = None
    enabled: bool | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """Ids of all contacts of the member of staff, first to last."""

    ids: Annotated[list[IdText], msgspec.Meta(max_length=100)]


def _show(found: Contact) -> ContactOut:
    return ContactOut(
        id=found.id,
        client_id=found.client_id,
        staff_id=found.staff_id,
        channel=found.channel,
        address=found.shown,
        enabled=found.enabled,
        tested_at=found.tested_at,
        test_result=found.test_result or None,
    )


def _show_all(found: list[Contact]) -> Contacts:
    return Contacts([_show(one) for one in found])


def _seen(tx: Tx, who: Principal, staff_id: str) -> Staff:
    """A member of staff whose contacts are theirs to see."""
    person = staff_member(tx, staff_id)
    if person is None or not who.may_see(person.client_id):
        raise missing()
    return person


def _own(tx: Tx, who: Principal, staff_id: str) -> Staff:
    """A member of staff whose contacts are theirs to set."""
    person = _seen(tx, who, staff_id)
    if not may_change(who, person):
        raise missing()
    return person


def _of(tx: Tx, contact_id: str) -> Contact:
    found = contact(tx, contact_id)
    if found is None:
        raise missing()
    return found


def _told(error: BadAddress) -> Problem:
    field = error.field if error.field in ("channel", "ids") else f"address.{error.field}"
    return refused(field, error.tell(_))


@get("/staff/{staff_id:str}/contacts", guards=[READERS], tags=["contacts"])
async def list_contacts(
    staff_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Contacts:
    """By which ways somebody is told of reports, in order. A client's key sees its own staff's."""

    def look(tx: Tx) -> list[Contact]:
        _seen(tx, who, staff_id)
        return every_contact_of(tx, staff_id)

    return _show_all(await store.read(look))


@post("/staff/{staff_id:str}/contacts", guards=[WRITERS], tags=["contacts"])
async def post_contact(
    staff_id: FromPath[IdText],
    data: JSONBody[ContactIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> ContactOut:
    """Adds a contact behind those already there; 422 when a message could never arrive there."""
    own = who.role is Role.CLIENT

    def add(tx: Tx) -> Contact:
        person = _own(tx, who, staff_id)
        address = msgspec.structs.asdict(data.address)
        return add_contact(tx, person.client_id, staff_id, data.channel, address, own=own)

    try:
        return _show(await store.write(add))
    except BadAddress as error:
        raise _told(error) from error
    except NoSuchContact as error:
        raise missing() from error


@put("/staff/{staff_id:str}/contacts/order", guards=[WRITERS], tags=["contacts"])
async def put_order(
    staff_id: FromPath[IdText],
    data: JSONBody[Order],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Contacts:
    """Puts all contacts of somebody into an order."""

    def order(tx: Tx) -> list[Contact]:
        _own(tx, who, staff_id)
        return order_contacts(tx, staff_id, data.ids)

    try:
        return _show_all(await store.write(order))
    except BadAddress as error:
        raise _told(error) from error


@get("/contacts/{contact_id:str}", guards=[READERS], tags=["contacts"])
async def get_contact(
    contact_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ContactOut:
    """One contact."""

    def look(tx: Tx) -> Contact:
        found = _of(tx, contact_id)
        _seen(tx, who, found.staff_id)
        return found

    return _show(await store.read(look))


@patch("/contacts/{contact_id:str}", guards=[WRITERS], tags=["contacts"])
async def patch_contact(
    contact_id: FromPath[IdText],
    data: JSONBody[ContactChange],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> ContactOut:
    """Another address, or switched off or on. Reports already sent keep the old address."""
    own = who.role is Role.CLIENT
    address = None
    if data.address is not None:
        given = msgspec.structs.asdict(data.address)
        address = {key: value for key, value in given.items() if value}

    def change(tx: Tx) -> Contact:
        _own(tx, who, _of(tx, contact_id).staff_id)
        return change_contact(tx, contact_id, address=address, enabled=data.enabled, own=own)

    try:
        return _show(await store.write(change))
    except BadAddress as error:
        raise _told(error) from error


@delete("/contacts/{contact_id:str}", guards=[WRITERS], tags=["contacts"])
async def delete_contact(
    contact_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> None:
    """Forgets a contact with its secrets."""

    def remove(tx: Tx) -> None:
        _own(tx, who, _of(tx, contact_id).staff_id)
        remove_contact(tx, contact_id)

    await store.write(remove)


routes = [
    list_contacts,
    post_contact,
    put_order,
    get_contact,
    patch_contact,
    delete_contact,
]
