"""Callers whom a client wants to be put through before its others: the client's own staff say who."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.lines.levels import level_of
from denwaban.lines.number import NumberKind, parse_number, show_number
from denwaban.people import (
    PeopleError,
    client_here,
    put_first_callers,
    remember_caller,
    set_put_first,
)
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, _, needs, not_here, page, saved

THEIRS = needs(Role.CLIENT)
WHO = needs(Role.CLIENT, Role.SUPERVISOR, Role.ADMINISTRATOR)


class FirstForm(msgspec.Struct):
    number: str = ""
    name: str = ""


def _own(who: Principal, client_id: str) -> None:
    if who.role is Role.CLIENT and who.client_id != client_id:
        raise not_here()


async def _page(store: Store, client_id: str, status: int = 200, **more: Any) -> Template:
    def read(tx: Tx) -> dict[str, Any]:
        found = client_here(tx, client_id)
        return {
            "client": found,
            "callers": put_first_callers(tx, client_id),
            "agreed": level_of(tx, client_id).callers_first,
        }

    context: dict[str, Any] = {
        **await store.read(read),
        "show_number": show_number,
        "form": FirstForm(),
        "errors": {},
        **more,
    }
    return page("lines/first.html", status=status, **context)


@get("/first-callers", guards=[THEIRS])
async def show_mine(who: NamedDependency[Principal]) -> Redirect:
    """Those of the reader's own company."""
    return Redirect(f"/clients/{who.client_id}/first-callers", status_code=303)


@get("/clients/{client_id:str}/first-callers", guards=[WHO])
async def show_first(
    client_id: FromPath[str], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> Template:
    _own(who, client_id)
    return await _page(store, client_id)


@post("/clients/{client_id:str}/first-callers", guards=[WHO])
async def post_first(
    client_id: FromPath[str],
    data: URLEncodedBody[FirstForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Somebody goes first from the next call on; what is known of them stays."""
    _own(who, client_id)
    number = parse_number(data.number)
    e164 = number.e164
    if e164 is None or number.kind is NumberKind.SPECIAL:
        told = {"number": _("番号の形が違うようです。例: 090-1234-5678")}
        return await _page(store, client_id, 422, form=data, errors=told)

    def add(tx: Tx) -> None:
        client_here(tx, client_id)
        if data.name.strip():
            remember_caller(tx, client_id, e164, data.name)
        set_put_first(tx, client_id, e164, True)

    try:
        await store.write(add)
    except PeopleError as error:
        told = {"name": error.tell(_)}
        return await _page(store, client_id, 422, form=data, errors=told)
    return saved(f"/clients/{client_id}/first-callers")


@post("/clients/{client_id:str}/first-callers/{caller_id:str}/remove", guards=[WHO])
async def post_remove_first(
    client_id: FromPath[str],
    caller_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """Waits like all others from the next call on; already so is no error."""
    _own(who, client_id)

    def remove(tx: Tx) -> None:
        for one in put_first_callers(tx, client_id):
            if one.id == caller_id:
                set_put_first(tx, client_id, one.number, False)

    await store.write(remove)
    return saved(f"/clients/{client_id}/first-callers")


menu = [MenuEntry("/first-callers", "先につなぐ方", frozenset({Role.CLIENT}))]

routes = [show_mine, show_first, post_first, post_remove_first]
