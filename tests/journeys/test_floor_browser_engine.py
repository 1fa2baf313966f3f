"""A supervisor in an ordinary Chromium on the floor, an operator at a SIP phone, and a real Asterisk between them."""

import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy
import pytest
from playwright.async_api import Page, expect
from tests.engine_fixtures import RunningEngine
from tests.screens import serving
from tests.seat_browser import chromium
from tests.seat_story import NUMBER, MakeStory, seat_story, until
from tests.sip_agent import SipAgent
from tests.sip_call import Call
from tests.sip_sound import has_tone
from tests.web_fixtures import MakeWeb, add_account

from denwaban import console
from denwaban.access import Role, open_session, user
from denwaban.calls import open_calls
from denwaban.care import watches_of
from denwaban.clock import SystemClock
from denwaban.config import Settings
from denwaban.floor import pages as floor_pages
from denwaban.store import Tx
from denwaban.telephony.ari import AriPhone

__all__ = ["seat_story"]

pytestmark = [pytest.mark.browser, pytest.mark.engine]

CALLER_TONE, SEAT_TONE, SV_TONE = 510.0, 1730.0, 2350.0

HEARD = """async (wanted) => {
  // Which of these tones the page plays, in a second.
  const context = new AudioContext();
  const source = context.createMediaStreamSource(document.getElementById("floor-voice").srcObject);
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  source.connect(analyser);
  await new Promise((done) => setTimeout(done, 1000));
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const at = (hertz) => Math.max(...levels.slice(Math.floor((hertz - 15) * 8192 / context.sampleRate), Math.ceil((hertz + 15) * 8192 / context.sampleRate)));
  const found = wanted.filter((hertz) => at(hertz) > -50);
  context.close();
  return found;
}"""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def clock() -> SystemClock:
    """Real calls take real time."""
    return SystemClock()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def microphone(path: Path) -> Path:
    """What the supervisor says into the browser: a tone in short pieces, as a steady one would be taken for noise."""
    moments = numpy.arange(48_000 * 6) / 48_000
    spoken = numpy.sin(2 * numpy.pi * SV_TONE * moments) * (moments % 0.3 < 0.15)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((spoken * 16_000).astype("<i2").tobytes())
    return path


def hears_supervisor(call: Call) -> bool:
    return has_tone(call.lately(0.6), SV_TONE, 250)


@pytest.mark.req("I4")
async def test_a_supervisor_listens_whispers_and_takes_over_in_the_browser(
    engine: RunningEngine,
    seat_story: MakeStory,
    make_web: MakeWeb,
    clock: SystemClock,
    stack: AsyncExitStack,
    tmp_path: Path,
) -> None:
    phone = AriPhone(
        url=engine.ari_url,
        user=engine.ari_user,
        password=engine.ari_password,
        clock=clock,
        recordings=engine.settings.recordings,
        make_seats=engine.engine.seats,
    )
    settings = Settings(engine_http_port=engine.settings.http_port)
    story = await seat_story(settings, phone)
    stack.push_async_callback(engine.engine.seats, list(engine.settings.seats))
    web = await make_web(
        pages=floor_pages.routes,
        services={"switchboard": story.switchboard},
        settings=settings,
        journal=story.journal,
        connect=console.addresses(settings),
    )

    def enter(tx: Tx) -> tuple[str, str]:
        user_id = add_account(tx, Role.SUPERVISOR, login="kimura")
        found = user(tx, user_id)
        assert found is not None
        return user_id, open_session(tx, found, "test")[0]

    user_id, token = await story.store.write(enter)
    operator = await stack.enter_async_context(
        SipAgent.open(
            engine.sip_port,
            f"{story.operator.seat}-phone",
            story.operator.sip_password,
            SEAT_TONE,
        )
    )
    await operator.register()
    await until(lambda: story.seat().online)
    outside = await stack.enter_async_context(
        SipAgent.open(engine.sip_port, "caller", tone=CALLER_TONE)
    )
    caller = await outside.dial(NUMBER.replace("-", ""), "09012345678")
    seat = await operator.rings()
    seat.answer()
    await caller.hears(SEAT_TONE)

    url = await stack.enter_async_context(serving(web.app, lifespan="off"))
    spoken = microphone(tmp_path / "spoken.wav")
    browser = await stack.enter_async_context(
        chromium(f"--use-file-for-fake-audio-capture={spoken}")
    )
    context = await browser.new_context(permissions=["microphone"], locale="ja-JP")
    await context.add_cookies([{"name": "denwaban", "value": token, "url": url}])
    page: Page = await context.new_page()
    await page.goto(f"{url}/floor")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#floor-chosen")).to_contain_text("山田設備")
    # The first key makes the telephone, registers it, and begins.
    await page.keyboard.press("l")
    await expect(page.locator("#floor-phone")).to_have_attribute("data-line", "ready")
    await expect(page.locator("[data-connected]")).to_be_visible()
    assert await page.evaluate(HEARD, [CALLER_TONE, SEAT_TONE]) == [CALLER_TONE, SEAT_TONE]
    assert not hears_supervisor(seat)
    await page.keyboard.press("w")
    await until(lambda: hears_supervisor(seat))
    assert not hears_supervisor(caller)
    await page.keyboard.press("t")
    await page.keyboard.press("Enter")
    await seat.over()
    await until(lambda: hears_supervisor(caller))
    assert await page.evaluate(HEARD, [CALLER_TONE, SEAT_TONE]) == [CALLER_TONE]
    await story.switchboard.written()
    found = await story.store.read(open_calls)
    assert [call.operator_id != story.operator.id for call in found] == [True]
    watches = await story.store.read(lambda tx: watches_of(tx, found[0].id))
    assert [one.mode.value for one in watches] == ["listen", "whisper", "take_over"]
    caller.hang_up()
    await until(lambda: story.switchboard.view().calls == 0)
