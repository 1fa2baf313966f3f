"""Clients as JSON."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.people.acts.clients import add_client, change_client, set_recorded
from denwaban.people.api.common import (
    ADMINISTRATOR,
    EVERYONE,
    Code,
    Greeting,
    Industry,
    Kana,
    Moment,
    Name,
    Policy,
    written,
)
from denwaban.people.model import Client
from denwaban.people.queries import client, clients_page
from denwaban.store import Store, Tx
from denwaban.web.api import (
    NOT_BLANK,
    Cursor,
    IdText,
    Limit,
    Page,
    decode_cursor,
    make_page,
    missing,
    needs_client,
)


class ClientOut(msgspec.Struct):
    """A company whose calls are answered."""

    id: str
    code: str
    name: str
    kana: str
    industry: str
    greeting: str
    policy: str
    recorded: bool
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class ClientIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new client. An empty greeting becomes a usual one with the client's name."""

    code: Code
    name: Name
    kana: Kana = ""
    industry: Industry = ""
    greeting: Greeting = ""
    policy: Policy = ""


Given = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=NOT_BLANK)]


class ClientChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change; what is left out stays. With `updated_at` a change made meanwhile is answered with 409."""

    name: Name | None = None
    kana: Kana | None = None
    industry: Industry | None = None
    greeting: Given | None = None
    policy: Policy | None = None
    recorded: bool | None = None
    """Whether talks are recorded, from the next one on."""
    updated_at: Moment | None = None


def show_client(found: Client) -> ClientOut:
    return msgspec.convert(found, ClientOut, from_attributes=True)


@get("/clients", guards=[EVERYONE])
async def list_clients(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[ClientOut]:
    """Clients by reading. A client's key sees its own client only."""
    place = decode_cursor(cursor, 2)
    after = (place[0], place[1]) if place is not None else None
    only = who.client_id if who.role is Role.CLIENT else None
    found = await store.read(lambda tx: clients_page(tx, only=only, after=after, limit=limit + 1))
    return make_page(found, limit, show_client, lambda item: (item.kana, item.id))


@get("/clients/{client_id:str}", guards=[EVERYONE])
async def get_client(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ClientOut:
    needs_client(who, client_id)
    found = await store.read(lambda tx: client(tx, client_id))
    if found is None:
        raise missing()
    return show_client(found)


@post("/clients", guards=[ADMINISTRATOR])
async def post_client(data: JSONBody[ClientIn], store: NamedDependency[Store]) -> ClientOut:
    def add(tx: Tx) -> Client | None:
        return client(tx, add_client(tx, **msgspec.structs.asdict(data), preparing=True))

    return show_client(await written(store, add))


@patch("/clients/{client_id:str}", guards=[ADMINISTRATOR])
async def patch_client(
    client_id: FromPath[IdText], data: JSONBody[ClientChange], store: NamedDependency[Store]
) -> ClientOut:
    seen = data.updated_at

    def change(tx: Tx) -> Client | None:
        known = client(tx, client_id)
        if known is None:
            return None
        values = {
            field: given if (given := getattr(data, field)) is not None else getattr(known, field)
            for field in ("name", "kana", "industry", "greeting", "policy")
        }
        change_client(tx, client_id, **values, seen=seen)
        if data.recorded is not None:
            set_recorded(tx, client_id, data.recorded)
        return client(tx, client_id)

    return show_client(await written(store, change))


routes = [list_clients, get_client, post_client, patch_client]
