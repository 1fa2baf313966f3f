"""Callers of clients as JSON."""

from datetime import datetime

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.people.api.common import STAFF_ONLY, written
from denwaban.people.model import Caller
from denwaban.people.persons import (
    caller_by_id,
    callers_page,
    set_put_first_person,
    set_regular_person,
)
from denwaban.store import Store, Tx
from denwaban.web.api import Cursor, IdText, Limit, Page, decode_cursor, make_page


class CallerOut(msgspec.Struct):
    """A customer of a client, as known from earlier calls from one number; one person may have several."""

    id: str
    client_id: str
    person_id: str
    number: str
    name: str
    kana: str
    company: str
    regular: bool
    put_first: bool
    updated_at: datetime


class CallerIn(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be changed; what is left out stays."""

    regular: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether the client greets a caller in a way of their own (常連)."""
    put_first: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether the caller is put through before the client's others, where the client's level allows it."""


def show_caller(found: Caller) -> CallerOut:
    return msgspec.convert(found, CallerOut, from_attributes=True)


@get("/clients/{client_id:str}/callers", guards=[STAFF_ONLY])
async def list_callers(
    client_id: FromPath[IdText],
    store: NamedDependency[Store],
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[CallerOut]:
    """Who is known to call a client, in the order in which they were first known."""
    place = decode_cursor(cursor)
    after = place[0] if place is not None else None
    found = await store.read(lambda tx: callers_page(tx, client_id, after, limit + 1))
    return make_page(found, limit, show_caller, lambda item: (item.id,))


@patch("/callers/{caller_id:str}", guards=[STAFF_ONLY])
async def patch_caller(
    caller_id: FromPath[IdText], data: JSONBody[CallerIn], store: NamedDependency[Store]
) -> CallerOut:
    """Marks a caller as a regular one, or as one who goes first, or takes the mark away."""

    def change(tx: Tx) -> Caller | None:
        found = caller_by_id(tx, caller_id)
        if found is None:
            return None
        if not isinstance(data.regular, msgspec.UnsetType):
            set_regular_person(tx, found.person_id, data.regular)
        if not isinstance(data.put_first, msgspec.UnsetType):
            set_put_first_person(tx, found.person_id, data.put_first)
        return caller_by_id(tx, caller_id)

    return show_caller(await written(store, change))


routes = [list_callers, patch_caller]
