"""Chromium for tests: one process for as long as tests ask for the same kind, a connection and fresh profiles for each.

To start one costs some seconds of a processor, to open a profile in it some milliseconds.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"

expect.set_options(timeout=20_000)
"""Milliseconds. On a busy machine a page takes its time; a test that is right waits no longer for it."""

_STARTS_WITHIN = 120.0

_NOT = (
    # As in Playwright's own list: nothing is fetched, asked for or offered that no test is about.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    # The browser's own pages, made ready for a window that nobody sees: a second of a processor for each test.
    "PreloadTopChromeWebUI",
    "WebUIOmniboxPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
)

_FLAGS = (
    "--headless",
    "--hide-scrollbars",
    "--mute-audio",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--disable-sync",
    "--disable-field-trial-config",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-back-forward-cache",
    "--disable-breakpad",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--allow-pre-commit-input",
    "--disable-hang-monitor",
    "--disable-ipc-flooding-protection",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-renderer-backgrounding",
    "--disable-search-engine-choice-screen",
    "--force-color-profile=srgb",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-service-autorun",
    "--password-store=basic",
    "--enable-features=CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies",
    f"--disable-features={','.join(_NOT)}",
    # The microphone alone is pretended; networking is that of any user's browser.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
"""What Playwright starts Chromium with, as far as it matters on Linux, and what every test needs besides."""


class _Process:
    """A Chromium without a window."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self.arguments = arguments
        self._home = Path(tempfile.mkdtemp(prefix="dwb-chromium-"))
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    # It must not outlive tests that are killed. (The signal follows the thread that started it.)
                    *("setpriv", "--pdeathsig", "KILL"),
                    *(CHROMIUM, *_FLAGS, *arguments),
                    f"--user-data-dir={self._home}",
                    "--remote-debugging-port=0",
                    "--no-startup-window",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def runs(self) -> bool:
        return self._process.poll() is None

    async def address(self) -> str:
        """Where it listens for what it is to do, once it does."""
        told = self._home / "DevToolsActivePort"
        async with asyncio.timeout(_STARTS_WITHIN):
            while True:
                # A port and a path; the file may be seen half written.
                lines = told.read_text().split("\n") if told.exists() else []
                if len(lines) == 2 and "/devtools/browser/" in lines[1]:
                    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
                if not self.runs():
                    raise RuntimeError((self._home / "log").read_text(errors="replace")[-2000:])
                await asyncio.sleep(0.02)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)


_idle: list[_Process] = []
"""Of one kind, since the tests of a file ask for one kind, and each takes memory."""


def _take(arguments: tuple[str, ...]) -> _Process:
    """One that nobody uses: two connections to one would look into each other's pages."""
    for one in _idle[:]:
        if one.arguments != arguments or not one.runs():
            _idle.remove(one)
            one.end()
    return _idle.pop() if _idle else _Process(arguments)


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """A real browser in which nothing is left of earlier tests; its profiles end with the block."""
    process = _take(arguments)
    try:
        async with async_playwright() as playwright:
            address = await process.address()
            browser = await playwright.chromium.connect_over_cdp(address)
            try:
                yield browser
            finally:
                await browser.close()
    except BaseException:
        process.end()
        raise
    _idle.append(process)


def pytest_sessionfinish() -> None:
    while _idle:
        _idle.pop().end()
