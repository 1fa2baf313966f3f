"""An author tries a draft by telephone: a synthesised caller comes through the real engine, an operator's seat answers and
follows the draft, and a score sheet comes of it. The published version stays what it was."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect
from tests.journeys.installation import chromium, running, signed_in, until

pytestmark = [pytest.mark.engine, pytest.mark.browser]

DRAFT = """
[head]
tone = "ゆっくり、やさしく。"
mandatory = ["caller_name"]

[[nodes]]
kind = "ask"
id = "who"
title = "お名前"
say = "こちらは下書きの言葉です。お名前をお伺いできますでしょうか。"
to = "which"
  [[nodes.ask]]
  id = "caller_name"
  label = "お名前"
  type = "name"
  mandatory = true
  purpose = "caller_name"

[[nodes]]
kind = "decide"
id = "which"
title = "ご用件"
say = "どのようなご用件でしょうか。"
branches = [{ label = "水漏れ", to = "end" }]
otherwise = { label = "それ以外", to = "end" }

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "承りました。失礼いたします。"
done = "下書きのとおりに承りました。"
"""


def a_draft(api: httpx.Client) -> tuple[dict[str, Any], str]:
    """A script of the plumber with a draft that says something else; its listing, and who suzuki is."""
    found: list[dict[str, Any]] = api.get("scripts").raise_for_status().json()["items"]
    numbers = api.get("numbers").raise_for_status().json()["items"]
    owners = {one["client_id"] for one in numbers}
    script = next(one for one in found if one["client_id"] in owners and one["version"])
    kept = api.put(f"scripts/{script['id']}/draft", json={"text": DRAFT})
    return script, str(kept.raise_for_status().json()["draft"])


@pytest.mark.req("L5")
async def test_a_draft_is_tried_by_telephone_and_scored(tmp_path: Path) -> None:
    with running(tmp_path / "var", wrapup_seconds="1") as installation:
        with installation.api() as api:
            script, _draft = a_draft(api)
        async with chromium() as browser:
            _, seat = await signed_in(browser, installation, "suzuki")
            await seat.goto(f"{installation.url}/seat")
            await expect(seat.locator("body")).to_contain_text("接続済")
            if await seat.get_by_text("受付にする").first.is_visible():
                await seat.keyboard.press("b")
            await expect(seat.locator("body")).to_contain_text("受付中")

            login = installation.logins("supervisor")[0]
            _, author = await signed_in(browser, installation, login)
            await author.goto(f"{installation.url}/scripts/{script['id']}/rehearsal")
            await author.locator("[data-load]").first.click()
            await author.get_by_role("button", name="練習コールを鳴らす").click()
            # The author is no operator: whose seat rings is chosen among those who take calls now.
            await expect(author.locator("#f-seat option")).not_to_have_count(0)
            await author.locator("#ring").get_by_role("button", name="鳴らす", exact=True).click()
            await expect(author.locator("#toasts")).to_contain_text("電話をかけています")

            await expect(seat.locator("#seat-answer")).to_be_visible(timeout=20_000)
            await expect(seat.locator("#seat-middle")).to_contain_text("練習")
            middle = seat.locator("#seat-middle")
            await seat.bring_to_front()
            await asyncio.sleep(
                0.5
            )  # a key in the first moment is taken for one meant for what stood there before
            await seat.keyboard.press("Enter")
            await expect(middle).to_have_attribute("data-stage", "talking")
            await expect(middle).to_contain_text("こちらは下書きの言葉です")
            await seat.locator("#a-caller_name").fill("佐藤 花子")
            await seat.keyboard.press("Control+Enter")
            await expect(middle).to_have_attribute("data-node", "which")
            await seat.keyboard.press("1")
            await expect(middle).to_have_attribute("data-node", "end")
            await seat.keyboard.press("End")
            await expect(middle).to_have_attribute("data-stage", "report")

            # What was tried has no number: calls of customers go on with the version that they had.
            with installation.api() as api:
                practised = api.get("calls").raise_for_status().json()["items"][0]
                assert practised["practice"]
                still = api.get(f"scripts/{script['id']}").raise_for_status().json()
                assert still["version"] == script["version"]

            await seat.goto(f"{installation.url}/practice/scripts")
            await seat.get_by_role("button", name="採点を見る").first.click()
            await expect(seat.locator("h1")).to_have_text("練習のふりかえり")
            await expect(seat.locator("body")).to_contain_text("「お名前」を伺えました")
            await expect(seat.locator("body")).to_contain_text("結びまで進めました")
            # The author finds the same sheet.
            await author.goto(f"{installation.url}/practice/scripts")
            await author.locator("table a[href^='/practice/sheets/']").first.click()
            await expect(author.locator("body")).to_contain_text("「お名前」を伺えました")
            assert await until(lambda: installation.ready())
