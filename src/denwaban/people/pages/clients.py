"""Clients: the list, one client with its staff, adding and changing."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.clock import Clock
from denwaban.people.acts.clients import add_client, change_client, end_client, set_recorded
from denwaban.people.here import client_here
from denwaban.people.model import Changed, PeopleError, without_substitute
from denwaban.people.pages.common import ADMINISTRATOR, READERS, presences, told
from denwaban.people.queries import clients_page, staff_of
from denwaban.store import Store
from denwaban.web import page, saved, seen_at
from denwaban.web.api import Cursor, decode_cursor, encode_cursor

AT_ONCE = 50


class ClientForm(msgspec.Struct):
    code: str = ""
    name: str = ""
    kana: str = ""
    industry: str = ""
    greeting: str = ""
    policy: str = ""
    seen: str = ""


@get("/clients", guards=[READERS])
async def show_clients(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    q: FromQuery[Annotated[str, msgspec.Meta(max_length=100)]] = "",
    cursor: FromQuery[Cursor | None] = None,
) -> Template:
    place = decode_cursor(cursor, 2)
    after = (place[0], place[1]) if place is not None else None
    found = await store.read(
        lambda tx: clients_page(tx, search=q.strip(), after=after, limit=AT_ONCE + 1)
    )
    shown = found[:AT_ONCE]
    more = encode_cursor(shown[-1].kana, shown[-1].id) if len(found) > AT_ONCE else None
    return page(
        "people/clients.html",
        clients=shown,
        q=q,
        more=more,
        later=cursor is not None,
        may_edit=who.role is Role.ADMINISTRATOR,
    )


@get("/clients/new", guards=[ADMINISTRATOR])
async def new_client() -> Template:
    return page("people/client_new.html", form=ClientForm(), errors={})


@post("/clients", guards=[ADMINISTRATOR])
async def post_client(
    data: URLEncodedBody[ClientForm], store: NamedDependency[Store]
) -> Template | Redirect:
    values = {key: value for key, value in msgspec.structs.asdict(data).items() if key != "seen"}
    try:
        made = await store.write(lambda tx: add_client(tx, **values, preparing=True))
    except PeopleError as error:
        return page("people/client_new.html", status=422, form=data, errors=told(error))
    return saved(f"/clients/{made}")


async def _client_page(
    who: Principal, store: Store, clock: Clock, client_id: str, status: int = 200, **more: Any
) -> Template:
    found, people = await store.read(
        lambda tx: (client_here(tx, client_id), staff_of(tx, client_id, left=True))
    )
    here = [person for person in people if person.left_at is None]
    context: dict[str, Any] = {
        "client": found,
        "staff": here,
        "left": [person for person in people if person.left_at is not None],
        "names": {person.id: person.name for person in people},
        "alone": {person.id for person in without_substitute(here)},
        "now": clock.now(),
        "presences": dict(presences()),
        "may_edit": who.role is Role.ADMINISTRATOR,
        "form": found,
        "errors": {},
        **more,
    }
    return page("people/client.html", status=status, **context)


@get("/clients/{client_id:str}", guards=[READERS])
async def show_client(
    client_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template:
    return await _client_page(who, store, clock, client_id)


@post("/clients/{client_id:str}", guards=[ADMINISTRATOR])
async def save_client(
    client_id: FromPath[str],
    data: URLEncodedBody[ClientForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    clock: NamedDependency[Clock],
) -> Template | Redirect:
    seen = seen_at(data.seen)
    try:
        await store.write(
            lambda tx: change_client(
                tx,
                client_id,
                name=data.name,
                kana=data.kana,
                industry=data.industry,
                greeting=data.greeting,
                policy=data.policy,
                seen=seen,
            )
        )
    except PeopleError as error:
        # What was typed stays in the form; the page shows beside it what is stored now.
        status = 409 if isinstance(error, Changed) else 422
        return await _client_page(
            who, store, clock, client_id, status, form=data, errors=told(error)
        )
    return saved(f"/clients/{client_id}")


class EndForm(msgspec.Struct):
    ended: bool = True


@post("/clients/{client_id:str}/end", guards=[ADMINISTRATOR])
async def post_end(
    client_id: FromPath[str], data: URLEncodedBody[EndForm], store: NamedDependency[Store]
) -> Redirect:
    """Ends the contract or takes it up again: nothing is erased, so it can be undone."""
    await store.read(lambda tx: client_here(tx, client_id))
    await store.write(lambda tx: end_client(tx, client_id, data.ended))
    return saved(f"/clients/{client_id}")


class RecordedForm(msgspec.Struct):
    recorded: bool = True


@post("/clients/{client_id:str}/recorded", guards=[ADMINISTRATOR])
async def post_recorded(
    client_id: FromPath[str], data: URLEncodedBody[RecordedForm], store: NamedDependency[Store]
) -> Redirect:
    """Talks from now on are recorded, or are not; what is recorded already stays."""
    await store.read(lambda tx: client_here(tx, client_id))
    await store.write(lambda tx: set_recorded(tx, client_id, data.recorded))
    return saved(f"/clients/{client_id}")


routes = [
    show_clients,
    new_client,
    post_client,
    show_client,
    save_client,
    post_end,
    post_recorded,
]
