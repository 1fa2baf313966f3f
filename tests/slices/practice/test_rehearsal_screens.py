"""A rehearsal and a practice in a real Chromium, by keyboard; axe is content. Pictures go to DENWABAN_TEST_SHOTS."""

from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.browsers import chromium
from tests.screens import WIDE_DARK, look, seated, serving
from tests.seat_story import PLUMBER
from tests.web_fixtures import MakeWeb, add_account

from denwaban import main
from denwaban.access import Role
from denwaban.lines.pages import ScriptNames
from denwaban.people import add_client, add_operator, add_staff
from denwaban.scripts import add_script, draft_of, names_of, new_script, parse, save_draft
from denwaban.scripts.library import library
from denwaban.store import Store, Tx

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


EXAMPLE = """
[[examples]]
name = "給湯器の異音"
caller = "給湯器から変な音がします。"
steps = [
  { at = "danger", choice = "ない" },
  { at = "who", answer = { caller_name = "佐藤 花子", caller_number = "090-0000-1200", address = "中央町" } },
  { at = "matter", answer = { what_for = "変な音がする" }, choice = "水漏れ" },
]
report = ["給湯器"]
"""


def furnish(tx: Tx) -> dict[str, str]:
    client_id = add_client(tx, "yamada", "山田設備")
    add_staff(tx, client_id, "鈴木 一郎")
    operator = add_account(tx, Role.OPERATOR)
    add_operator(tx, operator, "田中")
    script_id = add_script(tx, client_id, "設備の緊急受付", PLUMBER, "はじめの台本")
    save_draft(tx, script_id, PLUMBER + EXAMPLE, None, None)
    clinic = next(one for one in library() if one.code == "clinic")
    return {
        "script": script_id,
        "clinic": new_script(tx, client_id, "クリニックの受付", clinic.text, None),
        "author": add_account(tx, Role.SUPERVISOR),
        "operator": operator,
    }


@pytest.mark.req("L5")
async def test_a_rehearsal_by_keyboard(store: Store, make_web: MakeWeb) -> None:
    ids = await store.write(furnish)
    web = await make_web(pages=main.PAGES, services={"practice": None, "call_backs": None, "switchboard": None, "waiting_room": None, "press": None, "channels": None, "doors": None, "recordings": None, "script_names": ScriptNames(names_of)}, menu=main.MENU)  # fmt: skip
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, store, url, ids["author"])
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        await page.goto(f"{url}/scripts/{ids['script']}/rehearsal")
        await expect(page.locator(".covered")).to_contain_text("0/8 の分岐")
        await page.keyboard.press("2")
        await expect(page.locator("#a-caller_name")).to_be_focused()
        await page.keyboard.type("佐藤 花子")
        for _field in range(2):
            await page.keyboard.press("Enter")
        await page.keyboard.type("090-0000-1200")
        await page.keyboard.press("Enter")
        await page.keyboard.type("中央町1-2-3")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#a-what_for")).to_be_focused()
        assert page.url.endswith("#2n")
        # Back and forth: what was typed is still there.
        await page.keyboard.press("Control+b")
        await expect(page.locator("#a-address")).to_have_value("中央町1-2-3")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#a-what_for")).to_be_focused()
        await page.keyboard.type("お湯が出ない")
        await page.keyboard.press("Alt+2")
        await expect(page.locator(".covered")).to_contain_text("2/8 の分岐")
        await page.keyboard.press("Control+Enter")
        report = page.get_by_role("complementary", name="歩みと報告")
        await expect(report).to_contain_text("【要折り返し】佐藤 花子様より(練習)")
        await expect(report).to_contain_text("給湯器: お湯が出ない")
        await look(page, "rehearsal-end")
        await page.get_by_role("button", name="この歩みを例として残す").click()
        await page.get_by_label("例の名前").fill("お湯が出ない")
        await page.get_by_label("お客様の最初の言葉").fill("お湯が出ないのですが")
        await look(page, "rehearsal-keep")
        await page.keyboard.press("Enter")
        await expect(page.locator(".walks")).to_have_count(2)
        await expect(page.locator("[data-load='example:1']")).to_contain_text("お湯が出ない")
        draft = await store.read(lambda tx: draft_of(tx, ids["script"]))
        assert draft is not None
        assert [one.name for one in parse(draft.text).script.examples] == [
            "給湯器の異音",
            "お湯が出ない",
        ]
        # The address says where one was, the session what was covered; what was typed is nowhere.
        await page.reload()
        await expect(page.locator("#seat-middle .where span")).to_have_count(4)
        await expect(page.locator(".covered")).to_contain_text("2/8 の分岐")
        await expect(page.locator("body")).not_to_contain_text("中央町1-2-3")
        await page.go_back()
        await expect(page.locator("#seat-middle .where span")).to_have_count(3)


async def test_how_it_looks(store: Store, make_web: MakeWeb) -> None:
    ids = await store.write(furnish)
    web = await make_web(pages=main.PAGES, services={"practice": None, "call_backs": None, "switchboard": None, "waiting_room": None, "press": None, "channels": None, "doors": None, "recordings": None, "script_names": ScriptNames(names_of)}, menu=main.MENU)  # fmt: skip
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, store, url, ids["author"])
        await page.goto(f"{url}/scripts/{ids['script']}/rehearsal")
        await look(page, "rehearsal", WIDE_DARK)
        await page.locator("[data-load='example:0']").click()
        await expect(page.locator(".wrong")).to_contain_text("報告に「給湯器」がありません。")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")  # twice on one node is one step
        await expect(page.locator("#a-address")).to_have_value("中央町")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#seat-middle")).to_contain_text("この歩みでは: 水漏れ")
        await look(page, "rehearsal-example", WIDE_DARK)
        await page.goto(f"{url}/scripts/{ids['clinic']}/rehearsal")
        await look(page, "rehearsal-clinic", WIDE_DARK)
        me = await seated(browser, store, url, ids["operator"])
        me.on("pageerror", lambda error: pytest.fail(str(error)))
        await me.goto(f"{url}/practice/scripts")
        await look(me, "training", WIDE_DARK)
        await me.get_by_role("button", name="練習する").first.click()
        await expect(me.locator("#seat-middle")).to_contain_text("けが人、火、煙")
        await look(me, "training-walk", WIDE_DARK)
        await me.keyboard.press("2")
        await expect(me.locator("#a-caller_name")).to_be_focused()
        await me.keyboard.type("佐藤 花子")
        await me.keyboard.press("Control+Enter")
        await expect(me.locator("#a-what_for")).to_be_focused()
        await me.keyboard.press("Alt+4")
        await me.get_by_role("button", name="終わって採点する").wait_for()
        await me.keyboard.press("Enter")
        await me.get_by_text("できました").first.wait_for()
        await look(me, "sheet", WIDE_DARK)
        await me.goto(f"{url}/practice/scripts")
        await look(me, "training-after", WIDE_DARK)
        await page.goto(f"{url}/practice/scripts")
        await look(page, "training-boss", WIDE_DARK)
