"""練習モード: a practice is walked, scored kindly, kept for its operator and the supervisor."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.practice_calls import Rung
from tests.seat_story import PLUMBER
from tests.web_fixtures import Browser, MakeWeb, Web, add_account

from denwaban import calls
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.lines import add_number
from denwaban.people import add_client, add_operator
from denwaban.practice import pages as practice_pages
from denwaban.practice.rows import practice_sheets
from denwaban.practice.training import sheets
from denwaban.scripts import (
    add_script,
    go,
    publish,
    save_answer,
    script_listed,
    start_run,
)
from denwaban.store import Store, Tx

HEAD = """
[head]
must_say = ["お電話ありがとうございました"]
forbidden = [{ words = "わかりかねます", instead = "確認してご連絡します" }]

"""
TEXT = HEAD + PLUMBER
ANSWERS = {
    "caller_name": "佐藤 花子",
    "caller_number": "090-0000-1200",
    "address": "中央町1-2-3",
    "what_for": "お湯が出ない",
}
WALK = ["2", "next", "2", "next"]


@dataclass
class Place:
    store: Store
    web: Web
    clock: MovedClock
    rung: Rung
    operator_id: str
    user_id: str
    client_id: str
    script_id: str
    version_id: str

    async def me(self) -> Browser:
        return await self.web.browser(Role.OPERATOR, user_id=self.user_id)


@pytest.fixture
async def place(make_web: MakeWeb, store: Store, clock: MovedClock) -> Place:
    def furnish(tx: Tx) -> tuple[str, ...]:
        user_id = add_account(tx, Role.OPERATOR)
        operator_id = add_operator(tx, user_id, "鈴木")
        client_id = add_client(tx, "yamada", "山田設備")
        script_id = add_script(tx, client_id, "緊急受付", TEXT, "はじめの台本")
        listed = script_listed(tx, script_id)
        assert listed is not None
        assert listed.version_id is not None
        return operator_id, user_id, client_id, script_id, listed.version_id

    ids = await store.write(furnish)
    rung = Rung()
    web = await make_web(pages=practice_pages.routes, services={"practice": rung})
    return Place(store, web, clock, rung, *ids)


async def walk(place: Place, me: Browser, sheet: str, answers: dict[str, str]) -> None:
    """Through the script, with some seconds at each node."""
    for length in range(1, len(WALK) + 1):
        place.clock.advance(timedelta(seconds=5 * length))
        done = await me.request(
            "POST", sheet, json={"choices": WALK[:length], "answers": answers if length > 1 else {}}
        )
        assert done.status_code == 200, done.text
    place.clock.advance(timedelta(seconds=7))
    ended = await me.request("POST", f"{sheet}/finish", json={"choices": WALK, "answers": answers})
    assert ended.status_code == 201, ended.text


@pytest.mark.req("L5")
async def test_a_practice_from_the_list_to_the_sheet(place: Place) -> None:
    me = await place.me()
    chosen = await me.get("/practice/scripts")
    assert "緊急受付" in chosen.text
    begun = await me.post("/practice/sheets", data={"version": place.version_id})
    assert begun.status_code == 303
    sheet = begun.headers["location"]
    assert "けが人、火、煙" in (await me.get(sheet)).text
    await walk(place, me, sheet, ANSWERS)
    seen = await me.get(sheet)
    for words in (
        "結びまで進めました",
        "「お名前」を伺えました",
        "「お電話ありがとうございました」をお伝えしました",
        "「わかりかねます」を使わずに応対できました",
        "台本の順に伺えました",
        "報告は、このまま送れます",
        "すべてそろっています",
    ):
        assert words in seen.text
    (kept,) = await place.store.read(lambda tx: sheets(tx, place.operator_id))
    assert kept.score is not None
    assert [round(one.seconds) for one in kept.score.nodes] == [5, 10, 15, 20, 7]
    assert (kept.score.first_question, kept.score.seconds) == (0, 57)
    # Nothing that was typed is in the database.
    row = await place.store.read(lambda tx: tx.first(practice_sheets.select()))
    assert "花子" not in str(row)
    # Once more changes nothing.
    await me.request("POST", f"{sheet}/finish", json={"choices": [], "answers": {}})
    assert (await me.get(sheet)).text.count("結びまで進めました") == 1


@pytest.mark.req("L5")
async def test_a_practice_call_follows_an_example_of_the_script(place: Place) -> None:
    me = await place.me()
    path = f"/practice/scripts/{place.version_id}/call"
    assert (await me.post(path)).status_code == 409  # the client has no number
    await place.store.write(lambda tx: add_number(tx, place.client_id, "03-5555-0101", "代表"))
    assert (await me.post(path)).status_code == 303
    story, version_id = place.rung.asked[0]
    assert version_id == place.version_id
    assert story.dialled == "+81355550101"
    assert place.rung.rung_for == [place.operator_id]
    assert (await me.post(f"/practice/scripts/{'0' * 32}/call")).status_code == 404


async def test_what_lacks_is_said_kindly(place: Place) -> None:
    me = await place.me()
    sheet = (await me.post("/practice/sheets", data={"version": place.version_id})).headers[
        "location"
    ]
    answers = {**ANSWERS, "address": "", "what_for": "わかりかねます"}
    await walk(place, me, sheet, answers)
    seen = (await me.get(sheet)).text
    assert "次のひと工夫" in seen
    assert "は、次は忘れずに伺いましょう" in seen
    assert "「わかりかねます」は、別の言い方にしましょう" in seen
    assert "その場面のうちに伺うと安心です" in seen


async def test_who_sees_which_sheets(place: Place) -> None:
    me = await place.me()
    sheet = (await me.post("/practice/sheets", data={"version": place.version_id})).headers[
        "location"
    ]
    boss = await place.web.browser(Role.SUPERVISOR)
    assert (
        await boss.get(sheet)
    ).status_code == 404  # while it goes on, nobody looks over the shoulder
    await walk(place, me, sheet, ANSWERS)
    assert (await boss.get(sheet)).status_code == 200
    listed = await boss.get("/practice/scripts")
    assert sheet in listed.text
    assert "鈴木" in listed.text

    def other(tx: Tx) -> str:
        user_id = add_account(tx, Role.OPERATOR)
        add_operator(tx, user_id, "高橋")
        return user_id

    colleague = await place.web.browser(Role.OPERATOR, user_id=await place.store.write(other))
    assert (await colleague.get(sheet)).status_code == 404
    assert (await colleague.request("POST", sheet, json={})).status_code == 404
    assert (await colleague.request("POST", f"{sheet}/finish", json={})).status_code == 404
    assert sheet not in (await colleague.get("/practice/scripts")).text
    # A version that calls do not follow any more is not practised.
    await place.store.write(lambda tx: publish(tx, place.script_id, TEXT, "次"))
    old = await me.post("/practice/sheets", data={"version": place.version_id})
    assert old.status_code == 404


@pytest.mark.req("L5")
async def test_a_practice_call_is_scored_from_its_run(place: Place) -> None:
    me = await place.me()

    def talk(tx: Tx) -> str:
        begun = calls.begin(
            tx,
            client_id=place.client_id,
            dialled="+81355550101",
            caller="+819000001200",
            trunk="practice",
            practice=True,
            script_id=place.script_id,
        )
        start_run(tx, begun)
        return begun.id

    call_id = await place.store.write(talk)
    place.clock.advance(timedelta(seconds=9))

    def answer(tx: Tx) -> None:
        calls.answered(tx, call_id, place.operator_id)

    await place.store.write(answer)
    assert (await me.post(f"/practice/calls/{call_id}/sheet")).status_code == 404  # it goes on
    for choice in WALK:
        place.clock.advance(timedelta(seconds=10))

        def onward(tx: Tx, choice: str = choice) -> Any:
            run = start_run(tx, calls.call(tx, call_id))  # type: ignore[arg-type]
            for field, value in ANSWERS.items():
                save_answer(tx, run.id, field, value)
            return go(tx, run.id, choice)

        await place.store.write(onward)
    await place.store.write(lambda tx: calls.ended(tx, call_id, calls.Outcome.ANSWERED))
    assert call_id in (await me.get("/practice/scripts")).text
    made = await me.post(f"/practice/calls/{call_id}/sheet")
    assert made.status_code == 303
    again = await me.post(f"/practice/calls/{call_id}/sheet")
    assert again.headers["location"] == made.headers["location"]
    seen = (await me.get(made.headers["location"])).text
    assert "結びまで進めました" in seen
    (kept,) = await place.store.read(lambda tx: sheets(tx))
    assert kept.score is not None
    # The time while it rang is not the operator's.
    assert [round(one.seconds) for one in kept.score.nodes] == [10, 10, 10, 10, 0]
    assert call_id not in (await me.get("/practice/scripts")).text
