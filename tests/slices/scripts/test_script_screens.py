"""The editor and its pages in a real Chromium: typing is kept, lint and drawing follow, two authors lose nothing, axe is
content. Pictures go to DENWABAN_TEST_SHOTS."""

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from tests.browsers import chromium
from tests.screens import serving, violations
from tests.seat_story import PLUMBER
from tests.some_people import an_operator
from tests.web_fixtures import add_account

from denwaban.access import Role, open_session, user
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.journal import Journal
from denwaban.people import add_client
from denwaban.scripts import (
    Kept,
    ScriptSettings,
    add_script,
    draft_of,
    new_script,
    publish,
    save_draft,
    set_settings,
)
from denwaban.scripts.pages import approval, routes
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, build_app

pytestmark = pytest.mark.browser

LAPTOP = ViewportSize(width=1366, height=768)
DESK = ViewportSize(width=1920, height=1080)
ASKED = "恐れ入りますが、けが人、火、煙、ガスのにおいはございませんか。"


@dataclass
class Room:
    """An installation with one client and its script."""

    store: Store
    url: str
    browser: Browser
    client_id: str
    script_id: str

    async def page(
        self, role: Role, size: ViewportSize = LAPTOP, *, dark: bool = False, who: str = ""
    ) -> Page:
        """A page of somebody of this role."""

        def enter(tx: Tx) -> str:
            found = user(tx, who) if who else None
            if found is None:
                own = self.client_id if role is Role.CLIENT else None
                found = user(tx, add_account(tx, role, own))
            assert found is not None
            return open_session(tx, found, "test")[0]

        token = await self.store.write(enter)
        context = await self.browser.new_context(
            viewport=size,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            reduced_motion="reduce",
            color_scheme="dark" if dark else "light",
        )
        context.on("weberror", lambda error: pytest.fail(str(error.error)))
        await context.add_cookies([{"name": "denwaban", "value": token, "url": self.url}])
        return await context.new_page()

    async def draft(self) -> str:
        found = await self.store.read(lambda tx: draft_of(tx, self.script_id))
        return found.text if found else ""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def people(tx: Tx) -> tuple[str, str]:
    client_id = add_client(
        tx, "yamada", "山田設備", greeting="お電話ありがとうございます。山田設備でございます。"
    )
    an_operator(tx, "tanaka")
    an_operator(tx, "sato")
    return client_id, add_script(tx, client_id, "設備の緊急受付", PLUMBER, "はじめの台本")


@pytest.fixture
async def room(store: Store, clock: MovedClock) -> AsyncIterator[Room]:
    app = build_app(
        routes,
        [],
        store=store,
        clock=clock,
        journal=Journal(store),
        settings=Settings(),
        menu=[MenuEntry("/scripts", "台本", frozenset({Role.SUPERVISOR})), *approval.menu],
    )
    client_id, script_id = await store.write(people)
    async with serving(app) as url, chromium() as browser:
        yield Room(store, url, browser, client_id, script_id)


async def look(page: Page, name: str) -> None:
    shots = os.environ.get("DENWABAN_TEST_SHOTS")
    size = page.viewport_size
    assert size is not None
    if shots:
        await page.screenshot(path=f"{shots}/{name}-{size['width']}.png")
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, f"{name} scrolls sideways"
    assert await violations(page) == [], name


async def editor(room: Room, page: Page) -> None:
    await page.goto(f"{room.url}/scripts/{room.script_id}/edit")
    await expect(page.locator("#drawing svg")).to_have_count(1)


@pytest.mark.req("B18", "J3")
async def test_what_is_typed_is_kept_checked_shown_and_drawn(room: Room) -> None:
    page = await room.page(Role.SUPERVISOR)
    await editor(room, page)
    await look(page, "editor")
    await page.evaluate("() => document.getElementById('text').setSelectionRange(0, 0)")
    await page.locator("#text").press("Control+Home")
    await page.keyboard.type("# 山田様の希望で\n")
    await expect(page.locator("#saved")).to_have_attribute("data-state", "unsaved")
    await expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    assert (await room.draft()).startswith("# 山田様の希望で\n")
    # The scene under the cursor, as operators will see it.
    place = (await room.draft()).index('id = "leak"')
    await page.evaluate("(at) => document.getElementById('text').setSelectionRange(at, at)", place)
    await page.locator("#text").press("ArrowRight")
    await expect(page.locator("#preview .where")).to_contain_text("水漏れの状況")
    # A broken text says where.
    await page.locator("#text").press("Control+End")
    await page.keyboard.type("\n[[nodes")
    await expect(page.locator("#findings .error").first).to_be_visible()
    await look(page, "editor-broken")
    line = page.locator("#findings [data-line]").first
    await line.click()
    await expect(page.locator("#text")).to_be_focused()
    await page.get_by_role("tab", name="図").click()
    await look(page, "editor-drawing")
    await page.locator("#drawing .scene[data-node=who]").click()
    chosen = await page.evaluate(
        "() => document.getElementById('text').value.slice(0, document.getElementById('text').selectionStart).split('\\n').length"
    )
    assert chosen > 20


async def test_a_crash_of_the_browser_costs_no_word(room: Room) -> None:
    page = await room.page(Role.SUPERVISOR)
    await editor(room, page)
    await page.route("**/draft", lambda route: route.abort())
    await page.locator("#text").press("Control+Home")
    await page.keyboard.type("# まだ送れていない\n")
    await expect(page.locator("#saved")).to_have_attribute("data-state", "failed")
    other = await page.context.new_page()
    # The first page never gets through any more; it stays open, for one that closes sends its last words after all.
    await editor(room, other)
    await other.get_by_role("button", name="取り戻す").click()
    await expect(other.locator("#saved")).to_have_attribute("data-state", "saved")
    assert (await room.draft()).startswith("# まだ送れていない\n")


async def test_two_authors_at_once(room: Room) -> None:
    page = await room.page(Role.SUPERVISOR)
    # As if news of the other came too late: what is sent has to cope by itself.
    await page.route("**/present", lambda route: route.abort())
    await editor(room, page)
    # Another author writes at the end meanwhile: both are kept, in both places.
    await room.store.write(
        lambda tx: save_draft(tx, room.script_id, PLUMBER + "\n# 別の人\n", None, None)
    )
    await page.locator("#text").press("Control+Home")
    await page.keyboard.type("# 私\n")
    await expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    both = await room.draft()
    assert both.startswith("# 私\n")
    assert both.endswith("# 別の人\n")
    await expect(page.locator("#text")).to_have_value(both)
    # The same line, differently: nobody loses anything, and a person decides.
    found = await room.store.read(lambda tx: draft_of(tx, room.script_id))
    assert found is not None
    theirs = await room.store.write(
        lambda tx: save_draft(
            tx, room.script_id, both.replace("# 私", "# 私ではない"), found.id, None
        )
    )
    assert isinstance(theirs, Kept)
    await page.locator("#text").press("Control+Home")
    await page.keyboard.type("# もう")
    await expect(page.locator("#clash")).to_be_visible()
    await page.locator("#clash a").click()
    await look(page, "clash")
    await page.get_by_role("button", name="重なった変更にする").click()
    await page.wait_for_url("**/edit")
    assert (await room.draft()).startswith("# もう# 私\n")


async def test_two_authors_see_each_other_and_lose_no_word(room: Room) -> None:
    first, second = await room.page(Role.SUPERVISOR), await room.page(Role.ADMINISTRATOR)
    await editor(room, first)
    await expect(first.locator("#company")).to_be_hidden()
    await editor(room, second)
    # Each is told who else is there.
    await expect(second.locator("#company")).to_have_text("テスト supervisorさんも編集中")
    await expect(first.locator("#company")).to_have_text("テスト administratorさんも編集中")
    await look(first, "editor-company")
    # The other saves: who has typed nothing has it at once, the cursor stays.
    await first.locator("#text").press("Control+End")
    await second.locator("#text").press("Control+Home")
    await second.keyboard.type("# あちら\n")
    await expect(second.locator("#saved")).to_have_attribute("data-state", "saved")
    await expect(first.locator("#toasts")).to_contain_text("テスト administratorさんが保存しました")
    await expect(first.locator("#text")).to_have_value(re.compile("^# あちら\n"))
    end = "() => document.getElementById('text').selectionStart === document.getElementById('text').value.length"
    assert await first.evaluate(end)
    # The other saves while something is typed here that is not saved: both are kept, in both pages.
    await first.route("**/draft", lambda route: route.abort())
    await first.keyboard.type("# こちら\n")
    await expect(first.locator("#saved")).to_have_attribute("data-state", "failed")
    await second.keyboard.type("# また\n")
    await expect(second.locator("#saved")).to_have_attribute("data-state", "saved")
    await expect(first.locator("#toasts")).to_contain_text("あなたの文字と合わせます")
    await expect(first.locator("#text")).to_have_value(re.compile("# こちら\n$"))
    await first.unroute("**/draft")
    await expect(first.locator("#saved")).to_have_attribute("data-state", "saved")
    both = await room.draft()
    assert both.startswith("# あちら\n# また\n")
    assert both.endswith("# こちら\n")
    await expect(first.locator("#text")).to_have_value(both)
    await expect(second.locator("#text")).to_have_value(both)
    # Who closes the page is gone.
    await second.goto(f"{room.url}/scripts")
    await expect(first.locator("#company")).to_be_hidden()


@pytest.mark.parametrize(
    ("size", "dark"), [(LAPTOP, False), (DESK, True)], ids=["laptop", "desk-dark"]
)
async def test_every_page(room: Room, size: ViewportSize, dark: bool) -> None:
    page = await room.page(Role.SUPERVISOR, size, dark=dark)
    script = f"{room.url}/scripts/{room.script_id}"
    changed = PLUMBER.replace(ASKED, "恐れ入りますが、火や煙、ガスのにおいはございませんか。")

    def more(tx: Tx) -> None:
        publish(tx, room.script_id, changed, "けがの確認は次の場面に移しました")
        new_script(tx, room.client_id, "白紙の台本", 'nodes = "こわれた"', None)
        save_draft(tx, room.script_id, changed.replace("見積", "お見積り"), None, None)
        set_settings(tx, room.client_id, ScriptSettings(approval=True))

    await room.store.write(more)
    for path, name in (
        (f"{room.url}/scripts", "list"),
        (f"{room.url}/scripts?q=ない", "list-none"),
        (f"{room.url}/scripts/new", "new"),
        (f"{room.url}/scripts/settings/{room.client_id}", "settings"),
        (script, "script"),
        (f"{script}/compare", "compare"),
        (f"{script}/publish", "publish"),
    ):
        await page.goto(path)
        await look(page, name)
    await page.goto(script)
    await page.get_by_role("link", name="第2版").first.click()
    await look(page, "version")
    await page.goto(f"{script}/edit")
    await expect(page.locator("#drawing svg")).to_have_count(1)
    await look(page, "editor-full")
    await page.get_by_role("tab", name="図").click()
    await look(page, "editor-full-drawing")


@pytest.mark.req("B8")
async def test_a_client_approves_what_changes(room: Room) -> None:
    await room.store.write(
        lambda tx: set_settings(tx, room.client_id, ScriptSettings(approval=True))
    )
    author = await room.page(Role.SUPERVISOR)
    await room.store.write(
        lambda tx: save_draft(
            tx, room.script_id, PLUMBER.replace("お困りでしょうか", "お困りですか"), None, None
        )
    )
    await author.goto(f"{room.url}/scripts/{room.script_id}/publish")
    await author.get_by_label("何をなぜ変えたか").fill("言い方を短くしました")
    for field in await author.locator("input[name^=why-]").all():
        await field.fill("お客様のご希望です")
    await author.get_by_role("button", name="承認を依頼する").click()
    await expect(author.get_by_text("顧客企業の承認を待っています")).to_be_visible()
    theirs = await room.page(Role.CLIENT, ViewportSize(width=390, height=844))
    await theirs.goto(f"{room.url}/portal/scripts")
    await look(theirs, "theirs")
    await theirs.get_by_role("link", name="設備の緊急受付 第2版").click()
    await look(theirs, "their-version")
    await theirs.get_by_role("button", name="承認する").click()
    await expect(theirs.get_by_text("いま承認が要るものはありません")).to_be_visible()
    await author.reload()
    await author.get_by_role("button", name="いま公開する").click()
    await expect(author.get_by_text("公開中: 第2版")).to_be_visible()
    await expect(author.get_by_text("未確認 2名")).to_be_visible()
