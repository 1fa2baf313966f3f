"""The share of promises that were kept in time, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.delivery_story import DRAFT, Office, open_office
from tests.web_fixtures import MakeWeb

from denwaban import delivery, promises, reports
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.promises import Kept
from denwaban.promises.api import routes
from denwaban.store import Store

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


async def promise(office: Office, within: timedelta, to: str | None = None) -> str:
    """A promise due so long after now."""
    report = await office.report(to, callback_by=office.clock.now() + within)
    found = await office.store.read(lambda tx: promises.promise_of_report(tx, report.id))
    assert found is not None
    return found.id


async def keep(office: Office, promise_id: str) -> None:
    await office.store.write(
        lambda tx: promises.keep(tx, promise_id, office.suzuki_user, "お電話しました")
    )


@pytest.mark.req("D4")
async def test_the_share_counts_what_was_due_in_the_window_by_client_and_person(
    office: Office, make_web: MakeWeb
) -> None:
    store, client = office.store, office.client_id
    began = office.clock.now()
    early, late = await promise(office, 60 * MINUTE), await promise(office, 61 * MINUTE)
    await promise(office, 62 * MINUTE, office.ito)
    await promise(office, 63 * MINUTE)
    # Nobody is measured by what has no time, nor by a practice call.
    await office.report(callback_by=None, callback_needed=False, done="伺いました")
    draft = replace(DRAFT, callback_by=began + 62 * MINUTE)
    await store.write(
        lambda tx: promises.make(
            tx,
            reports.accept(tx, client, None, office.operator_id, office.suzuki, draft, True),
        )
    )
    office.clock.advance(60 * MINUTE)
    await keep(office, early)
    office.clock.advance(MINUTE + SECOND)
    await keep(office, late)
    office.clock.advance(MINUTE)

    until = began + 63 * MINUTE
    share = await store.read(lambda tx: promises.kept_share(tx, client, began, until))
    assert share == Kept(due=3, kept_in_time=1, late=1, broken=1)
    # The window has its beginning and not its end; one that is open and to come is in none.
    after = began + 2 * MINUTE * 60
    assert await store.read(
        lambda tx: promises.kept_share(tx, client, began + 62 * MINUTE, after)
    ) == Kept(1, broken=1)
    assert (
        await store.read(lambda tx: promises.kept_share(tx, client, began, began + 60 * MINUTE))
        == Kept()
    )
    people = await store.read(lambda tx: promises.kept_by_person(tx, client, began, after))
    assert [(one.name, one.kept) for one in people] == [
        ("伊藤", Kept(1, broken=1)),
        ("鈴木", Kept(2, 1, late=1)),
    ]

    web = await make_web(api=routes)
    path = f"/api/v1/clients/{client}/promises/kept"
    asked = {"since": began.isoformat(), "until": until.isoformat()}
    own = await web.program(Role.CLIENT, client)
    said = (await own.get(path, params=asked)).json()
    assert said["client"] == {
        "due": 3, "kept_in_time": 1, "late": 1, "broken": 1, "share": pytest.approx(1 / 3),
    }  # fmt: skip
    assert [(one["name"], one["kept"]["due"]) for one in said["people"]] == [
        ("伊藤", 1),
        ("鈴木", 2),
    ]
    backwards = {"since": asked["until"], "until": asked["since"]}
    assert (await own.get(path, params=backwards)).status_code == 422
    stranger = await web.program(Role.CLIENT, "f" * 32)
    assert (await stranger.get(path, params=asked)).status_code == 404
    assert (await (await web.program(Role.OPERATOR)).get(path, params=asked)).status_code == 403


@pytest.mark.req("D4")
async def test_a_promise_counts_for_whoever_is_in_charge_now(office: Office) -> None:
    began = office.clock.now()
    report = await office.report(callback_by=began + MINUTE)
    await office.store.write(
        lambda tx: delivery.reassign(
            tx, report.id, office.ito, office.suzuki, "出張のため", "portal"
        )
    )
    office.clock.advance(2 * MINUTE)
    people = await office.store.read(
        lambda tx: promises.kept_by_person(tx, office.client_id, began, began + 60 * MINUTE)
    )
    assert [(one.staff_id, one.kept.broken) for one in people] == [(office.ito, 1)]
