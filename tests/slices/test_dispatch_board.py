"""The dispatch board and the ladder page in a real Chromium: what burns first, by keyboard, without a reload."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.browsers import chromium
from tests.delivery_story import Office, open_office, working
from tests.ports import free_port
from tests.screens import WIDE_DARK, look, seated, serving
from tests.web_fixtures import add_account

from denwaban import delivery, main, people
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import pages
from denwaban.journal import Journal
from denwaban.store import Store
from denwaban.web import build_app

pytestmark = pytest.mark.browser


@asynccontextmanager
async def site(office: Office) -> AsyncIterator[str]:
    journal = Journal(office.store)
    app = build_app(
        pages.routes, [], store=office.store, clock=office.clock, journal=journal,
        settings=office.settings, menu=main.MENU,
    )  # fmt: skip
    running = [asyncio.create_task(journal.run())]
    try:
        async with serving(app, office.settings.web_port) as url:
            yield url
    finally:
        for one in running:
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings(web_port=free_port()))


@pytest.mark.req("D4", "D5")
async def test_the_board_is_worked_by_keyboard_and_stays_true(
    office: Office, clock: MovedClock
) -> None:
    sv = await office.store.write(lambda tx: add_account(tx, Role.SUPERVISOR, login="sv"))
    async with site(office) as url, working(office), chromium() as browser:
        page = await seated(browser, office.store, url, sv)
        await page.goto(f"{url}/dispatch")
        await page.get_by_text("すべての報告が引き受けられ、終わっています").wait_for()
        await look(page, "board-empty", WIDE_DARK)

        # Mail without a server is "not set up", a webhook to nowhere fails.
        await office.contact(
            office.ito, "webhook", url="http://127.0.0.1:9/x", secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )  # fmt: skip
        old = await office.report(
            who="古田", company="", what_for="請求書が届かない", to=office.ito
        )
        await office.settled()
        await office.pass_time(minutes=7)
        taken = await office.report(who="渡辺", company="", what_for="見積もりをお願いしたい")
        await office.store.write(
            lambda tx: delivery.acknowledge(tx, taken.id, office.ito, "portal")
        )
        await office.pass_time(minutes=61)
        urgent = await office.report(
            who="高橋 健一", urgency="emergency", what_for="水道管が破裂した"
        )
        await office.settled()
        # Without a reload the board shows them, the worst first.
        rows = page.locator("tr[data-id]")
        await page.locator(f'tr[data-id="{urgent.id}"]').wait_for()
        shown = [await row.get_attribute("data-id") for row in await rows.all()]
        assert shown == [old.id, urgent.id, taken.id]
        await look(page, "board", WIDE_DARK)

        # j, r: sent again now; a second press within a moment is the same one.
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        assert await page.locator("tr.at").get_attribute("data-id") == urgent.id
        await page.keyboard.press("r")
        await page.get_by_text("送り直しています").wait_for()
        await page.locator(f'tr[data-id="{urgent.id}"]', has_text="送り直し").wait_for()
        # c: a comment; a: it is given to somebody else, and the row says so by itself.
        await page.keyboard.press("c")
        await page.fill("#f-comment", "お客様は15時まで会議中です")
        await look(page, "board-comment", WIDE_DARK)
        await page.get_by_role("button", name="書き込む").click()
        await page.get_by_text("書き込みました").wait_for()
        await page.keyboard.press("a")
        await page.select_option("#f-to", office.ito)
        await page.get_by_role("button", name="この人に知らせる").click()
        await page.locator(f'tr[data-id="{urgent.id}"]', has_text="伊藤").wait_for()
        await page.keyboard.press("?")
        await page.get_by_text("次の報告、前の報告").wait_for()
        await page.keyboard.press("Escape")

        # Taken elsewhere: it leaves its place at once.
        await office.store.write(lambda tx: delivery.acknowledge(tx, urgent.id, office.ito, "link"))
        await page.locator(f'tr[data-id="{urgent.id}"]', has_text="引き受け済み").wait_for()
        await page.locator(f'tr[data-id="{urgent.id}"] a').focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/reports/*")
        await page.get_by_text("お客様は15時まで会議中です").wait_for()
        assert "古田" in await page.inner_text("main")  # the same number called before
        await look(page, "report", WIDE_DARK)


async def test_a_ladder_is_written_tried_out_and_kept(office: Office) -> None:
    sv = await office.store.write(lambda tx: add_account(tx, Role.SUPERVISOR, login="sv"))
    await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
    nakamura = await office.store.write(
        lambda tx: people.add_staff(tx, office.client_id, "中村", "ナカムラ", "役員")
    )
    async with site(office) as url, chromium() as browser:
        page = await seated(browser, office.store, url, sv)
        await page.goto(f"{url}/clients/{office.client_id}/ladder?urgency=emergency")
        await page.select_option('[name="whom-1"]', "everyone")
        await page.fill('[name="wait-1"]', "5")
        await page.select_option('[name="whom-4"]', "person")
        await page.select_option('[name="staff-4"]', nakamura)
        await page.select_option('[name="whom-5"]', "floor")
        await page.get_by_role("button", name="流れを見る").click()
        await page.get_by_text("まだ保存していません").wait_for()
        told = await page.locator(".timeline").inner_text()
        assert "在席の全員" in told
        assert "中村" in told
        assert "50分後" in told
        await page.get_by_role("button", name="保存する").first.click()
        await page.get_by_text("次の報告から使います").wait_for()
        await look(page, "ladder", WIDE_DARK)
        await page.fill('[name="times"]', "09:00 13:00")
        await page.fill('input[name^="quiet-normal-"]', "22:00-07:00")
        await page.locator("#times").get_by_role("button", name="保存する").click()
        await page.get_by_text("保存しました").wait_for()
        assert await page.input_value('input[name^="quiet-normal-"]') == "22:00-07:00"
        assert await page.input_value('[name="times"]') == "09:00 13:00"
        # A step without its person is refused with a sentence, and nothing typed is lost.
        await page.goto(f"{url}/clients/{office.client_id}/ladder?urgency=soon")
        await page.select_option('[name="whom-4"]', "person")
        await page.get_by_role("button", name="保存する").first.click()
        await page.get_by_text("名前を選んでください").wait_for()
        assert await page.input_value('[name="whom-4"]') == "person"
