"""The audit for supervisors and administrators: who saw or let out what. It shows ids and names of our own people only."""

from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from sqlalchemy import select

from denwaban.access import Role
from denwaban.access.rows import api_keys, users
from denwaban.audit import Entry, Wanted, kinds, listed
from denwaban.clock import day_begins
from denwaban.disclosure.words import KINDS, detail_words, kind_words
from denwaban.people import client_by_code, clients_by_ids
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, _, needs, page

FLOOR = needs(Role.SUPERVISOR, Role.ADMINISTRATOR)

AT_ONCE = 50

Text = Annotated[str, msgspec.Meta(max_length=100)]
Place = Annotated[int, msgspec.Meta(ge=1, le=2**62)]


class Shown(NamedTuple):
    """A row with the names that its ids stand for."""

    entry: Entry
    who: str
    client: str
    kind: str
    details: str


class Asked(NamedTuple):
    """What the filter says."""

    client: str
    person: str
    kind: str
    day: str
    call: str


@get("/audit", guards=[FLOOR])
async def show(
    store: NamedDependency[Store],
    client: FromQuery[Text] = "",
    person: FromQuery[Text] = "",
    kind: FromQuery[Text] = "",
    day: FromQuery[Text] = "",
    call: FromQuery[Text] = "",
    before: FromQuery[Place | None] = None,
) -> Template:
    """Rows, newest first. `client` is a client's code, `person` a sign-in name, `call` a call's id."""
    asked = Asked(*(text.replace("\x00", "").strip() for text in (client, person, kind, day, call)))

    def read(tx: Tx) -> dict[str, Any]:
        wanted, errors = _wanted(tx, asked)
        rows = [] if errors else listed(tx, wanted, before, AT_ONCE + 1)
        return {
            "rows": _named(tx, rows[:AT_ONCE]),
            "more": rows[AT_ONCE - 1].seq if len(rows) > AT_ONCE else None,
            "errors": errors,
            "kinds": _kinds(tx),
        }

    found = await store.read(read)
    return page(
        "disclosure/audit.html",
        status=422 if found["errors"] else 200,
        asked=asked,
        only={name: value for name, value in asked._asdict().items() if value},
        later=before is not None,
        **found,
    )


def _wanted(tx: Tx, asked: Asked) -> tuple[Wanted, dict[str, str]]:
    """What to look for, and what is wrong with the filter, by field."""
    errors: dict[str, str] = {}
    client_id = user_id = ""
    if asked.client:
        owner = client_by_code(tx, asked.client)
        client_id = owner.id if owner else ""
        if not owner:
            errors["client"] = _("その顧客コードの企業はありません")
    if asked.person:
        user_id = tx.scalar(select(users.c.id).where(users.c.login == asked.person.lower())) or ""
        if not user_id:
            errors["person"] = _("そのサインイン名の人はいません")
    since = until = None
    if asked.day:
        try:
            since = day_begins(date.fromisoformat(asked.day))
            until = since + timedelta(days=1)
        except (ValueError, OverflowError):
            errors["day"] = _("日付の形が違うようです。例: 2026-11-24")
    return Wanted(client_id, user_id, asked.call, asked.kind, since, until), errors


def _kinds(tx: Tx) -> list[tuple[str, str]]:
    """What the filter offers: the kinds that we know, then those that are there besides."""
    offered = [*KINDS, *(kind for kind in kinds(tx) if kind not in KINDS)]
    return [("", _("すべて")), *((kind, kind_words(kind)) for kind in offered)]


def _named(tx: Tx, rows: list[Entry]) -> list[Shown]:
    owners = clients_by_ids(tx, {row.client_id for row in rows if row.client_id})
    names = _people(tx, {row.user_id for row in rows if row.user_id})
    return [
        Shown(
            row,
            names.get(row.user_id, row.user_id) if row.user_id else "denwaban",
            owners[row.client_id].name if row.client_id in owners else row.client_id or "",
            kind_words(row.kind),
            detail_words(row),
        )
        for row in rows
    ]


def _people(tx: Tx, ids: set[str]) -> dict[str, str]:
    """Names of accounts and of API keys."""
    found = {
        row["id"]: row["name"]
        for row in tx.all(select(users.c.id, users.c.name).where(users.c.id.in_(ids)))
    }
    for row in tx.all(select(api_keys.c.id, api_keys.c.name).where(api_keys.c.id.in_(ids))):
        found[row["id"]] = f"API: {row['name']}"
    return found


routes = [show]

menu = [MenuEntry("/audit", "監査", frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}), aside=True)]
