"""The portal in a real Chromium: reachable by thumb, true while it is open, clean for axe. Pictures go to DENWABAN_TEST_SHOTS."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright
from tests.conftest import free_port
from tests.delivery_story import Office, eventually, open_office, working
from tests.web_fixtures import add_account

from denwaban import calls, delivery
from denwaban.access import Role, open_session, user
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import pages as delivery_pages
from denwaban.journal import Journal
from denwaban.portal import pages
from denwaban.store import Store, Tx, metadata
from denwaban.web import MenuEntry, build_app

pytestmark = pytest.mark.browser

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1366, height=768)


@asynccontextmanager
async def serving(store: Store, clock: MovedClock, settings: Settings) -> AsyncIterator[str]:
    journal = Journal(store)
    app = build_app(
        [*pages.routes, *delivery_pages.routes],
        [],
        store=store,
        clock=clock,
        journal=journal,
        settings=settings,
        menu=[*pages.menu, MenuEntry("/reports", "報告の行方", delivery_pages.ours.roles)],
    )
    port = settings.web_port
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="on",
                       timeout_graceful_shutdown=1)
    )  # fmt: skip
    reading = asyncio.create_task(journal.run())
    running = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: _started(server))
        yield f"http://127.0.0.1:{port}"
    finally:
        app.state.live.stop()
        server.should_exit = True
        await running
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def _started(server: uvicorn.Server) -> bool:
    return server.started


@pytest.fixture
async def office(tmp_path: Path, clock: MovedClock) -> AsyncIterator[Office]:
    store = Store(f"sqlite:///{tmp_path / 'screens.db'}", clock)
    metadata.create_all(store.engine)
    await store.open()
    try:
        yield await open_office(store, clock, Settings(web_port=free_port()))
    finally:
        await store.close()


async def signed_in(
    browser: Browser, office: Office, url: str, user_id: str, size: ViewportSize
) -> Page:
    def enter(tx: Tx) -> str:
        found = user(tx, user_id)
        assert found is not None
        return open_session(tx, found, "test")[0]

    token = await office.store.write(enter)
    context = await browser.new_context(
        viewport=size,
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        reduced_motion="reduce",
    )
    await context.add_cookies([{"name": "denwaban", "value": token, "url": url}])
    return await context.new_page()


async def look(page: Page, name: str) -> None:
    """Takes a picture, and asks axe and the eye's simplest question: does anything stick out sideways?"""
    shots = os.environ.get("DENWABAN_TEST_SHOTS")
    if shots:
        size = page.viewport_size
        assert size is not None
        await page.screenshot(path=f"{shots}/{name}-{size['width']}.png", full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, f"{name} scrolls sideways"
    # The content security policy lets only our own scripts in; axe is injected past it by the debugger.
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


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


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_every_screen_of_the_portal(
    office: Office, clock: MovedClock, size: ViewportSize
) -> None:
    async with (
        serving(office.store, clock, office.settings) as url,
        working(office),
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = await signed_in(browser, office, url, office.suzuki_user, size)
        await page.goto(f"{url}/portal")
        await look(page, "inbox-empty")
        for path in ("missed", "promises"):
            await page.goto(f"{url}/portal/{path}")
            await look(page, f"{path}-empty")
        await a_busy_day(office)
        await office.settled()
        await page.goto(f"{url}/portal/reports")
        await look(page, "inbox")

        # A report that arrives while the page is open appears by itself.
        await office.report(who="渡辺", company="", what_for="見積もりをお願いしたい")
        await page.get_by_text("見積もりをお願いしたい").wait_for()
        await page.get_by_role("button", name="渡辺様の報告を引き受ける").click()
        await page.get_by_text("引き受けました。ほかの方への再通知は止まりました。").wait_for()
        await look(page, "report-taken")

        await page.goto(f"{url}/portal/reports")
        await page.get_by_text("水道管が破裂し").click()
        await page.wait_for_url("**/portal/reports/*")
        await look(page, "report")
        for path in ("missed", "promises", "presence"):
            await page.goto(f"{url}/portal/{path}")
            await look(page, path)
        await browser.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_the_link_and_the_supervisors_screens(
    office: Office, clock: MovedClock, size: ViewportSize
) -> None:
    from_link = await office.report()
    token = await office.store.write(
        lambda tx: delivery.links.make_link(
            tx, from_link.id, office.suzuki, delivery.deliveries_of(tx, from_link.id)[0].id
        )
    )
    await a_busy_day(office)
    async with (
        serving(office.store, clock, office.settings) as url,
        working(office),
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        plain = await browser.new_context(viewport=size, locale="ja-JP")
        page = await plain.new_page()
        await page.goto(f"{url}/a/{token}")
        await look(page, "link")
        await page.get_by_role("button", name="鈴木さんとして引き受ける").click()
        await page.get_by_text("鈴木さんが引き受けました").wait_for()
        await look(page, "link-taken")
        await page.goto(f"{url}/a/{'x' * 43}")
        await look(page, "link-wrong")

        supervisor = await office.store.write(lambda tx: add_account(tx, Role.SUPERVISOR))
        page = await signed_in(browser, office, url, supervisor, size)
        await page.goto(f"{url}/reports")
        await look(page, "supervisor")
        for _rung in range(4):
            await office.pass_time(minutes=15)
        await page.goto(f"{url}/reports")
        await look(page, "supervisor-exhausted")
        await page.get_by_role("link", name="【緊急】").first.click()
        await page.wait_for_url("**/reports/*")
        await look(page, "supervisor-report")
        await browser.close()
