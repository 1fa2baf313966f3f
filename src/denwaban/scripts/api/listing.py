"""Which scripts there are, and new ones."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal
from denwaban.people import client_here
from denwaban.scripts.api.shapes import AUTHORS, EVERYONE, ScriptIn, ScriptOut, script_out, theirs
from denwaban.scripts.drafts import new_script
from denwaban.scripts.life import ScriptError
from denwaban.scripts.queries import Listed, scripts_page
from denwaban.store import Store, Tx
from denwaban.web import _
from denwaban.web.api import (
    Cursor,
    IdText,
    Limit,
    Page,
    decode_cursor,
    make_page,
    only_client,
    refused,
)


@get("/scripts", guards=[EVERYONE], operation_id="listScripts", tags=["scripts"])
async def get_scripts(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = 50,
) -> Page[ScriptOut]:
    """By client, then by name. A client's staff sees its own."""
    only = only_client(who, client_id)
    place = decode_cursor(cursor, 3)
    after = (place[0], place[1], place[2]) if place is not None else None
    found = await store.read(
        lambda tx: scripts_page(tx, client_id=only, after=after, limit=limit + 1)
    )
    return make_page(found, limit, script_out, lambda one: one.place)


@get("/scripts/{script_id:str}", guards=[EVERYONE], operation_id="getScript", tags=["scripts"])
async def get_script(
    script_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ScriptOut:
    return script_out(await store.read(lambda tx: theirs(tx, who, script_id)))


@post("/scripts", guards=[AUTHORS], operation_id="addScript", tags=["scripts"])
async def post_script(
    data: JSONBody[ScriptIn], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> ScriptOut:
    """A script with a draft; calls follow it when it is published and a plan names it."""

    def make(tx: Tx) -> Listed:
        client_here(tx, data.client_id)
        made = new_script(tx, data.client_id, data.name, data.text, who.user_id)
        return theirs(tx, who, made)

    try:
        return script_out(await store.write(make))
    except ScriptError as error:
        raise refused("name", _(str(error))) from error


routes = [get_scripts, get_script, post_script]
