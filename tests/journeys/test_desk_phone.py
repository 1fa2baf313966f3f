"""An operator whose telephone is a SIP phone on the desk: the same calls, the same seat page, the voice elsewhere.

A whole installation, real SIP on both sides, Chromium for the page, an SMTP server. A silent caller is gone after two seconds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from tests.journeys.installation import chromium, running, signed_in, until
from tests.journeys.test_first_call import (
    CALLER_TONE,
    OPERATOR_TONE,
    TRUNK,
    WATER,
    Office,
    stage,
    voices,
    walk_script,
)
from tests.servers.smtp import Postman, smtp_server
from tests.sip_agent import SipAgent

pytestmark = [
    pytest.mark.engine,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]

OTHER_TONE = 1900.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    home = tmp_path_factory.mktemp("desk-phone")
    trunks = home / "trunks.toml"
    await asyncio.to_thread(trunks.write_text, TRUNK)
    postman = Postman()
    async with smtp_server(postman) as address:
        start = running(
            home / "var",
            smtp_url=f"smtp://{address}?starttls=no",
            trunks=str(trunks),
            wrapup_seconds="1",
            ring_seconds="4",
            vanished_seconds="2",
        )
        installation = await asyncio.to_thread(start.__enter__)
        try:
            yield Office(installation, postman, home)
        finally:
            await asyncio.to_thread(start.__exit__, None, None, None)


@asynccontextmanager
async def desk(office: Office, number: int, tone: float) -> AsyncIterator[tuple[Page, SipAgent]]:
    """The operator `number` of the installation: their page, ready for calls, and their SIP phone, which hums."""
    seat = office.installation.known["people"]["seats"][number]
    login = office.installation.logins("operator")[number]
    async with (
        SipAgent.open(office.installation.sip_port, seat["phone"], seat["password"], tone) as phone,
        chromium() as browser,
    ):
        await phone.register()
        _, page = await signed_in(browser, office.installation, login)
        await page.goto(f"{office.installation.url}/seat")
        await expect(page.locator("body")).to_contain_text("接続済")
        if await page.get_by_text("受付にする").first.is_visible():
            await page.keyboard.press("b")
        await expect(page.locator("body")).to_contain_text("受付中")
        yield page, phone


@pytest.mark.req("A2", "C1")
async def test_a_call_is_answered_on_the_desk_and_reported_in_the_page(office: Office) -> None:
    async with desk(office, 0, OPERATOR_TONE) as (page, phone), office.caller(WATER) as caller:
        ringing = await phone.rings()
        await stage(page, "ringing")
        await expect(page.locator("#seat-middle")).to_contain_text("さくら水道サービスでございます")
        ringing.answer()
        await stage(page, "talking")
        await caller.hears(OPERATOR_TONE)
        await ringing.hears(CALLER_TONE)
        # The page's keys act on the talk, wherever the voice is.
        await page.keyboard.press("Control+h")
        await expect(page.locator("#seat-bottom")).to_contain_text("保留中")
        await caller.hears_not(OPERATOR_TONE)
        await page.keyboard.press("Control+h")
        await caller.hears(OPERATOR_TONE)
        await walk_script(page)
        await page.keyboard.press("Control+e")
        await caller.over()
        await ringing.over()
        await stage(page, "report")
        await page.fill("[id='a-report.what_for']", "台所の水漏れ")
        await page.fill("[id='a-report.done']", "担当から折り返すとお伝えした")
        await page.locator("label.pick.yes").click()
        await page.fill("[id='a-report.callback_by']", "2030-01-07T10:00")
        await page.keyboard.press("Control+Enter")
        await stage(page, "idle")
    mail = (await until(lambda: office.postman.mails, what="mail"))[-1]
    assert "要折り返し" in str(mail["subject"])
    call = await until(lambda: (c := office.call("+819012345678")) and c["state"] == "ended" and c)
    assert voices(await office.installation.recording(call["id"])) == (True, True)


@pytest.mark.req("A2")
async def test_two_operators_answering_at_once_the_caller_is_connected_once(
    office: Office,
) -> None:
    """The first operator's answer crosses with the engine's word that the next one is rung now: the phone is told to stop
    and answers all the same. The other one answers in the same moment."""
    async with (
        desk(office, 0, OPERATOR_TONE) as (page, phone),
        desk(office, 1, OTHER_TONE) as (other_page, other),
        office.caller(WATER, "0311114444") as caller,
    ):
        rung = {
            asyncio.create_task(phone.rings(20)): (phone, page),
            asyncio.create_task(other.rings(20)): (other, other_page),
        }
        done, waiting = await asyncio.wait(rung, return_when=asyncio.FIRST_COMPLETED)
        [ring], [next_ring] = done, waiting
        slow, slow_page = rung[ring]
        quick, quick_page = rung[next_ring]
        slow.deaf_to_cancel = True
        too_late, in_time = ring.result(), await next_ring
        too_late.answer()
        in_time.answer()
        await caller.answered()
        assert quick.tone is not None
        await caller.hears(quick.tone)
        await in_time.hears(CALLER_TONE)
        # Nobody is at the other end for the one who came too late.
        await too_late.over()
        assert slow.tone is not None
        await caller.hears_not(slow.tone)
        await stage(quick_page, "talking")
        await stage(slow_page, "idle")
        await expect(slow_page.locator("#seat-middle")).to_contain_text("離席")
        in_time.hang_up()
        await caller.over()
    ended = await until(lambda: (c := office.call("+81311114444")) and c["state"] == "ended" and c)
    assert ended["outcome"] == "answered"


async def test_a_caller_who_vanishes_ends_in_the_record_and_frees_the_operator(
    office: Office,
) -> None:
    async with desk(office, 0, OPERATOR_TONE) as (page, phone):
        async with office.caller(WATER, "0311112222") as caller:
            ringing = await phone.rings()
            ringing.answer()
            await stage(page, "talking")
            await ringing.hears(CALLER_TONE)
            caller.agent.vanish()
            await ringing.over()
        ended = await until(
            lambda: (c := office.call("+81311112222")) and c["state"] == "ended" and c
        )
        assert ended["outcome"] == "answered"
        await stage(page, "report")
        async with office.caller(WATER, "0311113333"):
            await phone.rings()
