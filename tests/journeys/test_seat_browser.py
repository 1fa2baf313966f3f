"""An operator, a keyboard and a real Chromium. The telephone is in memory: the call is answered on a SIP phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select
from tests.screens import violations
from tests.seat_browser import (
    chromium,
    fits,
    node,
    saved,
    seat_page,
    serving,
    signed_in,
    stage,
)
from tests.seat_story import MakeStory, SeatStory, seat_story, until

from denwaban.lines import Condition, Say, set_transfers
from denwaban.reports import reports
from denwaban.scripts import publish, read
from denwaban.scripts.fit import ROOM, height
from denwaban.scripts.rows import scripts
from denwaban.store import Tx

__all__ = ["seat_story"]

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what happens in the browser."""
    return f"sqlite:///{tmp_path / 'test.db'}"


async def sent(story: SeatStory) -> list[str]:
    return [one.subject for one in await story.store.read(lambda tx: reports(tx, None))]


@pytest.mark.req("A2", "A7", "B3", "C1", "C3")
async def test_a_call_is_taken_and_reported_by_keyboard_alone(seat_story: MakeStory) -> None:
    story = await seat_story()
    suzuki, takahashi = story.staff["鈴木"], story.staff["高橋"]
    conditions = (
        Condition(Say.ASK, suzuki, note="会議が多い方です"),
        Condition(Say.NEVER, takahashi),
    )
    await story.store.write(lambda tx: set_transfers(tx, story.client_id, conditions))
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        await fits(page)
        await story.rings()
        await stage(page, "ringing")
        assert (await page.title()).startswith("☎ 着信: 山田設備")
        for words in ("山田設備でございます", "佐藤 花子", "代: 伊藤", "けが人、火、煙"):
            await expect(page.locator("body")).to_contain_text(words)
        await fits(page)
        await expect(page.locator("#seat-other-phone")).to_be_visible()
        await story.answers()
        await node(page, "danger")
        assert not (await page.title()).startswith("☎")
        await fits(page)
        await page.keyboard.press("1")
        await node(page, "safe")
        await fits(page)
        await page.keyboard.press("Backspace")
        await node(page, "danger")
        await page.keyboard.press("2")
        await node(page, "who")
        await fits(page)
        # What is known stands there; the first empty field has the focus.
        await expect(page.locator("[id='a-caller_name']")).to_have_value("佐藤 花子")
        await page.keyboard.type("港区芝1-2-3")
        await page.keyboard.press("Control+Enter")
        await node(page, "matter")
        await page.keyboard.type("床まで水が出ている")
        await fits(page)
        await page.keyboard.press("Alt+1")
        await node(page, "leak")
        await fits(page)
        await page.select_option("[id='a-spreading']", "広がっている")
        await page.keyboard.press("Control+m")
        await until(lambda: story.seat().muted)
        await page.keyboard.press("Control+h")
        await until(lambda: story.seat().held)
        await expect(page.locator("#seat-bottom")).to_contain_text("保留中")
        await fits(page)
        await page.keyboard.press("Control+h")
        await until(lambda: not story.seat().held)
        await expect(page.locator("#seat-now")).to_contain_text("保留 1回")
        # The telephone's keys: a note, a pause of the recording, the panels of the staff and of the line.
        await page.keyboard.press("Alt+f")
        await page.keyboard.type("門は右手")
        await saved(page)
        await page.keyboard.press("Alt+r")
        await until(lambda: story.seat().silenced)
        await expect(page.locator("#seat-now")).to_contain_text("録音停止中")
        await fits(page)
        await page.keyboard.press("Alt+r")
        await until(lambda: not story.seat().silenced)
        await page.keyboard.press("Alt+d")
        await expect(page.locator("[data-aid-of=line]")).to_be_visible()
        await page.keyboard.press("9")
        await page.keyboard.type("12#")
        await page.keyboard.press("Enter")
        await until(lambda: any(act.verb == "press" for act in story.phone.acts))
        await page.keyboard.press("Alt+t")
        await expect(page.locator("[data-aid-of=pass]")).to_contain_text(
            "先に本人に聞く · 会議が多い方です"
        )
        await expect(page.locator("[data-aid-of=pass]")).to_contain_text("つながない決まり")
        await fits(page)
        await page.keyboard.press("0")
        await expect(page.locator("#seat-panel")).to_be_hidden()
        await page.keyboard.press("Control+Enter")
        await node(page, "promise")
        await fits(page)
        await page.keyboard.press("Control+Enter")
        await node(page, "end")
        await fits(page)
        # What was said so far stands where nothing is asked: it is read back.
        await expect(page.locator(".answers-given")).to_contain_text("港区芝1-2-3")
        await page.keyboard.press("End")
        await stage(page, "report")
        await fits(page)
        await expect(page.locator("#report-subject")).to_have_text("【要折り返し】佐藤 花子様より")
        await expect(page.locator("[id='a-report.what_for']")).to_have_value(
            "水漏れ: 床まで水が出ている"
        )
        await page.keyboard.press("Control+Enter")
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")
        await expect(page.locator("#toasts")).to_contain_text("報告を送りました")
        assert await sent(story) == ["【要折り返し】佐藤 花子様より"]
        # And ready for the next.
        await story.rings("08011112222")
        await stage(page, "ringing")
        await expect(page.locator("body")).to_contain_text("はじめての方")


async def talk(page: Page, story: SeatStory) -> str:
    """Up to the questions for name and address; returns the call's id."""
    _leg, call = await story.talk()
    await node(page, "danger")
    await page.keyboard.press("2")
    await node(page, "who")
    return call.id


WORDS = "恐れ入りますがお名前とご住所、それからつながりやすいお電話番号をお伺いできますでしょうか。"


def fullest() -> list[dict[str, Any]]:
    """Nodes that only just may be published."""
    end = {"label": "つぎへ", "to": "end"}
    fields = [
        {
            "id": "f1",
            "label": "ご様子",
            "lines": 2,
            "hint": "お客様の言葉のまま",
            "mandatory": True,
        },
        {"id": "f2", "label": "いつまでに", "type": "datetime", "purpose": "callback_by"},
        {"id": "f3", "label": "お名前", "type": "name", "mandatory": True},
    ]
    node = {"id": "full", "title": "いっぱい"}
    return [
        {**node, "kind": "say", "to": "end", "say": (WORDS * 10)[:400]},
        {
            **node,
            "kind": "decide",
            "say": WORDS,
            "hint": WORDS,
            "branches": [{**end, "label": f"{n}{end['label']}"} for n in range(1, 10)],
            "otherwise": end,
        },
        {**node, "kind": "ask", "to": "end", "say": WORDS, "refuse": WORDS, "ask": fields},
    ]


@pytest.mark.req("B3")
@pytest.mark.parametrize("full", fullest(), ids=["words", "branches", "fields"])
async def test_what_may_be_published_fits_the_laptop(
    seat_story: MakeStory, full: dict[str, Any]
) -> None:
    story = await seat_story()
    document = {
        "nodes": [
            {"kind": "say", "id": "first", "title": "名乗り", "say": "はい。", "to": "full"},
            full,
            {"kind": "end", "id": "end", "title": "結び", "say": "失礼いたします。"},
        ]
    }
    assert ROOM - 70 < height(read(document).node("full"), first=False) <= ROOM

    def change(tx: Tx) -> None:
        script_id = tx.scalar(select(scripts.c.id))
        publish(tx, script_id, document, "いっぱいの場面")

    await story.store.write(change)
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        await story.talk()
        await node(page, "first")
        await page.keyboard.press("Enter")
        await node(page, "full")
        await fits(page)


async def test_an_enter_of_the_input_method_sends_nothing(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        context = await signed_in(browser, story, url)
        page = await seat_page(context, url)
        call_id = await talk(page, story)
        name = page.locator("[id='a-caller_name.kana']")
        await name.fill("")
        await name.focus()
        devtools = await context.new_cdp_session(page)
        await devtools.send(
            "Input.imeSetComposition", {"text": "さとう", "selectionStart": 3, "selectionEnd": 3}
        )
        # The key that ends the conversion reaches the page as part of it.
        await devtools.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process", "code": "Enter"},
        )
        await page.evaluate(
            """() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown',
                 {key: 'Enter', code: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"""
        )
        await devtools.send("Input.insertText", {"text": "サトウ"})
        await expect(name).to_be_focused()
        await expect(name).to_have_value("サトウ")
        await saved(page)
        assert (await story.run(call_id)).value("caller_name.kana") == "サトウ"
        # A plain Enter goes on to the next field, and does not leave the node.
        await page.keyboard.press("Enter")
        await expect(page.locator("[id='a-caller_number']")).to_be_focused()
        await node(page, "who")


async def test_letters_typed_into_a_field_are_letters(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        call_id = await talk(page, story)
        await page.keyboard.type("mh120 b")
        await page.keyboard.press("End")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Escape")
        field = page.locator("[id='a-address']")
        await expect(field).to_have_value("mh120 ")
        await expect(field).not_to_be_focused()
        await saved(page)
        assert (await story.run(call_id)).value("address") == "mh120 "
        assert (story.seat().muted, story.seat().held) == (False, False)
        await page.keyboard.press("m")
        await until(lambda: story.seat().muted)


async def test_a_paste_of_fifty_thousand_characters(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        call_id = await talk(page, story)
        field = page.locator("[id='a-address']")
        await field.fill("港区芝")
        await saved(page)
        await field.fill("あ" * 50_000)
        error = page.locator("[id='e-address']")
        await expect(error).to_contain_text("10,000文字まで")
        await page.keyboard.press("Control+Enter")
        await expect(field).to_be_focused()
        await node(page, "who")
        # What was typed stays under her eyes, what was saved stays saved.
        assert len(await field.input_value()) == 50_000
        assert (await story.run(call_id)).value("address") == "港区芝"
        await field.fill("あ" * 10_000)
        await expect(error).to_be_hidden()
        await page.keyboard.press("Control+Enter")
        await node(page, "matter")


async def test_a_crash_of_the_browser_loses_nothing(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url:
        async with chromium() as browser:
            page = await seat_page(await signed_in(browser, story, url), url)
            await talk(page, story)
            await page.keyboard.type("港区芝1-2-3")
            await saved(page)
        async with chromium() as browser:
            page = await seat_page(await signed_in(browser, story, url), url)
            await node(page, "who")
            await expect(page.locator("[id='a-address']")).to_have_value("港区芝1-2-3")
            await page.keyboard.press("Escape")
            await page.keyboard.press("End")
            await stage(page, "report")
            await page.locator("[id='a-report.note']").fill("犬がいます")
            await saved(page)
        async with chromium() as browser:
            page = await seat_page(await signed_in(browser, story, url), url)
            await stage(page, "report")
            await expect(page.locator("[id='a-report.note']")).to_have_value("犬がいます")
            # Put aside, it waits under やること and opens as it was.
            await page.locator("[data-later]").click()
            await stage(page, "idle")
            await page.locator("#seat-left [data-report]").click()
            await expect(page.locator("[id='a-report.note']")).to_have_value("犬がいます")


async def test_text_typed_while_the_server_is_away_is_saved_when_it_is_back(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    async with chromium() as browser:
        async with serving(story) as url:
            context = await signed_in(browser, story, url)
            page = await seat_page(context, url)
            call_id = await talk(page, story)
        await page.keyboard.type("港区芝1-2-3")
        await expect(page.locator("#seat-saved")).to_contain_text("まだ保存できていません")
        await expect(page.locator("#seat-alarm")).to_contain_text("通話はそのまま続けられます")
        async with serving(story, int(url.rsplit(":", 1)[1])):
            await saved(page)
            await expect(page.locator("#seat-alarm")).to_be_hidden()
            assert (await story.run(call_id)).value("address") == "港区芝1-2-3"


async def test_a_second_tab_is_told_and_takes_over_with_one_key(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        context = await signed_in(browser, story, url)
        first = await seat_page(context, url)
        second = await context.new_page()
        await second.goto(f"{url}/seat")
        await expect(second.locator("#seat-elsewhere")).to_contain_text(
            "この席は別の画面で開いています"
        )
        assert await second.locator("#seat-phone").get_attribute("data-line") == "off"
        await second.keyboard.press("Enter")
        await expect(second.locator("#seat-elsewhere")).to_be_hidden()
        await expect(first.locator("#seat-elsewhere")).to_contain_text(
            "この席は別の画面に移りました"
        )
        assert await first.locator("#seat-phone").get_attribute("data-line") == "off"
        # A reload is no second tab.
        await second.reload()
        await expect(second.locator("#seat-phone")).not_to_have_attribute("data-line", "off")
        await expect(second.locator("#seat-elsewhere")).to_be_hidden()


async def test_what_is_missing_is_named_and_has_the_focus(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        await talk(page, story)
        await page.keyboard.press("Control+e")
        await stage(page, "report")
        await page.keyboard.press("Control+Enter")
        problems = page.locator("#report-problems")
        await expect(problems).to_contain_text("「場所」がまだです")
        await expect(page.locator("[id='a-address']")).to_be_focused()
        await page.locator("[data-not-asked=address]").click()
        await page.locator("[id='a-report.what_for']").fill("途中で切れました")
        await page.locator("[id='a-report.done']").fill("おかけ直しをお待ちしています")
        await page.locator("label.pick.no").click()
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")
        assert await sent(story) == ["【通常報告】佐藤 花子様より"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(seat_story: MakeStory, scheme: str) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        context = await signed_in(browser, story, url, color_scheme=scheme)
        page = await seat_page(context, url)
        await clean(page, "idle")
        await story.rings()
        await stage(page, "ringing")
        await expect(page.locator("#seat-other-phone")).to_be_visible()
        await clean(page, "ringing")
        await story.answers()
        await node(page, "danger")
        await clean(page, "decide")
        await page.keyboard.press("2")
        await node(page, "who")
        await clean(page, "ask")
        await page.keyboard.press("Control+e")
        await stage(page, "report")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#report-problems")).to_be_visible()
        await clean(page, "report")


async def clean(page: Page, where: str) -> None:
    assert await violations(page) == [], where
