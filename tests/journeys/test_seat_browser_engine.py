"""The telephone in the page against a real Asterisk: an ordinary Chromium, no networking flags."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, expect
from tests.engine_fixtures import EngineFactory, RunningEngine
from tests.seat_browser import chromium, node, serving, signed_in, stage
from tests.seat_story import NUMBER, MakeStory, SeatStory, seat_story, until
from tests.sipp_caller import Voice, sipp_call

from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.telephony.ari import AriPhone
from denwaban.telephony.speech import Sound

__all__ = ["seat_story"]

pytestmark = [pytest.mark.browser, pytest.mark.engine]

CALLER_TONE = 700.0

HEARD = """async () => {
  // What the page plays to the operator, for a second.
  const context = new AudioContext();
  const source = context.createMediaStreamSource(document.getElementById("seat-voice").srcObject);
  const analyser = new AnalyserNode(context, { fftSize: 4096 });
  source.connect(analyser);
  await new Promise((done) => setTimeout(done, 1000));
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const loudest = levels.indexOf(Math.max(...levels));
  const found = { hertz: (loudest * context.sampleRate) / analyser.fftSize, decibels: levels[loudest] };
  context.close();
  return found;
}"""

PLAYS = """() => {
  const voice = document.getElementById("seat-voice");
  return voice.srcObject !== null && !voice.paused;
}"""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def clock() -> SystemClock:
    """Real calls take real time."""
    return SystemClock()


@asynccontextmanager
async def at_the_seat(
    make: MakeStory, engine: RunningEngine, clock: SystemClock
) -> AsyncIterator[tuple[SeatStory, Page]]:
    """The seat in a browser whose telephone is registered."""
    phone = AriPhone(
        url=engine.ari_url,
        user=engine.ari_user,
        password=engine.ari_password,
        clock=clock,
        recordings=engine.settings.recordings,
        make_seats=engine.engine.seats,
    )
    settings = Settings(engine_http_port=engine.settings.http_port)
    story = await make(settings, phone)
    async with serving(story) as url, chromium() as browser:
        page = await (await signed_in(browser, story, url)).new_page()
        await page.goto(f"{url}/seat")
        await expect(page.locator("#seat-phone")).to_have_attribute("data-line", "ready")
        await until(lambda: story.seat().online)
        try:
            yield story, page
        finally:
            # The engine is every test's of this session: its seats are left as they were found.
            await engine.engine.seats(list(engine.settings.seats))


@pytest.mark.req("A2")
async def test_both_hear_each_other_also_in_a_page_that_is_loaded_again_or_crashed(
    engine: RunningEngine, seat_story: MakeStory, clock: SystemClock, tmp_path: Path
) -> None:
    async with at_the_seat(seat_story, engine, clock) as (story, page):
        voice = await Voice().open()
        caller = await sipp_call(
            engine, tmp_path / "caller", dialled=NUMBER.replace("-", ""), voice=voice
        )
        speaking: asyncio.Task[None] | None = None
        try:
            await stage(page, "ringing")
            await expect(page.locator("body")).to_contain_text("山田設備でございます")
            await page.wait_for_timeout(500)
            await page.keyboard.press("Enter")
            await node(page, "danger")
            seconds = np.arange(8000 * 300) / 8000
            speaking = asyncio.create_task(
                voice.speak(np.sin(2 * np.pi * CALLER_TONE * seconds) * 0.4)
            )
            await plays_the_caller(page)
            # Chromium's pretended microphone beeps.
            await until(lambda: level(voice.heard) > 0.01)
            await page.keyboard.press("m")
            await until(lambda: story.seat().muted)
            # What was on its way still arrives. (The pretended microphone beeps once a second.)
            await until(lambda: level(voice.heard[-12_000:]) < 0.002)
            before = len(voice.heard)
            await until(lambda: len(voice.heard) > before + 16_000)
            assert level(voice.heard[before:]) < 0.002
            # A slip on the tab's cross: who then says to stay talks on.
            async with page.expect_event("dialog") as asked:
                await page.close(run_before_unload=True)
            await (await asked.value).dismiss()
            await page.keyboard.press("m")
            await until(lambda: not story.seat().muted)
            before = len(voice.heard)
            await until(lambda: len(voice.heard) > before + 16_000)
            assert level(voice.heard[before:]) > 0.002
            call_id = story.seat().call_id
            # F5, and then: yes, leave.
            page.once("dialog", lambda asked: asked.accept())
            await page.reload()
            await they_talk_on(story, page, voice)
            # The page's process dies, without a goodbye to anybody: the caller hears music.
            session = await page.context.new_cdp_session(page)
            crashing = asyncio.create_task(session.send("Page.crash"))  # who dies does not answer
            await page.wait_for_event("crash")
            crashing.cancel()
            await asyncio.gather(crashing, return_exceptions=True)
            await until(lambda: story.seat().lost_until is not None)
            before = len(voice.heard) + 8_000
            await until(lambda: len(voice.heard) > before + 16_000)
            assert level(voice.heard[before:]) > 0.002
            seat, page = page.url, await page.context.new_page()
            await page.goto(seat)
            await they_talk_on(story, page, voice)
            assert story.seat().call_id == call_id
            await page.keyboard.press("End")
            await stage(page, "report")
            status, _trace = await caller.done(15)
            assert status == 0
        finally:
            if speaking is not None:
                speaking.cancel()
            await caller.kill()
            voice.close()


async def they_talk_on(story: SeatStory, page: Page, voice: Voice) -> None:
    """The page is where the talk was, plays the caller, and is heard by them."""
    await node(page, "danger")
    await until(lambda: story.seat().lost_until is None)
    await page.wait_for_function(PLAYS)
    await plays_the_caller(page)
    before = len(voice.heard)
    await until(lambda: len(voice.heard) > before + 16_000)
    assert level(voice.heard[before:]) > 0.002


async def plays_the_caller(page: Page) -> None:
    """Looks again for a while: on a busy machine a page's sound begins later than its first second."""
    for _ in range(10):
        heard = await page.evaluate(HEARD)
        if heard["hertz"] == pytest.approx(CALLER_TONE, abs=15):
            break
    assert heard["hertz"] == pytest.approx(CALLER_TONE, abs=15)
    assert heard["decibels"] > -40


def level(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0


async def test_when_the_engine_dies_the_page_lets_go_and_registers_again(
    engine_factory: EngineFactory, seat_story: MakeStory, clock: SystemClock, tmp_path: Path
) -> None:
    engine = engine_factory()
    async with at_the_seat(seat_story, engine, clock) as (story, page):
        voice = await Voice().open()
        caller = await sipp_call(
            engine, tmp_path / "caller", dialled=NUMBER.replace("-", ""), voice=voice
        )
        try:
            await stage(page, "ringing")
            await page.wait_for_timeout(500)
            await page.keyboard.press("Enter")
            await node(page, "danger")
            await voice.heard_from.wait()
            pid = engine.engine.alive_pid()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            # The call is over in the record, says why, and its report waits.
            await stage(page, "report")
            await expect(page.locator("#seat-middle")).to_contain_text(
                "お話の途中で通話が切れました"
            )
            await expect(page.locator("#seat-phone")).to_have_attribute(
                "data-line", "ready", timeout=60_000
            )
            await until(lambda: story.seat().online, within=30)
        finally:
            await caller.kill()
            voice.close()
