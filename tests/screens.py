"""Pages in a real Chromium: served on 127.0.0.1, looked at by axe and, with DENWABAN_TEST_SHOTS, by people."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

import uvicorn
from axe_playwright_python.base import AXE_SCRIPT
from litestar import Litestar
from playwright.async_api import Browser, Page, ViewportSize
from tests.ports import free_port

from denwaban.access import open_session, user
from denwaban.store import Store, Tx

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1366, height=768)
WIDE = ViewportSize(width=1920, height=1080)

Scheme = Literal["light", "dark"]
View = tuple[ViewportSize, Scheme]
WIDE_DARK: View = (WIDE, "dark")


@asynccontextmanager
async def serving(
    app: Litestar, port: int = 0, lifespan: Literal["on", "off"] = "on"
) -> AsyncIterator[str]:
    """The app on a port of 127.0.0.1; its address. Open streams end with it, as with a process that dies."""
    config = uvicorn.Config(
        app,
        port=port or free_port(),
        log_level="error",
        lifespan=lifespan,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{config.port}"
    finally:
        server.should_exit = True
        server.force_exit = True
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        with suppress(asyncio.CancelledError):
            await task


async def seated(
    browser: Browser,
    store: Store,
    url: str,
    user_id: str | None,
    size: ViewportSize = DESK,
    scheme: Scheme = "light",
) -> Page:
    """A page of somebody who is signed in; of nobody when there is no `user_id`."""
    context = await browser.new_context(
        viewport=size,
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        reduced_motion="reduce",
        color_scheme=scheme,
    )
    if user_id is not None:

        def enter(tx: Tx) -> str:
            found = user(tx, user_id)
            assert found is not None
            return open_session(tx, found, "test")[0]

        token = await store.write(enter)
        await context.add_cookies([{"name": "denwaban", "value": token, "url": url}])
    return await context.new_page()


async def look(page: Page, name: str, *also: View) -> None:
    """Takes a picture, and asks axe and the eye's simplest question: does anything stick out sideways?

    `also` are further sizes and schemes in which the page as it stands is looked at; afterwards it is as it was.
    """
    await _look(page, name)
    if also:
        size = page.viewport_size
        assert size is not None
        scheme: Scheme = "dark" if await page.evaluate(_IS_DARK) else "light"
        for other in also:
            await turn(page, other)
            await _look(page, name)
        await turn(page, (size, scheme))


_IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
_DRAWN = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
_AXE = "window.axe && axe.run({resultTypes: ['violations']}).then((found) => found.violations)"


async def turn(page: Page, view: View) -> None:
    """The page in another size and scheme, drawn."""
    size, scheme = view
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme=scheme)
    # A busy page hears of the other scheme some frames later; axe would see colours of both.
    await page.wait_for_function(f"{_IS_DARK} === {'true' if scheme == 'dark' else 'false'}")
    await page.evaluate(_DRAWN)


async def _look(page: Page, name: str) -> None:
    size = page.viewport_size
    assert size is not None
    if folder := os.environ.get("DENWABAN_TEST_SHOTS"):
        scheme = "dark" if await page.evaluate(_IS_DARK) else "light"
        await page.screenshot(path=f"{folder}/{name}-{size['width']}-{scheme}.png", full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} sticks out by {wide} px of {size['width']}"
    assert await violations(page) == [], f"{name} at {size['width']}"


async def violations(page: Page) -> list[tuple[str, list[tuple[str, str]]]]:
    """What axe finds wrong with the page: rules, and where and how each is broken."""
    found = await page.evaluate(_AXE)
    if found is None:
        # The content security policy lets only our own scripts in; axe is injected past it by the debugger, as a script:
        # Chromium compiles the same script once for many pages, and what is evaluated in a function each time.
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Runtime.evaluate", {"expression": AXE_SCRIPT})
        await devtools.detach()
        found = await page.evaluate(_AXE)
    return [
        (one["id"], [(node["html"][:120], node["failureSummary"]) for node in one["nodes"]])
        for one in found
    ]
