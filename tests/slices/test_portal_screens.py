"""The portal in a real Chromium: reachable by thumb, true while it is open, clean for axe."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route
from sqlalchemy import insert
from tests.browsers import chromium
from tests.delivery_story import Office, open_office, working
from tests.outside_story import nowhere
from tests.ports import free_port
from tests.screens import DESK, PHONE, look, seated, serving
from tests.web_fixtures import add_account

from denwaban import calls, delivery, reports
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import pages as delivery_pages
from denwaban.journal import Journal
from denwaban.portal import pages
from denwaban.promises.messages import tell_message
from denwaban.routing.rows import left_messages
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, build_app

pytestmark = pytest.mark.browser


@asynccontextmanager
async def site(office: Office) -> AsyncIterator[str]:
    """The portal and the supervisors' pages, kept up to date; their address."""
    journal = Journal(office.store)
    app = build_app(
        [*pages.routes, *delivery_pages.routes],
        [],
        store=office.store,
        clock=office.clock,
        journal=journal,
        settings=office.settings,
        services={"call_backs": nowhere(office.store, office.clock), "recordings": None},
        menu=[*pages.menu, MenuEntry("/reports", "報告の行方", delivery_pages.reports.ours.roles)],
    )
    reading = asyncio.create_task(journal.run())
    try:
        async with serving(app, office.settings.web_port) as url:
            yield url
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings(web_port=free_port()))


async def a_busy_day(office: Office) -> None:
    """Some of everything."""
    old = await office.report(
        who="中村", company="", callback_needed=False, callback_by=None,
        what_for="営業時間のお問い合わせ", done="平日9時から18時とお伝えしました",
    )  # fmt: skip
    await office.store.write(lambda tx: delivery.acknowledge(tx, old.id, office.ito, "portal"))

    def miss(tx: Tx) -> None:
        for place, (number, outcome, waited) in enumerate(
            [
                ("+819011112222", calls.Outcome.ABANDONED, 42),
                ("", calls.Outcome.BLOCKED, 0),
                ("+81312345678", calls.Outcome.OUT_OF_HOURS, 3),
            ]
        ):
            at = tx.now - timedelta(hours=place * 9)
            call = calls.Call(
                id=f"{place:032x}", client_id=office.client_id, leg=f"l{place}", trunk="t",
                dialled="+81312345678", caller=number, arrived_at=at - timedelta(seconds=waited),
            )  # fmt: skip
            calls.record(tx, [calls.changes.arrived(call), calls.changes.ended(call, outcome, at)])

    await office.store.write(miss)
    await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
    await office.report(
        who="高橋 健一", kana="タカハシ ケンイチ", company="株式会社高橋製作所", urgency="emergency",
        what_for="水道管が破裂し、地下の機械室に水が入り続けている。止水栓の場所がわからない。", tone="hurried",
    )  # fmt: skip
    await office.report()


KEPT_ON_THE_PHONE = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);
  return found.sort();
}"""


async def installable(page: Page) -> None:
    """What Chromium itself says of the portal as an app. (Pages of tests are incognito, where nothing can be installed.)"""
    await page.evaluate("navigator.serviceWorker.ready")
    devtools = await page.context.new_cdp_session(page)
    manifest = await devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/portal/app.webmanifest")
    told = await devtools.send("Page.getInstallabilityErrors")
    assert {one["errorId"] for one in told["installabilityErrors"]} <= {"in-incognito"}


def a_message(tx: Tx, office: Office) -> str:
    """A caller has spoken to the engine; the report that was made of it."""
    call = calls.begin(
        tx, client_id=office.client_id, dialled="+81311112222", caller="+819087654321"
    )
    calls.ended(tx, call.id, calls.Outcome.MESSAGE, f"{call.id}.wav")
    tx.execute(
        insert(left_messages).values(
            id=call.id, client_id=office.client_id, left_at=tx.now, due_at=tx.now
        )
    )
    tell_message(tx, call.id, 15)
    return next(one.id for one in reports.reports(tx, office.client_id) if one.call_id == call.id)


async def test_every_screen_of_the_portal(office: Office, clock: MovedClock) -> None:
    async with working(office), chromium() as browser:
        async with site(office) as url:
            page = await seated(browser, office.store, url, office.suzuki_user, PHONE)
            await page.goto(f"{url}/portal")
            await look(page, "inbox-empty", (DESK, "light"))
            for path in ("missed", "promises"):
                await page.goto(f"{url}/portal/{path}")
                await look(page, f"{path}-empty", (DESK, "light"))
            await a_busy_day(office)
            await office.settled()
            told = await office.store.write(lambda tx: a_message(tx, office))
            await page.goto(f"{url}/portal/reports/{told}")
            await page.get_by_text("お客様の伝言").wait_for()
            await look(page, "message", (DESK, "light"))
            # The proxy says 502 while the program starts again: a browser by itself never asks such a stream once more.
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("Network.enable")
            await devtools.send("Network.setBypassServiceWorker", {"bypass": True})
            away = [502]

            async def away_once(route: Route) -> None:
                await route.fulfill(status=away.pop())

            # A stream that a test looks at arrives only when it ends: the next one goes by untouched.
            await page.route(re.compile(r"/portal/live\?"), away_once, times=1)
            await page.goto(f"{url}/portal/reports")
            await look(page, "inbox", (DESK, "light"))
            assert away == []
            await devtools.send("Network.setBypassServiceWorker", {"bypass": False})

            # A report that arrives while the page is open appears by itself.
            await office.report(who="渡辺", company="", what_for="見積もりをお願いしたい")
            await page.get_by_text("見積もりをお願いしたい").wait_for()
            await page.get_by_role("button", name="渡辺様の報告を引き受ける").click()
            await page.get_by_text("引き受けました。ほかの方への再通知は止まりました。").wait_for()
            await look(page, "report-taken", (DESK, "light"))

            await page.goto(f"{url}/portal/reports")
            await page.get_by_text("水道管が破裂し").click()
            await page.wait_for_url("**/portal/reports/*")
            await look(page, "report", (DESK, "light"))
            await page.locator("#words").get_by_text("改善のお願い", exact=True).click()
            await page.locator("#words textarea").fill("止水栓の場所を先に聞いてください")
            await page.get_by_role("button", name="届ける").click()
            await page.get_by_text("改善のお願いをお届けしました").wait_for()
            await look(page, "report-word", (DESK, "light"))
            for path in ("missed", "promises", "presence"):
                await page.goto(f"{url}/portal/{path}")
                await look(page, path, (DESK, "light"))
            await installable(page)
            await page.goto(f"{url}/portal/reports")
            await page.get_by_text("水道管が破裂し").click()
            take = page.get_by_role("button", name="引き受ける")
            await take.wait_for()

        # The server goes away.
        await take.click()
        await page.get_by_text("いまの操作は、まだ送られていません。").wait_for()
        await look(page, "offline-unsent", (DESK, "light"))
        await page.goto(f"{url}/portal/reports")
        await page.get_by_text("電波が届いていないか").wait_for()
        await look(page, "offline", (DESK, "light"))
        assert await page.evaluate(KEPT_ON_THE_PHONE) == [
            "/portal/offline", "/portal/offline", "/static/portal/icon.svg", "/static/portal/offline.js",
            "/static/portal/portal.css", "/static/web/base.css",
        ]  # fmt: skip
        # It comes back: the page too, without anybody's touch.
        async with site(office):
            await page.get_by_role("heading", name="引き受け待ち").wait_for()


async def test_the_link_and_the_supervisors_screens(office: Office, clock: MovedClock) -> None:
    from_link = await office.report()
    [first, *_others] = await office.store.read(lambda tx: delivery.deliveries_of(tx, from_link.id))
    [token] = await office.store.write(
        lambda tx: delivery.links.make_links(tx, [(from_link.id, office.suzuki, first.id)])
    )
    await a_busy_day(office)
    async with (
        site(office) as url,
        working(office),
        chromium() as browser,
    ):
        page = await seated(browser, office.store, url, None, PHONE)
        await page.goto(f"{url}/a/{token}")
        await look(page, "link", (DESK, "light"))
        await page.get_by_role("button", name="鈴木さんとして引き受ける").click()
        await page.get_by_text("鈴木さんが引き受けました").wait_for()
        await look(page, "link-taken", (DESK, "light"))
        await page.goto(f"{url}/a/{'x' * 43}")
        await look(page, "link-wrong", (DESK, "light"))

        supervisor = await office.store.write(lambda tx: add_account(tx, Role.SUPERVISOR))
        page = await seated(browser, office.store, url, supervisor, PHONE)
        await page.goto(f"{url}/reports")
        await look(page, "supervisor", (DESK, "light"))
        for _rung in range(4):
            await office.pass_time(minutes=15)
        await page.goto(f"{url}/reports")
        await look(page, "supervisor-exhausted", (DESK, "light"))
        await page.get_by_role("link", name="【緊急】").first.click()
        await page.wait_for_url("**/reports/*")
        await look(page, "supervisor-report", (DESK, "light"))
