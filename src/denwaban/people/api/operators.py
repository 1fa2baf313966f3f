"""Operators as JSON."""

from datetime import datetime

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from denwaban.people.api.common import STAFF_ONLY
from denwaban.people.model import Operator
from denwaban.people.queries import list_operators, operator
from denwaban.store import Store
from denwaban.web.api import Cursor, IdText, Limit, Page, decode_cursor, make_page, missing


class OperatorOut(msgspec.Struct):
    """Who answers calls."""

    id: str
    name: str
    kana: str
    seat: str
    created_at: datetime
    left_at: datetime | None


def show_operator(found: Operator) -> OperatorOut:
    return msgspec.convert(found, OperatorOut, from_attributes=True)


@get("/operators", guards=[STAFF_ONLY])
async def get_operators(
    store: NamedDependency[Store],
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[OperatorOut]:
    """Operators, oldest first, also those who have left."""
    place = decode_cursor(cursor)
    after = place[0] if place is not None else None
    found = await store.read(lambda tx: list_operators(tx, left=True, after=after, limit=limit + 1))
    return make_page(found, limit, show_operator, lambda item: (item.id,))


@get("/operators/{operator_id:str}", guards=[STAFF_ONLY])
async def get_operator(operator_id: FromPath[IdText], store: NamedDependency[Store]) -> OperatorOut:
    found = await store.read(lambda tx: operator(tx, operator_id))
    if found is None:
        raise missing()
    return show_operator(found)


routes = [get_operators, get_operator]
