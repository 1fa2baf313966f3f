"""最初の一本: a real call over real SIP becomes a report that a named person has taken.

Everything here is real: `denwaban up`, Asterisk, a SIP caller with a tone of its own, Chromium with another tone as its
microphone, an SMTP server, the pages.
"""

import asyncio
import re
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import httpx
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from tests.journeys.installation import Installation, chromium, running, signed_in, until
from tests.servers.smtp import Postman, smtp_server, words_of
from tests.sip_agent import SipAgent
from tests.sip_call import Call
from tests.sip_sound import has_tone

pytestmark = [
    pytest.mark.engine,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]

CALLER_TONE, OPERATOR_TONE = 450.0, 1150.0
WATER = "+815001003001"
TRUNK = '[[trunk]]\nname = "test"\nkind = "ip"\nmatch = ["127.0.0.1"]\n'


@dataclass
class Office:
    """An installation with a trunk, and the mail server its reports go to."""

    installation: Installation
    postman: Postman
    folder: Path

    @asynccontextmanager
    async def operator(self, login: str = "suzuki") -> AsyncIterator[Page]:
        """An operator at the seat, ready for calls, whose microphone hums."""
        tone = self.folder / "operator.wav"
        with wave.open(str(tone), "wb") as file:
            file.setparams((1, 2, 48000, 0, "NONE", ""))
            seconds = np.arange(48000 * 20) / 48000
            # In beeps: a browser takes a tone that never stops for noise and removes it.
            beeps = 9000 * np.sin(2 * np.pi * OPERATOR_TONE * seconds) * (seconds % 0.8 < 0.4)
            file.writeframes(beeps.astype("<i2").tobytes())
        async with chromium(f"--use-file-for-fake-audio-capture={tone}") as browser:
            _, page = await signed_in(browser, self.installation, login)
            await page.goto(f"{self.installation.url}/seat")
            await expect(page.locator("body")).to_contain_text("接続済")
            if await page.get_by_text("受付にする").first.is_visible():
                await page.keyboard.press("b")
            await expect(page.locator("body")).to_contain_text("受付中")
            yield page

    @asynccontextmanager
    async def caller(self, number: str, caller: str = "09012345678") -> AsyncIterator[Call]:
        """Somebody who calls from the phone network and hums."""
        async with SipAgent.open(
            self.installation.sip_port, "network", tone=CALLER_TONE
        ) as network:
            yield await network.dial(number, caller)

    def call(self, caller: str) -> dict[str, object]:
        """The newest call of a caller, as the API has it."""
        with self.installation.api() as api:
            found = [
                c
                for c in api.get("calls").raise_for_status().json()["items"]
                if c["caller"] == caller
            ]
        return dict(found[0]) if found else {}

    def taken(self, call_id: object) -> list[str]:
        """By which way the report of a call was taken."""
        with self.installation.api() as api:
            reports = api.get("reports").raise_for_status().json()["items"]
            [report] = [r["id"] for r in reports if r["call_id"] == call_id]
            taken = api.get("acknowledgements").raise_for_status().json()["items"]
        return [one["via"] for one in taken if one["report_id"] == report]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One installation for all stories of this file: what one leaves behind must not disturb the next."""
    home = tmp_path_factory.mktemp("first-call")
    trunks = home / "trunks.toml"
    trunks.write_text(TRUNK)
    postman = Postman()
    async with smtp_server(postman) as address:
        start = running(
            home / "var",
            smtp_url=f"smtp://{address}?starttls=no",
            trunks=str(trunks),
            wrapup_seconds="1",
        )
        installation = await asyncio.to_thread(start.__enter__)
        try:
            yield Office(installation, postman, home)
        finally:
            await asyncio.to_thread(start.__exit__, None, None, None)


async def stage(page: Page, name: str) -> None:
    await expect(page.locator("#seat-middle")).to_have_attribute("data-stage", name)


async def answer(page: Page) -> None:
    """One key. A key within the first moment of a ring is taken for one meant for what stood there before."""
    await asyncio.sleep(0.5)
    await page.keyboard.press("Enter")
    await stage(page, "talking")


async def walk_script(page: Page) -> None:
    """Walks the script to its end: answers what is asked, and takes 「それ以外」 where there is a choice."""
    middle = page.locator("#seat-middle")
    for _ in range(25):
        here = await middle.get_attribute("data-node") or ""
        for field in await middle.locator("[data-answer]").all():
            await _answer(page, await field.get_attribute("id") or "")
        onwards = middle.locator("[data-go=next], [data-go='0']")
        if not await onwards.count():
            return
        await onwards.first.click()
        await expect(middle).not_to_have_attribute("data-node", here)
    raise AssertionError("the script does not end")


async def _answer(page: Page, field: str) -> None:
    element = page.locator(f"[id='{field}']")
    if await element.input_value():
        return
    if await element.evaluate("e => e.tagName") == "SELECT":
        await element.select_option(index=1)
    elif await element.get_attribute("type") == "datetime-local":
        await element.fill("2030-01-07T10:00")
    else:
        await element.fill(
            "090-1234-5678" if await element.get_attribute("type") == "tel" else "さとう"
        )


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://\S+/a/[A-Za-z0-9_-]+", words_of(mail))
    assert found is not None
    return found[0]


def voices(recording: Path) -> tuple[bool, bool]:
    """Whether the caller and the operator are both heard somewhere in a recording."""
    with wave.open(str(recording)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 1)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    pieces = [sound[start : start + 2400] for start in range(0, len(sound) - 2400, 2400)]
    return tuple(
        any(has_tone(piece, hertz) for piece in pieces) for hertz in (CALLER_TONE, OPERATOR_TONE)
    )  # type: ignore[return-value]


def _tells_nobody(office: Office, used: list[str]) -> None:
    """No log of the installation holds a secret, a number, an address or a name of the story."""
    with office.installation.api() as api:
        staff = api.get("staff").raise_for_status().json()["items"]
    names = [part for person in staff for part in (person["name"], person["name"].split()[0])]
    numbers = ["9012345678", "090-1234-5678"]
    typed = ["さとう", "台所の水漏れ"]
    home = office.installation.home
    logs = [home / "up.log", *(home / "asterisk/log").rglob("*.log")]
    for log in logs:
        text = log.read_text("utf-8", errors="replace")
        found = [one for one in (*used, *names, *numbers, *typed) if one in text]
        assert found == [], log.name
    assert "method=POST" in logs[0].read_text("utf-8") or '"POST"' in logs[0].read_text("utf-8")


@pytest.mark.req("A2", "A7", "C1", "C3", "C4", "C5", "D5")
async def test_a_call_becomes_a_report_that_a_named_person_has_taken(office: Office) -> None:
    async with office.operator() as page, office.caller(WATER) as caller:
        await stage(page, "ringing")
        # Before anybody has answered: what to say, who may take it, and the caller's ring-back.
        await expect(page.locator("#seat-middle")).to_contain_text("さくら水道サービスでございます")
        await expect(page.locator("body")).to_contain_text("伊藤 大輔")
        await caller.gets(180)
        await answer(page)
        await caller.answered()
        await caller.hears(OPERATOR_TONE)
        await page.keyboard.press("Control+h")
        await expect(page.locator("#seat-bottom")).to_contain_text("保留中")
        await page.keyboard.press("Control+h")
        await expect(page.locator("#seat-bottom")).not_to_contain_text("保留中")
        await caller.hears(OPERATOR_TONE)
        await walk_script(page)
        await page.keyboard.press("Control+e")
        await caller.over()
        await stage(page, "report")
        await page.fill("[id='a-report.what_for']", "台所の水漏れ")
        await page.fill("[id='a-report.done']", "担当から折り返すとお伝えした")
        await page.locator("label.pick.yes").click()
        await page.fill("[id='a-report.callback_by']", "2030-01-07T10:00")
        await expect(page.locator("#report-subject")).to_contain_text("【要折り返し】")
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")
    mail = (await until(lambda: office.postman.mails, what="mail"))[-1]
    assert "要折り返し" in str(mail["subject"])
    call = await until(lambda: (c := office.call("+819012345678")) and c["state"] == "ended" and c)
    assert voices(await office.installation.recording(call["id"])) == (True, True)
    async with httpx.AsyncClient(trust_env=False) as stranger:
        link = link_in(mail)
        # A mail scanner that opens the link takes nothing.
        looked = await stranger.get(link)
        assert looked.status_code == 200
        assert office.taken(call["id"]) == []
        token = re.search(r'name="csrf_token" value="([^"]*)"', looked.text)
        taken = await stranger.post(link, data={"csrf_token": token[1]} if token else {})
        assert taken.status_code in (200, 303)
    assert office.taken(call["id"]) == ["link"]
    _tells_nobody(office, [link.rpartition("/")[2], *office.postman.recipients])


@pytest.mark.req("A2", "L5")
async def test_the_practice_call_shows_the_main_job_without_a_telephone_line(
    office: Office,
) -> None:
    async with office.operator() as page:
        rung = await asyncio.to_thread(office.installation.command, "ring", "water-leak")
        assert rung.returncode == 0, rung.stderr
        await stage(page, "ringing")
        await expect(page.locator("#seat-middle")).to_contain_text("練習")
        await answer(page)
        call = await until(
            lambda: (c := office.call("+819000001203")) and c["state"] == "talking" and c
        )
        recording = office.installation.home / "asterisk/spool/recording" / f"{call['id']}.wav"
        # Twelve seconds: the caller speaks when the operator has spoken, or after a while.
        await until(
            lambda: recording.exists() and recording.stat().st_size > 8000 * 2 * 12, within=40
        )
        await page.keyboard.press("Control+e")
        await stage(page, "report")
    with wave.open(str(recording)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    # Beside the operator's hum there is a voice: energy away from the hum's frequency.
    spectrum = np.abs(np.fft.rfft(sound))
    hertz = np.fft.rfftfreq(len(sound), 1 / 8000)
    away = spectrum[(hertz > 100) & (hertz < 3400) & (np.abs(hertz - OPERATOR_TONE) > 60)]
    assert np.sqrt(np.sum(away**2)) / len(sound) > 100


@pytest.mark.req("C9")
async def test_a_caller_who_gives_up_is_a_missed_call(office: Office) -> None:
    async with office.caller(WATER, "0312349999") as caller:
        await caller.gets(180)
        await until(lambda: office.call("+81312349999"))
        caller.hang_up()
        await caller.over()
    await until(lambda: office.call("+81312349999").get("state") == "ended")
    with office.installation.api() as api:
        missed = api.get("missed-calls").raise_for_status().json()["items"]
    assert [m["outcome"] for m in missed if m["number"] == "+81312349999"] == ["abandoned"]


async def test_a_killed_program_leaves_the_talk_alone_and_takes_it_up_again(office: Office) -> None:
    async with office.operator() as page, office.caller(WATER, "09055550001") as caller:
        await stage(page, "ringing")
        await answer(page)
        await caller.hears(OPERATOR_TONE)
        heard = len(caller.audio)
        office.installation.kill_program()
        await until(lambda: not office.installation.ready())
        await until(office.installation.ready, within=60)
        # The voice went on all the while: as many bytes as time passed, within half a second.
        await caller.hears(OPERATOR_TONE)
        assert len(caller.audio) > heard
        assert office.call("+819055550001")["state"] == "talking"
        await page.keyboard.press("Control+e")
        await caller.over()
        await stage(page, "report")
    assert office.call("+819055550001")["outcome"] == "answered"


async def test_a_killed_engine_ends_every_call_in_the_record_and_comes_back(office: Office) -> None:
    async with office.operator() as page:
        async with office.caller(WATER, "09055550002") as caller:
            await stage(page, "ringing")
            await answer(page)
            await caller.hears(OPERATOR_TONE)
            office.installation.kill_engine()
            ended = await until(
                lambda: (c := office.call("+819055550002")).get("state") == "ended" and c, within=40
            )
            assert ended["outcome"] == "lost"
        await expect(page.locator("#seat-middle")).not_to_have_attribute(
            "data-stage", "talking", timeout=20_000
        )
        await until(office.installation.ready, within=60)
        await expect(page.locator("body")).to_contain_text("接続済", timeout=30_000)
