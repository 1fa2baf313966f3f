"""The strip and the dialog of care at the seat, in a real Chromium at 1366×768."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from tests.screens import look
from tests.seat_browser import OVERFLOWING, chromium, seat_page, serving, signed_in
from tests.seat_story import MakeStory, seat_story

from denwaban import care

__all__ = ["seat_story"]

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


async def _fits(page: Page) -> None:
    assert await page.evaluate(OVERFLOWING) == []


async def test_keys_of_care(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        context = await signed_in(browser, story, url)
        page = await seat_page(context, url)
        _leg, call = await story.talk()
        strip = page.locator("#seat-care")
        await expect(page.get_by_role("button", name="SV を呼ぶ")).to_be_visible()
        await expect(strip).to_be_hidden()
        await _fits(page)
        # The digit under "!" chooses no branch.
        await page.locator("#seat-middle").focus()
        node = await page.locator("#seat-middle").get_attribute("data-node")
        await page.keyboard.press("Shift+Digit1")
        await expect(strip).to_contain_text("SV を呼んでいます")
        assert await page.locator("#seat-middle").get_attribute("data-node") == node
        await page.keyboard.press("v")
        await expect(strip).to_contain_text("電話リレーサービス")
        await expect(page.locator('[data-press="!"]:visible')).to_have_count(1)
        await look(page, "seat-care-help")
        await _fits(page)
        await page.keyboard.press("v")
        await expect(strip).not_to_contain_text("電話リレーサービス")
        await page.keyboard.press("Shift+Digit1")
        await expect(strip).to_be_hidden()
        await page.keyboard.press("x")
        dialog = page.get_by_role("dialog")
        await look(page, "seat-care-reasons")
        await page.keyboard.press("1")
        await expect(dialog).to_be_hidden()
        await expect(strip).to_contain_text(care.DEFAULT.warning)
        await look(page, "seat-care-warning")
        await _fits(page)
        await page.keyboard.press("z")
        await expect(strip).to_contain_text(care.DEFAULT.closing)
        await page.keyboard.press("x")
        await page.get_by_label("お客様の言葉").fill("「名前を言え」")
        await look(page, "seat-care-note")
        await page.keyboard.press("Control+Enter")
        await expect(dialog).to_be_hidden()
        story.clock.advance(timedelta(minutes=16))
        await page.keyboard.press("Shift+Digit1")
        await expect(strip).to_contain_text("SV を呼んでいます")
        await expect(strip).to_contain_text("15分を過ぎました")
        await look(page, "seat-care-due")
        await _fits(page)
        await page.keyboard.press("q")
        await expect(strip).to_be_hidden()
        [marked] = await story.store.read(care.cases)
        events = await story.store.read(lambda tx: care.events_of(tx, marked.case.id))
        assert [one.what.value for one in events] == [
            "marked",
            "warned",
            "noted",
            "handed_over",
            "hung_up",
        ]
