"""The link in a message: scanners, forwarding, age, guessing; and the supervisors' page."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from tests.delivery_story import Office, open_office, working
from tests.servers.smtp import Postman, smtp_server, words_of
from tests.web_fixtures import MakeWeb, Web

from denwaban import delivery, people, reports
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import api, pages
from denwaban.delivery.pages.link import WRONG_LINKS
from denwaban.reports import api as reports_api
from denwaban.store import Store


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@pytest.fixture
async def web(make_web: MakeWeb) -> Web:
    return await make_web(pages=pages.routes, api=[*api.routes, *reports_api.routes])


@pytest.fixture
async def mailed(store: Store, clock: MovedClock) -> AsyncIterator[tuple[Office, Postman]]:
    postman = Postman()
    async with smtp_server(postman) as server:
        office = await open_office(store, clock, Settings(smtp_url=f"smtp://{server}?starttls=no"))
        await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
        async with working(office):
            yield office, postman


async def test_a_report_that_nobody_sends_on_turns_the_health_red_until_it_is_sent(
    office: Office, make_web: MakeWeb
) -> None:
    async with httpx.AsyncClient() as http, delivery.Channels(office.settings, http) as channels:
        duties = delivery.duties(office.store, office.clock, office.settings, channels)
        web = await make_web(duties=duties)
        admin = await web.browser(Role.ADMINISTRATOR)
        await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
        await office.report()
        assert (await admin.get("/health")).status_code == 200
        office.clock.advance(timedelta(minutes=3))
        red = await admin.get("/health")
        assert red.status_code == 503
        assert red.json()["reasons"] == ["overdue: delivery (1 rows, 180 s)"]
        said = (await admin.get("/metrics")).text
        assert 'denwaban_work_overdue_seconds{duty="delivery"} 180.0' in said
    async with working(office):
        await office.settled()
    assert (await admin.get("/health")).json() == {"live": True, "ready": True, "reasons": []}


def link_in(postman: Postman) -> str:
    text = words_of(postman.mails[-1])
    found = re.search(r"(/a/[\w-]{43})", text)
    assert found is not None
    return found[1]


@pytest.mark.req("C5", "D3")
async def test_a_scanner_that_opens_the_link_takes_nothing_and_a_person_takes_it_with_one_press(
    mailed: tuple[Office, Postman], web: Web
) -> None:
    office, postman = mailed
    report = await office.report()
    await office.settled()
    link = link_in(postman)
    scanner = await web.anonymous()
    for _time in range(5):
        seen = await scanner.get(link)
        assert seen.status_code == 200
    assert (await office.standing(report)).state is delivery.State.WAITING
    assert seen.headers["cache-control"] == "no-store"
    assert "noindex" in seen.headers["x-robots-tag"]
    assert '<meta name="referrer" content="no-referrer">' in seen.text
    for word in (
        "佐藤 花子様",
        "給湯器から異音がする",
        "11月24日(火) 15:00",
        "鈴木さんとして引き受ける",
    ):
        assert word in seen.text

    person = await web.anonymous()
    pressed = await person.post(link)
    assert pressed.status_code == 303
    after = await person.get(pressed.headers["location"])
    assert "鈴木さんが引き受けました" in after.text
    assert "引き受ける</button>" not in after.text
    assert (await office.standing(report)).state is delivery.State.ACKNOWLEDGED
    again = await person.post(link)
    assert again.status_code == 303
    await office.pass_time(hours=4)
    assert len(postman.mails) == 1


async def test_a_forwarded_link_names_whom_it_stands_for_and_a_late_press_who_was_first(
    mailed: tuple[Office, Postman], web: Web
) -> None:
    office, postman = mailed
    report = await office.report()
    await office.settled()
    link = link_in(postman)
    colleague = await web.anonymous()
    assert "鈴木 様あて" in (await colleague.get(link)).text
    await office.store.write(lambda tx: delivery.acknowledge(tx, report.id, office.ito, "portal"))
    await colleague.post(link)
    after = await colleague.get(link)
    assert after.status_code == 200
    assert "すでに伊藤さんが引き受けています" in after.text
    assert (await office.standing(report)).owner_id == office.ito


async def test_wrong_and_expired_links_help_and_guessing_is_slowed_down(
    mailed: tuple[Office, Postman], web: Web
) -> None:
    office, postman = mailed
    await office.report()
    await office.settled()
    link = link_in(postman)
    anybody = await web.anonymous()
    wrong = await anybody.get("/a/" + "x" * 43)
    assert wrong.status_code == 404
    assert "途中で切れていないか" in wrong.text
    assert (await anybody.post("/a/short")).status_code == 404
    office.clock.advance(timedelta(days=7))
    late = await anybody.get(link)
    assert (late.status_code, "7日間" in late.text) == (410, True)
    assert (await anybody.post(link)).status_code == 410
    for _try in range(WRONG_LINKS + 1):
        slowed = await anybody.get("/a/" + "y" * 43)
    assert slowed.status_code == 429
    assert slowed.headers["retry-after"] == "600"
    # A scanner that opens broken links keeps no colleague at the same address from taking a report.
    office.clock.advance(-timedelta(days=7))
    assert (await anybody.get(link)).status_code == 200
    assert (await anybody.post(link)).status_code == 303


@pytest.mark.req("D3", "D5")
async def test_whoever_has_left_takes_and_reads_nothing_by_what_they_still_hold(
    mailed: tuple[Office, Postman], web: Web
) -> None:
    office, postman = mailed
    report = await office.report()
    await office.settled()
    link = link_in(postman)
    await office.store.write(lambda tx: people.leave_staff(tx, office.suzuki))
    formerly = await web.anonymous()
    for answer in (await formerly.get(link), await formerly.post(link)):
        assert answer.status_code == 410
        assert "ほかの担当の方に引き継がれました" in answer.text
        assert "給湯器" not in answer.text
    with pytest.raises(delivery.NotTheirs):
        await office.store.write(
            lambda tx: delivery.acknowledge(tx, report.id, office.suzuki, "slack")
        )
    assert await office.store.read(lambda tx: delivery.acknowledgement(tx, report.id)) is None


@pytest.mark.req("D4", "D5")
async def test_a_supervisor_sees_what_nobody_took_and_records_a_spoken_acknowledgement(
    office: Office, web: Web
) -> None:
    report = await office.report()
    async with working(office):
        for _rung in range(4):
            await office.pass_time(minutes=15)
    supervisor = await web.browser(Role.SUPERVISOR)
    listed = await supervisor.get("/reports")
    assert "だれも引き受けていません" in listed.text
    assert "1時間0分" in listed.text
    page = await supervisor.get(f"/reports/{report.id}")
    assert "全員に知らせましたが" in page.text
    assert "鈴木さんあてに報告を送りました" in page.text
    wrong = await supervisor.post(f"/reports/{report.id}/taken", {"staff_id": "0" * 32})
    assert wrong.status_code == 422
    done = await supervisor.post(f"/reports/{report.id}/taken", {"staff_id": office.ito})
    assert done.status_code == 303
    assert "伊藤さんが引き受けました" in (await supervisor.get(f"/reports/{report.id}")).text
    assert "すべての報告が引き受けられています" in (await supervisor.get("/reports")).text
    operator = await web.browser(Role.OPERATOR)
    refused = await operator.post(f"/reports/{report.id}/taken", {"staff_id": office.ito})
    assert refused.status_code == 403
    assert (await supervisor.get("/reports/" + "0" * 32)).status_code == 404


async def test_a_client_where_everybody_is_away_is_shown(office: Office, web: Web) -> None:
    supervisor = await web.browser(Role.SUPERVISOR)
    assert "担当者がいない企業" not in (await supervisor.get("/reports")).text
    roster = "UPDATE staff SET presence = 'off'"
    await office.store.write(lambda tx: tx.connection.exec_driver_sql(roster))
    listed = await supervisor.get("/reports")
    assert "担当者がいない企業" in listed.text
    assert "鈴木(不在)" in listed.text


@pytest.mark.req("C4", "C5")
async def test_programs_read_and_take_only_what_is_theirs(office: Office, web: Web) -> None:
    report = await office.report()
    other = await open_office(office.store, office.clock, office.settings)
    await other.report()
    mine = await web.program(Role.CLIENT, office.client_id)
    theirs = await web.program(Role.CLIENT, other.client_id)
    listed = (await mine.get("/api/v1/reports")).json()
    assert [item["id"] for item in listed["items"]] == [report.id]
    assert listed["items"][0]["subject"] == "【要折り返し】佐藤 花子様より"
    deliveries = (await mine.get(f"/api/v1/deliveries?report_id={report.id}")).json()["items"]
    assert [item["channel"] for item in deliveries] == ["portal"]
    one = await mine.get(f"/api/v1/deliveries/{deliveries[0]['id']}")
    assert [attempt["result"] for attempt in one.json()["attempts"]] == ["sent"]
    for path in (f"reports/{report.id}", f"deliveries/{deliveries[0]['id']}"):
        assert (await theirs.get(f"/api/v1/{path}")).status_code == 404
    body = {"report_id": report.id, "staff_id": office.ito}
    assert (await theirs.request("POST", "/api/v1/acknowledgements", json=body)).status_code == 404
    foreign = {"report_id": report.id, "staff_id": other.ito}
    assert (await mine.request("POST", "/api/v1/acknowledgements", json=foreign)).status_code == 422
    first = (await mine.request("POST", "/api/v1/acknowledgements", json=body)).json()
    second = (await mine.request("POST", "/api/v1/acknowledgements", json=body)).json()
    assert (first["already"], second["already"], second["staff_name"]) == (False, True, "伊藤")
    acknowledged = (await mine.get("/api/v1/acknowledgements")).json()["items"]
    assert [item["report_id"] for item in acknowledged] == [report.id]
    change = {"status": "done", "note": "折り返し済み"}
    path = f"/api/v1/reports/{report.id}/status"
    assert (await theirs.request("POST", path, json=change)).status_code == 404
    assert (await mine.request("POST", path, json=change)).json()["status"] == "done"
    history = (await mine.get(f"/api/v1/reports/{report.id}")).json()["history"]
    assert [line["status"] for line in history] == ["callback", "done"]
    bad = await mine.request("POST", path, json={"status": "closed"})
    assert bad.status_code in (400, 422)
    found = await office.store.read(lambda tx: reports.report(tx, report.id))
    assert found is not None
    assert found.status is reports.Status.DONE
