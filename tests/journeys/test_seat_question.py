"""The key for what nobody expected: an operator, a keyboard and a real Chromium."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select
from tests.screens import WIDE_DARK, look, violations
from tests.seat_browser import chromium, fits, node, seat_page, serving, signed_in
from tests.seat_story import MakeStory, SeatStory, seat_story

from denwaban.disclosure import GatedField, Kind, Member, Policy, put_member, set_policy
from denwaban.improvement.rows import unexpected_questions
from denwaban.improvement.sealing import question_words
from denwaban.store import Tx

__all__ = ["seat_story"]

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what happens in the browser."""
    return f"sqlite:///{tmp_path / 'test.db'}"


async def noted(story: SeatStory) -> list[dict[str, Any]]:
    def read(tx: Tx) -> list[dict[str, Any]]:
        rows = tx.all(select(unexpected_questions))
        return [{**row, "words": question_words(tx, row)} for row in rows]

    return await story.store.read(read)


SECRET = "プレミアムプラン 月額8,000円"


def gate(tx: Tx, client_id: str) -> None:
    fields = (
        GatedField("契約内容", 2, (Kind.NUMBER, Kind.NAME, Kind.BIRTH, Kind.KEYWORD)),
        GatedField("お届け先の住所", 3, (Kind.NUMBER, Kind.BIRTH, Kind.KEYWORD)),
    )
    set_policy(tx, Policy(client_id, fields), 0, None)
    answers = {Kind.NUMBER: ["A-100"], Kind.BIRTH: ["1980/5/1"], Kind.KEYWORD: ["さくら"]}
    put_member(tx, client_id, Member(answers, {"契約内容": SECRET}))


async def proves_who_they_are(page: Page, story: SeatStory) -> None:
    """From a field of the script, by keyboard: the check, a value, a lock."""
    panel = page.locator("#seat-identity")
    await page.locator("#a-address").focus()
    await page.keyboard.press("Alt+p")
    number, birth = page.locator("#identity-number"), page.locator("#identity-birth")
    await expect(number).to_be_focused()
    await look(page, "seat-identity", WIDE_DARK)
    await page.keyboard.type("A-100")
    await birth.fill("1980/5/2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#identity-said")).to_have_text(
        "登録と合いませんでした。あと2回まで試せます。"
    )
    # What the caller said stays in its fields.
    await expect(number).to_have_value("A-100")
    assert SECRET not in await page.content()
    await birth.fill("昭和55年5月1日")
    await page.keyboard.press("Enter")
    await expect(page.locator("#identity-said")).to_have_text("ご本人と確認できました。")
    assert SECRET not in await page.content()
    await page.keyboard.press("Alt+1")
    await expect(panel.locator("output").first).to_have_text(SECRET)
    await look(page, "seat-identity-passed", WIDE_DARK)
    # With the panel the value is gone from the page; the keys are the script's again.
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    assert SECRET not in await page.content()
    await expect(page.locator(".identity-state .badge")).to_have_text("確認できました")
    await page.keyboard.press("Alt+p")
    await expect(panel.locator("[data-reveal]").first).to_be_focused()
    await number.fill("A-100")
    await page.locator("#identity-keyword").fill("すみれ")
    for left in (1, 0):
        await page.keyboard.press("Enter")
        if left:
            await expect(page.locator("#identity-said")).to_contain_text("あと1回")
    await expect(panel).to_contain_text("これ以上は照合できません")
    await look(page, "seat-identity-locked", WIDE_DARK)
    await page.keyboard.press("Escape")
    await fits(page)


async def test_one_key_notes_a_question_without_stopping_the_call(seat_story: MakeStory) -> None:
    story = await seat_story()
    await story.store.write(lambda tx: gate(tx, story.client_id))
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        line, text = page.locator("#seat-question"), page.locator("#seat-question-text")
        state = page.locator("#seat-question-state")
        await page.keyboard.press("?")
        await expect(line).to_be_hidden()  # nobody is on the line
        leg, call = await story.talk()
        await node(page, "danger")
        await fits(page)

        # One key: it is noted before a word is typed.
        await page.keyboard.press("?")
        await expect(text).to_be_focused()
        await expect(state).to_have_text("記録しました")
        [first] = await noted(story)
        assert (first["call_id"], first["node"], first["words"]) == (call.id, "danger", "")
        # Digits and letters are words here; Esc keeps them and gives the keys back to the script.
        await page.keyboard.type("領収書は2枚出ますか")
        await look(page, "seat-question")
        await page.keyboard.press("Escape")
        await expect(line).to_be_hidden()
        await page.keyboard.press("2")
        await node(page, "who")

        # From a field, with Ctrl; the focus goes back to where the next word goes.
        field = page.locator("#a-address")
        await expect(field).to_be_focused()
        await page.keyboard.type("港区")
        await page.keyboard.press("Control+/")
        await expect(text).to_be_focused()
        await expect(text).to_have_value("")
        # The Enter that ends a conversion closes nothing.
        for name, value in (("compositionstart", ""), ("compositionend", "駐車場")):
            await text.dispatch_event(name, {"data": value})
        await text.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
        await expect(line).to_be_visible()
        # The server is away for a moment: nothing is lost.
        await page.route("**/question", lambda route: route.abort())
        await text.fill("駐車場はありますか")
        await expect(state).to_have_text("まだ記録できていません。つなぎ直しています…")
        await page.keyboard.press("Enter")
        await expect(field).to_be_focused()
        await expect(field).to_have_value("港区")
        await page.unroute("**/question")

        # Pressed by mistake: taken back.
        await page.keyboard.press("Control+/")
        await expect(state).to_have_text("記録しました")
        await page.locator("#seat-question-undo").click()
        await expect(line).to_be_hidden()

        async def kept() -> set[tuple[str, str, bool]]:
            return {
                (row["node"], row["words"], row["withdrawn_at"] is not None)
                for row in await noted(story)
            }

        wanted = {
            ("danger", "領収書は2枚出ますか", False),
            ("who", "駐車場はありますか", False),
            ("who", "", True),
        }
        async with asyncio.timeout(20):
            while await kept() != wanted:
                await page.wait_for_timeout(50)
        await page.keyboard.press("Control+/")
        assert await violations(page) == []
        await page.keyboard.press("Escape")
        await proves_who_they_are(page, story)
        # The call ends while the line is open: what is typed still belongs to it.
        await page.keyboard.press("Control+/")
        await story.caller_hangs_up(leg)
        await text.fill("また今度うかがいます")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#seat-middle[data-stage=report]")
        async with asyncio.timeout(20):
            while ("who", "また今度うかがいます", False) not in await kept():
                await page.wait_for_timeout(50)
