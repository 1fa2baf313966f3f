"""Half an hour before a promise breaks somebody is told, and when it breaks more people are; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import pytest
from tests.delivery_story import Office, eventually, open_office
from tests.web_fixtures import MakeWeb

from denwaban import delivery, oncall, promises, reports
from denwaban.access import Role
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.delivery import Kind
from denwaban.promises import pages
from denwaban.promises.api import routes
from denwaban.reports import Draft, Report, Routing
from denwaban.store import Store, Tx
from denwaban.work import Worker

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@asynccontextmanager
async def watching(office: Office) -> AsyncIterator[None]:
    """The worker that looks at promises, really running."""
    worker = asyncio.create_task(
        Worker(office.store, office.clock, promises.duty(office.store)).run()
    )
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def told(office: Office, report: Report, kind: Kind) -> set[str]:
    return {one.staff_id for one in await office.deliveries(report) if one.kind is kind}


async def happened(office: Office, kind: str) -> None:
    async def is_there() -> bool:
        return kind in await office.facts()

    await eventually(is_there)


@pytest.mark.req("D1", "D4")
async def test_a_promise_that_nobody_has_taken_warns_and_then_breaks(office: Office) -> None:
    report = await office.report(callback_by=office.clock.now() + 120 * MINUTE)
    kept = await office.report(who="渡辺", callback_by=office.clock.now() + 120 * MINUTE)
    other = await office.store.read(lambda tx: promises.promise_of_report(tx, kept.id))
    assert other is not None
    await office.store.write(
        lambda tx: promises.keep(tx, other.id, office.suzuki_user, "お電話しました")
    )
    async with watching(office):
        office.clock.advance(89 * MINUTE)
        await asyncio.sleep(0.05)
        assert "promise.near" not in await office.facts()
        office.clock.advance(MINUTE)
        await happened(office, "promise.near")
        assert await told(office, report, Kind.DEADLINE) == {office.suzuki}
        office.clock.advance(30 * MINUTE)
        await happened(office, "promise.broken")
    assert await told(office, report, Kind.OVERDUE) == {office.suzuki, office.ito}
    assert (await office.standing(report)).floor_since is not None
    facts = await office.facts()
    assert [facts.count(kind) for kind in ("promise.near", "promise.broken")] == [1, 1]
    assert await told(office, kept, Kind.DEADLINE) == set()


@pytest.mark.req("D1")
async def test_the_warning_counts_as_the_client_does(office: Office) -> None:
    hours = oncall.BusinessHours((oncall.Span(oncall.WEEKDAYS, 540, 1080),))
    by = datetime(2026, 11, 25, 9, 10, tzinfo=JST)
    warn_at = datetime(2026, 11, 24, 17, 40, tzinfo=JST)

    def count(tx: Tx) -> None:
        oncall.set_hours(tx, office.client_id, hours)
        oncall.count_in_business_hours(tx, office.client_id, True, None)

    await office.store.write(count)
    untaken, taken = await office.report(callback_by=by), await office.report(callback_by=by)
    await office.store.write(lambda tx: delivery.acknowledge(tx, taken.id, office.suzuki, "portal"))
    # Whoever took it is asked at the same moment, by what looks after taken reports.
    assert (await office.standing(taken)).due_at == warn_at
    async with watching(office):
        office.clock.advance(warn_at - office.clock.now() - MINUTE)
        await asyncio.sleep(0.05)
        assert "promise.near" not in await office.facts()
        office.clock.advance(MINUTE)

        async def both() -> bool:
            return (await office.facts()).count("promise.near") == 2

        await eventually(both)
    assert await told(office, untaken, Kind.DEADLINE) == {office.suzuki}
    assert await told(office, taken, Kind.DEADLINE) == set()


@pytest.mark.req("D1", "J1")
async def test_an_opportunity_that_was_taken_is_still_a_promise(office: Office) -> None:
    by = office.clock.now() + 180 * MINUTE

    def send(tx: Tx) -> Report:
        draft = Draft(
            who="佐藤", what_for="資料請求したい", done="ご用件を承りました",
            callback_needed=False, urgency="normal", tone="calm", number="+819012345678",
        )  # fmt: skip
        made = reports.accept(
            tx, office.client_id, None, office.operator_id, office.suzuki, draft, False,
            routing=Routing("default", chances=("資料請求",)), due_at=by,
            around=reports.Around(tx.now), reason="資料の送付です",
        )  # fmt: skip
        delivery.send(tx, made, 15)
        promises.make(tx, made)
        delivery.acknowledge(tx, made.id, office.suzuki, "portal")
        return made

    report = await office.store.write(send)
    async with watching(office):
        office.clock.advance(150 * MINUTE)
        await happened(office, "promise.near")
        office.clock.advance(30 * MINUTE)
        await happened(office, "promise.broken")
    assert await told(office, report, Kind.DEADLINE) == {office.suzuki}
    assert office.suzuki in await told(office, report, Kind.OVERDUE)


@pytest.mark.req("D1", "D4")
async def test_a_supervisor_sets_how_time_is_counted_and_sees_how_promises_went(
    office: Office, make_web: MakeWeb
) -> None:
    web = await make_web(pages=pages.routes, api=routes)
    supervisor = await web.browser(Role.SUPERVISOR)
    path = f"/clients/{office.client_id}/promises"
    await office.report(callback_by=office.clock.now() + MINUTE)
    await office.report(who="渡辺", callback_by=office.clock.now() + 900 * MINUTE)
    office.clock.advance(2 * MINUTE)
    shown = (await supervisor.get(path)).text
    for word in ("2026年11月", "期限の来た約束 1件のうち 0件", "鈴木", "過ぎています", "渡辺"):
        assert word in shown
    october = (await supervisor.get(f"{path}?month=2026-10")).text
    assert "2026年10月" in october
    assert "この月に期限の来た約束はありません" in october
    # What is no month, or to come, is the present one.
    for odd in ("2026-13", "x", "2031-01"):
        assert "2026年11月" in (await supervisor.get(f"{path}?month={odd}")).text
    assert (await supervisor.post(path, {"business": "true"})).status_code == 303
    api = f"/api/v1{path}/counting"
    own = await web.program(Role.CLIENT, office.client_id)
    assert (await own.get(api)).json() == {"business": True}
    assert (await own.request("PUT", api, json={"business": False})).status_code == 403
    program = await web.program(Role.SUPERVISOR)
    for _again in range(2):
        answer = await program.request("PUT", api, json={"business": False})
        assert answer.json() == {"business": False}
    assert (await office.facts()).count("client.deadlines_changed") == 2
    assert (await supervisor.get(f"/clients/{'f' * 32}/promises")).status_code == 404
    stranger = await web.program(Role.CLIENT, "f" * 32)
    assert (await stranger.get(api)).status_code == 404
