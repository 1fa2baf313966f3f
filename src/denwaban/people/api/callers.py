"""Callers of clients as JSON."""

from datetime import datetime

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.people.acts.callers import set_regular
from denwaban.people.api.common import STAFF_ONLY, written
from denwaban.people.model import Caller
from denwaban.people.queries import caller_by_id, callers_page
from denwaban.store import Store, Tx
from denwaban.web.api import Cursor, IdText, Limit, Page, decode_cursor, make_page


class CallerOut(msgspec.Struct):
    """A customer of a client, as known from earlier calls."""

    id: str
    client_id: str
    number: str
    name: str
    kana: str
    company: str
    regular: bool
    updated_at: datetime


class RegularIn(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the client greets a caller in a way of their own (常連)."""

    regular: bool


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
    caller_id: FromPath[IdText], data: JSONBody[RegularIn], store: NamedDependency[Store]
) -> CallerOut:
    """Marks a caller as a regular one, or takes the mark away."""

    def change(tx: Tx) -> Caller | None:
        found = caller_by_id(tx, caller_id)
        return set_regular(tx, found.client_id, found.number, data.regular) if found else None

    return show_caller(await written(store, change))


routes = [list_callers, patch_caller]
