"""A client's data at rest, for administrators' programs."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from denwaban.access import Principal, Role
from denwaban.calls import Recordings
from denwaban.people import Changed, PeopleError, client
from denwaban.retention.acts import set_terms, terms_of
from denwaban.retention.export import pack
from denwaban.retention.holds import LONGEST_REASON, Hold, holds_of, lift_hold, place_hold
from denwaban.retention.model import LONGEST, Terms
from denwaban.retention.requests import erase
from denwaban.store import Store, Tx
from denwaban.web import _, needs
from denwaban.web.api import NOT_BLANK, IdText, ShortText, missing, refused

ADMINISTRATOR = [needs(Role.ADMINISTRATOR)]

Months = Annotated[int, msgspec.Meta(ge=1, le=LONGEST)]


class TermsOut(msgspec.Struct):
    """For how many months data is kept; null: until somebody says otherwise."""

    recordings: int | None
    reports: int | None
    """With their answers."""
    callers: int | None
    """Names and numbers of who called."""
    version: int


class TermsIn(msgspec.Struct, forbid_unknown_fields=True):
    """What is older is erased every night at 3:30 (Tokyo), for good."""

    recordings: Months | None
    reports: Months | None
    callers: Months | None
    version: int | None = None
    """That of the terms which were read before; 409 when they have changed since."""


class HoldOut(msgspec.Struct):
    """A legal hold that stands."""

    id: str
    call_id: str | None
    """null: everything of the client."""
    reason: str
    placed_at: datetime


class HoldIn(msgspec.Struct, forbid_unknown_fields=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REASON, pattern=NOT_BLANK)]
    call_id: IdText | None = None


class NumberIn(msgspec.Struct, forbid_unknown_fields=True):
    """Whose data: a telephone number as people write it, or E.164."""

    number: ShortText


class ErasedOut(msgspec.Struct):
    """What was erased, and how much was not."""

    recordings: int
    reports: int
    callers: int
    held: int
    """Calls and reports under a legal hold."""
    waiting: int
    """Reports that somebody still has to deal with or of which a promise is not kept, and calls that are not over: ask again
    when they are."""
    promised: int
    """How many of `waiting` wait for a promise to be kept."""
    left: int
    """How many calls and reports go on being erased after this answer, also when the program is started again; 0: it is done. Of much
    nothing is erased before the answer."""


def _known(tx: Tx, client_id: str) -> None:
    if client(tx, client_id) is None:
        raise missing()


def _terms(tx: Tx, client_id: str) -> TermsOut:
    kept = terms_of(tx, client_id)
    terms = kept.terms
    return TermsOut(terms.recordings, terms.reports, terms.callers, kept.version)


def _hold(one: Hold) -> HoldOut:
    return HoldOut(one.id, one.call_id, one.reason, one.placed_at)


@get("/clients/{client_id:str}/retention", guards=ADMINISTRATOR, tags=["data"])
async def get_retention(client_id: FromPath[IdText], store: NamedDependency[Store]) -> TermsOut:
    """How long a client's data is kept."""

    def look(tx: Tx) -> TermsOut:
        _known(tx, client_id)
        return _terms(tx, client_id)

    return await store.read(look)


@put("/clients/{client_id:str}/retention", guards=ADMINISTRATOR, tags=["data"])
async def put_retention(
    client_id: FromPath[IdText],
    data: JSONBody[TermsIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> TermsOut:
    """From the next night on; what has been kept for longer by then goes."""

    def verb(tx: Tx) -> TermsOut:
        _known(tx, client_id)
        terms = Terms(data.recordings, data.reports, data.callers)
        set_terms(tx, client_id, terms, who.user_id, data.version)
        return _terms(tx, client_id)

    try:
        return await store.write(verb)
    except Changed as error:
        raise refused("version", error.tell(_), 409) from error


@get("/clients/{client_id:str}/holds", guards=ADMINISTRATOR, tags=["data"])
async def get_holds(client_id: FromPath[IdText], store: NamedDependency[Store]) -> list[HoldOut]:
    """What of a client must not be erased, whatever the terms."""

    def look(tx: Tx) -> list[HoldOut]:
        _known(tx, client_id)
        return [_hold(one) for one in holds_of(tx, client_id)]

    return await store.read(look)


@post("/clients/{client_id:str}/holds", guards=ADMINISTRATOR, tags=["data"])
async def post_hold(
    client_id: FromPath[IdText],
    data: JSONBody[HoldIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> HoldOut:
    """Keeps a call, or everything of the client, until the hold is lifted."""

    def verb(tx: Tx) -> HoldOut:
        _known(tx, client_id)
        made = place_hold(tx, client_id, data.reason, who.user_id, data.call_id)
        return next(_hold(one) for one in holds_of(tx, client_id) if one.id == made)

    try:
        return await store.write(verb)
    except PeopleError as error:
        raise refused(error.field, error.tell(_)) from error


@delete("/clients/{client_id:str}/holds/{hold_id:str}", guards=ADMINISTRATOR, tags=["data"])
async def delete_hold(
    client_id: FromPath[IdText],
    hold_id: FromPath[IdText],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> None:
    """Lifts a hold."""
    try:
        await store.write(lambda tx: lift_hold(tx, client_id, hold_id, who.user_id))
    except LookupError as error:
        raise missing() from error


@post(
    "/clients/{client_id:str}/caller-exports",
    guards=ADMINISTRATOR,
    tags=["data"],
    status_code=200,
    media_type="application/zip",
)
async def post_export(
    client_id: FromPath[IdText],
    data: JSONBody[NumberIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    recordings: NamedDependency[Recordings],
) -> Stream:
    """Everything that is kept of one caller: a ZIP with `data.json` and the recordings."""
    await store.read(lambda tx: _known(tx, client_id))
    try:
        file = await pack(store, recordings, client_id, data.number, who.user_id)
    except PeopleError as error:
        raise refused(error.field, error.tell(_)) from error
    return Stream(file, headers={"Cache-Control": "no-store"}, media_type="application/zip")


@post(
    "/clients/{client_id:str}/caller-erasures",
    guards=ADMINISTRATOR,
    tags=["data"],
    status_code=200,
)
async def post_erasure(
    client_id: FromPath[IdText],
    data: JSONBody[NumberIn],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> ErasedOut:
    """Erases what is kept of one caller, for good. That it happened is kept, not whom it was about."""

    await store.read(lambda tx: _known(tx, client_id))
    try:
        begun = await erase(store, client_id, data.number, who.user_id)
    except PeopleError as error:
        raise refused(error.field, error.tell(_)) from error
    gone, may = begun.gone, begun.may
    return ErasedOut(
        gone.recordings,
        gone.reports,
        gone.callers,
        may.held,
        may.waiting,
        may.promised,
        begun.left,
    )


routes = [
    get_retention,
    put_retention,
    get_holds,
    post_hold,
    delete_hold,
    post_export,
    post_erasure,
]
