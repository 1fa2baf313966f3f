"""Passing a caller on from the seat's page: the client's staff with one key, promises, pauses of the recording."""

from typing import Any

import pytest
from tests.seat_story import MakeStory, SeatStory, seat_story, until
from tests.slices.console.test_seat import go, sit
from tests.web_fixtures import Browser, add_account

from denwaban import audit
from denwaban.access import Role
from denwaban.calls import Call, Decided
from denwaban.calls import call as call_of
from denwaban.calls.decisions import decisions_of
from denwaban.config import Settings
from denwaban.console.guide import EXCEPTION
from denwaban.lines import Condition, Say, set_transfers
from denwaban.oncall import add_contact
from denwaban.reports import history
from denwaban.reports.rows import report_statuses
from denwaban.routing import SeatError
from denwaban.scripts import publish
from denwaban.scripts.rows import scripts
from denwaban.store import Tx

__all__ = ["seat_story"]

STAFF = "+819011112222"


async def post(browser: Browser, path: str, **data: Any) -> Any:
    return await browser.request("POST", f"/seat/{path}", json=data)


async def with_telephone(story: SeatStory) -> str:
    who = story.staff["鈴木"]

    def add(tx: Tx) -> None:
        add_contact(tx, story.client_id, who, "phone", {"number": "090-1111-2222"})

    await story.store.write(add)
    return who


async def now(story: SeatStory, call: Call) -> Call:
    await story.switchboard.written()
    found = await story.store.read(lambda tx: call_of(tx, call.id))
    assert found is not None
    return found


@pytest.mark.req("A1")
async def test_a_wish_for_the_staff_is_not_ended_with_away_alone(seat_story: MakeStory) -> None:
    story = await seat_story()
    await with_telephone(story)
    browser = await sit(story)
    leg, call = await story.talk()
    page = (await browser.get("/seat")).text
    assert "鈴木" in page
    assert "電話の登録なし" in page, "who has no telephone cannot be asked"
    assert (await post(browser, f"calls/{call.id}/mark", now=True)).status_code == 200
    refused = await post(browser, "hang-up")
    assert (refused.status_code, refused.json()["wanted"]) == (409, True)
    assert "折り返しのお約束" in refused.json()["problem"]
    assert (await post(browser, f"calls/{call.id}/promise", when="60")).status_code == 200
    run = await story.run(call.id)
    assert (run.value("report.callback"), run.value("report.now")) == ("yes", "yes")
    assert run.value("report.callback_by")
    assert (await post(browser, "hang-up")).status_code == 200
    await until(lambda: story.phone.ended_with(leg) is not None)


@pytest.mark.req("A1")
async def test_an_exception_needs_a_reason_and_stays_in_the_history(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    leg, call = await story.talk()
    await post(browser, f"calls/{call.id}/mark", now=True)
    path = f"/seat/calls/{call.id}/answers/{EXCEPTION}"
    # The caller hangs up: the report asks for what is lacking.
    await story.caller_hangs_up(leg)
    for field, value in (
        ("who", "佐藤"),
        ("what_for", "お湯が出ない"),
        ("callback", "no"),
        ("done", "伺いました"),
    ):
        given = {"value": value, "counter": 1}
        await browser.request("PUT", f"/seat/calls/{call.id}/answers/report.{field}", json=given)
    missing = await post(browser, f"calls/{call.id}/report")
    assert missing.status_code == 422
    assert any("担当に代わってほしい" in sentence for _, sentence in missing.json()["problems"])
    assert "担当に代わるご希望" in (await browser.get("/seat")).text
    await browser.request("PUT", path, json={"value": "お客様がお急ぎで切られた", "counter": 2})
    assert (await post(browser, f"calls/{call.id}/report")).status_code == 200
    [report_id] = {
        row["report_id"]
        for row in await story.store.read(lambda tx: tx.all(report_statuses.select()))
    }
    told = await story.store.read(lambda tx: history(tx, report_id))
    assert any("担当に代わるご希望" in one.note for one in told)


@pytest.mark.req("A1", "A12")
async def test_asked_then_handed_over_and_the_report_goes_out_at_once(
    seat_story: MakeStory,
) -> None:
    story = await seat_story(Settings(outbound_trunk="trunk", wrapup_seconds=0))
    who = await with_telephone(story)
    browser = await sit(story)
    leg, call = await story.talk()
    await post(browser, f"calls/{call.id}/mark", now=True)
    asked = await post(browser, "ask", kind="staff", id=who)
    assert asked.status_code == 200
    assert "呼び出し中" in asked.text
    story.phone.outside_answers(STAFF)
    await until(lambda: story.seat().asked is not None and story.seat().asked.up)  # type: ignore[union-attr]
    assert "相談中" in (await browser.get("/seat/parts")).text
    assert "三人で通話中" in (await post(browser, "three")).text
    assert "お客様に待っていただく" in (await browser.get("/seat/parts")).text
    given = await post(browser, "give")
    assert given.status_code == 200
    assert story.phone.hears(leg) == f"voice of {STAFF}"
    # The staff talk on; the operator writes the report.
    await story.switchboard.written()
    page = (await browser.get("/seat")).text
    assert 'data-stage="report"' in page
    assert "担当者と通話中" in page
    for field, value in (
        ("who", "佐藤 花子"),
        ("kana", "さとう はなこ"),
        ("what_for", "お湯が出ない"),
        ("callback", "no"),
        ("done", "鈴木様におつなぎしました"),
        ("number", "090-1234-5678"),
    ):
        body = {"value": value, "counter": 1}
        await browser.request("PUT", f"/seat/calls/{call.id}/answers/report.{field}", json=body)
    sent = await post(browser, f"calls/{call.id}/report")
    assert (
        not any("担当に代わってほしい" in s for _, s in sent.json().get("problems", []))
        if sent.status_code == 422
        else True
    )
    story.phone.outside_hangs_up(STAFF)
    await until(lambda: story.phone.ended_with(leg) is not None)
    assert (await now(story, call)).staff_id == who


async def test_without_a_line_out_the_panel_says_so(seat_story: MakeStory) -> None:
    story = await seat_story()
    who = await with_telephone(story)
    browser = await sit(story)
    await story.talk()
    refused = await post(browser, "ask", kind="staff", id=who)
    assert refused.status_code == 409
    assert "回線" in refused.json()["problem"]


async def test_another_operator_sees_who_asks_and_what_is_known(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser = await sit(story)
    await story.talk()
    nobody = await post(browser, "ask", kind="operator", id="0" * 32)
    assert nobody.status_code == 409
    for path in ("back", "three", "give"):
        assert (await post(browser, path)).status_code == 409
    assert (await post(browser, "take", slot=3)).status_code == 409
    assert (await post(browser, "keys", digits="12#")).status_code == 200
    assert (await post(browser, "keys", digits="x")).status_code == 409
    parked = await post(browser, "park")
    assert parked.status_code == 200
    assert "パーク" in (await browser.get("/seat")).text


async def test_a_scene_that_is_not_recorded_pauses_the_recording(seat_story: MakeStory) -> None:
    story = await seat_story()

    def mark(tx: Tx) -> None:
        row = tx.first(scripts.select().where(scripts.c.client_id == story.client_id))
        assert row is not None
        publish(tx, row["id"], PAYS, "録音を止める")

    await story.store.write(mark)
    browser = await sit(story)
    _leg, call = await story.talk()
    assert not story.seat().silenced
    await go(browser, call, "hello")
    assert story.seat().silenced
    page = (await browser.get("/seat")).text
    assert "録音停止中" in page
    assert "この場面の間は録音しません" in page
    await go(browser, call, "card")
    assert not story.seat().silenced
    # By key it stays as it is, whatever scene comes.
    await post(browser, "recording", on=False)
    assert (await now(story, call)).silenced
    await browser.request("POST", f"/seat/calls/{call.id}/back", json={"at": "thanks"})
    await go(browser, call, "card")
    assert story.seat().silenced
    assert (await post(browser, "recording", on=True)).status_code == 200
    assert not story.seat().silenced


PAYS = """
[[nodes]]
kind = "say"
id = "hello"
title = "はじめ"
say = "お支払いを承ります。"
to = "card"

[[nodes]]
kind = "ask"
id = "card"
title = "お支払い"
say = "カードの番号をお願いいたします。"
unrecorded = true
to = "thanks"
  [[nodes.ask]]
  id = "how"
  label = "お支払い方法"

[[nodes]]
kind = "end"
id = "thanks"
title = "結び"
say = "ありがとうございました。"
done = "お支払いを承りました。"
"""


@pytest.mark.req("A12")
async def test_the_clients_conditions_decide_who_may_be_put_through(seat_story: MakeStory) -> None:
    story = await seat_story(Settings(outbound_trunk="test", outbound_number="0355550101"))
    who = await with_telephone(story)
    conditions = [
        Condition(Say.NEVER, words=("営業",), note="営業のお電話はつなぎません"),
        Condition(Say.ALLOW, who, urgency="emergency"),
        Condition(Say.ASK, who, note="会議が多い方です"),
    ]
    await story.store.write(lambda tx: set_transfers(tx, story.client_id, conditions))
    browser = await sit(story)
    _leg, call = await story.talk()
    assert (await post(browser, f"calls/{call.id}/mark", now=True)).status_code == 200
    page = (await browser.get("/seat")).text
    assert "先に本人に聞く · 会議が多い方です" in page
    # Straight through is refused, with the reason; what the caller wants is asked anew each time.
    refused = await post(browser, "ask", kind="staff", id=who, stay=False)
    assert refused.status_code == 409
    assert "先にご本人に聞く決まりです(会議が多い方です)" in refused.json()["problem"]
    # Nor by calling them first and leaving while they still ring.
    calling = await post(browser, "ask", kind="staff", id=who)
    assert "呼び出し中" in calling.text
    assert "/seat/give" not in calling.text
    refused = await post(browser, "give")
    assert (refused.status_code, "お出になってから" in refused.json()["problem"]) == (409, True)
    story.phone.outside_answers(STAFF)
    await until(lambda: story.seat().asked is not None and story.seat().asked.up)  # type: ignore[union-attr]
    assert "/seat/give" in (await browser.get("/seat/parts")).text
    assert (await post(browser, "back")).status_code == 200
    path = f"/seat/calls/{call.id}/answers/report.what_for"
    given = {"value": "ｴｲｷﾞｮｳではなく、営業のご案内", "counter": 1}
    await browser.request("PUT", path, json=given)
    refused = await post(browser, "ask", kind="staff", id=who)
    assert refused.status_code == 409
    assert "用件に「営業」 · 営業のお電話はつなぎません" in refused.json()["problem"]
    assert (await post(browser, f"calls/{call.id}/mark", now=True)).status_code == 200
    shown = (await browser.get("/seat")).text
    assert "つながない決まり · 用件に「営業」" in shown
    # A supervisor lets this one pass, with a reason that stays.
    sv = await story.store.write(lambda tx: add_account(tx, Role.SUPERVISOR))
    with pytest.raises(SeatError, match="理由"):
        await story.switchboard.deciding.let_through(sv, story.operator.id, call.id, "  ")
    let_through = story.switchboard.deciding.let_through
    # The call they meant is over, and the next one has begun: it is not for that one.
    with pytest.raises(SeatError, match="別のお電話"):
        await let_through(sv, story.operator.id, "0" * 32, "鈴木さんのご要望")
    assert await story.store.read(lambda tx: decisions_of(tx, call.id)) == []
    await let_through(sv, story.operator.id, call.id, "鈴木さんのご要望")
    decided = await story.store.read(lambda tx: decisions_of(tx, call.id))
    assert [(one.kind, one.reason) for one in decided] == [(Decided.LET, "鈴木さんのご要望")]
    (trace,) = await story.store.read(
        lambda tx: audit.listed(tx, audit.Wanted(kind="call.transfer_let"))
    )
    assert (trace.user_id, trace.call_id) == (sv, call.id)
    assert (await post(browser, "ask", kind="staff", id=who)).status_code == 200
    await until(lambda: story.seat().asked is not None)
