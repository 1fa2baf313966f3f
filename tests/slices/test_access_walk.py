"""Every route of the wired program: as nobody, as every role, and as another client's staff with real ids.

`MAY` says who may use what, at most. A route that it does not name fails, so whoever adds one has to say it here too.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, String, Table, insert
from sqlalchemy.types import JSON, TypeDecorator
from tests.outside_story import nowhere
from tests.web_fixtures import Browser, MakeWeb, Web

from denwaban import main
from denwaban.access import Role
from denwaban.calls import Recordings
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.console import WaitingRoom
from denwaban.delivery import Channels, Services
from denwaban.delivery.inbound.doors import Doors
from denwaban.journal import Journal
from denwaban.store import Store, Tx, metadata, new_id
from denwaban.summaries import Press
from denwaban.web import Needs, Public, guard_of, handlers

OPERATOR, CLIENT, ADMINISTRATOR = {Role.OPERATOR}, {Role.CLIENT}, {Role.ADMINISTRATOR}
SUPERVISOR = {Role.SUPERVISOR}
FLOOR = SUPERVISOR | ADMINISTRATOR
INSIDE = FLOOR | OPERATOR
EVERYBODY = set(Role)

PUBLIC = re.compile(
    r"GET /(sign-in|health(/live|/ready)?|metrics|static/\{name:path\}|a/\{token:str\})"
    r"|POST /(sign-in|language|a/\{token:str\})"
    # The portal as an app: the same for everybody.
    r"|GET /portal/(app\.webmanifest|sw\.js|offline)"
    # Services prove who they are by signing what they send.
    r"|POST /in/(slack|line|twilio/\{key:str\}|vonage|media-sms/\{secret:str\})|GET /in/vonage"
    # Descriptions of the API hold no data.
    r"|GET /api/v1/(openapi\.json|docs.*)"
)
"""What nobody needs to sign in for; links in mails carry their own proof."""

MAY: list[tuple[str, set[Role]]] = [
    (r"\w+ /(account.*|sign-out)?", EVERYBODY),
    # A supervisor may have a seat of their own.
    (r"\w+ /seat.*", OPERATOR | SUPERVISOR),
    (r"POST /floor/(watch|help|phone).*", SUPERVISOR),
    (r"POST /api/v1/calls/.*", SUPERVISOR),
    (r"GET /api/v1/handling-times", FLOOR),
    # Whose: tests/slices/test_targets.py.
    (r"GET /targets", OPERATOR),
    (r"PUT /api/v1/operators/\{operator_id:str\}/targets", FLOOR),
    (r"\w+ /floor.*", FLOOR),
    (r"GET /audit", FLOOR),
    (r"\w+ /clients/\{client_id:str\}/care", FLOOR),
    (r"\w+ /identity.*", FLOOR),
    (r"POST /leaks/\{case_id:str\}/close", ADMINISTRATOR),
    (r"\w+ /leaks.*", FLOOR),
    (r"\w+ /clients/\{client_id:str\}/disclosure.*", FLOOR),
    (r"\w+ /portal.*", CLIENT),
    (r"GET /practice/seats", FLOOR),
    (r"\w+ /practice.*", INSIDE),
    (r"GET /dispatch/\{report_id:str\}/people", FLOOR),
    (r"GET /dispatch.*", INSIDE),
    (r"\w+ /clients/\{client_id:str\}/ladder.*", FLOOR),
    (r"\w+ /clients/\{client_id:str\}/summary-plan", FLOOR | CLIENT),
    (r"\w+ /(clients/\{client_id:str\}/)?summaries.*", FLOOR),
    (
        r"\w+ (/api/v1)?/clients/\{client_id:str\}/(data|retention|holds|caller-(data|exports|erasures)).*",
        ADMINISTRATOR,
    ),
    (r"GET /clients/\{client_id:str\}/reports.csv", FLOOR),
    (r"GET /reports.*", INSIDE),
    (r"POST /reports.*", FLOOR),
    (r"\w+ /calls.*", INSIDE),
    (r"\w+ /persons.*", INSIDE),
    # Who sets which: tests/slices/oncall.
    (r"\w+ /(staff/\{staff_id:str\}/contacts|contacts/).*", FLOOR | CLIENT),
    # Whose: tests/slices/oncall/test_roster_pages.py.
    (r"POST /clients/\{client_id:str\}/roster/live", FLOOR),
    (r"\w+ /clients/\{client_id:str\}/(roster|hours).*", FLOOR | CLIENT),
    (r"\w+ /(staff/\{staff_id:str\}/calendars|calendars/).*", FLOOR | CLIENT),
    (r"GET /(roster|first-callers)", CLIENT),
    # Whose: tests/slices/lines_pages/test_level_pages.py.
    (r"\w+ /clients/\{client_id:str\}/first-callers.*", FLOOR | CLIENT),
    (
        r"\w+ /api/v1/(clients/\{client_id:str\}/(reach|holes|hours|shifts|entries|roster-changes)"
        r"|shifts/|entries/|staff/\{staff_id:str\}/calendars|calendars/).*",
        FLOOR | CLIENT,
    ),
    (r"\w+ /clients/\{client_id:str\}/promises", FLOOR),
    (r"PUT /api/v1/clients/\{client_id:str\}/promises/counting", FLOOR),
    (r"\w+ /clients/\{client_id:str\}/faqs.*", FLOOR),
    (r"\w+ (/api/v1)?/clients/\{client_id:str\}/report-(form|rules).*", FLOOR),
    (r"GET /(clients|staff).*", INSIDE),
    (r"\w+ /clients/\{client_id:str\}/(lines|numbers|plan|limit).*", FLOOR),
    (r"\w+ /(lines|numbers).*", FLOOR),
    (r"POST /staff/\{staff_id:str\}/presence", FLOOR),
    (r"\w+ /(clients|staff|users|keys|import).*", ADMINISTRATOR),
    (r"\w+ /scripts.*", FLOOR),
    (r"\w+ /improvement.*", FLOOR),
    (r"POST /feedback.*", FLOOR),
    (r"GET /feedback.*", INSIDE),
    (r"GET /operators.*", FLOOR),
    (r"POST /operators/\{operator_id:str\}/(sessions/end|experienced|training|skills)", FLOOR),
    (r"POST /operators/(groups|duty|skills).*", FLOOR),
    (r"\w+ /operators.*", ADMINISTRATOR),
    (r"PUT /api/v1/staff/\{staff_id:str\}/presence", FLOOR | CLIENT),
    (r"GET /api/v1/operators.*", INSIDE),
    (r"PUT /api/v1/operators/\{operator_id:str\}/(skills|training)", FLOOR),
    (r"\w+ /api/v1/(clients/\{client_id:str\}/callers|callers/|persons/).*", INSIDE),
    (r"\w+ /api/v1/(operator-groups|duty-lists).*", FLOOR),
    (r"GET /api/v1/scripts/\{script_id:str\}/proposals", FLOOR | CLIENT),
    (r"GET /api/v1/clients/\{client_id:str\}/script-settings", FLOOR | CLIENT),
    (r"PUT /api/v1/clients/\{client_id:str\}/script-settings", FLOOR),
    (r"\w+ /api/v1/(staff/\{staff_id:str\}/contacts|contacts/).*", FLOOR | CLIENT),
    (r"\w+ /api/v1/practice.*", INSIDE),
    (r"\w+ /api/v1/clients/\{client_id:str\}/summary-plan", FLOOR | CLIENT),
    (r"GET /api/v1/.*", EVERYBODY),
    (r"\w+ /api/v1/scripts.*", FLOOR),
    (r"POST /api/v1/faqs/search", EVERYBODY),
    (r"\w+ /api/v1/faqs.*", FLOOR | CLIENT),
    # Clients' own systems acknowledge reports and set their state.
    (r"(POST|PUT|PATCH) /api/v1/(reports|deliveries|acknowledgements).*", EVERYBODY),
    (r"\w+ /api/v1/.*", ADMINISTRATOR),
]

MARK = "himitsu"
"""Stands in every text of the other client: no answer to somebody else may hold it."""

WORDS: dict[str | tuple[str, str], str] = {
    "bound": "explain",
    "channel": "portal",
    "kind": "first",
    "mode": "full",
    "outcome": "answered",
    "presence": "present",
    "role": "client",
    "state": "sent",
    "status": "done",
    "tone": "calm",
    "urgency": "normal",
    "via": "portal",
    ("abuse_cases", "reason"): "abuse",
    ("abuse_events", "what"): "marked",
    ("calls", "direction"): "inbound",
    ("calls", "state"): "ended",
    ("call_backs", "result"): "talked",
    ("call_backs", "stage"): "ended",
    ("feedback", "kind"): "wish",
    ("person_ways", "kind"): "phone",
    ("roster_changes", "what"): "shift",
    ("roster_entries", "kind"): "leave",
    ("shifts", "kind"): "duty",
    ("summaries", "kind"): "daily",
    ("supervisions", "mode"): "listen",
    ("leak_steps", "what"): "contain",
    ("ladders", "state"): "waiting",
    ("operator_states", "state"): "ready",
    ("script_runs", "state"): "open",
    ("script_versions", "state"): "published",
}
"""Columns that hold one of a few words."""


async def wired(make_web: MakeWeb, store: Store, clock: MovedClock) -> Web:
    web = await make_web(
        pages=main.PAGES,
        api=main.API,
        services={
            **dict.fromkeys(("switchboard", "practice", "script_names")),
            "recordings": Recordings(store, Path, Path("nowhere")),
            "waiting_room": WaitingRoom(store, Journal(store)),
            "call_backs": nowhere(store, clock),
            "channels": Channels(Settings(), httpx.AsyncClient()),
            "doors": Doors(Services()),
            "press": Press(),
        },
    )
    # Live streams end at once, so that every answer has an end.
    web.app.state.live.stop()
    return web


def routes(app: Litestar) -> Iterator[tuple[str, str, Needs | Public | None]]:
    for path, method, handler in handlers(app):
        yield method, path, guard_of(handler)


def value_for(table: Table, column: Any, ids: dict[str, str], now: Any) -> Any:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    for key in column.foreign_keys:
        return ids.get(key.column.table.name)
    if column.name == "id":
        return ids[table.name]
    if column.name == "client_id":
        return ids["clients"]
    if column.name.endswith("_id"):
        return ids.get(f"{column.name.removesuffix('_id')}s", new_id())
    word = WORDS.get((table.name, column.name)) or WORDS.get(column.name)
    if word is not None and isinstance(kind, String):
        return word
    if isinstance(kind, String):
        return f"{MARK}{table.name}"[: kind.length or 100]
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, DateTime):
        return now
    if isinstance(kind, Date):
        return date(2026, 11, 24)
    if isinstance(kind, LargeBinary):
        return b"x"
    return {} if isinstance(kind, JSON) else None


def another_client(tx: Tx) -> dict[str, str]:
    """One row of the other client in every table; returns the row's id by table."""
    ids = {table.name: new_id() for table in metadata.sorted_tables}
    for table in metadata.sorted_tables:
        if "id" not in table.c:
            continue
        values = {
            column.name: value_for(table, column, ids, tx.now)
            for column in table.columns
            if not column.nullable or column.name.endswith("_id")
        }
        if table.name == "staff":
            values["substitute_id"] = None
        tx.execute(insert(table).values(values))
    return ids


def everything(tx: Tx) -> dict[str, list[Any]]:
    """All rows but those that any request leaves behind."""
    return {
        table.name: [tuple(row.values()) for row in tx.all(table.select())]
        for table in metadata.sorted_tables
        if table.name not in {"facts", "sessions", "sign_in_tries", "audit_rows", "audit_head"}
    }


def filled(path: str, ids: dict[str, str]) -> str:
    """The path with the other client's ids in it."""

    def give(match: re.Match[str]) -> str:
        if match[2] in {"date", "int"}:
            return {"date": "2026-11-24", "int": "1"}[match[2]]
        name = match[1].removesuffix("_id")
        return ids.get(f"{name}s") or ids.get(name) or ids.get(f"{name[:-1]}ies") or "x"

    return re.sub(r"\{(\w+):(\w+)\}", give, path)


async def ask(browser: Browser, method: str, path: str) -> Any:
    if method in {"GET", "HEAD"}:
        return await browser.client.request(method, path)
    if path.startswith("/api/"):
        return await browser.request(method, path, json={})
    return await browser.request(method, path, data={"x": "x"})


async def test_every_route_says_who_may_use_it_as_the_table_has_it(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    web = await wired(make_web, store, clock)
    wrong = []
    for method, path, guard in routes(web.app):
        place = f"{method} {path}"
        if PUBLIC.fullmatch(place):
            continue
        allowed = next((roles for form, roles in MAY if re.fullmatch(form, place)), None)
        if not isinstance(guard, Needs) or allowed is None or not guard.roles <= allowed:
            wrong.append(f"{place}: {guard}, table: {allowed}")
    assert wrong == []


async def test_nobody_gets_in_and_no_role_gets_further_than_declared(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    web = await wired(make_web, store, clock)
    client_id = new_id()
    nobody = await web.anonymous()
    people = {
        role: await web.browser(role, client_id if role is Role.CLIENT else None) for role in Role
    }
    wrong = []
    for method, path, guard in routes(web.app):
        if not isinstance(guard, Needs):
            continue
        target = filled(path, {})
        status = (await ask(nobody, method, target)).status_code
        page = not path.startswith("/api/") and method in {"GET", "HEAD"}
        if status != (303 if page else 401):
            wrong.append(f"nobody {method} {path}: {status}")
        for role in set(Role) - guard.roles:
            status = (await ask(people[role], method, target)).status_code
            if status != 403:
                wrong.append(f"{role} {method} {path}: {status}")
    assert wrong == []


@pytest.mark.parametrize("by", ["browser", "program"])
async def test_a_clients_staff_never_see_or_change_another_clients_data(
    make_web: MakeWeb, store: Store, clock: MovedClock, by: str
) -> None:
    web = await wired(make_web, store, clock)
    ids = await store.write(another_client)
    mine = new_id()
    stranger = (
        await web.browser(Role.CLIENT, mine)
        if by == "browser"
        else await web.program(Role.CLIENT, mine)
    )
    before = await store.read(everything)
    wrong = []
    for method, path, guard in routes(web.app):
        place = f"{method} {path}"
        if not isinstance(guard, Needs) or Role.CLIENT not in guard.roles:
            continue
        if path in {"/sign-out", "/account/sessions/end"}:
            continue
        for target in {filled(path, ids), filled(path, ids) + f"?client_id={ids['clients']}"}:
            answer = await ask(stranger, method, target)
            if "{" in path and answer.status_code not in {400, 401, 403, 404, 405, 422}:
                wrong.append(f"{place}: {answer.status_code}")
            if answer.status_code >= 500:
                wrong.append(f"{place}: {answer.status_code}")
            if MARK in answer.text or any(
                # A page may say its own address.
                each in answer.text
                for each in ids.values()
                if each not in target
            ):
                wrong.append(f"{place}: tells of the other client")
    assert wrong == []
    assert await store.read(everything) == before
