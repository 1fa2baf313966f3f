"""What a script asks of the seat, over HTTP and on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.seat_story import CALLER, MakeStory, SeatStory, seat_story
from tests.web_fixtures import Browser

from denwaban.access import Role
from denwaban.clock import JST
from denwaban.oncall import (
    EVERY_DAY,
    BusinessHours,
    Span,
    count_in_business_hours,
    set_hours,
)
from denwaban.people import caller_of, set_experienced, set_regular
from denwaban.reports import history, reports
from denwaban.scripts import (
    Script,
    ScriptSettings,
    Terms,
    parse,
    publish,
    run_of_call,
    set_settings,
)
from denwaban.scripts.rows import scripts
from denwaban.store import Tx

__all__ = ["seat_story"]

MORNINGS = BusinessHours((Span(EVERY_DAY, 540, 630),))

CALL = """
[head]
free = true
regular = "welcome"
mandatory = ["what_for"]
must_say = ["録音しております"]
promises = [{ what = "折返しのご連絡", shortest = 30, longest = 180 }]
forbidden = [{ words = "わかりかねます", instead = "担当が確かめます" }]
objections = [{ when = "高い", answer = "資料でお確かめください。" }]
empathy = [{ feeling = "angry", words = "ごもっともでございます。" }]

[[nodes]]
kind = "must_say"
id = "hello"
title = "はじめに"
say = "この通話は録音しております。"
to = "later"

[[nodes]]
kind = "say"
id = "welcome"
title = "常連の方へ"
say = "いつもありがとうございます。この通話は録音しております。"
to = "later"

[[nodes]]
kind = "promise"
id = "later"
title = "折返し"
say = "折り返しご連絡いたします。"
what = "折返しのご連絡"
minutes = 60
to = "end"
ask = [{ id = "what_for", label = "ご用件", mandatory = true, purpose = "what_for" }, { id = "by", label = "いつまでに", type = "datetime", purpose = "callback_by" }]

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "失礼いたします。"
done = "承りました。"
"""


HELLO = """say = "この通話は録音しております。"
to = "later"
"""
HELLO_AND_CHECK = """say = "この通話は録音しております。"
to = "who"

[[nodes]]
kind = "ask"
id = "who"
title = "ご本人か"
say = "会員番号とお生まれの日をお願いいたします。"
to = "compare"
ask = [{ id = "number", label = "会員番号", identity = true }, { id = "born", label = "生年月日", identity = true }]

[[nodes]]
kind = "decide"
id = "compare"
title = "照らし合わせ"
say = "確かめてまいります。"
branches = [{ label = "2つとも合った", to = "tell", verified = true }]
otherwise = { label = "それ以外", to = "later" }

[[nodes]]
kind = "inform"
id = "tell"
title = "契約の折返し"
restricted = true
topic = "契約"
say = "折返しのご契約は来月までです。"
to = "later"
"""


async def talking(story: SeatStory, script: Script | None = None) -> tuple[Browser, str]:
    def change(tx: Tx) -> None:
        publish(tx, tx.scalar(select(scripts.c.id)), script or CALL_DOCUMENT, "試します")

    await story.store.write(change)
    browser = await story.web.browser(Role.OPERATOR, user_id=story.operator.user_id)
    _leg, call = await story.talk()
    await browser.get("/seat")
    return browser, f"/seat/calls/{call.id}"


CALL_DOCUMENT = parse(CALL).script


async def test_a_promise_outside_the_clients_window_is_refused(seat_story: MakeStory) -> None:
    browser, way = await talking(await seat_story())
    await browser.request("POST", f"{way}/go", json={"at": "hello"})
    page = (await browser.get("/seat")).text
    assert "の時刻なら、お約束できます" in page
    answer = await browser.request(
        "PUT", f"{way}/answers/by", json={"value": "2030-01-01T10:00", "counter": 1}
    )
    assert answer.status_code == 422
    assert "顧客企業との決まり" in answer.json()["problem"]


async def test_the_clients_terms_bound_what_is_promised(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser, way = await talking(story)
    await browser.request("POST", f"{way}/go", json={"at": "hello"})

    async def promise(minutes: int, counter: int) -> int:
        by = (story.clock.now() + timedelta(minutes=minutes)).astimezone(JST)
        value = {"value": by.strftime("%Y-%m-%dT%H:%M"), "counter": counter}
        return (await browser.request("PUT", f"{way}/answers/by", json=value)).status_code

    async def wants(terms: Terms) -> None:
        await story.store.write(
            lambda tx: set_settings(tx, story.client_id, ScriptSettings(terms=terms))
        )

    assert await promise(120, 1) == 200
    await wants(Terms(longest_promise=60))
    assert await promise(120, 2) == 422
    assert await promise(45, 3) == 200
    # An hour of business hours: they close at half past ten and open at nine tomorrow.
    next_morning = 23 * 60 + 20
    assert await promise(next_morning, 4) == 422
    await story.store.write(lambda tx: set_hours(tx, story.client_id, MORNINGS))
    await story.store.write(lambda tx: count_in_business_hours(tx, story.client_id, True, None))
    assert await promise(next_morning, 5) == 200
    assert 'data-soon-at="2026-11-25T09:30"' in (await browser.get("/seat")).text
    await wants(Terms(may_promise=False))
    assert await promise(45, 6) == 422
    page = (await browser.get("/seat")).text
    assert "時刻をお約束しません" in page
    assert "お約束できます" not in page


async def test_words_not_to_say_are_told_and_kept(seat_story: MakeStory) -> None:
    browser, way = await talking(await seat_story())
    answer = await browser.request(
        "PUT", f"{way}/answers/what_for", json={"value": "それはわかりかねます。", "counter": 1}
    )
    assert answer.status_code == 200
    assert answer.json()["kept"]
    assert "担当が確かめます" in answer.json()["warning"]


@pytest.mark.req("I8")
async def test_a_mood_is_kept_and_brings_words_that_calm(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser, way = await talking(story)
    assert "ごもっともでございます" not in (await browser.get("/seat")).text
    marked = await browser.request("POST", f"{way}/mark", json={"mood": "angry"})
    assert marked.status_code == 200
    assert "ごもっともでございます" in (await browser.get("/seat")).text
    run = await story.store.read(lambda tx: run_of_call(tx, way.split("/")[-1]))
    assert run is not None
    assert run.value("report.mood") == "angry"


@pytest.mark.req("B16")
async def test_after_a_refusal_answers_to_objections_are_locked(seat_story: MakeStory) -> None:
    browser, way = await talking(await seat_story())
    assert "資料でお確かめください" in (await browser.get("/seat")).text
    await browser.request("POST", f"{way}/mark", json={"refused": True})
    page = (await browser.get("/seat")).text
    assert "資料でお確かめください" not in page
    assert "特定商取引法 17 条" in page


@pytest.mark.req("A5")
async def test_a_regular_caller_begins_elsewhere(seat_story: MakeStory) -> None:
    story = await seat_story()
    await story.store.write(lambda tx: set_regular(tx, story.client_id, "+819012345678", True))
    browser, way = await talking(story)
    assert 'data-node="welcome"' in (await browser.get("/seat")).text
    await browser.request("POST", f"{way}/regular", json={"on": False})
    known = await story.store.read(lambda tx: caller_of(tx, story.client_id, "+819012345678"))
    assert known is not None
    assert not known.regular
    assert CALLER


@pytest.mark.req("B19")
async def test_only_the_experienced_leave_the_order(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser, way = await talking(story)
    jump = {"at": "hello", "to": "end"}
    assert (await browser.request("POST", f"{way}/jump", json=jump)).status_code == 409
    await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
    assert (await browser.request("POST", f"{way}/jump", json=jump)).status_code == 200
    page = (await browser.get("/seat")).text
    assert 'data-node="end"' in page
    assert "まだ伺っていません" in page


@pytest.mark.req("B19", "L5")
async def test_nobody_leaps_past_the_identity_check(seat_story: MakeStory) -> None:
    """Neither by the list of scenes nor from the search, and the server refuses whoever asks all the same."""
    story = await seat_story()
    await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
    browser, way = await talking(story, parse(CALL.replace(HELLO, HELLO_AND_CHECK)).script)
    page = (await browser.get("/seat")).text
    assert page.count("本人確認の後</span>") == 1
    refused = await browser.request("POST", f"{way}/jump", json={"at": "hello", "to": "tell"})
    assert refused.status_code == 409
    assert "ご本人と確かめるまで" in refused.json()["problem"]
    body = {"text": "折返し", "call": way.rpartition("/")[2]}
    found = (await browser.request("POST", "/seat/search", json=body)).text
    assert 'data-leap="later"' in found
    assert 'data-leap="tell"' not in found
    # Who has passed the check may come back to it.
    for at, choice in (("hello", "next"), ("who", "next"), ("compare", "1"), ("tell", "next")):
        await browser.request("POST", f"{way}/go", json={"at": at, "choice": choice})
    back = await browser.request("POST", f"{way}/jump", json={"at": "later", "to": "tell"})
    assert back.status_code == 200


@pytest.mark.req("B3", "G1")
@pytest.mark.parametrize("by", ["head", "client"])
async def test_words_of_a_restricted_topic_are_nowhere_on_the_screen(
    seat_story: MakeStory, by: str
) -> None:
    """Neither in the search, on a call or between calls, nor in the list of scenes; whoever restricts the topic."""
    story = await seat_story()
    await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
    text = CALL.replace(HELLO, HELLO_AND_CHECK).replace("restricted = true\n", "")
    if by == "head":
        text = text.replace("[head]\n", '[head]\ntopics = [{ name = "契約", restricted = true }]\n')
    browser, way = await talking(story, parse(text).script)
    if by == "client":
        # After the script was published: terms hold at once.
        wanted = ScriptSettings(terms=Terms(restricted=("契約",)))
        await story.store.write(lambda tx: set_settings(tx, story.client_id, wanted))
    page = (await browser.get("/seat")).text
    assert "契約の折返し" in page
    assert "来月まで" not in page
    for call in (way.rpartition("/")[2], ""):
        for asked, listed in (("契約の折返し", True), ("来月まで", False)):
            body = {"text": asked, "call": call}
            found = (await browser.request("POST", "/seat/search", json=body)).text
            assert "ご契約は" not in found
            assert ("search-result" in found or 'role="option"' in found) is listed


async def test_an_exception_goes_into_the_history(seat_story: MakeStory) -> None:
    story = await seat_story()
    browser, way = await talking(story)
    await story.store.write(lambda tx: set_experienced(tx, story.operator.id, True))
    await browser.request("POST", f"{way}/jump", json={"at": "hello", "to": "end"})
    await browser.request("POST", "/seat/hang-up", json={})
    await story.switchboard.written()
    for name, value in (
        ("what_for", "お急ぎの電話"),
        ("callback", "no"),
    ):
        path = f"{way}/answers/report.{name}"
        await browser.request("PUT", path, json={"value": value, "counter": 1})
    refused = await browser.request("POST", f"{way}/report", json={})
    assert refused.status_code == 422
    assert refused.json()["problems"][0][0] == "what_for"
    path = f"{way}/answers/report.exception"
    await browser.request("PUT", path, json={"value": "お急ぎで切られた", "counter": 1})
    assert (await browser.request("POST", f"{way}/report", json={})).status_code == 200
    sent = await story.store.read(lambda tx: reports(tx, story.client_id))
    told = await story.store.read(lambda tx: history(tx, sent[0].id))
    assert "お急ぎで切られた" in told[-1].note
