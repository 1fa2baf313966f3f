"""Thanks and wishes about a call: from the client's staff to the operator and the supervisors, and back; on both databases."""

from datetime import timedelta

import pytest
from tests.delivery_story import Office, open_office
from tests.outside_story import nowhere
from tests.web_fixtures import Browser, MakeWeb, Web

from denwaban import feedback
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.feedback import api, pages
from denwaban.journal import after
from denwaban.people import operator
from denwaban.portal import pages as portal_pages
from denwaban.store import Store


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@pytest.fixture
async def web(make_web: MakeWeb, store: Store, clock: MovedClock) -> Web:
    return await make_web(
        pages=[*portal_pages.routes, *pages.routes],
        api=api.routes,
        services={"call_backs": nowhere(store, clock), "recordings": None},
        menu=[*portal_pages.menu, *pages.menu],
    )


async def operator_of(web: Web, office: Office) -> Browser:
    found = await office.store.read(lambda tx: operator(tx, office.operator_id))
    assert found is not None
    return await web.browser(Role.OPERATOR, user_id=found.user_id)


@pytest.mark.req("F1", "F2")
async def test_thanks_reach_the_operator_and_a_wish_is_dealt_with(office: Office, web: Web) -> None:
    suzuki = await web.browser(Role.CLIENT, user_id=office.suzuki_user)
    tanaka, supervisor = await operator_of(web, office), await web.browser(Role.SUPERVISOR)
    other = await web.browser(Role.OPERATOR)
    report = await office.report()
    path = f"/portal/reports/{report.id}"

    sent = await suzuki.post(f"{path}/feedback", {"kind": "thanks", "words": "助かりました"})
    assert "お礼をお届けしました" in (await suzuki.get(sent.headers["location"])).text
    # A second press is no second word.
    await suzuki.post(f"{path}/feedback", {"kind": "thanks", "words": " 助かりました "})
    office.clock.advance(timedelta(minutes=1))
    await suzuki.post(f"{path}/feedback", {"kind": "wish", "words": "機種を先に聞いてください"})
    empty = await suzuki.post(f"{path}/feedback", {"kind": "wish", "words": "  "})
    assert (empty.status_code, "ひとこと入れてください" in empty.text) == (422, True)

    # The operator of the call and every supervisor find it unread, once; another operator does not.
    for who, new in ((tanaka, "2"), (supervisor, "2"), (other, "0")):
        assert (await who.get("/feedback/waiting")).text == new
        shown = (await who.get("/feedback")).text
        assert ("助かりました" in shown, shown.count("新着")) == (new == "2", int(new))
        assert (await who.get("/feedback/waiting")).text == "0"
        assert "新着" not in (await who.get("/feedback")).text
    assert "対応済みにする" not in (await tanaka.get("/feedback")).text

    [wish, thanks] = await office.store.read(lambda tx: feedback.page_of(tx, None))
    answer = {"answer": "次から、先に機種をお尋ねします"}
    deal = f"/feedback/{wish.it.id}/deal"
    assert (await tanaka.post(deal, answer)).status_code == 403
    assert (await suzuki.post(deal, answer)).status_code == 403
    assert (await supervisor.post(f"/feedback/{thanks.it.id}/deal", answer)).status_code == 404
    assert (await supervisor.post(deal, answer)).status_code == 303
    # The first answer stays.
    await supervisor.post(deal, {"answer": "別の返事"})
    shown = (await tanaka.get("/feedback")).text
    assert "先に機種をお尋ねします" in shown
    [wish, thanks] = await office.store.read(lambda tx: feedback.page_of(tx, None))
    assert (bool(wish.dealt_by), thanks.dealt_by) == (True, "")
    assert f"{wish.dealt_by} <span" in shown

    # Whoever wished for it is told in the inbox, until they have looked.
    assert "改善のお願いに対応しました" in (await suzuki.get("/portal/reports")).text
    assert "次から、先に機種をお尋ねします" in (await suzuki.get(path)).text
    assert "改善のお願いに対応しました" not in (await suzuki.get("/portal/reports")).text

    facts = [
        entry.fact
        for entry in await office.store.read(lambda tx: after(tx, 0, 1000))
        if entry.fact.kind.startswith("feedback.")
    ]
    assert [fact.kind for fact in facts] == [
        "feedback.given",
        "feedback.given",
        "feedback.dealt_with",
    ]
    assert not any("機種" in str(fact.data) or "助かり" in str(fact.data) for fact in facts)


@pytest.mark.req("F1")
async def test_programs_give_and_read_it_and_no_other_client_does(office: Office, web: Web) -> None:
    report = await office.report()
    own, stranger = (
        await web.program(Role.CLIENT, office.client_id),
        await web.program(Role.CLIENT, "f" * 32),
    )
    path = f"/api/v1/reports/{report.id}/feedback"
    wish = {"kind": "wish", "text": "カードは 4111 1111 1111 1111 でした"}
    made = await own.request("POST", path, json=wish)
    assert made.status_code == 201
    assert "4111 1111" not in made.json()["text"]
    assert (await stranger.request("POST", path, json=wish)).status_code == 404
    listed = (await own.get("/api/v1/feedback")).json()
    assert [one["id"] for one in listed["items"]] == [made.json()["id"]]
    assert (await stranger.get("/api/v1/feedback")).json()["items"] == []
    asked = await stranger.get(f"/api/v1/feedback?client_id={office.client_id}")
    assert asked.status_code == 404
    floor = await web.program(Role.SUPERVISOR)
    assert len((await floor.get("/api/v1/feedback")).json()["items"]) == 1
    assert (await (await web.program(Role.OPERATOR)).get("/api/v1/feedback")).status_code == 403
    page = await web.browser(Role.CLIENT, "f" * 32)
    refused = await page.post(
        f"/portal/reports/{report.id}/feedback", {"kind": "thanks", "words": "x"}
    )
    assert refused.status_code == 404
