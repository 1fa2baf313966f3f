"""What the seat knows of who calls, on both databases."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.seat_story import CALLER, MakeStory, SeatStory, seat_story, until
from tests.some_people import a_client
from tests.web_fixtures import Browser

from denwaban.access import Role
from denwaban.calls import Call
from denwaban.memory import askings_between, find_calls, memory_of_call, past_of
from denwaban.people import remember_caller, set_regular
from denwaban.people.persons import (
    By,
    Person,
    WayKind,
    add_way,
    merge,
    person_by_number,
)
from denwaban.store import Tx
from denwaban.vault import Keyring
from denwaban.vault.rows import vault_keys

__all__ = ["seat_story"]

OFFICE = "0355550199"


async def sit(story: SeatStory) -> Browser:
    return await story.web.browser(Role.OPERATOR, user_id=story.operator.user_id)


async def post(browser: Browser, call: Call, act: str, **body: Any) -> Any:
    return await browser.request("POST", f"/seat/calls/{call.id}/{act}", json=body)


async def reported(story: SeatStory, from_: str, **said: str) -> Call:
    """A whole call: answered, asked, ended, reported."""
    leg, call = await story.talk(from_)
    browser = await sit(story)
    await browser.get("/seat")
    await finish(story, browser, call, leg, **said)
    return call


async def finish(story: SeatStory, browser: Browser, call: Call, leg: Any, **said: str) -> None:
    for at, choice in (("danger", "2"), ("who", "next"), ("matter", "2"), ("promise", "next")):
        if at == "who":
            for field, value in said.items():
                if field != "what_for":
                    await _put(browser, call, field, value)
        if at == "matter":
            await _put(browser, call, "what_for", said.get("what_for", "お湯が出ない"))
        assert (await post(browser, call, "go", at=at, choice=choice)).status_code == 200
    await story.caller_hangs_up(leg)
    for field in ("report.kana_ok", "report.number_ok"):
        await _put(browser, call, field, "yes")
    answer = await browser.request("POST", f"/seat/calls/{call.id}/report", json={})
    assert answer.status_code == 200, answer.text
    await browser.request("POST", "/seat/state", json={"state": "ready"})
    story.clock.advance(timedelta(minutes=5))


async def _put(browser: Browser, call: Call, field: str, value: str, **more: Any) -> None:
    counter = 10
    path = f"/seat/calls/{call.id}/answers/{field}"
    answer = await browser.request("PUT", path, json={"value": value, "counter": counter, **more})
    assert answer.status_code == 200, (field, answer.text)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


async def who(story: SeatStory, number: str) -> Person | None:
    return await story.store.read(lambda tx: person_by_number(tx, story.client_id, number))


@pytest.mark.req("A2", "A5")
async def test_before_the_answer_the_history_of_all_numbers(seat_story: MakeStory) -> None:
    story = await seat_story()
    await reported(story, CALLER, address="港区芝1-2-3", what_for="給湯器の異音")

    def other_number(tx: Tx) -> None:
        remember_caller(tx, story.client_id, "+81355550199", "佐藤花子", "さとう はなこ")
        one = person_by_number(tx, story.client_id, "+819012345678")
        two = person_by_number(tx, story.client_id, "+81355550199")
        assert one is not None
        assert two is not None
        merge(tx, one.id, two.id, By(None, "渡辺"))
        set_regular(tx, story.client_id, "+81355550199", True)

    await story.store.write(other_number)
    browser = await sit(story)
    await story.rings(OFFICE)
    page = text_of((await browser.get("/seat")).text)
    for shown in (
        "佐藤 花子 様",
        "2回目のお電話 · 前回は田中が対応",
        "給湯器の異音",
        "約束",
        "佐藤様でいらっしゃいますか",
    ):
        assert shown in page, shown


@pytest.mark.req("A3", "D6")
async def test_what_was_answered_last_time_warns_and_is_taken_over(seat_story: MakeStory) -> None:
    story = await seat_story()
    await reported(story, CALLER, address="港区芝1-2-3")
    leg, call = await story.talk()
    browser = await sit(story)
    await browser.get("/seat")
    page = (await post(browser, call, "go", at="danger", choice="2")).text
    assert "前回伺っています: 港区芝1-2-3" in text_of(page)
    assert 'data-same="address"' in page
    # Taken over: nobody was asked. It stands there as known, and nothing warns any more.
    path = f"/seat/calls/{call.id}/answers/address"
    same = {"value": "港区芝1-2-3", "counter": 5, "same": True}
    assert (await browser.request("PUT", path, json=same)).status_code == 200
    assert (await story.run(call.id)).answers["address"].known
    assert "前回伺っています: 港区" not in text_of((await browser.get("/seat")).text)
    await finish(story, browser, call, leg)
    # The third time she is asked again, and called again within a day.
    story.clock.advance(timedelta(hours=20))
    await reported(story, CALLER, address="港区芝1-2-3")
    now = story.clock.now()
    counted = await story.store.read(
        lambda tx: askings_between(tx, now - timedelta(days=30), now + timedelta(days=1))
    )
    assert (counted.reports, counted.calls_with, counted.asked_again, counted.called_again) == (
        3,
        1,
        1,
        2,
    )


@pytest.mark.req("A2", "A3")
async def test_a_withheld_number_gets_its_person_in_the_call(seat_story: MakeStory) -> None:
    story = await seat_story()
    first = await reported(story, CALLER, address="港区芝1-2-3")
    hanako = await who(story, "+819012345678")
    assert hanako is not None
    leg, call = await story.talk("")
    browser = await sit(story)
    page = (await browser.get("/seat")).text
    assert "非通知の方" in page
    assert 'data-press="i"' in page
    found = await browser.request(
        "POST", "/seat/search", json={"text": "サトー", "call": call.id, "persons": True}
    )
    assert f'data-person="{hanako.id}"' in found.text
    page = (await post(browser, call, "person", person=hanako.id)).text
    assert "佐藤 花子 様" in text_of(page)
    assert "2回目のお電話" in page
    run = await story.run(call.id)
    assert run.value("caller_name") == "佐藤 花子"
    assert run.answers["caller_name"].known
    assert run.value("caller_number") == "090-1234-5678"
    # A mistake is taken back by the same key, and said again.
    assert "非通知の方" in (await post(browser, call, "person", person="")).text
    await post(browser, call, "person", person=hanako.id)
    await finish(story, browser, call, leg, address="北区")
    past = await story.store.read(lambda tx: past_of(tx, hanako))
    assert [one.call_id for one in past] == [call.id, first.id]
    assert past[0].number == ""


async def test_who_gives_their_number_on_a_withheld_call_is_known_by_it(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    await reported(
        story, "", caller_name="山本 一郎", caller_number="080-9999-8888", address="北区"
    )
    yamamoto = await who(story, "+818099998888")
    assert yamamoto is not None
    assert yamamoto.name == "山本 一郎"
    assert len(await story.store.read(lambda tx: past_of(tx, yamamoto))) == 1
    # Somebody of another name who may be called back at that number is not made to be them.
    await reported(story, "", caller_name="山本 花", caller_number="080-9999-8888", address="北区")
    assert len(await story.store.read(lambda tx: past_of(tx, yamamoto))) == 1
    same = await who(story, "+818099998888")
    assert same is not None
    assert same.name == "山本 一郎"


async def test_a_new_number_of_a_known_person_becomes_theirs(seat_story: MakeStory) -> None:
    story = await seat_story()
    hanako = await who(story, "+819012345678")
    assert hanako is not None
    leg, call = await story.talk("08011112222")
    browser = await sit(story)
    await browser.get("/seat")
    await post(browser, call, "person", person=hanako.id)
    assert await who(story, "+818011112222") is None
    await finish(story, browser, call, leg, address="北区")
    assert await who(story, "+818011112222") == await who(story, "+819012345678")


async def test_nobody_of_another_client_is_found_or_chosen(seat_story: MakeStory) -> None:
    story = await seat_story()
    await reported(story, CALLER, address="北区", what_for="給湯器の異音")

    def elsewhere(tx: Tx) -> str:
        other = a_client(tx, "hoshi")
        remember_caller(tx, other, "+819099990000", "星 佐藤", "ほし さとう")
        found = person_by_number(tx, other, "+819099990000")
        assert found is not None
        add_way(tx, found.id, WayKind.MAIL, "hoshi@example.jp")
        return found.id

    theirs = await story.store.write(elsewhere)
    _leg, call = await story.talk(CALLER)
    browser = await sit(story)
    await browser.get("/seat")
    for text, mine in (("さとう", True), ("0000", False), ("hoshi", False), ("異音", True)):
        found = await browser.request("POST", "/seat/search", json={"text": text, "call": call.id})
        assert theirs not in found.text
        assert "星" not in found.text
        assert ("佐藤" in found.text) is mine, text
    # Without a call nobody's callers are found.
    idle = await browser.request("POST", "/seat/search", json={"text": "さとう", "call": ""})
    assert "花子" not in idle.text
    assert (await post(browser, call, "person", person=theirs)).status_code == 404
    gone = await post(browser, call, "person", person="x")
    assert gone.status_code == 400


@pytest.mark.req("A2")
async def test_calls_are_found_by_words_sounds_and_digits(seat_story: MakeStory) -> None:
    story = await seat_story()
    call = await reported(story, CALLER, address="港区芝1-2-3", what_for="給湯器の異音")
    lost = await story.rings("08011112222")
    story.phone.caller_hangs_up(lost)
    await until(lambda: not story.phone.seat_rings(story.operator.seat))
    await story.switchboard.written()

    def found(tx: Tx) -> None:
        for text in ("異音", "港区", "給湯", "サトー", "佐藤花", "折り返", "5678"):
            assert [one.past.call_id for one in find_calls(tx, text, story.client_id)] == [
                call.id
            ], text
        [missed] = find_calls(tx, "2222", story.client_id)
        assert missed.past.outcome == "abandoned"
        assert find_calls(tx, "解約", story.client_id) == []
        assert find_calls(tx, "異音", "0" * 32) == []
        assert find_calls(tx, "異音")[0].name == "佐藤 花子"

    await story.store.read(found)


async def test_a_report_is_sent_while_both_keys_of_its_client_are_altered_and_the_call_is_known_later(
    seat_story: MakeStory,
) -> None:
    story = await seat_story()
    first = await reported(story, CALLER, address="港区芝1-2-3")

    def turn(tx: Tx) -> None:
        ring = tx.lent(Keyring)
        ring.forget_current()
        for row in tx.all(select(vault_keys)):
            if row["id"] in broken:
                ring.forget(f"{story.client_id}/{row['id']}")
                tx.execute(
                    update(vault_keys)
                    .where(vault_keys.c.id == row["id"])
                    .values(wrapped=row["wrapped"][::-1])
                )

    of_client = (vault_keys.c.owner == story.client_id) & (vault_keys.c.purpose != "own")
    rows = await story.store.read(lambda tx: tx.all(select(vault_keys.c.id).where(of_client)))
    broken = {row["id"] for row in rows}
    await story.store.write(turn)
    # Nobody knows by the number who calls while it is so: they are asked.
    said = {"caller_name": "佐藤 花子", "report.kana": "サトウ ハナコ"}
    second = await reported(story, CALLER, address="港区芝1-2-3", **said)
    await story.store.write(turn)
    third = await reported(story, CALLER, address="港区芝1-2-3")
    seen = await story.store.read(lambda tx: memory_of_call(tx, third))
    assert {second.id} <= {one.call_id for one in seen.past}
    assert first.id in {one.call_id for one in seen.past}
