"""The client's portal as its staff use it, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.delivery_story import Office, open_office
from tests.outside_story import nowhere
from tests.recording_story import NoCalls, Shelf, leave
from tests.web_fixtures import Browser, MakeWeb, Web

from denwaban import audit, calls, delivery, promises, reports
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.lines import add_number
from denwaban.portal import pages
from denwaban.promises.messages import tell_message
from denwaban.routing import LeftCalls
from denwaban.store import Store, Tx
from denwaban.telephony.engine import Ledger
from denwaban.telephony.fake import FakePhone


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@pytest.fixture
def shelf(store: Store, clock: MovedClock, tmp_path: Path) -> Shelf:
    return Shelf(store, clock, tmp_path)


@pytest.fixture
async def web(make_web: MakeWeb, store: Store, clock: MovedClock, shelf: Shelf) -> Web:
    return await make_web(
        pages=pages.routes,
        services={"call_backs": nowhere(store, clock), "recordings": shelf.recordings},
        menu=pages.menu,
    )


@pytest.fixture
async def suzuki(web: Web, office: Office) -> Browser:
    return await web.browser(Role.CLIENT, user_id=office.suzuki_user)


@pytest.mark.req("C1", "C5", "D3")
async def test_the_inbox_tells_who_what_and_by_when_and_one_press_takes_it(
    office: Office, suzuki: Browser
) -> None:
    empty = await suzuki.get("/portal/reports")
    assert "まだ報告はありません" in empty.text
    report = await office.report()
    shown = await suzuki.get("/portal/reports/list")
    for word in (
        "佐藤 花子様",
        "給湯器から異音がする",
        "11/24(火) 15:00 までに折り返し",
        "あなたの確認待ち",
        "引き受ける",
    ):
        assert word in shown.text
    taken = await suzuki.post(f"/portal/reports/{report.id}/take")
    assert taken.status_code == 303
    detail = await suzuki.get(taken.headers["location"])
    assert "引き受けました。ほかの方への再通知は止まりました。" in detail.text
    assert 'href="tel:+819012345678"' in detail.text
    assert "引き受け待ちの報告はありません" in (await suzuki.get("/portal/reports/list")).text


async def test_who_is_second_sees_who_was_first(office: Office, suzuki: Browser) -> None:
    report = await office.report()
    await office.store.write(lambda tx: delivery.acknowledge(tx, report.id, office.ito, "link"))
    taken = await suzuki.post(f"/portal/reports/{report.id}/take")
    assert "done" not in taken.headers["location"]
    assert "伊藤さんが引き受けています" in (await suzuki.get(taken.headers["location"])).text


@pytest.mark.req("C4", "D2")
async def test_a_kept_promise_closes_the_report_and_needs_a_word_of_what_was_done(
    office: Office, suzuki: Browser
) -> None:
    report = await office.report()
    path = f"/portal/reports/{report.id}"
    await suzuki.post(f"{path}/take")
    assert "までに折り返すとお伝えしています" in (await suzuki.get(path)).text
    empty = await suzuki.post(f"{path}/kept", {"evidence": "  "})
    assert empty.status_code == 422
    assert "何をしたかを一言" in empty.text
    assert "給湯器から異音がする" in (await suzuki.get("/portal/promises")).text
    kept = await suzuki.post(f"{path}/kept", {"evidence": "15時に電話し、修理日をお伝えした"})
    assert kept.status_code == 303
    page = await suzuki.get(path)
    assert "修理日をお伝えした" in page.text
    assert "終わっていない約束はありません" in (await suzuki.get("/portal/promises")).text
    promise = await office.store.read(lambda tx: promises.promise_of_report(tx, report.id))
    assert promise is not None
    assert promise.kept_by_user_id == office.suzuki_user


@pytest.mark.req("D4")
async def test_a_promise_past_its_time_is_marked_and_listed_as_late(
    office: Office, suzuki: Browser
) -> None:
    report = await office.report()
    assert await office.store.read(promises.late) == []
    office.clock.advance(timedelta(hours=6))
    late = await office.store.read(promises.late)
    assert [promise.report_id for promise in late] == [report.id]
    assert "時刻を過ぎています" in (await suzuki.get("/portal/promises")).text
    assert "の約束を過ぎています" in (await suzuki.get("/portal/reports/list")).text


@pytest.mark.req("C4")
async def test_status_changes_with_a_note_and_keeps_its_history(
    office: Office, suzuki: Browser
) -> None:
    report = await office.report()
    path = f"/portal/reports/{report.id}"
    assert "状態を変える" not in (await suzuki.get(path)).text
    await suzuki.post(f"{path}/take")
    assert "状態を変える" in (await suzuki.get(path)).text
    # Nobody ends a report that a caller still waits for without a word.
    silent = await suzuki.post(f"{path}/status", {"status": "done"})
    assert (silent.status_code, "何をしたかを一言" in silent.text) == (422, True)
    await suzuki.post(f"{path}/status", {"status": "checking", "note": "部品を確認中"})
    page = await suzuki.get(path)
    assert "部品を確認中" in page.text
    assert (await suzuki.post(f"{path}/status", {"status": "gone"})).status_code == 400
    await suzuki.post(f"{path}/status", {"status": "done", "note": "修理日をお伝えした"})
    promise = await office.store.read(lambda tx: promises.promise_of_report(tx, report.id))
    assert promise is not None
    assert promise.evidence == "修理日をお伝えした"


@pytest.mark.req("C9")
async def test_missed_calls_show_number_time_and_waiting_time(
    office: Office, suzuki: Browser
) -> None:
    assert "不在着信はありません" in (await suzuki.get("/portal/missed")).text

    def miss(tx: Tx) -> None:
        call = calls.Call(
            id="c" * 32, client_id=office.client_id, leg="l1", trunk="t", dialled="+81312345678",
            caller="+819011112222", arrived_at=tx.now - timedelta(seconds=42),
        )  # fmt: skip
        arrived = calls.changes.arrived(call)
        over = calls.changes.ended(call, calls.Outcome.ABANDONED, tx.now)
        calls.record(tx, [arrived, over])

    await office.store.write(miss)
    page = await suzuki.get("/portal/missed")
    for word in ("090-1111-2222", "待ち 42秒", "お待ちの間に切られました", "11/24(火)"):
        assert word in page.text

    def cut_off(tx: Tx) -> None:
        call = calls.Call(
            id="d" * 32, client_id=office.client_id, leg="l2", trunk="t", dialled="+81312345678",
            caller="+819033334444", arrived_at=tx.now - timedelta(seconds=90), practice=True,
            operator_id=office.operator_id, answered_at=tx.now - timedelta(seconds=80),
        )  # fmt: skip
        over = calls.changes.ended(call, calls.Outcome.ABANDONED, tx.now)
        calls.record(tx, [calls.changes.arrived(call), over])

    await office.store.write(cut_off)
    page = await suzuki.get("/portal/missed")
    for word in ("090-3333-4444", "電話番の側で通話が途切れました", "練習"):
        assert word in page.text
    assert page.text.count("お待ちの間に切られました") == 1


@pytest.mark.req("A7")
async def test_my_presence_until_a_time(office: Office, suzuki: Browser) -> None:
    past = {"presence": "away", "until": "2026-11-24T09:00"}
    assert (await suzuki.post("/portal/presence", past)).status_code == 422
    odd = {"presence": "away", "until": "tomorrow"}
    assert (await suzuki.post("/portal/presence", odd)).status_code == 422
    away = {"presence": "away", "until": "2026-11-24T15:00", "note": "現場へ出ています"}
    assert (await suzuki.post("/portal/presence", away)).status_code == 303
    page = await suzuki.get("/portal/presence")
    assert "伊藤" in page.text
    assert "鈴木さんの代わり" in page.text
    office.clock.advance(timedelta(hours=5))
    assert "鈴木さんの代わり" not in (await suzuki.get("/portal/presence")).text


async def test_another_clients_report_is_as_if_it_did_not_exist(
    office: Office, suzuki: Browser
) -> None:
    other = await open_office(office.store, office.clock, office.settings)
    report = await other.report()
    path = f"/portal/reports/{report.id}"
    assert (await suzuki.get(path)).status_code == 404
    for verb, data in (
        ("take", {}),
        ("status", {"status": "done"}),
        ("kept", {"evidence": "x"}),
    ):
        assert (await suzuki.post(f"{path}/{verb}", data)).status_code == 404
    assert (await other.standing(report)).state is delivery.State.WAITING


async def test_an_account_that_is_on_no_roster_is_told_so(office: Office, web: Web) -> None:
    stranger = await web.browser(Role.CLIENT, office.client_id)
    report = await office.report()
    assert "名簿にあなたのお名前がない" in (await stranger.get("/portal/reports")).text
    assert (await stranger.post(f"/portal/reports/{report.id}/take")).status_code == 403


async def test_what_a_caller_says_cannot_become_code(office: Office, suzuki: Browser) -> None:
    report = await office.report(what_for="<script>alert(1)</script>", note="x" * 50_000)
    page = await suzuki.get(f"/portal/reports/{report.id}")
    assert "<script>alert(1)" not in page.text
    assert "x" * 50_000 in page.text


def _without_recordings(under: Path) -> None:
    for file in under.rglob("*.wav"):
        file.unlink()


@pytest.mark.req("C4", "D2")
async def test_a_message_is_a_report_with_a_promise_and_hearing_it_is_on_record(
    office: Office, suzuki: Browser, shelf: Shelf, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    at = office.clock.now() - timedelta(seconds=60)
    await office.store.write(lambda tx: add_number(tx, office.client_id, "0311112222", "代表"))
    leave(left, "1.1", "0311112222", at)
    phone = FakePhone(office.clock, shelf.spool)
    ledger = Ledger(left, tmp_path)
    assert await LeftCalls(office.store, office.clock, phone, ledger, NoCalls()).sweep() == 1
    (call,) = await office.store.read(lambda tx: calls.calls_of(tx, office.client_id))
    await office.store.write(lambda tx: tell_message(tx, call.id, 15))
    await office.store.write(lambda tx: tell_message(tx, call.id, 15))
    (report,) = await office.store.read(lambda tx: reports.reports(tx, office.client_id))
    assert (report.call_id, report.in_charge_id) == (call.id, office.suzuki)
    promise = await office.store.read(lambda tx: promises.promise_of_report(tx, report.id))
    assert promise is not None
    assert promise.by is not None
    assert await office.deliveries(report)
    page = await suzuki.get(f"/portal/reports/{report.id}")
    assert "お客様の伝言" in page.text
    assert "伝言を残されました" in page.text
    heard = await suzuki.get(f"/portal/reports/{report.id}/message")
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/wav")
    assert len(heard.content) == 44 + 16_000
    (trace,) = await office.store.read(
        lambda tx: audit.listed(tx, audit.Wanted(kind="recording.played"))
    )
    assert (trace.user_id, trace.call_id) == (office.suzuki_user, call.id)
    # Without its file: whom the client's own people are to tell.
    _without_recordings(tmp_path)
    gone = await suzuki.get(f"/portal/reports/{report.id}/message")
    assert (gone.status_code, "当社の担当まで" in gone.text) == (404, True)
    assert "運用管理の担当" not in gone.text
    # Talks with operators stay with the floor.
    other = await office.report()
    assert (await suzuki.get(f"/portal/reports/{other.id}/message")).status_code == 404
    assert "お客様の伝言" not in (await suzuki.get(f"/portal/reports/{other.id}")).text
