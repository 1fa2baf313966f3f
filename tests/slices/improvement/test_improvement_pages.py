"""Proposals, marks and figures on the screen: for authors to decide, for a client's staff to read."""

import re
from datetime import timedelta

import pytest
from tests.browsers import chromium
from tests.improvement_story import OTHERWISE, SCRIPT, TO_MATTER, World, world
from tests.screens import DESK, PHONE, WIDE, View, look, seated, serving
from tests.web_fixtures import MakeWeb, Web, add_account

from denwaban.access import Role
from denwaban.improvement import pages
from denwaban.people import add_client, leave_staff
from denwaban.scripts import draft_of, publish
from denwaban.texts import NOT_ASKED
from denwaban.web import MenuEntry

__all__ = ["world"]

MENU = [MenuEntry("/improvement", "改善", frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}))]


async def a_week(world: World) -> None:
    """Calls of a week, and a member of staff who left."""
    said = ("領収書は出ますか", "領収書の宛名を変えられますか", "駐車場はどこですか")
    for words in said:
        await world.called(*OTHERWISE, questions=(words,), answers={"what_for": "解約について"})
    for _ in range(9):
        await world.called(*TO_MATTER, "1", "next", "next", seconds=14)
    await world.called(
        *OTHERWISE,
        slow={"who": 120},
        answers={"address": NOT_ASKED, "report.done": "料金は分かりかねますと伝えた"},
    )
    for _ in range(3):
        await world.called(*TO_MATTER, answers={"address": NOT_ASKED})
    dated = "[head]\nreview = 2026-12-08\n\n" + SCRIPT
    await world.store.write(lambda tx: publish(tx, world.script_id, dated, "日付"))
    await world.gathered()
    await world.store.write(lambda tx: leave_staff(tx, world.staff_id))
    await world.closed()


async def site(make_web: MakeWeb) -> Web:
    return await make_web(pages=pages.routes)


@pytest.mark.req("B15")
async def test_the_author_sees_the_evidence_and_decides(world: World, make_web: MakeWeb) -> None:
    await a_week(world)
    web = await site(make_web)
    author = await web.browser(Role.SUPERVISOR)
    listed = (await author.get("/improvement")).text
    assert f"/scripts/{world.script_id}/improvement" in listed
    path = f"/scripts/{world.script_id}/improvement"
    shown = (await author.get(path)).text
    assert "『領収書』のお尋ねが 2 件ありました" in shown
    assert "担当者「鈴木」は退職しています" in shown
    assert "領収書の宛名を変えられますか" in shown
    assert re.search(r'href="/calls/[0-9a-f]{32}"', shown)
    ids = re.findall(r"/improvement/([0-9a-f]{32})/accept", shown)
    assert len(ids) >= 5
    asked = next(p for p in await world.open() if p.label == "領収書")
    done = await author.post(f"/improvement/{asked.id}/accept")
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=written")
    draft = await world.store.read(lambda tx: draft_of(tx, world.script_id))
    assert draft is not None
    assert 'label = "TODO 領収書"' in draft.text
    assert (await author.post(f"/improvement/{asked.id}/postpone")).status_code == 409
    rest = [p for p in await world.open() if p.id != asked.id]
    assert (
        await author.post(f"/improvement/{rest[0].id}/decline", {"reason": " "})
    ).status_code == 422
    for one, act in zip(rest, ("decline", "postpone"), strict=False):
        done = await author.post(f"/improvement/{one.id}/{act}", {"reason": "いまのままでよい"})
        assert done.status_code == 303
    mark = (await world.marks())[0]
    good = f"/improvement/marks/{mark.id}/good"
    assert (await author.post(good, {"reason": ""})).status_code == 422
    assert (await author.post(good, {"reason": "引き継ぎ済み"})).status_code == 303
    assert (await author.post(good, {"reason": "引き継ぎ済み"})).status_code == 404
    after = (await author.get(path)).text
    assert "いまのままでよい" in after
    assert (await author.get("/scripts/" + "0" * 32 + "/improvement")).status_code == 404


async def test_a_question_goes_into_the_faq(world: World, make_web: MakeWeb) -> None:
    await a_week(world)
    web = await site(make_web)
    author = await web.browser(Role.SUPERVISOR)
    asked = next(p for p in await world.open() if p.label == "領収書")
    done = await author.post(f"/improvement/{asked.id}/faq")
    assert done.headers["location"].startswith(f"/clients/{world.client_id}/faqs/")
    slow = next(p for p in await world.open() if not p.label)
    assert (await author.post(f"/improvement/{slow.id}/faq")).status_code == 404


async def test_figures_of_any_version_and_period(world: World, make_web: MakeWeb) -> None:
    await a_week(world)
    web = await site(make_web)
    author = await web.browser(Role.SUPERVISOR)
    path = f"/scripts/{world.script_id}/use"
    assert "この期間の電話はありません" in (await author.get(path)).text
    first = re.findall(r'<option value="([0-9a-f]{32})"', (await author.get(path)).text)[-1]
    shown = (await author.get(f"{path}?version={first}&days=28")).text
    assert "16 件の電話" in shown
    assert 'class="note"' in shown
    world.clock.advance(timedelta(days=40))
    author = await web.browser(Role.SUPERVISOR)
    assert "この期間の電話はありません" in (await author.get(f"{path}?version={first}&days=7")).text
    assert "16 件の電話" in (await author.get(f"{path}?version={first}&days=91")).text
    assert (await author.get(f"{path}?days=12345")).status_code == 200


async def test_a_clients_staff_reads_their_own_and_decides_nothing(
    world: World, make_web: MakeWeb
) -> None:
    await a_week(world)
    web = await site(make_web)
    theirs = await web.browser(Role.CLIENT, world.client_id)
    shown = (await theirs.get("/portal/improvement")).text
    assert "『領収書』のお尋ねが 2 件ありました" in shown
    assert "/calls/" not in shown
    assert "/accept" not in shown
    other_id = await world.store.write(lambda tx: add_client(tx, "hoshi", "星"))
    others = await web.browser(Role.CLIENT, other_id)
    assert "領収書" not in (await others.get("/portal/improvement")).text
    one = (await world.open())[0]
    assert (await theirs.post(f"/improvement/{one.id}/accept")).status_code == 403
    assert (await theirs.get(f"/scripts/{world.script_id}/improvement")).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_it_looks_like(world: World, make_web: MakeWeb) -> None:
    await a_week(world)
    web = await make_web(pages=pages.routes, menu=MENU)
    ids = await world.store.write(
        lambda tx: (
            add_account(tx, Role.SUPERVISOR, login="watanabe"),
            add_account(tx, Role.CLIENT, world.client_id, login="suzuki"),
        )
    )
    versions = await world.used()
    assert versions
    path = f"/scripts/{world.script_id}"
    author, staff = ids
    dark: View = (DESK, "dark")
    wide: View = (WIDE, "light")
    views: list[tuple[str, str, str, tuple[View, ...]]] = [
        (author, "/improvement", "improvement-waiting", (dark, wide)),
        (author, f"{path}/improvement", "improvement-script", (dark, wide)),
        (author, f"{path}/use", "improvement-use-empty", (dark,)),
        (author, "use", "improvement-use", (dark, wide)),
        (staff, "/portal/improvement", "improvement-theirs", (dark, (PHONE, "light"))),
    ]
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        pages_of = {who: await seated(browser, world.store, url, who) for who in ids}
        for who, where, name, also in views:
            page = pages_of[who]
            if where == "use":
                await page.goto(f"{url}{path}/use")
                await page.locator("#f-version").select_option(index=1)
                await page.locator("form.toolbar button").click()
                await page.wait_for_selector("svg.drawing")
            else:
                await page.goto(f"{url}{where}")
            await look(page, name, *also)
