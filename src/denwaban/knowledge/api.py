"""Entries as JSON, under /api/v1."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from denwaban.access import Principal, Role
from denwaban.clock import japan_day
from denwaban.knowledge.acts import add_faq, change_faq, remove_faq, restore_faq
from denwaban.knowledge.model import Author, Bound, Content, Faq, content_of
from denwaban.knowledge.queries import faq, faqs_page, find
from denwaban.knowledge.rows import FAQ
from denwaban.people import Changed, PeopleError, client_here
from denwaban.store import Store, Tx
from denwaban.store.words import query
from denwaban.web import Problem, _, needs
from denwaban.web.api import (
    NO_NULL,
    NOT_BLANK,
    Cursor,
    IdText,
    Limit,
    Page,
    ShortText,
    decode_cursor,
    make_page,
    missing,
    needs_client,
    only_client,
    refused,
)

EVERYONE = needs()
WRITERS = needs(Role.SUPERVISOR, Role.ADMINISTRATOR, Role.CLIENT)

Answer = Annotated[str, msgspec.Meta(min_length=1, max_length=400, pattern=NOT_BLANK)]
Wordings = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NULL)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class FaqOut(msgspec.Struct):
    """What callers ask, and what is answered. Operators do not see `answer` of a restricted entry: it is null."""

    id: str
    client_id: str
    question: str
    answer: str | None
    wordings: str
    bound: Bound
    restricted: bool
    valid_from: date | None
    valid_until: date | None
    created_at: datetime
    updated_at: datetime


class FaqIn(msgspec.Struct, forbid_unknown_fields=True):
    """A new entry. `bound`: how far an operator goes with it. `restricted`: only after the identity check. The days (JST) are
    the first and the last on which it holds."""

    client_id: IdText
    question: ShortText
    answer: Answer
    wordings: Wordings = ""
    bound: Bound = Bound.EXPLAIN
    restricted: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


class FaqChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change; what is left out stays. With `updated_at` a change made meanwhile is answered with 409."""

    question: ShortText | None = None
    answer: Answer | None = None
    wordings: Wordings | None = None
    bound: Bound | None = None
    restricted: bool | None = None
    valid_from: date | None | msgspec.UnsetType = msgspec.UNSET
    valid_until: date | None | msgspec.UnsetType = msgspec.UNSET
    updated_at: Moment | None = None


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What is looked for: any two characters or more, of one client, or of all that the reader may see."""

    text: Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NULL)]
    client_id: IdText | None = None


class FaqsFound(msgspec.Struct):
    """Up to twenty entries that hold today, best first."""

    items: list[FaqOut]


def show(entry: Faq, who: Principal) -> FaqOut:
    values = {name: getattr(entry, name) for name in FaqOut.__struct_fields__}
    if entry.restricted and (who.role is Role.OPERATOR or not entry.answer):
        values["answer"] = None
    return FaqOut(**values)


def author(who: Principal) -> Author:
    """Who changes something, as the history keeps it."""
    return Author(who.user_id, who.name)


def _told(error: PeopleError) -> Problem:
    if isinstance(error, Changed):
        return refused("updated_at", error.tell(_), 409)
    return refused(error.field, error.tell(_))


def _own(tx: Tx, who: Principal, faq_id: str) -> Faq:
    found = faq(tx, faq_id)
    if found is None or not who.may_see(found.client_id):
        raise missing()
    return found


@get("/faqs", guards=[EVERYONE])
async def list_faqs(
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
    client_id: FromQuery[IdText | None] = None,
    limit: FromQuery[Limit] = 50,
    cursor: FromQuery[Cursor | None] = None,
) -> Page[FaqOut]:
    """Entries, oldest first; a client's key sees its own only."""
    only = only_client(who, client_id)
    place = decode_cursor(cursor)
    after = place[0] if place is not None else None
    found = await store.read(lambda tx: faqs_page(tx, only, after=after, limit=limit + 1))
    return make_page(found, limit, lambda entry: show(entry, who), lambda entry: (entry.id,))


@post("/faqs/search", guards=[EVERYONE], status_code=200)
async def search_faqs(
    data: JSONBody[Wanted], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> FaqsFound:
    """Searches questions, other wordings and answers. By POST, so that what callers said is in no address."""
    only = only_client(who, data.client_id)

    def verb(tx: Tx) -> list[FaqOut]:
        today = japan_day(tx.now)
        hits = find(tx, query(data.text), today, client_id=only, kinds=[FAQ])
        # `find` has left out the answers that nobody may hear yet; who may read them reads them by id.
        return [show(hit.faq, who) for hit in hits if hit.faq is not None]

    return FaqsFound(await store.read(verb))


@get("/faqs/{faq_id:str}", guards=[EVERYONE])
async def get_faq(
    faq_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> FaqOut:
    found = await store.read(lambda tx: _own(tx, who, faq_id))
    if found.removed_at is not None:
        raise missing()
    return show(found, who)


@post("/faqs", guards=[WRITERS])
async def post_faq(
    data: JSONBody[FaqIn], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> FaqOut:
    needs_client(who, data.client_id)

    def add(tx: Tx) -> Faq:
        client_here(tx, data.client_id)
        values = msgspec.structs.asdict(data)
        del values["client_id"]
        return _own(tx, who, add_faq(tx, data.client_id, Content(**values), author(who)))

    try:
        return show(await store.write(add), who)
    except PeopleError as error:
        raise _told(error) from error


@patch("/faqs/{faq_id:str}", guards=[WRITERS])
async def patch_faq(
    faq_id: FromPath[IdText],
    data: JSONBody[FaqChange],
    who: NamedDependency[Principal],
    store: NamedDependency[Store],
) -> FaqOut:
    def change(tx: Tx) -> Faq:
        known = _own(tx, who, faq_id)
        if known.removed_at is not None:
            raise missing()
        values = {
            name: value
            for name, value in msgspec.structs.asdict(data).items()
            if name != "updated_at"
            and value is not msgspec.UNSET
            and (value is not None or name in ("valid_from", "valid_until"))
        }
        change_faq(tx, faq_id, replace(content_of(known), **values), author(who), data.updated_at)
        return _own(tx, who, faq_id)

    try:
        return show(await store.write(change), who)
    except PeopleError as error:
        raise _told(error) from error


@delete("/faqs/{faq_id:str}", guards=[WRITERS], status_code=204)
async def delete_faq(
    faq_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> None:
    """Takes it away; `restore` brings it back."""

    def remove(tx: Tx) -> None:
        if _own(tx, who, faq_id).removed_at is not None:
            raise missing()
        remove_faq(tx, faq_id, author(who))

    await store.write(remove)


@post("/faqs/{faq_id:str}/restore", guards=[WRITERS], status_code=200)
async def post_restore(
    faq_id: FromPath[IdText], who: NamedDependency[Principal], store: NamedDependency[Store]
) -> FaqOut:
    """Brings back an entry that was taken away; one that is there stays as it is."""

    def restore(tx: Tx) -> Faq:
        _own(tx, who, faq_id)
        restore_faq(tx, faq_id, author(who))
        return _own(tx, who, faq_id)

    return show(await store.write(restore), who)


routes = [
    list_faqs,
    search_faqs,
    get_faq,
    post_faq,
    patch_faq,
    delete_faq,
    post_restore,
]
