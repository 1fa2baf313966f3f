"""What changed in a script at the seat: shown until one key says that it is read; and calls that came to somebody who has
not read it."""

import os
from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.screens import violations
from tests.seat_browser import chromium, fits, seat_page, serving, signed_in
from tests.seat_story import PLUMBER, MakeStory, SeatStory, seat_story, until
from tests.web_fixtures import MakeWeb

from denwaban.access import Role
from denwaban.journal import after
from denwaban.scripts import ScriptSettings, names_of, publish, set_settings, to_read

__all__ = ["seat_story"]

NEW = PLUMBER.replace("お困りでしょうか", "お困りですか").replace(
    "担当が拝見してからご案内", "担当が伺ってからご案内"
)


async def changed(story: SeatStory, grace: timedelta) -> str:
    """The client's script is published anew; returns the version's id."""
    scripts = await story.store.read(lambda tx: names_of(tx, story.client_id))
    script_id = next(iter(scripts))
    story.clock.advance(timedelta(minutes=1))
    await story.store.write(
        lambda tx: set_settings(tx, story.client_id, ScriptSettings(grace=grace))
    )
    why = "「お困りでしょうか」が長いと、お客様から言われました。"
    await story.store.write(lambda tx: publish(tx, script_id, NEW, why))
    waiting = await story.store.read(lambda tx: to_read(tx, story.operator.id))
    return waiting[0].version_id


async def unread_calls(story: SeatStory) -> int:
    await story.switchboard.written()
    entries = await story.store.read(lambda tx: after(tx, 0))
    return sum(entry.fact.kind == "call.offered_unread" for entry in entries)


@pytest.mark.req("B8")
async def test_it_is_shown_until_it_is_read(seat_story: MakeStory, make_web: MakeWeb) -> None:
    story = await seat_story()
    version_id = await changed(story, timedelta(hours=24))
    operator = await story.web.browser(Role.OPERATOR, user_id=story.operator.user_id)
    page = (await operator.get("/seat")).text
    assert "変わった台本" in page
    assert "お困りですか" in page
    wrong = await operator.request("POST", "/seat/read", json={"version": "0" * 32})
    assert wrong.status_code == 409
    done = await operator.request("POST", "/seat/read", json={"version": version_id})
    assert done.status_code == 200
    assert "変わった台本" not in (await operator.get("/seat")).text


@pytest.mark.req("B8")
async def test_a_call_that_comes_to_somebody_who_has_not_read_it_is_told(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    version_id = await changed(story, timedelta(0))
    await until(
        lambda: bool(story.switchboard._gate.passed_over(story.client_id, story.clock.now()))
    )
    # Nobody else is there: the caller is served all the same, and that is on record.
    leg = await story.rings()
    assert await unread_calls(story) == 1
    story.phone.caller_hangs_up(leg)
    await until(lambda: story.seat().state.value == "ready")
    operator = await story.web.browser(Role.OPERATOR, user_id=story.operator.user_id)
    await operator.request("POST", "/seat/read", json={"version": version_id})
    await until(lambda: not story.switchboard._gate.passed_over(story.client_id, story.clock.now()))
    await story.rings()
    assert await unread_calls(story) == 1


@pytest.mark.browser
@pytest.mark.req("B8")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_key_says_that_it_is_read(seat_story: MakeStory, scheme: str) -> None:
    story = await seat_story()
    await changed(story, timedelta(hours=24))
    async with serving(story) as url, chromium() as browser:
        context = await signed_in(browser, story, url, color_scheme=scheme)
        page = await seat_page(context, url)
        await expect(page.get_by_role("heading", name="変わった台本")).to_be_visible()
        if shots := os.environ.get("DENWABAN_TEST_SHOTS"):
            await page.screenshot(path=f"{shots}/seat-news-{scheme}.png")
        await fits(page)
        assert await violations(page) == []
        await page.locator("body").press("k")
        await expect(page.get_by_role("heading", name="変わった台本")).to_have_count(0)
        assert await story.store.read(lambda tx: to_read(tx, story.operator.id)) == []
