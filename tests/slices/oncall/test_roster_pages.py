"""The roster on its pages and by the API: who may, what is shown, and what bad input gets."""

import pytest
from tests.delivery_story import Office, open_office
from tests.web_fixtures import Browser, MakeWeb, Web

from denwaban import oncall, people
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.oncall import api, pages
from denwaban.store import Store


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@pytest.fixture
async def web(make_web: MakeWeb, office: Office) -> Web:
    return await make_web(
        pages=pages.routes,
        api=api.routes,
        menu=pages.menu,
    )


async def text(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.req("A7", "A8")
async def test_the_clients_own_staff_keep_their_roster(web: Web, office: Office) -> None:
    suzuki = await web.browser(Role.CLIENT, office.client_id, office.suzuki_user)
    mine = await suzuki.get("/roster")
    place = mine.headers["location"]
    assert place == f"/clients/{office.client_id}/roster"
    first = await text(suzuki, place)
    assert "いま報告を受け取る人" in first
    assert "営業時間がまだない" in first
    hours = {
        **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "9:00-12:00, 13:00-18:00"),
        "sat": "20:00-翌5:00",
        "year_end": "12/29-1/3",
        "exceptions": "2026-12-23 10:00-15:00 棚卸し\n2026-08-12~2026-08-16 休み 夏休み",
    }
    assert (await suzuki.post(f"/clients/{office.client_id}/hours", hours)).status_code == 303
    again = await text(suzuki, f"/clients/{office.client_id}/hours")
    for shown in ("9:00-12:00, 13:00-18:00", "20:00-翌5:00", "2026-12-23 10:00-15:00 棚卸し", "2026-08-12~2026-08-16 休み 夏休み"):  # fmt: skip
        assert shown in again
    bad = await suzuki.post(f"/clients/{office.client_id}/hours", {"mon": "9時半から"})
    assert (bad.status_code, "時刻を読み取れません" in bad.text) == (422, True)
    # Both are away this afternoon: the gap is red, in words, with a way to mend it, and can be undone at once.
    gone = {"kind": "leave", "since": "2026-11-24", "week": "2026-11-24"}
    await suzuki.post(f"{place}/entries", {**gone, "staff_id": office.ito})
    done = await suzuki.post(f"{place}/entries", {**gone, "staff_id": office.suzuki})
    shown = await text(suzuki, done.headers["location"])
    assert "誰もいません" in shown
    assert "代わりの方か交代を決めてください" in shown
    assert "それまでの報告は 鈴木さんに届きます" in shown
    change = done.headers["location"].partition("done=")[2]
    await suzuki.post(f"{place}/changes/{change}/undo", {"week": "2026-11-24"})
    assert "誰もいません" not in await text(suzuki, place)
    # Lunch duty every working day, by the form; the seat's question is answered with why.
    lunch = {"staff_id": office.ito, "kind": "lunch", "days": ["1", "2", "4"], "opens": "12:00", "closes": "13:00"}  # fmt: skip
    assert (await suzuki.post(f"{place}/shifts", lunch)).status_code == 303
    assert "昼当番" in await text(suzuki, place)
    # One day alone: a browser sends it as a text.
    assert (await suzuki.post(f"{place}/shifts", {**lunch, "days": ["8"]})).status_code == 303
    wrong = await suzuki.post(f"{place}/shifts", {**lunch, "opens": "noon"})
    assert (wrong.status_code, "時刻を読み取れません" in wrong.text) == (422, True)
    nothing = await suzuki.post(f"{place}/copy", {"week": "2026-11-24"})
    assert (nothing.status_code, "その日だけの当番がありません" in nothing.text) == (422, True)


async def test_bad_rows_are_named_by_their_line(web: Web, office: Office) -> None:
    supervisor = await web.browser(Role.SUPERVISOR)
    place = f"/clients/{office.client_id}/roster"
    file = "日付,担当者,開始,終了\n平日,伊藤,9:00,18:00\n平日,誰か,9:00,18:00\n"
    answer = await supervisor.post(
        f"{place}/import", files={"file": ("a.csv", file.encode("cp932"))}
    )
    assert answer.status_code == 422
    assert "3行目 担当者: 「誰か」という担当者はいません" in answer.text
    good = file.replace("誰か", "鈴木")
    answer = await supervisor.post(
        f"{place}/import", files={"file": ("a.csv", good.encode("cp932"))}
    )
    assert answer.status_code == 303
    nothing = await supervisor.post(f"{place}/import", files={"file": ("a.csv", b"")})
    assert nothing.status_code == 422


@pytest.mark.req("A9")
async def test_going_live_lists_what_is_missing(web: Web, office: Office) -> None:
    client_id = await office.store.write(
        lambda tx: people.add_client(tx, "new", "新しい会社", preparing=True)
    )
    supervisor = await web.browser(Role.SUPERVISOR)
    place = f"/clients/{client_id}/roster"
    assert "準備中" in await text(supervisor, place)
    refused = await supervisor.post(f"{place}/live", {"live": "true"})
    assert refused.status_code == 422
    for missing in ("営業時間を入れてください", "受け取り担当(主担当)の方を決めてください", "まだ稼働できません"):  # fmt: skip
        assert missing in refused.text
    await office.store.write(lambda tx: people.add_staff(tx, client_id, "甲", in_charge=True))
    await supervisor.post(f"/clients/{client_id}/hours", {"mon": "9:00-18:00"})
    assert (await supervisor.post(f"{place}/live", {"live": "true"})).status_code == 303
    assert "稼働中" in await text(supervisor, place)
    theirs = await web.browser(Role.CLIENT, client_id)
    assert (await theirs.post(f"{place}/live", {"live": "false"})).status_code == 403


async def test_nobody_touches_another_clients_roster(web: Web, office: Office) -> None:
    other = await office.store.write(lambda tx: people.add_client(tx, "other", "他社"))
    browser = await web.browser(Role.CLIENT, other)
    place = f"/clients/{office.client_id}/roster"
    made = await office.store.write(
        lambda tx: oncall.add_shifts(
            tx,
            office.client_id,
            [oncall.NewShift(office.ito, oncall.ShiftKind.DUTY, 0, 60, 1)],
        )
    )
    for path in (place, f"/clients/{office.client_id}/hours", f"/staff/{office.ito}/calendars"):
        assert (await browser.get(path)).status_code == 404
    for path, form in (
        (f"{place}/shifts", {"staff_id": office.ito}),
        (f"{place}/entries", {"staff_id": office.ito, "since": "2026-11-25"}),
        (f"{place}/copy", {}),
        (f"{place}/changes/{made.id}/undo", {}),
        (f"/clients/{office.client_id}/hours", {"mon": "9:00-10:00"}),
        (f"/staff/{office.ito}/calendars", {"url": "https://example.jp/a.ics"}),
    ):
        assert (await browser.post(path, form)).status_code == 404, path
    # Their own roster takes nobody of somebody else's staff, and undoes nobody else's change.
    own = f"/clients/{other}/roster"
    entry = {"staff_id": office.ito, "since": "2026-11-25"}
    assert (await browser.post(f"{own}/entries", entry)).status_code == 422
    assert (await browser.post(f"{own}/changes/{made.id}/undo", {})).status_code == 404
    operator = await web.browser(Role.OPERATOR)
    assert (await operator.get(place)).status_code == 403
    # A colleague sees the calendars of the others, and sets their own alone.
    colleague = await web.browser(Role.CLIENT, office.client_id, office.suzuki_user)
    assert (await colleague.get(f"/staff/{office.ito}/calendars")).status_code == 200
    feed = {"url": "https://example.jp/himitsu.ics"}
    assert (await colleague.post(f"/staff/{office.ito}/calendars", feed)).status_code == 404
    assert (await colleague.post(f"/staff/{office.suzuki}/calendars", feed)).status_code == 303
    shown = await text(colleague, f"/staff/{office.suzuki}/calendars")
    assert "example.jp/…" in shown
    assert "himitsu" not in shown
    wrong = await colleague.post(f"/staff/{office.suzuki}/calendars", {"url": "http://a.jp/"})
    assert (wrong.status_code, "https で始まる URL" in wrong.text) == (422, True)
    file = await colleague.post(
        f"/staff/{office.suzuki}/calendars/file", files={"file": ("a.ics", b"<html>")}
    )
    assert (file.status_code, "カレンダーのファイルではない" in file.text) == (422, True)


@pytest.mark.req("A8", "D3")
async def test_programs_ask_and_change_it(web: Web, office: Office) -> None:
    crm = await web.program(Role.CLIENT, office.client_id)
    base = f"/api/v1/clients/{office.client_id}"

    async def send(method: str, path: str, document: object = None, status: int = 200) -> dict:  # type: ignore[type-arg]
        answer = await crm.request(method, path, json=document)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else {}

    assert (await crm.get(f"{base}/hours")).status_code == 404
    hours = {
        "spans": [{"days": 31, "opens": 540, "closes": 1080}],
        "year_end": ["12-29", "01-03"],
        "exceptions": [{"first": "2026-11-23", "last": "2026-11-23", "spans": [{"opens": 600, "closes": 720}], "note": ""}],
    }  # fmt: skip
    kept = await send("PUT", f"{base}/hours", hours)
    assert kept["year_end"] == ["12-29", "01-03"]
    assert await send("GET", f"{base}/hours") == kept
    await send("PUT", f"{base}/hours", {"spans": []}, 422)
    await send("PUT", f"{base}/hours", {**hours, "year_end": ["13-29", "01-03"]}, 422)
    shift = {"staff_id": office.ito, "kind": "duty", "opens": 1080, "closes": 1980, "days": 255}
    made = await send("POST", f"{base}/shifts", [shift], 201)
    await send("POST", f"{base}/shifts", [shift], 422)
    night = await send("GET", f"{base}/reach?at=2026-11-25T02:00:00%2B09:00")
    assert (night["staff_id"], night["why"]) == (office.ito, "duty")
    assert [(one["staff_id"], one["why"]) for one in night["passed"]] == [(office.suzuki, "closed")]
    leave = {"staff_id": office.suzuki, "kind": "leave", "starts": "2026-11-24T00:00:00+09:00", "ends": "2026-11-25T00:00:00+09:00"}  # fmt: skip
    await send("POST", f"{base}/entries", leave, 201)
    now = await send("GET", f"{base}/reach")
    assert (now["staff_id"], now["why"], now["because"]) == (office.ito, "substitute", "leave")
    await send("POST", f"{base}/entries", {**leave, "starts": "2026-11-24T00:00:00"}, 422)
    assert (await send("GET", f"{base}/holes"))["items"] == []
    await send("GET", f"{base}/holes?weeks=332452990064", None, 400)
    await send("POST", f"{base}/roster-changes/{made['id']}/undo", None, 201)
    assert (await send("GET", f"{base}/shifts"))["items"] == []
    [entry] = (await send("GET", f"{base}/entries"))["items"]
    removed = await send("DELETE", f"/api/v1/entries/{entry['id']}")
    await send("DELETE", f"/api/v1/entries/{entry['id']}", None, 404)
    await send("POST", f"{base}/roster-changes/{removed['id']}/undo", None, 201)
    feed = await send(
        "POST", f"/api/v1/staff/{office.ito}/calendars", {"url": "https://example.jp/himitsu.ics"}, 201
    )  # fmt: skip
    assert (feed["source"], "himitsu" in str(feed)) == ("example.jp", False)
    listed = await send("GET", f"/api/v1/staff/{office.ito}/calendars")
    assert [one["id"] for one in listed["items"]] == [feed["id"]]
    await send("DELETE", f"/api/v1/calendars/{feed['id']}", None, 204)
    stranger = await web.program(
        Role.CLIENT, await office.store.write(lambda tx: people.add_client(tx, "x", "他社"))
    )
    for path in (f"{base}/reach", f"{base}/shifts", f"/api/v1/staff/{office.ito}/calendars"):
        assert (await stranger.get(path)).status_code == 404
