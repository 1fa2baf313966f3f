"""A client's data at rest, for administrators: how long it is kept, what is held, what one caller asks for."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Stream, Template
from sqlalchemy import select

from denwaban.access import Principal, Role
from denwaban.access import rows as access_rows
from denwaban.calls import Recordings
from denwaban.people import PeopleError, client_here
from denwaban.retention.acts import erasures_of, over, set_terms, terms_of
from denwaban.retention.export import pack
from denwaban.retention.holds import BadHold, holds_of, lift_hold, place_hold
from denwaban.retention.model import BadTerms, Counts, Terms, months_typed
from denwaban.retention.requests import erase as erase_asked
from denwaban.retention.whose import asked, may_go
from denwaban.store import Store, Tx
from denwaban.texts import N_
from denwaban.web import _, needs, not_here, page

ADMINISTRATOR = [needs(Role.ADMINISTRATOR)]

Id = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?$")]
Word = Annotated[str, msgspec.Meta(max_length=20)]

DONE = {
    "terms": N_("保存しました。次の 3:30 から効きます。"),
    "held": N_("保留にしました。解くまで、何があっても消えません。"),
    "lifted": N_("保留を解きました。次の 3:30 から、決められた期間に従います。"),
    "erased": N_("消去しました。消去の記録に残っています。"),
    "erasing": N_(
        "消去を始めました。件数が多いため、終わるまでしばらくかかります。この画面を開き直すと、残りが分かります。"
    ),
}


class TermsForm(msgspec.Struct):
    recordings: str = ""
    reports: str = ""
    callers: str = ""
    seen: int = 0
    sure: bool = False


class HoldForm(msgspec.Struct):
    reason: str = ""
    call_id: str = ""


class NumberForm(msgspec.Struct):
    number: str = ""
    sure: bool = False


def _terms(data: TermsForm) -> Terms:
    return Terms(
        *(months_typed(name, getattr(data, name)) for name in ("recordings", "reports", "callers"))
    )


async def _show(store: Store, client_id: str, status: int = 200, **more: Any) -> Template:
    def look(tx: Tx) -> dict[str, Any]:
        owner = client_here(tx, client_id)
        erasures, holds = erasures_of(tx, client_id), holds_of(tx, client_id)
        wanted = {one.by_user_id for one in erasures} | {one.placed_by for one in holds}
        users = access_rows.users
        names = {
            row["id"]: row["name"]
            for row in tx.all(
                select(users.c.id, users.c.name).where(
                    users.c.id.in_([one for one in wanted if one is not None])
                )
            )
        }
        return {
            "client": owner,
            "kept": terms_of(tx, client_id),
            "holds": holds,
            "erasures": erasures,
            "names": names,
            "now": tx.now,
        }

    found = await store.read(look)
    context: dict[str, Any] = {
        "values": found["kept"].terms,
        "errors": {},
        "done": "",
        "going": Counts(),
        "number": "",
        "found": None,
        "hold": HoldForm(),
        **found,
        **more,
    }
    return page("retention/client.html", status=status, **context)


@get("/clients/{client_id:str}/data", guards=ADMINISTRATOR)
async def show(
    client_id: FromPath[str],
    store: NamedDependency[Store],
    done: FromQuery[Word] = "",
    call: FromQuery[Id] = "",
) -> Template:
    """The terms, the holds, and what was erased. `call` is put into the form for a hold."""
    return await _show(
        store,
        client_id,
        done=_(DONE[done]) if done in DONE else "",
        hold=HoldForm(call_id=call),
    )


@post("/clients/{client_id:str}/data", guards=ADMINISTRATOR)
async def save(
    client_id: FromPath[str],
    data: URLEncodedBody[TermsForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect | Template:
    """Keeps the terms. When they erase something this very night, it asks first."""

    def count(tx: Tx) -> Counts:
        client_here(tx, client_id)
        return over(tx, client_id, _terms(data))

    def verb(tx: Tx) -> None:
        client_here(tx, client_id)
        set_terms(tx, client_id, _terms(data), who.user_id, data.seen)

    try:
        # A hundred thousand may be counted: beside the writer.
        going = Counts() if data.sure else await store.read(count)
        if not going:
            await store.write(verb)
    except PeopleError as error:
        return await _show(
            store, client_id, 422, values=data, errors={error.field or "recordings": error.tell(_)}
        )
    if going:
        return await _show(store, client_id, 409, values=data, going=going)
    return Redirect(f"/clients/{client_id}/data?done=terms", status_code=303)


@post("/clients/{client_id:str}/holds", guards=ADMINISTRATOR)
async def hold(
    client_id: FromPath[str],
    data: URLEncodedBody[HoldForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect | Template:
    """Nothing of the client, or of one call, is erased from now on."""

    def verb(tx: Tx) -> None:
        client_here(tx, client_id)
        place_hold(tx, client_id, data.reason, who.user_id, data.call_id.strip() or None)

    try:
        await store.write(verb)
    except BadHold as error:
        return await _show(store, client_id, 422, hold=data, errors={error.field: error.tell(_)})
    return Redirect(f"/clients/{client_id}/data?done=held", status_code=303)


@post("/clients/{client_id:str}/holds/{hold_id:str}/lift", guards=ADMINISTRATOR)
async def lift(
    client_id: FromPath[str],
    hold_id: FromPath[str],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect:
    """What was held follows the terms again."""
    try:
        await store.write(lambda tx: lift_hold(tx, client_id, hold_id, who.user_id))
    except LookupError as error:
        raise not_here() from error
    return Redirect(f"/clients/{client_id}/data?done=lifted", status_code=303)


@post("/clients/{client_id:str}/caller-data", guards=ADMINISTRATOR, status_code=200)
async def find(
    client_id: FromPath[str], data: URLEncodedBody[NumberForm], store: NamedDependency[Store]
) -> Template:
    """What is kept of one caller. The number travels in the form: never in an address."""
    return await _found(store, client_id, data)


async def _found(store: Store, client_id: str, data: NumberForm) -> Template:
    def look(tx: Tx) -> tuple[Any, Any]:
        client_here(tx, client_id)
        found = asked(tx, client_id, data.number)
        return found, may_go(tx, found)

    try:
        found, may = await store.read_long(look)
    except BadTerms as error:
        return await _show(
            store,
            client_id,
            422,
            number=data.number,
            errors={error.field: error.tell(_)},
        )
    return await _show(store, client_id, number=data.number, found=found, may=may)


@post("/clients/{client_id:str}/caller-data/export", guards=ADMINISTRATOR, status_code=200)
async def export(
    client_id: FromPath[str],
    data: URLEncodedBody[NumberForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    recordings: NamedDependency[Recordings],
) -> Stream | Template:
    """All of it, as a file."""
    await store.read(lambda tx: client_here(tx, client_id))
    try:
        file = await pack(store, recordings, client_id, data.number, who.user_id)
    except BadTerms as error:
        return await _show(
            store, client_id, 422, number=data.number, errors={error.field: error.tell(_)}
        )
    headers = {
        "Content-Disposition": 'attachment; filename="caller-data.zip"',
        "Cache-Control": "no-store",
    }
    return Stream(file, headers=headers, media_type="application/zip")


@post("/clients/{client_id:str}/caller-data/erase", guards=ADMINISTRATOR)
async def erase(
    client_id: FromPath[str],
    data: URLEncodedBody[NumberForm],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> Redirect | Template:
    """Erases it, when whoever asks is sure."""

    if not data.sure:
        return await _found(store, client_id, data)
    await store.read(lambda tx: client_here(tx, client_id))
    try:
        begun = await erase_asked(store, client_id, data.number, who.user_id)
    except BadTerms as error:
        return await _show(
            store, client_id, 422, number=data.number, errors={error.field: error.tell(_)}
        )
    done = "erasing" if begun.left else "erased"
    return Redirect(f"/clients/{client_id}/data?done={done}", status_code=303)


routes = [show, save, hold, lift, find, export, erase]
