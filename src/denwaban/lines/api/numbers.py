"""Numbers as JSON."""

from typing import Annotated

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal
from denwaban.lines.acts import (
    ClientNumber,
    add_number,
    number,
    numbers_of,
    remove_number,
    set_number,
)
from denwaban.lines.api.common import ADMINISTRATOR, EVERYONE, changed
from denwaban.lines.levels import LinesError
from denwaban.store import Store, Tx
from denwaban.web.api import (
    NO_NULL,
    Cursor,
    IdText,
    Limit,
    OptionalText,
    Page,
    decode_cursor,
    make_page,
    missing,
    only_client,
    refused,
)


class NumberOut(msgspec.Struct):
    """A telephone number that is answered for a client."""

    id: str
    client_id: str
    number: str
    """E.164."""
    label: str
    matter: str
    """What it is for; empty: for everything."""
    urgent: bool
    """For emergencies: goes first in the windows that say so."""


class UseIn(msgspec.Struct, forbid_unknown_fields=True):
    """What a number is for."""

    matter: Annotated[str, msgspec.Meta(max_length=50, pattern=NO_NULL)] = ""
    urgent: bool = False


class NumberIn(msgspec.Struct, forbid_unknown_fields=True):
    """A number to be answered. Any usual way of writing a Japanese number."""

    client_id: IdText
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=30, pattern=NO_NULL)]
    label: OptionalText = ""


def _show(found: ClientNumber) -> NumberOut:
    return NumberOut(
        found.id, found.client_id, found.number, found.label, found.matter, found.urgent
    )


@get("/numbers", guards=[EVERYONE])
async def list_numbers(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[NumberOut]:
    """Numbers, oldest first; of one client when `client_id` is given. A client's key sees its own only."""
    place = decode_cursor(cursor)
    only = only_client(who, client_id)
    after = place[0] if place is not None else ""
    found = await store.read(lambda tx: numbers_of(tx, only, after, limit + 1))
    return make_page(found, limit, _show, lambda item: (item.id,))


@post("/numbers", guards=[ADMINISTRATOR])
async def post_number(data: JSONBody[NumberIn], store: NamedDependency[Store]) -> NumberOut:
    """Gives a number to a client; 422 when it is no Japanese number or taken."""

    def add(tx: Tx) -> ClientNumber | None:
        return number(tx, add_number(tx, data.client_id, data.number, data.label))

    made = await changed(store, data.client_id, add, "number")
    if made is None:
        raise missing()
    return _show(made)


@delete("/numbers/{number_id:str}", guards=[ADMINISTRATOR])
async def delete_number(number_id: FromPath[IdText], store: NamedDependency[Store]) -> None:
    """Takes a number away. Past calls keep it."""

    def remove(tx: Tx) -> bool:
        found = number(tx, number_id)
        return found is not None and remove_number(tx, found.client_id, number_id)

    if not await store.write(remove):
        raise missing()


@patch("/numbers/{number_id:str}", guards=[ADMINISTRATOR])
async def patch_number(
    number_id: FromPath[IdText], data: JSONBody[UseIn], store: NamedDependency[Store]
) -> NumberOut:
    """Says what a number is for."""

    def change(tx: Tx) -> ClientNumber | None:
        found = number(tx, number_id)
        if found is None:
            return None
        set_number(tx, found.client_id, number_id, matter=data.matter, urgent=data.urgent)
        return number(tx, number_id)

    try:
        found = await store.write(change)
    except LinesError as error:
        raise refused("matter", " ".join(error.sentences)) from error
    if found is None:
        raise missing()
    return _show(found)


routes = [list_numbers, post_number, delete_number, patch_number]
