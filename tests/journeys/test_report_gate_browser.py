"""The report panel in a real Chromium: a held report says what to mend, loses nothing, and goes out with one key when it is good."""

import os
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect
from tests.screens import violations
from tests.seat_browser import chromium, fits, node, seat_page, serving, signed_in, stage
from tests.seat_story import MakeStory, SeatStory, seat_story

from denwaban.promises import promise_of_report
from denwaban.reports import (
    DEFAULT_FORM,
    FormField,
    Report,
    Rule,
    Rules,
    reports,
    set_form,
    set_rules,
)
from denwaban.store import Tx

__all__ = ["seat_story"]

pytestmark = pytest.mark.browser

FORM = msgspec.structs.replace(
    DEFAULT_FORM,
    fields=(
        *DEFAULT_FORM.fields[:7],
        FormField("x_place", "場所", hint="建物名まで", secret=True),
        FormField("x_visit", "訪問の希望", required=True, choices=("ある", "ない")),
        *DEFAULT_FORM.fields[7:],
    ),
    readback=True,
)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what happens in the browser."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def furnish(tx: Tx, story: SeatStory) -> None:
    set_form(tx, story.client_id, FORM, None)
    rules = (
        Rule("急ぎは全員確認", urgencies=("emergency",), everyone=True, minutes=15),
        Rule("見積は高橋", topics=("見積",), staff_id=story.staff["高橋"], urgency="soon"),
    )
    set_rules(tx, story.client_id, Rules(rules), None)


async def shot(page: Page, name: str) -> None:
    """A picture for people, where DENWABAN_TEST_SHOTS says."""
    if folder := os.environ.get("DENWABAN_TEST_SHOTS"):
        await page.screenshot(path=f"{folder}/{name}.png")


async def all_in_sight(page: Page) -> None:
    """Nothing of the form needs a scroll."""
    over = await page.evaluate(
        "(() => { const f = document.querySelector('.report-form'); return f.scrollHeight - f.clientHeight; })()"
    )
    assert over <= 0, f"the form is {over} px too long"


@pytest.mark.req("C7", "C8", "G5", "A8", "J1")
async def test_a_held_report_is_mended_by_keyboard(seat_story: MakeStory) -> None:
    story = await seat_story()
    await story.store.write(lambda tx: furnish(tx, story))
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        await story.rings("08099998888")
        await story.answers()
        await node(page, "danger")
        await page.keyboard.press("2")
        await node(page, "who")
        await page.keyboard.type("山本 一郎")
        await page.keyboard.press("Alt+y")
        await expect(page.locator("[id='a-report.kana_ok']")).to_be_checked()
        await fits(page)
        await page.fill("[id='a-caller_number']", "03-5555-1234")
        await page.fill("[id='a-address']", "港区芝1-2-3 青葉ビル")
        await page.keyboard.press("Control+Enter")
        await node(page, "matter")
        await page.keyboard.type("例の件で、見積もりをお願いしたい")
        await page.keyboard.press("Alt+3")
        await node(page, "promise")
        await page.keyboard.press("Control+Enter")
        await node(page, "end")
        await page.keyboard.press("End")
        await stage(page, "report")
        await fits(page)
        await shot(page, "report-own-fields")
        await all_in_sight(page)
        routing = page.locator("#report-routing")
        await expect(routing).to_contain_text("「見積は高橋」の決まりで 高橋 さんへ")
        await expect(routing).to_contain_text("商機「見積もりをお願い」")
        await expect(page.locator("[id='a-report.in_charge']")).to_have_value(story.staff["高橋"])
        await expect(page.locator("[id='a-report.x_place']")).to_have_value("港区芝1-2-3 青葉ビル")
        assert await violations(page) == []
        await page.fill("[id='a-report.note']", "4111 1111 1111 1111")
        await page.keyboard.press("Control+Enter")
        problems = page.locator("#report-problems")
        for told in (
            "訪問の希望が空です",
            "「例の件」が曖昧です",
            "復唱したしるし",
            "カード番号らしい",
        ):
            await expect(problems).to_contain_text(told)
        await expect(page.locator("#report-reason")).to_be_hidden()
        await shot(page, "report-held")
        assert await violations(page) == []
        # What was typed stands as it was typed.
        await expect(page.locator("[id='a-report.note']")).to_have_value("4111 1111 1111 1111")
        await page.fill("[id='a-report.note']", "犬がいます")
        await page.select_option("[id='a-report.x_visit']", "ある")
        await page.keyboard.press("Alt+u")
        await page.keyboard.press("Control+Enter")
        # One warning is left: mended, or sent with a reason that stays.
        await expect(page.locator("#report-reason")).to_be_visible()
        await expect(problems.locator("li")).to_have_count(1)
        await fits(page)
        await page.fill("[id='a-report.reason']", "お客様が内容を話されません")
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")
    [sent] = await story.store.read(lambda tx: reports(tx, story.client_id))
    assert sent.in_charge_id == story.staff["高橋"]
    assert sent.routing is not None
    assert (sent.routing.by, sent.routing.rule) == ("rule", "見積は高橋")
    assert sent.routing.why == ("用件が「見積」です",)
    assert sent.draft.urgency == "soon"
    assert sent.draft.confirmed == ("kana", "number")
    assert dict(sent.draft.extra) == {"x_place": "港区芝1-2-3 青葉ビル", "x_visit": "ある"}
    assert "場所" not in dict(sent.draft.answers)
    assert sent.override is not None
    assert sent.override.reason == "お客様が内容を話されません"
    assert sent.chances == ("見積もりをお願い",)
    promise = await story.store.read(lambda tx: promise_of_report(tx, sent.id))
    assert promise is not None
    assert promise.by == sent.draft.callback_by


@pytest.mark.req("A8")
async def test_the_addressee_follows_the_rules_until_the_operator_chooses(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    await story.store.write(
        lambda tx: set_rules(
            tx,
            story.client_id,
            Rules((Rule("解約は伊藤", words=("解約",), staff_id=story.staff["伊藤"], minutes=30),)),
            None,
        )
    )
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        leg, _call = await story.talk()
        await node(page, "danger")
        await story.caller_hangs_up(leg)
        await stage(page, "report")
        await all_in_sight(page)
        await shot(page, "report")
        to = page.locator("[id='a-report.in_charge']")
        await expect(to).to_have_value(story.staff["鈴木"])
        await page.fill("[id='a-report.what_for']", "保守契約を解約したい")
        await expect(page.locator("#report-routing")).to_contain_text("解約は伊藤")
        await expect(to).to_have_value(story.staff["伊藤"])
        await to.select_option(story.staff["高橋"])
        await page.fill("[id='a-report.what_for']", "保守契約を今月で解約したい")
        await expect(page.locator("#report-routing")).to_contain_text("高橋 さんへ(決まり")
        await expect(to).to_have_value(story.staff["高橋"])
        await page.locator("label.pick.no").click()
        await page.fill("[id='a-report.done']", "手続きの方法をご案内しました")
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")
    sent: list[Report] = await story.store.read(lambda tx: reports(tx, story.client_id))
    assert sent[0].routing is not None
    assert sent[0].routing.by == "operator"
    assert sent[0].in_charge_id == story.staff["高橋"]
