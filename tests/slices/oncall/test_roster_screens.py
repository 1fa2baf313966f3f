"""The roster in a real Chromium: a week with a gap, at both sizes, light and dark, on a phone, by keyboard, for axe."""

from datetime import date, datetime
from pathlib import Path

import pytest
from tests.browsers import chromium
from tests.delivery_story import Office, open_office
from tests.screens import PHONE, WIDE_DARK, look, seated, serving
from tests.web_fixtures import MakeWeb, Web, add_account

from denwaban import oncall, people
from denwaban.access import Role
from denwaban.clock import JST, MovedClock
from denwaban.config import Settings
from denwaban.oncall import (
    WEEKDAYS,
    BusinessHours,
    EntryKind,
    NewEntry,
    NewShift,
    ShiftKind,
    Span,
    pages,
)
from denwaban.oncall.calendars import add_feed, add_file
from denwaban.oncall.reading import Read
from denwaban.store import Store, Tx

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


def furnish(tx: Tx, office: Office) -> None:
    """A week as offices have it, with a gap on Thursday afternoon."""
    client_id = office.client_id
    sato = people.add_staff(tx, client_id, "佐藤 翔太郎", "サトウ", "夜間対応チーム")
    hours = BusinessHours((Span(WEEKDAYS, 540, 720), Span(WEEKDAYS, 780, 1080)), ((12, 29), (1, 3)))
    oncall.set_hours(tx, client_id, hours)
    oncall.add_shifts(
        tx,
        client_id,
        [
            NewShift(office.ito, ShiftKind.LUNCH, 720, 780, WEEKDAYS),
            NewShift(sato, ShiftKind.DUTY, 1080, 1980, 31),
            NewShift(sato, ShiftKind.DUTY, 600, 960, day=date(2026, 11, 28)),
        ],
    )
    for entry in (
        NewEntry(office.suzuki, EntryKind.TRIP, jst("2026-11-25T00:00"), jst("2026-11-27T00:00"), ("mail",), note="大阪の展示会"),
        NewEntry(office.suzuki, EntryKind.LEAVE, jst("2026-11-27T00:00"), jst("2026-11-28T00:00")),
        NewEntry(office.ito, EntryKind.HALF, jst("2026-11-26T13:00"), jst("2026-11-27T00:00")),
        NewEntry(sato, EntryKind.SWAP, jst("2026-11-24T00:00"), jst("2026-11-25T00:00"), other_id=office.ito),
    ):  # fmt: skip
        oncall.add_entry(tx, client_id, entry)
    busy = ((jst("2026-11-24T10:00"), jst("2026-11-24T11:30"), False),)
    add_file(tx, client_id, office.suzuki, Read("", busy))
    add_feed(tx, client_id, office.suzuki, "https://calendar.example.jp/x.ics")


async def site(make_web: MakeWeb, store: Store, clock: MovedClock) -> tuple[Web, Office, str]:
    office = await open_office(store, clock, Settings())
    await store.write(lambda tx: furnish(tx, office))
    web = await make_web(
        pages=pages.routes,
        menu=pages.menu,
    )
    return web, office, await store.write(lambda tx: add_account(tx, Role.SUPERVISOR))


async def test_a_week_with_a_gap(
    make_web: MakeWeb,
    store: Store,
    clock: MovedClock,
) -> None:
    web, office, supervisor = await site(make_web, store, clock)
    place = f"/clients/{office.client_id}/roster"
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, store, url, supervisor)
        await page.goto(f"{url}{place}")
        await page.locator(".gap").first.wait_for()
        await look(page, "roster", WIDE_DARK)
        # By keyboard alone: open the form, fill it in, see what was added, take it back.
        await page.locator("summary", has_text="休み・出張・交代").focus()
        await page.keyboard.press("Enter")
        await page.fill("#f-e-since", "2026-12-02")
        await look(page, "roster_form", WIDE_DARK)
        await page.locator("form[action$='/entries'] button.primary").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="元に戻す").focus()
        await look(page, "roster_done", WIDE_DARK)
        await page.keyboard.press("Enter")
        await page.get_by_text("元に戻しました").wait_for()
        await page.goto(f"{url}/clients/{office.client_id}/hours")
        await look(page, "hours", WIDE_DARK)
        await page.goto(f"{url}/staff/{office.suzuki}/calendars")
        await look(page, "calendars", WIDE_DARK)


async def test_on_a_phone(make_web: MakeWeb, store: Store, clock: MovedClock) -> None:
    web, office, _supervisor = await site(make_web, store, clock)
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, store, url, office.suzuki_user, PHONE)
        await page.goto(f"{url}/roster")
        await page.locator(".week").wait_for()
        await look(page, "phone_roster")
