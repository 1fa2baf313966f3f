"""Scripts at work on the seat, in a real Chromium: every node of every script we ship, and all kinds of nodes by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import insert, select, update
from tests.screens import violations
from tests.seat_browser import (
    OVERFLOWING,
    chromium,
    fits,
    node,
    saved,
    seat_page,
    serving,
    signed_in,
    stage,
)
from tests.seat_story import MakeStory, SeatStory, seat_story

from denwaban.people import set_experienced
from denwaban.reports import history, reports
from denwaban.scripts import Script, parse, publish, read
from denwaban.scripts.fit import ROOM, height
from denwaban.scripts.library import library
from denwaban.scripts.rows import runs, script_versions, scripts
from denwaban.scripts.walk import JUMPED, Step
from denwaban.store import Tx, new_id

__all__ = ["seat_story"]

pytestmark = pytest.mark.browser

SEEDS = Path(__file__).parents[2] / "src/denwaban/seed/scripts"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what happens in the browser."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def shipped() -> Iterator[tuple[str, Script]]:
    for template in library():
        yield template.code, template.script
    for path in sorted(SEEDS.glob("*.toml")):
        yield path.stem, parse(path.read_text("utf-8")).script


def publishes(script: Script) -> Any:
    def change(tx: Tx) -> None:
        script_id = tx.scalar(select(scripts.c.id))
        publish(tx, script_id, msgspec.to_builtins(script), "試します")

    return change


def stands_at(call_id: str, script: Script, name: str) -> Any:
    """The run of the call as if it had come to this node."""
    path = [Step(script.first.id, JUMPED), Step(name)] if name != script.first.id else [Step(name)]

    def change(tx: Tx) -> None:
        # A version of its own: what is published never changes, and is kept as it was read.
        row = tx.first(select(script_versions).order_by(script_versions.c.version.desc()).limit(1))
        assert row is not None
        mine = {"id": new_id(), "version": row["version"] + 1}
        document = msgspec.to_builtins(script)
        tx.execute(insert(script_versions).values(**{**row, **mine, "document": document}))
        tx.execute(
            update(runs)
            .where(runs.c.call_id == call_id)
            .values(script_version_id=mine["id"], node=name, path=msgspec.to_builtins(path))
        )

    return change


SHOW = """async () => {
  const root = document.getElementById('seat');
  const answer = await fetch('/seat/parts', {headers: {'HX-Request': 'true', 'X-CSRF-Token': root.dataset.csrf}});
  await htmx.swap({text: await answer.text(), sourceElement: root, target: root, swap: 'none'});
}"""


@pytest.mark.req("B3")
async def test_no_node_of_any_script_we_ship_needs_a_scroll(seat_story: MakeStory) -> None:
    story = await seat_story()
    await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        _leg, call = await story.talk()
        await stage(page, "talking")
        seen = 0
        too_long = []
        for name, script in shipped():
            for one in script.nodes:
                await story.store.write(stands_at(call.id, script, one.id))
                await page.evaluate(SHOW)
                await node(page, one.id)
                if found := await page.evaluate(OVERFLOWING):
                    too_long.append((name, one.id, found))
                seen += 1
        assert seen > 100
        assert too_long == []


WORDS = "恐れ入りますがお名前とご住所、それからつながりやすいお電話番号をお伺いできますでしょうか。"
HEADS: dict[str, dict[str, Any]] = {
    "topic": {"topics": [{"name": "料金と契約のこと", "bound": "take", "words": (WORDS * 4)[:150]}]},
    "long topic": {"topics": [{"name": "料金と契約のこと", "bound": "take", "words": (WORDS * 9)[:400]}]},
    "promise": {"promises": [{"what": "折"*30, "shortest": 30, "longest": 20000}]},
    "free": {"free": True, "must_say": [WORDS, "この通話は録音しております"], "mandatory": ["what_for"]},
}  # fmt: skip
TO = {"to": "end"}
FILLED: list[tuple[str, dict[str, Any]]] = [
    ("topic", {"kind": "inform", "topic": "料金と契約のこと", **TO}),
    ("long topic", {"kind": "inform", "topic": "料金と契約のこと", "restricted": True, **TO}),
    ("promise", {"kind": "promise", "what": "折" * 30, **TO,
                 "ask": [{"id": "by", "label": "いつ", "type": "datetime", "purpose": "callback_by"}]}),
    ("promise", {"kind": "hand_over", "failed": "end", "restricted": True, **TO}),
    ("free", {"kind": "say", **TO}),
    ("free", {"kind": "must_say", **TO}),
    ("free", {"kind": "end"}),
]  # fmt: skip


def fullest(head: str, part: dict[str, Any]) -> Script:
    """A script whose node `full` says and hints as much as just passes the lint."""
    found = None
    for size in range(31, 1200, 31):
        said, hint = (WORDS * 9)[: min(size, 400)], (WORDS * 18)[: max(0, size - 400)]
        full = {"id": "full", "title": "いっぱい", "say": said, "hint": hint[:400], **part}
        matter = {"id": "what_for", "label": "ご用件", "purpose": "what_for"}
        first = {"kind": "ask", "id": "first", "title": "名乗り", "say": "はい。", "to": "full", "ask": [matter]}  # fmt: skip
        end = {"kind": "end", "id": "end", "title": "結び", "say": "失礼いたします。"}
        script = read({"head": HEADS[head], "nodes": [first, full, end]})
        if height(script.node("full"), first=False, head=script.head) > ROOM:
            break
        found = script
    assert found is not None
    return found


@pytest.mark.req("B3")
async def test_the_fullest_node_of_every_kind_needs_no_scroll(seat_story: MakeStory) -> None:
    story = await seat_story()
    await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        _leg, call = await story.talk()
        await stage(page, "talking")
        too_long, rooms = [], []
        for head, part in FILLED:
            script = fullest(head, part)
            await story.store.write(stands_at(call.id, script, "first"))
            await page.evaluate(SHOW)
            await node(page, "first")
            await story.store.write(stands_at(call.id, script, "full"))
            await page.evaluate(SHOW)
            await node(page, "full")
            if found := await page.evaluate(OVERFLOWING):
                too_long.append((head, part["kind"], found))
            rooms.append((part["kind"], await page.evaluate(SPARE)))
        assert too_long == [], rooms
        # Near enough to the edge to be a measure: no more than four lines of room are left.
        assert max(spare for _kind, spare in rooms) < 120, rooms


SPARE = """() => {
  const room = document.querySelector('#seat-middle');
  const work = room.querySelector('.work');
  const last = work.lastElementChild;
  if (room.scrollHeight > room.clientHeight) return room.clientHeight - room.scrollHeight;
  return work.getBoundingClientRect().height - (last ? last.getBoundingClientRect().bottom - work.getBoundingClientRect().top : 0);
}"""


CALL = """
[head]
purpose = "reception"
tone = "ていねいに、ゆっくり。"
free = true
regular = "welcome"
mandatory = ["caller_name", "what_for"]
must_say = ["この通話は録音しております"]
promises = [{ what = "折返しのご連絡", shortest = 30, longest = 180 }]
topics = [{ name = "料金", bound = "take", words = "担当よりご案内いたします。" }]
forbidden = [{ words = "わかりかねます", instead = "担当が確かめてご連絡いたします" }]
empathy = [{ feeling = "angry", words = "ごもっともでございます" }, { feeling = "troubled", words = "ご不便をおかけしております" }]
objections = [
  { when = "高いのでは", answer = "資料でお確かめください。" },
  { when = "どこで番号を", answer = "名簿でございます。", locked = false },
]

[[nodes]]
kind = "say"
id = "hello"
title = "はじめに"
say = "お電話ありがとうございます。"
to = "recorded"

[[nodes]]
kind = "say"
id = "welcome"
title = "常連の方へ"
say = "いつもありがとうございます。"
to = "recorded"

[[nodes]]
kind = "must_say"
id = "recorded"
title = "録音のお知らせ"
say = "この通話は録音しております。"
to = "who"

[[nodes]]
kind = "ask"
id = "who"
title = "お名前"
say = "お名前を伺えますか。"
to = "matter"
ask = [{ id = "caller_name", label = "お名前", type = "name", mandatory = true, purpose = "caller_name" }, { id = "what_for", label = "ご用件", mandatory = true, purpose = "what_for" }]

[[nodes]]
kind = "decide"
id = "matter"
title = "ご用件"
say = "どのようなことでしょうか。"
branches = [{ label = "料金", to = "price" }, { label = "担当者へ", to = "through", urgency = "soon" }]
otherwise = { label = "それ以外", to = "later" }

[[nodes]]
kind = "inform"
id = "price"
title = "料金"
say = "料金は、担当よりご案内いたします。"
topic = "料金"
to = "through"

[[nodes]]
kind = "hand_over"
id = "through"
title = "取次ぎ"
say = "おつなぎいたします。少々お待ちください。"
staff = "鈴木"
deadline = 60
to = "end"
failed = "later"

[[nodes]]
kind = "promise"
id = "later"
title = "折返し"
say = "担当より折り返しご連絡いたします。"
refuse = "今日中とは申し上げません →「三時間のうちに」"
what = "折返しのご連絡"
minutes = 60
to = "end"
ask = [{ id = "by", label = "いつまでに", type = "datetime", purpose = "callback_by" }]

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "失礼いたします。"
done = "承りました。"
"""


async def opened(story: SeatStory, page: Page) -> str:
    await story.store.write(publishes(parse(CALL).script))
    _leg, call = await story.talk()
    await stage(page, "talking")
    return call.id


@pytest.mark.req("B3", "B9", "B15", "B16")
async def test_all_kinds_of_nodes_by_keyboard_alone(seat_story: MakeStory) -> None:
    story = await seat_story()
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        await opened(story, page)
        panel = page.locator("#seat-panel")
        await node(page, "hello")
        await page.keyboard.press("Enter")
        await node(page, "recorded")
        await expect(page.locator(".must-say")).to_contain_text("一字一句")
        await page.keyboard.press("Enter")
        await node(page, "who")
        await page.keyboard.type("料金はわかりかねますと言われた")
        await expect(page.locator(".warning")).to_contain_text("担当が確かめてご連絡いたします")
        await saved(page)
        # One key from within a field: the mood, and what to say.
        await page.keyboard.press("Alt+k")
        await page.keyboard.press("1")
        await expect(panel).to_contain_text("ごもっともでございます")
        await page.keyboard.press("Escape")
        await expect(page.locator("[id='a-what_for']")).to_be_focused()
        await page.keyboard.press("Control+Enter")
        await node(page, "matter")
        await page.keyboard.press("o")
        await page.keyboard.press("1")
        await expect(panel).to_contain_text("資料でお確かめください")
        await page.keyboard.press("0")
        await expect(panel).to_contain_text("特定商取引法 17 条")
        await expect(panel).not_to_contain_text("高いのでは")
        await expect(panel).to_contain_text("どこで番号を")
        await page.keyboard.press("Escape")
        await page.keyboard.press("1")
        await node(page, "price")
        await expect(page.locator(".bound")).to_contain_text("受止")
        await fits(page)
        await page.keyboard.press("Enter")
        await node(page, "through")
        await expect(page.locator(".target")).to_contain_text("鈴木 在席")
        await expect(page.locator(".call-head")).to_contain_text("対応期限")
        await page.keyboard.press("0")
        await node(page, "later")
        await expect(page.locator("[data-soon=tomorrow]")).to_be_disabled()
        await page.fill("[id='a-by']", "2030-01-01T10:00")
        await expect(page.locator("[id='e-by']")).to_contain_text("顧客企業との決まり")
        await page.fill("[id='a-by']", "2026-11-24T11:00")
        await expect(page.locator("[id='e-by']")).to_be_hidden()
        await saved(page)
        await page.keyboard.press("Control+Enter")
        await node(page, "end")
        await expect(page.locator(".left-over")).to_have_count(0)
        await fits(page)
        assert await violations(page) == []
        await page.keyboard.press("End")
        await stage(page, "report")
        await expect(page.locator("body")).to_contain_text("「わかりかねます」は言わない言葉です")
        await expect(page.locator("input[value=angry]")).to_be_checked()
        await fits(page)
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")


@pytest.mark.req("A5", "B19")
async def test_in_free_mode_only_what_is_mandatory_is_enforced(seat_story: MakeStory) -> None:
    story = await seat_story()
    await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
    async with serving(story) as url, chromium() as browser:
        page = await seat_page(await signed_in(browser, story, url), url)
        await opened(story, page)
        await node(page, "hello")
        await page.locator(".regular-mark").click()
        await expect(page.locator("#seat-right")).to_contain_text("常連の方")
        await page.keyboard.press("j")
        await page.keyboard.type("結び")
        await page.keyboard.press("Enter")
        await node(page, "end")
        await expect(page.locator(".left-over")).to_contain_text("この通話は録音しております")
        await expect(page.locator(".left-over")).to_contain_text("ご用件")
        await fits(page)
        assert await violations(page) == []
        await page.keyboard.press("End")
        await stage(page, "report")
        await page.fill("[id='a-report.what_for']", "担当者あての電話")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#report-problems")).to_contain_text("録音しております")
        await page.fill("[id='a-report.exception']", "お急ぎで切られた")
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")
        sent = await story.store.read(lambda tx: reports(tx, story.client_id))
        told = await story.store.read(lambda tx: history(tx, sent[0].id))
        assert "お急ぎで切られた" in told[-1].note
        assert "この通話は録音しております" in told[-1].note
        # The next time the same caller is greeted as one who calls often.
        await story.talk()
        await node(page, "welcome")
