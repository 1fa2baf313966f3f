"""The search of the seat: an operator, a keyboard and a real Chromium."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select
from tests.screens import violations
from tests.seat_browser import chromium, fits, node, saved, seat_page, serving, signed_in, stage
from tests.seat_story import PLUMBER, MakeStory, SeatStory, seat_story
from tests.some_people import a_client

from denwaban.calls import Outcome, answered, begin, ended
from denwaban.knowledge import Author, Bound, Content, add_faq
from denwaban.memory import keep
from denwaban.people import remember_caller, set_experienced
from denwaban.reports import Draft, Tone, Urgency, accept
from denwaban.scripts import publish
from denwaban.scripts.rows import scripts
from denwaban.store import Tx

__all__ = ["seat_story"]

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("DENWABAN_PICTURES", "")
ME = Author(None, "渡辺 真理")

LONG = "恐れ入りますが、解約のお手続きは、ご契約の名義の方からのお申し出で承っております。" * 9

ENTRIES = [
    Content(
        "解約したい",
        "解約は、ご契約者様からのお申し出で承ります。担当の者から、お手続きの書類をお送りいたします。",
        "退会、やめたい",
    ),
    Content("長い案内のとき", "\n".join([LONG[:49]] * 8), "案内状"),
    Content("解約金はかかりますか", LONG[:400], "違約金", Bound.TAKE),
    Content(
        "今月の請求額を知りたい",
        "口座から3,200円をお引き落としします。",
        "料金 解約月",
        restricted=True,
    ),
    Content(
        "給湯器の保証は何年ですか",
        "お引き渡しから2年です。解約のあとも保証は続きます。",
        "修理 無料",
    ),
    Content("見積は無料ですか", "お見積もりは無料で承っております。", ""),
    *(
        Content(
            f"よくあるご質問その{n}",
            "担当の者が確かめてご連絡いたします。解約のときも同じです。",
            "",
        )
        for n in range(9)
    ),
]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what happens in the browser."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def her_sister(tx: Tx, story: SeatStory) -> None:
    """Called last week from her own number."""
    past = tx.at(tx.now - timedelta(days=7))
    number = "+819087654321"
    remember_caller(past, story.client_id, number, "髙橋 優子", "たかはし ゆうこ")
    call = begin(past, client_id=story.client_id, dialled="+81355550101", caller=number)
    answered(past, call.id, story.operator.id)
    ended(past, call.id, Outcome.ANSWERED)
    draft = Draft(
        who="髙橋 優子",
        kana="たかはし ゆうこ",
        company="",
        number="090-8765-4321",
        what_for="給湯器の異音",
        done="音の出る場所を伺い、承りました。",
        callback_needed=False,
        callback_by=None,
        urgency=Urgency.NORMAL,
        tone=Tone.CALM,
        answers=(("場所", "港区芝1-2-3 101"),),
    )
    staff = story.staff["鈴木"]
    keep(past, accept(past, story.client_id, call.id, story.operator.id, staff, draft, False))


async def with_faq(story: SeatStory) -> None:
    def fill(tx: Tx) -> None:
        for content in ENTRIES:
            add_faq(tx, story.client_id, content, ME)
        other = a_client(tx, "hoshi")
        add_faq(tx, other, Content("解約の流れ", "星の解約です。"), ME)
        her_sister(tx, story)

    await story.store.write(fill)


async def picture(page: Page, name: str) -> None:
    if not PICTURES:
        return
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        for width, height in ((1366, 768), (1920, 1080)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1366, "height": 768})


CUT = """() => ['#seat-search', '#seat-search-list', '.search-shown'].filter((name) => {
  const it = document.querySelector(name);
  return it && (it.scrollHeight > it.clientHeight + 1 || it.scrollWidth > it.clientWidth + 1);
})"""


async def panel_fits(page: Page) -> None:
    await fits(page)
    # The next answer's words are laid out in a frame of their own.
    await page.wait_for_function(f"() => ({CUT})().length === 0")


async def good_for_everybody(page: Page) -> None:
    assert await violations(page) == []


@pytest.mark.req("B3")
async def test_one_key_finds_what_to_say_in_the_middle_of_a_call(seat_story: MakeStory) -> None:
    story = await seat_story()
    await with_faq(story)
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        panel, text = page.locator("#seat-search"), page.locator("#seat-search-text")
        options = page.locator("#seat-search-list [role=option]")
        await story.talk()
        await node(page, "danger")
        await page.keyboard.press("/")
        await expect(panel).to_be_visible()
        await expect(text).to_be_focused()
        await expect(text).to_have_value("")
        await expect(page.locator("#seat-search-scope")).to_have_text("山田設備")
        await picture(page, "search-empty")
        await good_for_everybody(page)
        # A digit is a letter here: nothing is chosen in the script behind the panel.
        await page.keyboard.type("1")
        await text.fill("")
        await page.keyboard.type("解約")
        await expect(options).to_have_count(7)
        await expect(options.first).to_contain_text("解約したい")
        await expect(options.first.locator("mark").first).to_have_text("解約")
        await expect(page.locator("#shown-1 .words")).to_contain_text("書類をお送りいたします")
        await expect(page.locator("body")).not_to_contain_text("星の解約")
        await panel_fits(page)
        await picture(page, "search-found")
        await good_for_everybody(page)
        await page.keyboard.press("ArrowDown")
        await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
        await expect(page.locator("#shown-2 .words")).to_be_visible()
        await expect(page.locator("#shown-2")).to_contain_text("受止めまで")
        await panel_fits(page)
        await picture(page, "search-long")
        await page.keyboard.press("Enter")
        await expect(panel).to_have_class("seat-search large")
        await panel_fits(page)
        await picture(page, "search-large")
        await good_for_everybody(page)
        await text.fill("案内状")
        await expect(options).to_have_count(1)
        await panel_fits(page)
        await page.keyboard.press("Enter")
        await expect(panel).to_have_class("seat-search large")
        await panel_fits(page)
        await picture(page, "search-longest")
        # Typing goes on from there.
        await text.fill("請求")
        await expect(options).to_have_count(1)
        await expect(panel).to_have_class("seat-search")
        await expect(page.locator("#shown-1")).to_contain_text("ご本人と確かめられるまで")
        await expect(page.locator("body")).not_to_contain_text("3,200円")
        await picture(page, "search-restricted")
        await text.fill("止水栓")
        await expect(options.first).to_contain_text("水漏れの状況")
        await page.keyboard.press("Enter")
        await expect(page.locator("#shown-1 .words")).to_contain_text(
            "止水栓は閉められますでしょうか"
        )
        await picture(page, "search-node")
        await text.fill("ない言葉")
        await expect(page.locator(".search-empty")).to_contain_text("見つかりませんでした")
        await picture(page, "search-nothing")
        await good_for_everybody(page)
        await page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
        # The script stands where it stood, and its keys act again.
        await node(page, "danger")
        await page.keyboard.press("2")
        await node(page, "who")
        await it_is_somebody_else(story, page)


async def it_is_somebody_else(story: SeatStory, page: Page) -> None:
    """On the same call: her sister is on the phone, who had called from her own number last week."""
    fields = [page.locator(f"[id='a-{name}']") for name in ("caller_name", "address")]
    await expect(fields[0]).to_have_value("佐藤 花子")
    await page.locator("#seat-middle").focus()
    await page.keyboard.press("i")
    text = page.locator("#seat-search-text")
    await expect(text).to_have_value("")
    await text.fill("たかばし")
    options = page.locator("#seat-search-list [role=option]")
    await expect(options).to_have_count(1)
    await expect(options.first).to_contain_text("髙橋 優子")
    await expect(page.locator("#shown-1")).to_contain_text("給湯器の異音")
    await panel_fits(page)
    await picture(page, "search-person")
    await good_for_everybody(page)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#seat-search")).to_be_hidden()
    await expect(page.locator("#seat-right .person")).to_contain_text("髙橋 優子 様")
    await expect(page.locator("#seat-right")).to_contain_text("給湯器の異音")
    await expect(fields[0]).to_have_value("髙橋 優子")
    # She has told where she lives.
    await expect(page.locator(".before")).to_contain_text("前回伺っています: 港区芝1-2-3 101")
    await fits(page)
    await picture(page, "seat-asked-before")
    await good_for_everybody(page)
    await fields[1].focus()
    await page.keyboard.press("Alt+l")
    await expect(fields[1]).to_have_value("港区芝1-2-3 101")
    await expect(page.locator(".before")).to_be_hidden()
    await saved(page)
    # And by two characters of what it was about.
    await page.keyboard.press("Control+k")
    await text.fill("異音")
    await expect(options.first).to_contain_text("給湯器の異音")
    await panel_fits(page)
    await picture(page, "search-call")
    await page.keyboard.press("Escape")
    await page.locator("#seat-middle").focus()
    await page.keyboard.press("i")
    await expect(page.locator("#seat-right .person")).to_contain_text("佐藤 花子 様")


async def test_what_was_being_written_is_there_when_the_panel_closes(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    await with_faq(story)
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        panel, text = page.locator("#seat-search"), page.locator("#seat-search-text")
        await story.talk()
        await node(page, "danger")
        await page.keyboard.press("2")
        await node(page, "who")
        address = page.locator("[id='a-address']")
        await address.focus()
        await page.keyboard.type("港区/芝1-2")
        await expect(panel).to_be_hidden()
        await page.keyboard.press("Control+k")
        await expect(text).to_be_focused()
        await page.keyboard.type("見積")
        await expect(page.locator("#seat-search-list [role=option]")).to_have_count(1)
        # The call can still be handled.
        await page.keyboard.press("Control+h")
        await expect(page.locator("#seat-bottom")).to_contain_text("保留中")
        await page.keyboard.press("Control+h")
        await expect(page.locator("#seat-bottom")).not_to_contain_text("保留中")
        await expect(text).to_be_focused()
        # Not the script behind the panel: what is shown here stays in view.
        await page.keyboard.press("Control+Enter")
        await expect(panel).to_be_hidden()
        await expect(address).to_be_focused()
        await page.keyboard.type("-3")
        await expect(address).to_have_value("港区/芝1-2-3")
        await saved(page)
        await node(page, "who")
        # What was looked for last is there again, ready to be typed over.
        await page.keyboard.press("Control+k")
        await expect(text).to_have_value("見積")
        await page.keyboard.type("保証")
        await expect(text).to_have_value("保証")
        await expect(page.locator("#seat-search-list [role=option]")).to_have_count(1)


async def test_an_enter_of_the_input_method_chooses_nothing(seat_story: MakeStory) -> None:
    story = await seat_story()
    await with_faq(story)
    async with serving(story) as url, chromium() as browser:
        context = await signed_in(browser, story, url)
        page = await seat_page(context, url)
        panel, text = page.locator("#seat-search"), page.locator("#seat-search-text")
        await stage(page, "idle")
        await page.keyboard.press("Control+k")
        devtools = await context.new_cdp_session(page)
        await devtools.send(
            "Input.imeSetComposition", {"text": "かいやく", "selectionStart": 4, "selectionEnd": 4}
        )
        await page.evaluate(
            """() => ['Enter', 'Escape', 'ArrowDown'].forEach((key) => document.activeElement.dispatchEvent(
                 new KeyboardEvent('keydown', {key, code: key, isComposing: true, bubbles: true, cancelable: true})))"""
        )
        await expect(panel).to_have_class("seat-search")
        await devtools.send("Input.insertText", {"text": "解約"})
        await expect(text).to_have_value("解約")
        options = page.locator("#seat-search-list [role=option]")
        await expect(options).to_have_count(7)
        # Without a call: of every client, with its name.
        await expect(page.locator("#seat-search-scope")).to_have_text("すべての顧客企業")
        await expect(page.locator("#seat-search-list")).to_contain_text("山田設備")
        await expect(page.locator("#seat-search-list")).to_contain_text("hoshi社")
        await picture(page, "search-all")
        await expect(panel).to_have_class("seat-search")
        await page.keyboard.press("Enter")
        await expect(panel).to_have_class("seat-search large")
        # A call that rings wants its answer: the panel makes room.
        await story.rings()
        await stage(page, "ringing")
        await expect(panel).to_be_hidden()
        await page.keyboard.press("/")
        await expect(panel).to_be_hidden()


FREE = "[head]\nfree = true\n\n" + PLUMBER


@pytest.mark.req("B3", "B19")
async def test_from_what_was_found_to_the_scene_and_back_with_the_answer_in_view(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    await with_faq(story)

    def free(tx: Tx) -> None:
        publish(tx, tx.scalar(select(scripts.c.id)), FREE, "自由応対にします")

    await story.store.write(free)
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        await story.talk()
        await node(page, "danger")
        # Who is not experienced sees where it stands, and stays in the order of the script.
        await page.keyboard.press("/")
        await page.keyboard.type("水漏")
        await expect(page.locator("#shown-1")).to_contain_text("水漏れの状況")
        await expect(page.locator("[data-leap]")).to_have_count(0)
        await page.keyboard.press("Escape")
        await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
        await page.keyboard.press("2")
        await node(page, "who")
        await page.locator("#a-caller_name").fill("佐藤")
        await page.keyboard.press("Control+k")
        await page.locator("#seat-search-text").fill("止水")
        await expect(page.locator("#shown-1 [data-leap=leak]")).to_be_visible()
        await panel_fits(page)
        await picture(page, "search-leap")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#seat-search")).to_be_hidden()
        await node(page, "leak")
        # The way is kept: back is where one was, with what was typed.
        await page.keyboard.press("Control+b")
        await node(page, "who")
        await expect(page.locator("#a-caller_name")).to_have_value("佐藤")
        # An answer is put into view and stays there over the next scenes, until it is put away or the call is over.
        await page.keyboard.press("Control+k")
        await page.locator("#seat-search-text").fill("退会")
        await expect(page.locator("#shown-1")).to_contain_text("解約したい")
        await page.keyboard.press("Control+Enter")
        pinned = page.locator("#seat-pinned")
        await expect(pinned).to_contain_text("書類をお送りいたします")
        await fits(page)
        await picture(page, "search-pinned")
        await good_for_everybody(page)
        await page.keyboard.press("Control+Enter")
        await node(page, "matter")
        await expect(pinned).to_be_visible()
        await page.get_by_role("button", name="片付ける").click()
        await expect(pinned).to_be_hidden()
        await page.keyboard.press("Control+k")
        await page.keyboard.press("Control+Enter")
        await expect(pinned).to_be_visible()
        await page.keyboard.press("Control+e")
        await stage(page, "report")
        await expect(pinned).to_be_visible()
