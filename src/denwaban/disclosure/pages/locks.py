"""A supervisor's hand: locks that are taken off, and fields that are allowed, each with a reason."""

from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.calls import call as call_of
from denwaban.disclosure.board import held
from denwaban.disclosure.standing import standing
from denwaban.disclosure.unlocking import allow, unlock
from denwaban.people import PeopleError
from denwaban.store import Store, Tx
from denwaban.texts import N_
from denwaban.web import _, needs, not_here, page

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

DONE = {
    "unlocked": N_("ロックを解きました。オペレーターは、もう一度照合できます。"),
    "allowed": N_("この通話に限り、お伝えできるようにしました。"),
}


class Hand(msgspec.Struct):
    """`label`: the field that is allowed; empty: the lock is taken off."""

    reason: str = ""
    label: str = ""


async def _page(store: Store, status: int = 200, **more: Any) -> Template:
    return page("disclosure/locks.html", status=status, held=await store.read(held), **more)


@get("/identity", guards=[FLOOR])
async def show(store: NamedDependency[Store], done: FromQuery[str] = "") -> Template:
    """What waits now."""
    return await _page(store, done=_(DONE[done]) if done in DONE else "", error="")


@post("/identity/{call_id:str}", guards=[FLOOR])
async def decide(
    call_id: FromPath[str],
    data: URLEncodedBody[Hand],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Takes the lock of a call off, or allows it a field."""

    def verb(tx: Tx) -> None:
        call = call_of(tx, call_id)
        now = standing(tx, call) if call is not None else None
        if now is None:
            raise not_here()
        client_id = now.policy.client_id
        if not data.label:
            unlock(tx, call_id, client_id, who.user_id, data.reason)
        elif now.policy.field(data.label) is None:
            raise not_here()
        else:
            allow(tx, call_id, client_id, who.user_id, data.label, data.reason)

    try:
        await store.write(verb)
    except PeopleError as error:
        return await _page(store, 422, done="", error=error.tell(_))
    return Redirect(f"/identity?done={'allowed' if data.label else 'unlocked'}", status_code=303)


routes = [show, decide]
