"""Conditions of transfers as JSON, under /api/v1."""

from typing import Annotated

import msgspec
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from denwaban.access import Principal, Role
from denwaban.lines.transfer.acts import WrongTransfers, set_transfers, transfers_of
from denwaban.lines.transfer.model import MOST_CONDITIONS, Condition
from denwaban.people import client_here
from denwaban.store import Store, Tx
from denwaban.web import _, needs
from denwaban.web.api import IdText, needs_client, refused

EVERYONE = needs()
ADMINISTRATOR = needs(Role.ADMINISTRATOR)


class Transfers(msgspec.Struct, forbid_unknown_fields=True):
    """Who of a client may be put through when: the first condition that fits decides; when none does, anybody may."""

    conditions: Annotated[list[Condition], msgspec.Meta(max_length=MOST_CONDITIONS)]


@get("/clients/{client_id:str}/transfers", guards=[EVERYONE])
async def get_transfers(
    client_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Transfers:
    """In the order in which they are asked."""
    needs_client(who, client_id)

    def read(tx: Tx) -> Transfers:
        client_here(tx, client_id)
        return Transfers(list(transfers_of(tx, client_id)))

    return await store.read(read)


@put("/clients/{client_id:str}/transfers", guards=[ADMINISTRATOR])
async def put_transfers(
    client_id: FromPath[IdText], data: JSONBody[Transfers], store: NamedDependency[Store]
) -> Transfers:
    """Replaces all of them."""

    def change(tx: Tx) -> Transfers:
        client_here(tx, client_id)
        set_transfers(tx, client_id, data.conditions)
        return Transfers(list(transfers_of(tx, client_id)))

    try:
        return await store.write(change)
    except WrongTransfers as error:
        told = " ".join(f"{place + 1}: {_(fault)}" for place, fault in error.faults.items())
        raise refused("conditions", told) from error


routes = [get_transfers, put_transfers]
