"""A client's promises for supervisors: how they were kept, what is open, and how the client counts."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.oncall import count_in_business_hours, in_business_hours
from denwaban.people import client_here
from denwaban.promises.acts import open_of_client
from denwaban.promises.months import month_of, percent
from denwaban.store import Store, Tx
from denwaban.web import _, needs, page

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

SHOWN = 50

MonthText = Annotated[str, msgspec.Meta(max_length=7)]


class CountForm(msgspec.Struct):
    business: bool = False


@get("/clients/{client_id:str}/promises", guards=[FLOOR])
async def show(
    client_id: FromPath[str],
    store: NamedDependency[Store],
    month: FromQuery[MonthText] = "",
    done: FromQuery[str] = "",
) -> Template:
    """One month, and what callers still wait for."""

    def look(tx: Tx) -> dict[str, Any]:
        owner = client_here(tx, client_id)
        found = open_of_client(tx, client_id)
        return {
            "client": owner,
            "month": month_of(tx, client_id, month),
            "open": found[:SHOWN],
            "more": max(0, len(found) - SHOWN),
            "business": in_business_hours(tx, client_id),
            "now": tx.now,
        }

    return page(
        "promises/client.html",
        percent=percent,
        done=_("数え方を保存しました。これからのお約束に効きます。") if done else "",
        **await store.read(look),
    )


@post("/clients/{client_id:str}/promises", guards=[FLOOR])
async def count(
    client_id: FromPath[str],
    data: URLEncodedBody[CountForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """By the clock, or in business hours."""

    def save(tx: Tx) -> None:
        client_here(tx, client_id)
        count_in_business_hours(tx, client_id, data.business, who.user_id)

    await store.write(save)
    return Redirect(f"/clients/{client_id}/promises?done=1", status_code=303)


routes = [show, count]
