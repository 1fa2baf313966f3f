"""INVITE → the client's greeting visible on the operator's screen: a real Chromium at /seat, whose own phone rings.

`python -m bench.screen [--quick]`. The clock is the machine's: read before the caller sends its INVITE, and in the page in the
frame after the one that shows the greeting.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page, async_playwright
from tests.sip_agent import SipAgent

from bench.machine import FOLDER, REPOSITORY, at, described, table, written
from bench.ours import ours
from bench.prepare import GREETING, LOGIN, PASSWORD, number_of, prepared
from bench.sip import ports
from denwaban.telephony.engine import Packages, obtain

PATIENCE_MS = 5000

_WATCH = """greeting => {
  window.benchSeen = {};
  const look = () => {
    const ringing = document.querySelector('#seat-middle[data-stage=ringing]');
    if (!ringing || ringing.dataset.call in window.benchSeen) return;
    const words = ringing.querySelector('.say .words');
    if (!words || !words.innerText.includes(greeting) || !words.checkVisibility()) return;
    const call = ringing.dataset.call;
    window.benchSeen[call] = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      window.benchSeen[call] = (performance.timeOrigin + performance.now()) / 1000;
    }));
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  look();
}"""

_SHOWN = "seen => Object.values(window.benchSeen).filter(at => at > 0).length >= seen"


async def measure(packages: Packages, database: Path, folder: Path, count: int) -> list[float]:
    """Seconds from INVITE to greeting of `count` calls, one after another, sorted."""
    with ports(3000) as first:
        async with (
            ours(packages, REPOSITORY / "var", database, folder, first) as running,
            async_playwright() as play,
        ):
            browser = await play.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                ],
            )
            try:
                context = await browser.new_context(
                    viewport={"width": 1366, "height": 768},
                    locale="ja-JP",
                    permissions=["microphone"],
                )
                page = await _seat(await context.new_page(), running.url)
                async with SipAgent.open(first, "caller") as caller:
                    return sorted([await _one(page, caller, n) for n in range(count + 3)][3:])
            finally:
                await browser.close()


async def _seat(page: Page, url: str) -> Page:
    await page.goto(f"{url}/sign-in")
    await page.fill("input[name=login]", LOGIN)
    await page.fill("input[name=password]", PASSWORD)
    await page.press("input[name=password]", "Enter")
    await page.wait_for_url("**/seat")
    await page.wait_for_selector("#seat-phone[data-line=ready]")
    await page.evaluate(_WATCH, GREETING)
    return page


async def _one(page: Page, caller: SipAgent, n: int) -> float:
    sent = time.time()
    call = await caller.dial(number_of(0), f"080{20_500_000 + n}")
    await page.wait_for_function(_SHOWN, arg=n + 1, timeout=PATIENCE_MS)
    shown: float = await page.evaluate("Math.max(...Object.values(window.benchSeen))")
    call.hang_up()
    await page.wait_for_selector("#seat-middle:not([data-stage=ringing])", timeout=PATIENCE_MS)
    await asyncio.sleep(0.3)
    return shown - sent


async def main(quick: bool) -> None:
    packages = obtain(REPOSITORY / "var")
    about = described(packages)
    sizes = ((10, 0),) if quick else ((10, 0), (10_000, 1_000_000))
    results = []
    for clients, past in sizes:
        database = await prepared(FOLDER, clients, past)
        folder = Path(tempfile.mkdtemp(prefix="screen-", dir=FOLDER))
        try:
            took = await measure(packages, database, folder, 10 if quick else 30)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        p50, p99 = at(took, 0.5) * 1000, at(took, 0.99) * 1000
        results.append(
            {
                "clients": clients,
                "past_calls": past,
                "calls": len(took),
                "p50_ms": p50,
                "p99_ms": p99,
            }
        )
    print("INVITE → greeting on the operator's screen")
    table(
        ["", "calls", "p50 ms", "p99 ms"],
        [[f"{r['clients']:,} clients, {r['past_calls']:,} past calls", str(r["calls"]), f"{r['p50_ms']:.0f}", f"{r['p99_ms']:.0f}"] for r in results],
    )  # fmt: skip
    written("screen", {**about, "results": results})


if __name__ == "__main__":
    # Told to end in any way, nothing may be left running.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="ten calls, small database")
    sys.exit(asyncio.run(main(asked.parse_args().quick)))
