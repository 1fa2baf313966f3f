"""One altered row, or a key that is gone: lists show the row with a word in its place, exports say which, tasks leave it out and
tell of it in the health, and everything is as before when it opens again."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Table, select, update
from tests.delivery_story import Office, open_office
from tests.keys import lend_keys
from tests.retention_story import NUMBER
from tests.slices.test_access_walk import filled, routes, wired
from tests.slices.vault.test_sealed_words import tell
from tests.summary_story import days, put_summary
from tests.web_fixtures import MakeWeb

from denwaban import feedback, memory, promises, reports, retention
from denwaban import scripts as scripts_slice
from denwaban.access import Role
from denwaban.calls import UNOPENED_NUMBER as NO_NUMBER
from denwaban.calls import calls_by_ids
from denwaban.calls.rows import calls
from denwaban.care.abuse import cases, events_of
from denwaban.care.rows import abuse_events
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery.board import board
from denwaban.delivery.handing import said
from denwaban.delivery.rows import report_talk
from denwaban.delivery.story import story_of
from denwaban.feedback.queries import page_of
from denwaban.feedback.rows import feedback as feedback_rows
from denwaban.improvement.queries import _said
from denwaban.improvement.rows import unexpected_questions
from denwaban.memory.rows import index
from denwaban.oncall.calendars import add_feed, calendars_of
from denwaban.oncall.rows import calendars
from denwaban.people import operators, remember_caller
from denwaban.people.persons import newest, ways_of
from denwaban.people.persons.rows import person_ways, persons
from denwaban.people.rows import operators as operator_rows
from denwaban.portal import views
from denwaban.promises.rows import promises as promise_rows
from denwaban.reports.export import csv_of
from denwaban.reports.rows import report_statuses
from denwaban.reports.rows import reports as report_rows
from denwaban.retention.export import described
from denwaban.retention.rows import legal_holds
from denwaban.routing.rows import seats
from denwaban.scripts.rows import answers
from denwaban.store import Store, Tx, metadata
from denwaban.summaries.model import Kind, Period
from denwaban.summaries.queries import kept
from denwaban.summaries.reading import read as summary_read
from denwaban.summaries.rows import summaries
from denwaban.summaries.table import csv_of as summary_csv
from denwaban.vault import UNOPENED
from denwaban.vault.rows import vault_keys
from denwaban.web import Needs
from denwaban.web.health import Readiness


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@dataclass(frozen=True)
class Told:
    """A client of whose callers everything is kept, twice."""

    office: Office
    calls: tuple[str, str]
    reports: tuple[str, str]


def furnish(office: Office) -> Callable[[Tx], Told]:
    def verb(tx: Tx) -> Told:
        told = []
        for _again in range(2):
            told.append(tell(office)(tx))
            tx.execute(summaries.delete())
        (call, report), (other, second) = told
        remember_caller(tx, office.client_id, NUMBER, "佐藤 花子", "サトウ ハナコ")
        put_summary(tx, office.client_id, days("2026-11-20", "2026-11-23"), 9)
        retention.place_hold(tx, office.client_id, "裁判のため", None, call)
        add_feed(tx, office.client_id, office.suzuki, "https://calendar.example.jp/a.ics")
        return Told(office, (call, other), (report, second))

    return verb


KINDS: Mapping[str, tuple[Table, str]] = {
    "reports": (report_rows, "sealed"),
    "report_statuses": (report_statuses, "note"),
    "report_talk": (report_talk, "text"),
    "promises": (promise_rows, "what"),
    "feedback": (feedback_rows, "text"),
    "abuse_events": (abuse_events, "words"),
    "answers": (answers, "value"),
    "unexpected_questions": (unexpected_questions, "words"),
    "summaries": (summaries, "calls"),
    "legal_holds": (legal_holds, "reason"),
    "calendars": (calendars, "url"),
    "operators": (operator_rows, "sip_sealed"),
    "call_texts": (index.texts, "title"),
    "calls": (calls, "number"),
    "persons": (persons, "sealed"),
    "person_ways": (person_ways, "sealed"),
}


def alter(tx: Tx, kind: str) -> Any:
    """Turns the sealed text of the first row round; returns what it was."""
    table, column = KINDS[kind]
    rows = tx.all(select(table).order_by(*table.primary_key.columns))
    row = next(row for row in rows if str(row[column] or "").startswith("dv1."))
    body = row[column][17:]
    put(tx, table, row, column, row[column][:17] + body[::-1])
    return row


def put(tx: Tx, table: Table, row: Any, column: str, value: Any) -> None:
    mine = [one == row[one.name] for one in table.primary_key.columns]
    tx.execute(update(table).where(*mine).values({column: value}))


READERS: Mapping[str, Callable[[Tx, Told], Any]] = {
    "reports": lambda tx, it: reports.reports(tx, it.office.client_id),
    "report": lambda tx, it: [reports.report(tx, one) for one in it.reports],
    "history": lambda tx, it: [reports.history(tx, one) for one in it.reports],
    "reports.csv": lambda tx, it: csv_of(
        tx, it.office.client_id, date(2026, 11, 1), date(2026, 11, 30)
    ).decode(),
    "board": lambda tx, it: board(tx).items,
    "talk": lambda tx, it: [said(tx, one) for one in it.reports],
    "story": lambda tx, it: [story_of(tx, one) for one in reports.reports(tx, it.office.client_id)],
    "inbox": lambda tx, it: views.inbox(tx, it.office.client_id, it.office.suzuki_user),
    "detail": lambda tx, it: [
        views.detail(tx, one, it.office.suzuki_user)
        for one in reports.reports(tx, it.office.client_id)
    ],
    "portal promises": lambda tx, it: views.promises(tx, it.office.client_id),
    "promises": lambda tx, it: promises.open_of_client(tx, it.office.client_id),
    "promise": lambda tx, it: [promises.promise_of_report(tx, one) for one in it.reports],
    "late": lambda tx, it: promises.late(tx),
    "feedback": lambda tx, it: page_of(tx, None, client_id=it.office.client_id),
    "words of colleagues": lambda tx, it: [feedback.of_report(tx, one) for one in it.reports],
    "abuse": lambda tx, it: [events_of(tx, one.case.id) for one in cases(tx)],
    "runs": lambda tx, it: [scripts_slice.run_of_call(tx, one) for one in it.calls],
    "gathered": lambda tx, it: [
        sorted(one.run.answers.items())
        for one in scripts_slice.runs_of_calls(tx, it.calls, it.calls)
    ],
    "questions": lambda tx, it: sorted(
        _said(tx, [("", row["id"]) for row in tx.all(select(unexpected_questions))]).items()
    ),
    "summary": lambda tx, it: [kept(tx, row["id"]) for row in tx.all(select(summaries.c.id))],
    "summary csv": lambda tx, it: [
        summary_csv(one.document, one.calls, mail=False, closed=one.closed).decode()
        for row in tx.all(select(summaries.c.id).where(summaries.c.document.is_not(None)))
        if (one := kept(tx, row["id"])) is not None
    ],
    "a new summary": lambda tx, it: summary_read(
        tx, it.office.client_id, Period(Kind.DAILY, date(2026, 11, 24), date(2026, 11, 24))
    ),
    "holds": lambda tx, it: retention.holds_of(tx, it.office.client_id),
    "calendars": lambda tx, it: calendars_of(tx, it.office.suzuki),
    "operators": lambda tx, it: operators(tx),
    "seats": lambda tx, it: seats(tx),
    "memory": lambda tx, it: memory.find_calls(tx, "盥を", it.office.client_id),
    "calls": lambda tx, it: sorted(calls_by_ids(tx, it.calls).items()),
    "persons": lambda tx, it: [
        (one, one.shown, ways_of(tx, one.id)) for one in newest(tx, it.office.client_id)
    ],
    "caller's data": lambda tx, it: described(
        tx, retention.asked(tx, it.office.client_id, "090-1234-5678")
    ),
}

SAYS_SO = {
    "reports": {"reports", "report", "reports.csv", "board", "inbox", "detail", "caller's data"},
    "report_statuses": {"history", "story", "detail"},
    "report_talk": {"talk", "story", "detail", "caller's data"},
    "promises": {"promise", "detail", "caller's data"},
    "feedback": {"feedback", "words of colleagues", "detail"},
    "abuse_events": {"abuse", "caller's data"},
    "answers": {"caller's data"},
    "unexpected_questions": {"questions"},
    "summaries": set[str](),
    "legal_holds": {"holds"},
    "calendars": {"calendars"},
    "operators": set[str](),
    "call_texts": set[str](),
    "calls": {"calls", "caller's data"},
    "persons": {"persons", "caller's data"},
    "person_ways": {"persons", "caller's data"},
}
"""Who shows the word in place of a row of this kind."""


def looked(tx: Tx, it: Told, only: Collection[str] = READERS) -> dict[str, str]:
    return {name: str(READERS[name](tx, it)) for name in only}


async def reasons(store: Store) -> list[str]:
    return await Readiness(store, (), lambda: None).check()


async def test_lists_show_the_rest_and_all_is_as_before_when_it_opens_again(
    store: Store, office: Office
) -> None:
    """Every kind, and everything that reads it; one installation, as making it costs more than all of this."""
    it = await store.write(furnish(office))
    before = await store.read(lambda tx: looked(tx, it))
    assert not [name for name, said in before.items() if UNOPENED in said]
    assert await reasons(store) == []
    # What the other database does differently, a few of them show as well.
    few = ("reports", "answers", "persons")
    sqlite = store.engine.dialect.name == "sqlite"
    for kind, (table, column) in KINDS.items():
        if not sqlite and kind not in few:
            continue
        row = await store.write(partial(alter, kind=kind))
        now = await store.read(lambda tx: looked(tx, it))
        said_so = {name for name, said in now.items() if UNOPENED in said or NO_NUMBER in said}
        assert said_so >= SAYS_SO[kind], kind
        assert await reasons(store) == [f"not opened: {kind} (1 rows)"], kind
        await store.write(partial(put, table=table, row=row, column=column, value=row[column]))
        others = {"operators", "summary", "memory", "calls", "persons"}
        await store.read(partial(looked, it=it, only=SAYS_SO[kind] | others))
        assert await reasons(store) == [], kind
    assert await store.read(lambda tx: looked(tx, it)) == before


def turn_keys(tx: Tx, client_id: str) -> None:
    """What wraps the client's keys is altered, and nothing of it opens; twice, and it is what it was."""
    mine = (vault_keys.c.owner == client_id) & vault_keys.c.purpose.in_(("seal", "own"))
    for row in tx.all(select(vault_keys).where(mine)):
        at = vault_keys.c.id == row["id"]
        tx.execute(update(vault_keys).where(at).values(wrapped=row["wrapped"][::-1]))


def places_of(tx: Tx, it: Told) -> dict[str, str]:
    """An id of each kind, by table, for the addresses of pages."""
    found = {"clients": it.office.client_id, "staff": it.office.suzuki}
    for table in metadata.sorted_tables:
        if table.name not in found and "id" in table.c:
            row = tx.first(select(table.c.id).order_by(table.c.id).limit(1))
            if row is not None:
                found[table.name] = row["id"]
    return found


def reader(guard: object) -> Role | None:
    """Who sees most of it."""
    roles = guard.roles if isinstance(guard, Needs) else ()
    return next((role for role in (Role.ADMINISTRATOR, Role.CLIENT) if role in roles), None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_page_and_no_route_fails_that_did_not_before(
    make_web: MakeWeb, store: Store, clock: MovedClock, office: Office
) -> None:
    """Every GET of the wired program, with no key of the client that opens. One database is enough for what pages do."""
    web = await wired(make_web, store, clock)
    it = await store.write(furnish(office))
    ids = await store.read(lambda tx: places_of(tx, it))
    browsers = {
        Role.ADMINISTRATOR: await web.browser(Role.ADMINISTRATOR),
        Role.CLIENT: await web.browser(Role.CLIENT, office.client_id, user_id=office.suzuki_user),
    }
    asked = [
        (browser, filled(path, ids) + f"?client_id={office.client_id}")
        for method, path, guard in routes(web.app)
        if method == "GET"
        if (role := reader(guard)) is not None and "docs" not in path and "openapi" not in path
        for browser in [browsers[role]]
    ]

    await store.write(lambda tx: turn_keys(tx, office.client_id))
    lend_keys(store)
    now = {at: await at[0].get(at[1]) for at in asked}
    assert sum(answer.status_code == 200 for answer in now.values()) > 100
    saying = {path.split("?")[0] for (_who, path), one in now.items() if UNOPENED in one.text}
    assert saying >= {"/reports", "/portal/reports", "/portal/promises", "/feedback"}, saying
    health = await reasons(store)
    assert {"not opened: reports (2 rows)", "not opened: feedback (2 rows)"} <= set(health)

    await store.write(lambda tx: turn_keys(tx, office.client_id))
    lend_keys(store)
    failed = {}
    for at, answer in now.items():
        if answer.status_code != 200:
            other = await at[0].get(at[1])
            if other.status_code != answer.status_code:
                failed[at[1]] = answer.status_code, other.status_code
    assert failed == {}, "only what fails with the keys as well"
