"""The board and the wall in a real Chromium: fifty seats without a scroll, keys of the supervisor, clean for axe."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from tests.browsers import chromium
from tests.screens import DESK, WIDE_DARK, look, seated, serving, turn
from tests.slices.floor.test_floor import Board, House, call, house, seat
from tests.web_fixtures import MakeWeb, add_account

from denwaban import calls, care
from denwaban.access import Role
from denwaban.calls import Outcome
from denwaban.clock import MovedClock
from denwaban.floor import pages as floor_pages
from denwaban.people import TrainingStage
from denwaban.routing import SeatState, SeatView, WaitingView
from denwaban.store import Store, Tx

__all__ = ["house"]

pytestmark = pytest.mark.browser

NAMES = ("鈴木 明日香", "佐々木 健太郎", "山田 花子", "高橋 翔", "伊集院 美穂")
STAGES = {
    9: TrainingStage.OBSERVES,
    15: TrainingStage.BESIDE,
    6: TrainingStage.LOOKED_AFTER,
    12: TrainingStage.BESIDE,
}
SCROLLS = """() => [document.documentElement, ...document.querySelectorAll('.seats, .wall, .waiting')]
  .filter((it) => it.scrollHeight > it.clientHeight + 1).map((it) => it.className || it.tagName)"""


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def fifty(house: House, clock: MovedClock) -> list[SeatView]:
    states = [SeatState.TALKING] * 3 + [SeatState.READY, SeatState.WRAP_UP, SeatState.BREAK]
    found = []
    for number in range(50):
        state = states[number % 6]
        client = "さくら水道" if state is SeatState.TALKING else ""
        one = seat(house.operator_id if not number else f"o{number}", state, clock, client)
        name = NAMES[number % 5]
        found.append(
            SeatView(
                **{
                    **{field: getattr(one, field) for field in SeatView.__dataclass_fields__},
                    "name": name,
                    "since": clock.now() - timedelta(seconds=17 * number + 5),
                    "held": number % 11 == 0,
                    "training": STAGES.get(number),
                    "senior": NAMES[0] if number in STAGES else "",
                    "held_back": number in (9, 15),
                }
            )
        )
    return found


def busy_day(tx: Tx, house: House) -> None:
    for number in range(25):
        call(tx, house, Outcome.ABANDONED if number % 6 == 5 else Outcome.ANSWERED)
    talk = calls.begin(
        tx, client_id=house.client_id, dialled="+81312345678", caller="+819000000001"
    )
    calls.answered(tx, talk.id, house.operator_id)
    found = calls.call(tx, talk.id)
    assert found is not None
    care.ask_help(tx, found, house.operator_id, abuse=True, lost=True)


async def _no_scroll(page: Page) -> None:
    assert await page.evaluate(SCROLLS) == []


async def test_fifty_seats_and_the_wall(
    store: Store, clock: MovedClock, house: House, make_web: MakeWeb
) -> None:
    board = Board()
    board.seats = fifty(house, clock)
    board.waiting = [
        WaitingView(
            f"c{n}", house.client_id, name, clock.now() - timedelta(seconds=47 - 9 * n), None
        )
        for n, name in enumerate(("みどり内科", "さくら水道", "青空こどもクリニック"))
    ]
    web = await make_web(pages=floor_pages.routes, services={"switchboard": board})
    await store.write(lambda tx: busy_day(tx, house))
    kimura = await store.write(lambda tx: add_account(tx, Role.SUPERVISOR, login="kimura"))
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, store, url, kimura)
        await page.goto(f"{url}/floor")
        await expect(page).to_have_title("(1) ☎ フロア · denwaban")
        await expect(page.locator("#floor-acts [data-mode=listen]")).to_be_disabled()
        # One key says that one comes, and the keys are about that seat now.
        await page.keyboard.press("h")
        await expect(page.get_by_text("が対応", exact=False)).to_be_visible()
        await expect(page.locator("#floor-chosen")).to_have_text("鈴木 明日香 · さくら水道")
        await expect(page.locator("#floor-acts [data-mode=listen]")).to_be_enabled()
        await page.keyboard.press("ArrowRight")
        chosen = page.locator(".tile.chosen")
        await expect(chosen).to_have_count(1)
        assert await chosen.get_attribute("data-seat") != house.operator_id
        await look(page, "floor-50")
        await _no_scroll(page)
        await turn(page, WIDE_DARK)
        await look(page, "floor-50")
        await _no_scroll(page)
        await page.keyboard.press("t")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        # Who waits is moved, and a talk let through, with a reason; not while another dialog is open.
        for key, name in (("m", "floor-move"), ("a", "floor-allow")):
            await page.keyboard.press(key)
            await expect(page.get_by_role("dialog")).to_have_count(1)
            await look(page, name)
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.goto(f"{url}/floor/handling")
        await look(page, "floor-handling")
        await page.goto(f"{url}/floor/wall")
        await look(page, "wall")
        await _no_scroll(page)
        await turn(page, (DESK, "light"))
        await look(page, "wall")
        await _no_scroll(page)
        small = "[...document.querySelectorAll('.wall *')].filter((it) => it.textContent.trim() && !it.children.length && parseFloat(getComputedStyle(it).fontSize) < 28).map((it) => it.textContent)"
        assert await page.evaluate(small) == []
