"""The call-back on a report's page, in a real browser: one press, and the page follows by itself."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.browsers import chromium
from tests.delivery_story import open_office
from tests.outside_story import CALLING, outside
from tests.screens import DESK, PHONE, WIDE, look, seated, serving

from denwaban.callback import CallBacks
from denwaban.callback.pages import routes as callback_pages
from denwaban.clock import MovedClock
from denwaban.journal import Journal
from denwaban.lines import add_number
from denwaban.portal import pages
from denwaban.store import Store
from denwaban.telephony.port import Unreached
from denwaban.web import build_app

pytestmark = pytest.mark.browser

OWN, CALLER = "+819011112222", "+819012345678"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


async def test_one_press_calls_back_and_the_page_follows(
    store: Store,
    clock: MovedClock,
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        out = await stack.enter_async_context(outside(clock, tmp_path))
        office = await open_office(store, clock, CALLING)
        client_id = office.client_id
        await store.write(lambda tx: add_number(tx, client_id, "0312345678", "代表"))
        call_backs = CallBacks(out.outgoing, store, out.said, CALLING)
        journal = Journal(store)
        await stack.enter_async_context(out.runs(call_backs.run()))
        await stack.enter_async_context(out.runs(journal.run()))
        app = build_app(
            [*pages.routes, *callback_pages],
            [],
            store=store,
            clock=clock,
            journal=journal,
            settings=CALLING,
            services={"call_backs": call_backs, "recordings": None},
            menu=pages.menu,
        )
        url = await stack.enter_async_context(serving(app))
        browser = await stack.enter_async_context(chromium())
        report = await office.report()
        page = await seated(browser, store, url, office.suzuki_user, PHONE)
        place = page.locator(".call-back")
        await page.goto(f"{url}/portal/reports/{report.id}")
        await expect(place).to_contain_text("お手元の電話番号が登録されていません")
        await look(page, "callback-no-phone", (DESK, "dark"), (WIDE, "light"))

        await office.contact(office.suzuki, "phone", number="090-1111-2222")
        await page.reload()
        await place.get_by_role("button", name="電話番から 090-1234-5678 に折り返す").click()
        await expect(place).to_contain_text("お手元の電話を呼び出しています")
        await look(page, "callback-own", (DESK, "dark"), (WIDE, "light"))
        await out.answers(OWN)
        await out.hears(OWN, "1 を押してください")
        out.presses(OWN, "1")
        await out.hears(OWN, "佐藤 花子様")
        await out.hears_out(OWN)
        # Nobody loads anything again: the page follows.
        await expect(place).to_contain_text("呼び出し中です…")
        await out.rings(CALLER)
        out.phone.outside_fails(CALLER, Unreached.BUSY)
        await out.hears(OWN, "お話し中でした")
        await out.hears_out(OWN)
        await expect(place).to_contain_text("お客様はお話し中でした")
        await look(page, "callback-busy", (DESK, "dark"), (WIDE, "light"))

        await place.get_by_role("button").click()
        await out.answers(OWN)
        await out.hears(OWN, "1 を押してください")
        out.presses(OWN, "1")
        await out.hears(OWN, "佐藤 花子様")
        await out.hears_out(OWN)
        await out.answers(CALLER)
        await expect(place).to_contain_text("お話し中です…")
        await look(page, "callback-talking", (DESK, "dark"), (WIDE, "light"))
        await asyncio.sleep(0)
        await office.pass_seconds(65)
        out.phone.outside_hangs_up(CALLER)
        await expect(place).to_contain_text("1分5秒お話ししました")
        await page.reload()
        await look(page, "callback-talked", (DESK, "dark"), (WIDE, "light"))
