"""All persons, newest first, and looking for one of them or for one of their calls. What is looked for is never in an
address."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Template

from denwaban.clock import day_begins, japan_day
from denwaban.lines import show_number
from denwaban.memory.finding import find_calls
from denwaban.memory.pages.common import (
    INSIDE,
    Text,
    outcome_words,
    person_words,
    status_words,
    way_words,
)
from denwaban.memory.queries import askings_between
from denwaban.people import clients_by_ids, clients_page
from denwaban.people.persons import find_persons, newest, twins, ways_of_each
from denwaban.store import Store, Tx
from denwaban.web import not_here, page
from denwaban.web.api import Cursor, decode_cursor, encode_cursor

AT_ONCE = 40
SHOWN_TWINS = 10
SHOWN_FOUND = 20


class Sought(msgspec.Struct):
    text: Text = ""
    client: Text = ""
    """Its name, reading or code; empty for all."""


@get("/persons", guards=INSIDE)
async def show_persons(
    store: NamedDependency[Store],
    client: FromQuery[Text] = "",
    cursor: FromQuery[Cursor | None] = None,
) -> Template:
    """Who was heard of last comes first; those who may be the same as somebody else stand above."""
    before = _place(cursor)

    def look(tx: Tx) -> dict[str, Any]:
        owner, wrong = _owner(tx, client)
        found = [] if wrong else newest(tx, owner, before, AT_ONCE + 1)
        pairs = twins(tx, [one.id for one in found], SHOWN_TWINS)
        everybody = [*found, *(one for pair in pairs for one in pair)]
        first = day_begins(japan_day(tx.now).replace(day=1))
        return {
            "persons": found[:AT_ONCE],
            "pairs": pairs,
            "ways": ways_of_each(tx, [one.id for one in everybody]),
            "names": clients_by_ids(tx, {one.client_id for one in everybody}),
            "askings": askings_between(tx, first, tx.now, owner),
            "wrong": wrong,
            "more": encode_cursor(found[AT_ONCE - 1].updated_at.isoformat(), found[AT_ONCE - 1].id)
            if len(found) > AT_ONCE
            else "",
        }

    return page(
        "memory/persons.html",
        client=client,
        later=cursor is not None,
        text="",
        way_words=way_words,
        person_words=person_words,
        **await store.read(look),
    )


@post("/persons/search", guards=INSIDE, status_code=200)
async def search(data: URLEncodedBody[Sought], store: NamedDependency[Store]) -> Template:
    """Persons and calls that fit what was typed, of one client or of all."""
    text = data.text.replace("\x00", "").strip()

    def look(tx: Tx) -> dict[str, Any]:
        owner, wrong = _owner(tx, data.client)
        found = [] if wrong else find_persons(tx, text, owner, SHOWN_FOUND)
        calls = [] if wrong else find_calls(tx, text, owner, SHOWN_FOUND)
        whose = {one.client_id for one in found} | {one.client_id for one in calls}
        return {
            "persons": found,
            "calls": calls,
            "ways": ways_of_each(tx, [one.id for one in found]),
            "names": clients_by_ids(tx, whose),
            "wrong": wrong,
        }

    return page(
        "memory/found.html",
        client=data.client,
        text=text,
        way_words=way_words,
        person_words=person_words,
        outcomes=outcome_words(),
        statuses=status_words(),
        show_number=show_number,
        **await store.read(look),
    )


def _owner(tx: Tx, text: str) -> tuple[str | None, bool]:
    """(the client of that name, reading or code, whether there is none). None: all clients."""
    text = text.replace("\x00", "").strip()
    if not text:
        return None, False
    found = clients_page(tx, search=text, limit=20)
    same = [one for one in found if text in (one.name, one.kana, one.code)]
    for one in same or found:
        return one.id, False
    return None, True


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    place = decode_cursor(cursor, 2)
    if place is None:
        return None
    try:
        at = datetime.fromisoformat(place[0])
    except ValueError as error:
        raise not_here() from error
    # A moment that no calendar of a database has would be an error there.
    if at.tzinfo is None or not 1970 <= at.year <= 9000:
        raise not_here()
    return at, place[1]


routes = [show_persons, search]
