"""The contacts of one member of staff: their own page, and the administrator's."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.oncall import words
from denwaban.oncall.acts import (
    MOST,
    NoSuchContact,
    add_contact,
    change_contact,
    move_contact,
    remove_contact,
)
from denwaban.oncall.address import CHANNELS, OWN_CHANNELS, BadAddress, new_signing_secret
from denwaban.oncall.model import Contact, may_change
from denwaban.oncall.queries import contact, every_contact_of
from denwaban.people import Staff, client, staff_member
from denwaban.store import Store, Tx
from denwaban.web import _, needs, not_here, page

READERS = needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)
WRITERS = needs(Role.CLIENT, Role.ADMINISTRATOR)


class ContactForm(msgspec.Struct):
    """A new contact, or another address for one (then `channel` is not looked at). Empty secrets stay as they were."""

    channel: str = ""
    to: str = ""
    url: str = ""
    room: str = ""
    token: str = ""
    secret: str = ""
    number: str = ""
    user: str = ""
    place: str = ""
    member: str = ""


class EnableForm(msgspec.Struct):
    enabled: bool = True


class MoveForm(msgspec.Struct):
    by: int = 0


def _person(tx: Tx, who: Principal, staff_id: str) -> Staff:
    """Whose page it is. A client's staff have their own, and no other."""
    person = staff_member(tx, staff_id)
    if person is None or (who.role is Role.CLIENT and not may_change(who, person)):
        raise not_here()
    return person


def _own(tx: Tx, who: Principal, contact_id: str) -> Contact:
    """A contact that is theirs to change."""
    found = contact(tx, contact_id)
    person = staff_member(tx, found.staff_id) if found is not None else None
    if found is None or person is None or not may_change(who, person):
        raise not_here()
    return found


async def _page(who: Principal, store: Store, staff_id: str, **more: Any) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        person = _person(tx, who, staff_id)
        return {
            "person": person,
            "client": client(tx, person.client_id),
            "contacts": every_contact_of(tx, staff_id),
            "may_edit": may_change(who, person),
        }

    found = await store.read(look)
    context: dict[str, Any] = {
        **found,
        "own": who.role is Role.CLIENT,
        "channels": CHANNELS if who.role is Role.ADMINISTRATOR else OWN_CHANNELS,
        "words": words.channel_words(),
        "helps": words.channel_help(),
        "entries": words.channel_entries(),
        "tests": words.tried_words(),
        "most": MOST,
        "form": ContactForm(),
        "changing": "",
        "errors": {},
        "secrets": [],
        **more,
    }
    return page("oncall/contacts.html", status=422 if context["errors"] else 200, **context)


def _back(staff_id: str) -> Redirect:
    return Redirect(f"/staff/{staff_id}/contacts", status_code=303)


@get("/staff/{staff_id:str}/contacts", guards=[READERS])
async def show_contacts(
    staff_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    """By which ways somebody is told of reports."""
    return await _page(who, store, staff_id)


@post("/staff/{staff_id:str}/contacts", guards=[WRITERS])
async def post_contact(
    staff_id: FromPath[str],
    data: URLEncodedBody[ContactForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Adds a contact. A webhook without a signing key gets a fresh one, which is shown this once."""
    address = msgspec.structs.asdict(data)
    made_secret = ""
    if data.channel == "webhook" and not data.secret.strip():
        made_secret = address["secret"] = new_signing_secret()

    def add(tx: Tx) -> None:
        person = _person(tx, who, staff_id)
        add_contact(
            tx, person.client_id, staff_id, data.channel, address, own=who.role is Role.CLIENT
        )

    try:
        await store.write(add)
    except BadAddress as error:
        errors = {f"{error.field}-{data.channel}": error.tell(_)}
        return await _page(who, store, staff_id, form=data, errors=errors)
    except NoSuchContact as error:
        raise not_here() from error
    if made_secret:
        return await _page(who, store, staff_id, secrets=[(_("署名鍵"), made_secret)])
    return _back(staff_id)


@post("/contacts/{contact_id:str}", guards=[WRITERS])
async def save_contact(
    contact_id: FromPath[str],
    data: URLEncodedBody[ContactForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Another address for a contact."""
    found = await store.read(lambda tx: _own(tx, who, contact_id))
    address = msgspec.structs.asdict(data)

    def change(tx: Tx) -> None:
        _own(tx, who, contact_id)
        change_contact(tx, contact_id, address=address, own=who.role is Role.CLIENT)

    try:
        await store.write(change)
    except BadAddress as error:
        errors = {f"{error.field}-{contact_id}": error.tell(_)}
        return await _page(
            who, store, found.staff_id, form=data, changing=contact_id, errors=errors
        )
    return _back(found.staff_id)


@post("/contacts/{contact_id:str}/enabled", guards=[WRITERS])
async def post_enabled(
    contact_id: FromPath[str],
    data: URLEncodedBody[EnableForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Switches a contact off or on again."""

    def change(tx: Tx) -> str:
        found = _own(tx, who, contact_id)
        change_contact(tx, contact_id, enabled=data.enabled)
        return found.staff_id

    return _back(await store.write(change))


@post("/contacts/{contact_id:str}/move", guards=[WRITERS])
async def post_move(
    contact_id: FromPath[str],
    data: URLEncodedBody[MoveForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """One place up or down."""

    def move(tx: Tx) -> str:
        found = _own(tx, who, contact_id)
        move_contact(tx, contact_id, max(-MOST, min(data.by, MOST)))
        return found.staff_id

    return _back(await store.write(move))


@post("/contacts/{contact_id:str}/remove", guards=[WRITERS])
async def post_remove(
    contact_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Redirect:
    """Forgets a contact. The page asks first: its secrets cannot be brought back."""

    def remove(tx: Tx) -> str:
        _own(tx, who, contact_id)
        return remove_contact(tx, contact_id).staff_id

    return _back(await store.write(remove))


routes = [show_contacts, post_contact, save_contact, post_enabled, post_move, post_remove]
