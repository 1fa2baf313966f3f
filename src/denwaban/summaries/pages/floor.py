"""Summaries for our floor: what did not arrive, a client's summaries, making one anew, sending it again, trying it."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from denwaban.access import Principal, Role
from denwaban.access.accounts import user
from denwaban.clock import japan_day
from denwaban.people import client as client_of
from denwaban.store import Store, Tx
from denwaban.summaries.acts import (
    NoSuchSummary,
    make,
    make_again,
    period_of,
    send_again,
    try_out,
)
from denwaban.summaries.model import BadPlan, Kind
from denwaban.summaries.pages import common
from denwaban.summaries.paper import Press
from denwaban.summaries.plans import Reader
from denwaban.summaries.queries import count_troubles, listed, one, posted, troubles
from denwaban.summaries.words import ADDRESS, TITLES
from denwaban.texts import N_
from denwaban.web import MenuEntry, _, needs, not_here, page

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

NEWEST = 50

Text = Annotated[str, msgspec.Meta(max_length=300)]


class MakeForm(msgspec.Struct):
    kind: Kind
    first: Text = ""
    last: Text = ""
    month: Text = ""
    reason: Text = ""


class TryForm(msgspec.Struct):
    kind: Kind


@get("/summaries", guards=[FLOOR])
async def show_all(store: NamedDependency[Store]) -> Template:
    """What did not arrive or is late, and the newest of all clients."""
    late, newest = await store.read(lambda tx: (troubles(tx), listed(tx, None, limit=NEWEST)))
    return page(
        "summaries/floor.html",
        title=common.title,
        titles={kind: _(text) for kind, text in TITLES.items()},
        troubles=late,
        newest=newest,
    )


@get("/summaries/troubles", guards=[FLOOR], media_type="text/plain", opt={"quiet": True})
async def show_count(store: NamedDependency[Store]) -> str:
    """How many stand there; empty for none."""
    count = await store.read(count_troubles)
    return str(count) if count else ""


@get("/clients/{client_id:str}/summaries", guards=[FLOOR])
async def show_client(
    store: NamedDependency[Store],
    client_id: FromPath[str],
    month: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Template:
    """A client's summaries."""
    return await _client_page(store, client_id, month, done)


async def _client_page(
    store: Store, client_id: str, month: str = "", done: str = "", error: str = ""
) -> Template:
    today = japan_day(store.clock.now())

    def read(tx: Tx) -> dict[str, Any]:
        client = client_of(tx, client_id)
        if client is None:
            raise not_here()
        return {
            "client": client,
            "troubles": troubles(tx, client_id),
            **common.of_month(tx, client_id, month, today, made=False),
        }

    found = await store.read(read)
    said = {"wanted": _("作成中です。まだ続いている通話があるため、終わりしだい作ります。")}
    return page(
        "summaries/client.html",
        status=422 if error else 200,
        done=said.get(done, ""),
        error=error,
        yesterday=date.fromordinal(today.toordinal() - 1),
        last_month=date.fromordinal(today.replace(day=1).toordinal() - 1).strftime("%Y-%m"),
        **found,
    )


@post("/clients/{client_id:str}/summaries", guards=[FLOOR])
async def make_one(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromPath[str],
    data: URLEncodedBody[MakeForm],
) -> Redirect | Template:
    """Makes these days, or another edition of them, and mails it as the schedule would."""

    def verb(tx: Tx) -> str:
        if client_of(tx, client_id) is None:
            raise not_here()
        try:
            first = date.fromisoformat(f"{data.month}-01" if data.kind == "monthly" else data.first)
            last = date.fromisoformat(data.last or data.first) if data.kind == "daily" else first
        except ValueError as error:
            raise BadPlan(N_("日付を入れてください。例: 2026-11-24"), "first") from error
        period = period_of(data.kind, first, last, japan_day(tx.now))
        return make_again(tx, client_id, period, data.reason, who.user_id)

    try:
        wanted = await store.write(verb)
    except BadPlan as error:
        return await _client_page(store, client_id, error=error.tell(_))
    return await _made(store, client_id, wanted)


async def _made(store: Store, client_id: str, wanted: str) -> Redirect:
    """Made at once for who waits; the worker finds what is left."""
    await make(store, wanted)
    found = await store.read(lambda tx: one(tx, wanted))
    if found is not None and found.made_at is not None:
        return Redirect(f"/summaries/{wanted}?done=made", status_code=303)
    return Redirect(f"/clients/{client_id}/summaries?done=wanted", status_code=303)


@post("/clients/{client_id:str}/summaries/try", guards=[FLOOR])
async def try_one(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromPath[str],
    data: URLEncodedBody[TryForm],
) -> Redirect:
    """A trial: nobody of the client gets it."""

    def verb(tx: Tx) -> str:
        me = user(tx, who.user_id)
        if client_of(tx, client_id) is None or me is None:
            raise not_here()
        address = me.login if ADDRESS.fullmatch(me.login) else ""
        return try_out(tx, client_id, data.kind, Reader("", me.name, address), me.id)

    return await _made(store, client_id, await store.write(verb))


@get("/summaries/{summary_id:str}", guards=[FLOOR])
async def show_one(
    store: NamedDependency[Store], summary_id: FromPath[str], done: FromQuery[str] = ""
) -> Template:
    """One summary, its mails, and what can be done with it."""
    found = await common.the_kept(store, summary_id)
    mails = await store.read(lambda tx: posted(tx, summary_id))
    said = {
        "made": _("作成しました"),
        "sent": _("もう一度送っています"),
        "nobody": _("送り先がありません。受け取る方を選んでください。"),
    }
    return common.show(
        found, f"/summaries/{summary_id}", floor=True, mails=mails, done=said.get(done, "")
    )


@post("/summaries/{summary_id:str}/send", guards=[FLOOR])
async def send_one(
    who: NamedDependency[Principal], store: NamedDependency[Store], summary_id: FromPath[str]
) -> Redirect:
    """The same once more."""
    try:
        count = await store.write(lambda tx: send_again(tx, summary_id, who.user_id))
    except NoSuchSummary as error:
        raise not_here() from error
    done = "sent" if count else "nobody"
    return Redirect(f"/summaries/{summary_id}?done={done}", status_code=303)


@get("/summaries/{summary_id:str}/pdf", guards=[FLOOR])
async def show_pdf(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    press: NamedDependency[Press],
    summary_id: FromPath[str],
) -> Response[bytes]:
    return await common.pdf_file(store, who, await common.the_kept(store, summary_id), press)


@get("/summaries/{summary_id:str}/csv", guards=[FLOOR])
async def show_csv(
    who: NamedDependency[Principal], store: NamedDependency[Store], summary_id: FromPath[str]
) -> Response[bytes]:
    return await common.csv_file(store, who, await common.the_kept(store, summary_id))


menu = [
    MenuEntry(
        "/summaries",
        "日報・月報",
        frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
        mark="/summaries/troubles",
    )
]

routes = [
    show_all,
    show_count,
    show_client,
    make_one,
    try_one,
    show_one,
    send_one,
    show_pdf,
    show_csv,
]
