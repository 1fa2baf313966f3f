"""Calls, and a client's lines, in a real Chromium: clean for axe, nothing sticks out, the recording sounds."""

import asyncio
import wave
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from litestar import Litestar
from playwright.async_api import Page
from tests.browsers import chromium
from tests.screens import look, seated, serving
from tests.some_people import an_operator
from tests.web_fixtures import add_account

from denwaban import calls, lines, people
from denwaban.access import Role
from denwaban.calls import pages as calls_pages
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.journal import Journal
from denwaban.lines import pages as lines_pages
from denwaban.people import pages as people_pages
from denwaban.store import Store, Tx
from denwaban.web import MenuEntry, build_app

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


SCRIPTS = {"a" * 32: "水漏れ受付(昼)", "b" * 32: "夜間一次受け"}


def site(store: Store, clock: MovedClock, folder: Path) -> Litestar:
    """The pages of calls, lines and people; recordings are in `folder`."""
    floor = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
    return build_app(
        [
            *calls_pages.routes,
            *lines_pages.routes,
            *people_pages.routes,
        ],
        [],
        store=store,
        clock=clock,
        journal=Journal(store),
        settings=Settings(),
        services={
            "recordings": calls.Recordings(
                store, lambda call: folder / f"{call}.wav", folder / "sealed"
            ),
            "script_names": lines_pages.ScriptNames(lambda _tx, _client: SCRIPTS),
        },
        menu=[MenuEntry("/calls", "通話", floor), MenuEntry("/clients", "顧客", floor)],
    )


def some_calls(tx: Tx, folder: Path) -> tuple[str, str, str]:
    """Three companies and a day's calls; returns the ids of a recorded call, a blocked one, and a client."""
    clients = [
        people.add_client(tx, code, name, kana)
        for code, name, kana in (
            ("yamada", "山田水道設備株式会社", "やまだすいどう"),
            ("aozora", "青空こどもクリニック", "あおぞら"),
            ("kumo", "クラウド帳票サービス株式会社", "くらうど"),
        )
    ]
    operator = an_operator(tx, "suzuki")
    recorded = blocked = ""
    outcomes = [*calls.Outcome, calls.Outcome.ANSWERED, calls.Outcome.ANSWERED]
    for n in range(27):
        now = tx.at(tx.now - timedelta(minutes=17 * n + 3))
        outcome = outcomes[n % len(outcomes)]
        caller = "" if n % 11 == 5 else f"+8190{10_000_000 + n * 37_511}"
        call = calls.begin(
            now, client_id=None if outcome is calls.Outcome.REFUSED else clients[n % 3],
            dialled="+81312345678", caller=caller, plan="平日昼間", practice=n == 8,
        )  # fmt: skip
        later = tx.at(now.now + timedelta(seconds=4 + n % 9))
        if outcome is calls.Outcome.ANSWERED:
            calls.answered(later, call.id, operator)
            later = tx.at(later.now + timedelta(seconds=40 + n * 23))
            recorded = recorded or call.id
        if outcome is calls.Outcome.BLOCKED:
            blocked = call.id
        calls.ended(later, call.id, outcome)
    with wave.open(str(folder / f"{recorded}.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\x00\x08" * 8000 * 3)
    lines.add_number(tx, clients[0], "03-1234-5678", "代表")
    lines.add_number(tx, clients[0], "0120-123-456", "緊急修理の受付")
    lines.set_limit(tx, clients[0], 2, date(2026, 4, 1))
    lines.set_limit(tx, clients[0], 4, date(2026, 12, 1))
    lines.set_plan(
        tx,
        clients[0],
        [
            lines.PlanWindow("祝日", 128, 0, 1440, lines.Mode.CLOSED, None, "本日は祝日のため休業です。"),
            lines.PlanWindow("平日昼間", 31, 540, 1080, lines.Mode.FULL, "a" * 32),
            lines.PlanWindow("夜間プラン", 127, 1080, 1980, lines.Mode.FIRST_RESPONSE, "b" * 32),
        ],
    )  # fmt: skip
    return recorded, blocked, clients[0]


async def until(page: Page, true: str) -> None:
    """Waits for a condition by the debugger: our content security policy lets no page evaluate text."""
    async with asyncio.timeout(20):
        while not await page.evaluate(true):
            await asyncio.sleep(0.02)


async def test_screens(store: Store, tmp_path: Path, clock: MovedClock) -> None:
    clock.advance(timedelta(hours=9))
    recorded, blocked, client = await store.write(lambda tx: some_calls(tx, tmp_path))
    ids = {
        role: await store.write(partial(add_account, role=role))
        for role in (Role.SUPERVISOR, Role.ADMINISTRATOR)
    }
    async with (
        serving(site(store, clock, tmp_path)) as url,
        chromium("--autoplay-policy=no-user-gesture-required") as browser,
    ):
        page = await seated(browser, store, url, ids[Role.SUPERVISOR])
        await page.goto(f"{url}/calls")
        await look(page, "calls")
        await page.goto(f"{url}/calls?outcome=message&day=2020-01-01")
        await look(page, "calls-none")
        await page.goto(f"{url}/calls/{blocked}")
        await look(page, "call-blocked")
        await page.goto(f"{url}/calls/{recorded}")
        await page.get_by_role("button", name="×1.5").click()
        await page.evaluate("document.getElementById('recording').play()")
        await until(page, "document.getElementById('recording').currentTime > 0.3")
        assert await page.evaluate("document.getElementById('recording').playbackRate") == 1.5
        await page.evaluate("document.getElementById('recording').currentTime = 2")
        await until(page, "document.getElementById('recording').ended")
        await look(page, "call")
        await page.goto(f"{url}/clients/{client}/lines")
        await look(page, "lines-read")

        page = await seated(browser, store, url, ids[Role.ADMINISTRATOR])
        await page.goto(f"{url}/clients/{client}")
        await page.get_by_role("link", name="番号と受付時間").click()
        await look(page, "lines")
        await page.get_by_role("button", name="0120-123-456 を外す").click()
        await look(page, "lines-remove")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="時間帯を足す").click()
        await page.get_by_label("4番の終了").fill("8:00")
        await page.get_by_role("button", name="受付時間を保存する").click()
        await page.get_by_text("名前を100文字までで入れてください").first.wait_for()
        await look(page, "lines-wrong")
        await page.get_by_role("button", name="4番を消す").click()
        await page.get_by_role("button", name="2番を上へ").click()
        await page.get_by_role("button", name="受付時間を保存する").click()
        await page.wait_for_url("**/lines#plan")
        plan = await store.read(lambda tx: lines.plan_of(tx, client))
        assert [window.name for window in plan] == ["平日昼間", "祝日", "夜間プラン"]
        await page.goto(f"{url}/numbers/import")
        await look(page, "import")
