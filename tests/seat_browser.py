"""A real Chromium in front of a seat."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from playwright.async_api import Browser, BrowserContext, Page, expect
from tests import browsers, screens
from tests.seat_story import SeatStory

from denwaban.access import open_session, user
from denwaban.store import Tx

_errors: list[str] = []
"""What went wrong in the pages' own programs since the browser was started."""

LAPTOP = {"width": 1366, "height": 768}

OVERFLOWING = """() => ['body', '#seat-left', '#seat-middle', '#seat-right', '#seat-top', '#seat-bottom'].filter((name) => {
  const it = document.querySelector(name);
  return it.scrollHeight > it.clientHeight + 1 || it.scrollWidth > it.clientWidth + 1;
})"""


def serving(story: SeatStory, port: int = 0) -> AbstractAsyncContextManager[str]:
    """The story's app on a port of 127.0.0.1; its address. It may be served again afterwards."""
    return screens.serving(story.web.app, port, lifespan="off")


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """A browser; an error in a page's program fails the test."""
    async with browsers.chromium(*more) as browser:
        _errors.clear()
        yield browser
        await browser.close()
        assert _errors == []


async def signed_in(
    browser: Browser, story: SeatStory, url: str, **options: object
) -> BrowserContext:
    """A browser profile in which the story's operator is signed in."""

    def enter(tx: Tx) -> str:
        found = user(tx, story.operator.user_id)
        assert found is not None
        return open_session(tx, found, "test")[0]

    context = await browser.new_context(
        viewport=LAPTOP,  # type: ignore[arg-type]
        locale="ja-JP",
        permissions=["microphone"],
        **options,  # type: ignore[arg-type]
    )
    context.on("weberror", lambda error: _errors.append(str(error.error)))
    token = await story.store.write(enter)
    await context.add_cookies([{"name": "denwaban", "value": token, "url": url}])
    return context


async def seat_page(context: BrowserContext, url: str) -> Page:
    """The seat, loaded, holding the seat."""
    page = await context.new_page()
    await page.goto(f"{url}/seat")
    await expect(page.locator("#seat-phone")).not_to_have_attribute("data-line", "off")
    return page


async def stage(page: Page, name: str) -> None:
    await page.wait_for_selector(f"#seat-middle[data-stage={name}]")


async def node(page: Page, name: str) -> None:
    await page.wait_for_selector(f"#seat-middle[data-node={name}]")


async def saved(page: Page) -> None:
    await expect(page.locator("#seat-saved")).to_have_text("保存しました")


async def fits(page: Page) -> None:
    """Nothing on the seat needs a scroll."""
    assert await page.evaluate(OVERFLOWING) == []
