"""A script walked without a telephone, kept as an example, and rung: drafts, versions, a client's own."""

from dataclasses import dataclass
from typing import Any

import pytest
from tests.practice_calls import Rung
from tests.seat_story import PLUMBER
from tests.web_fixtures import Browser, MakeWeb, Web

from denwaban import calls
from denwaban.access import Role
from denwaban.lines import EVERY_DAY, Mode, PlanWindow, add_number, set_plan
from denwaban.people import add_client, add_staff
from denwaban.practice import FreeSeat
from denwaban.practice import pages as practice_pages
from denwaban.scripts import (
    HasErrors,
    ScriptSettings,
    State,
    Terms,
    add_script,
    document_of,
    draft_of,
    parse,
    publish,
    release,
    save_draft,
    script_listed,
    set_settings,
    start_run,
    submit,
    version,
    versions_of,
)
from denwaban.store import Store, Tx


@dataclass
class Place:
    """One client with a published script."""

    store: Store
    web: Web
    rung: Rung
    client_id: str
    script_id: str
    version_id: str

    async def draft(self, text: str) -> None:
        await self.store.write(lambda tx: save_draft(tx, self.script_id, text, None, None))

    async def draft_text(self) -> str:
        found = await self.store.read(lambda tx: draft_of(tx, self.script_id))
        return found.text if found else ""


@pytest.fixture
async def place(make_web: MakeWeb, store: Store) -> Place:
    def furnish(tx: Tx) -> tuple[str, str, str]:
        client_id = add_client(tx, "yamada", "山田設備")
        add_staff(tx, client_id, "鈴木 一郎")
        add_number(tx, client_id, "03-5555-0101", "代表")
        set_plan(tx, client_id, [PlanWindow("終日", EVERY_DAY, 0, 1440, Mode.FULL)])
        script_id = add_script(tx, client_id, "緊急受付", PLUMBER, "はじめの台本")
        listed = script_listed(tx, script_id)
        assert listed is not None
        assert listed.version_id is not None
        return client_id, script_id, listed.version_id

    ids = await store.write(furnish)
    rung = Rung()
    web = await make_web(pages=practice_pages.routes, services={"practice": rung})
    return Place(store, web, rung, *ids)


async def step(browser: Browser, path: str, **state: Any) -> str:
    answer = await browser.request("POST", path, json=state)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.req("L5", "B1")
async def test_a_walk_by_digits_to_the_report(place: Place) -> None:
    author = await place.web.browser(Role.SUPERVISOR)
    path = f"/scripts/{place.script_id}/rehearsal"
    shown = await author.get(path)
    assert shown.status_code == 200
    assert "けが人、火、煙" in shown.text
    assert "第1版" in shown.text
    text = await step(author, path, choices=["2"])
    assert "お名前と、つながりやすいお電話番号" in text
    assert "1/" in text
    text = await step(author, path, choices=["2", "next"])
    assert "必須: お名前" in text
    answers = {
        "caller_name": "佐藤 花子",
        "caller_number": "090-0000-1200",
        "address": "中央町1-2-3",
        "what_for": "台所の蛇口から",
    }
    walked = ["2", "next", "2", "next"]
    text = await step(author, path, choices=walked, answers=answers)
    assert "送られる報告" in text
    assert "【要折り返し】佐藤 花子様より(練習)" in text
    assert "給湯器: 台所の蛇口から" in text
    # What was walked before is counted with it.
    again = await step(author, path, choices=["1"], seen=["danger 2", "matter 2", "nowhere 9"])
    assert "3/" in again
    gone = await author.request("POST", path, json={"choices": ["7"]})
    assert gone.status_code == 409


async def test_a_walk_of_the_list_is_stepped_through_with_its_answers(place: Place) -> None:
    author = await place.web.browser(Role.ADMINISTRATOR)
    path = f"/scripts/versions/{place.version_id}/rehearsal"
    text = await step(author, path, load="walk:1")
    assert 'data-load="walk:1" aria-current="true"' in text
    assert "この歩みでは:" in text
    missing = await author.get(f"/scripts/versions/{'0' * 32}/rehearsal")
    assert missing.status_code == 404


@pytest.mark.req("L5")
async def test_a_walk_is_kept_as_an_example_in_the_draft(place: Place) -> None:
    author = await place.web.browser(Role.SUPERVISOR)
    walk = {
        "choices": ["2", "next", "2", "next"],
        "answers": {
            "caller_name": "佐藤 花子",
            "caller_number": "090-0000-1200",
            "address": "中央町",
            "what_for": "お湯が出ない",
        },
    }
    path = f"/scripts/{place.script_id}/examples"
    kept = await author.request(
        "POST", path, json={"walk": walk, "name": "給湯器", "caller": "あの"}
    )
    assert kept.status_code == 201, kept.text
    text = await place.draft_text()
    (example,) = parse(text).script.examples
    assert (example.name, example.caller) == ("給湯器", "あの")
    assert example.expect[:3] == ("danger", "who", "matter")
    assert "佐藤 花子" in example.report
    assert [step.choice for step in example.steps][:3] == ["ない", "next", "給湯器"]
    base = kept.json()["draft"]
    same = await author.request("POST", path, json={"walk": walk, "name": "給湯器", "base": base})
    assert same.status_code == 422
    assert "同じ名前の例があります" in same.json()["problem"]
    # Two who keep one each, from the same draft: neither is lost.
    for name in ("二つめ", "三つめ"):
        await author.request("POST", path, json={"walk": walk, "name": name, "base": base})
    names = [one.name for one in parse(await place.draft_text()).script.examples]
    assert names == ["給湯器", "二つめ", "三つめ"]


@pytest.mark.req("B11")
async def test_an_example_that_fails_keeps_the_draft_from_being_published(place: Place) -> None:
    wrong = PLUMBER + (
        '\n[[examples]]\nname = "危険な電話"\nsteps = [{ at = "danger", choice = "ない" }]\n'
        'expect = ["safe"]\n'
    )
    await place.draft(wrong)

    def publish_it(tx: Tx) -> None:
        draft = draft_of(tx, place.script_id)
        assert draft is not None
        submit(tx, place.script_id, draft.id, reason="試し")

    with pytest.raises(HasErrors) as refused:
        await place.store.write(publish_it)
    (told,) = [one for one in refused.value.findings if one.rule == "example-fails"]
    assert "危険な電話" in told.message
    assert "「safe」を、この順には通りません。" in told.message
    assert told.line == wrong.splitlines().index("[[examples]]") + 1
    author = await place.web.browser(Role.SUPERVISOR)
    shown = await author.get(f"/scripts/{place.script_id}/rehearsal")
    assert "合いません" in shown.text


@pytest.mark.req("L5")
async def test_a_draft_is_tried_by_telephone_and_never_counts_as_a_version(place: Place) -> None:
    author = await place.web.browser(Role.SUPERVISOR)
    path = f"/scripts/{place.script_id}/rehearsal/call"
    await place.draft(PLUMBER.replace("けが人、火、煙", "お怪我、火、煙"))
    walk = {"choices": ["2"], "answers": {"caller_name": "佐藤 花子"}}
    rung = await author.request("POST", path, json={"walk": walk, "caller": "水が漏れています。"})
    assert rung.status_code == 201, rung.text
    story, version_id = place.rung.asked[0]
    assert story.lines[0] == "水が漏れています。"
    assert story.dialled == "+81355550101"
    assert version_id is not None

    def call(tx: Tx) -> str:
        begun = calls.begin(
            tx,
            client_id=place.client_id,
            dialled=story.dialled,
            caller=story.caller_number,
            trunk="practice",
            practice=True,
            script_id=place.script_id,
        )
        return start_run(tx, begun, version_id).node.say

    assert "お怪我" in await place.store.write(call)

    def look(tx: Tx) -> tuple[list[int], State, str | None]:
        listed = script_listed(tx, place.script_id)
        assert listed is not None
        assert version_id is not None
        return (
            [one.number for one in versions_of(tx, place.script_id)],
            version(tx, version_id).state,
            listed.version_id,
        )

    assert await place.store.read(look) == ([1], State.REHEARSAL, place.version_id)
    # The same text again is the same document; the next version is the second.
    await author.request("POST", path, json={"walk": walk})
    assert place.rung.asked[1][1] == version_id
    assert await place.store.write(lambda tx: publish(tx, place.script_id, PLUMBER, "次")) == 2
    with pytest.raises(Exception, match="公開できません"):
        await place.store.write(lambda tx: release(tx, version_id, None))
    hidden = await author.get(f"/scripts/versions/{version_id}/rehearsal")
    assert hidden.status_code == 404
    place.rung.away = True
    told = await author.request("POST", path, json={"walk": walk})
    assert (told.status_code, told.json()["problem"]) == (409, "電話のエンジンにつながりません。")
    document = (await place.store.read(lambda tx: document_of(tx, version_id)))[0]
    assert "お怪我" in document.first.say


async def test_a_clients_staff_walk_what_their_own_calls_follow(place: Place) -> None:
    theirs = await place.web.browser(Role.CLIENT, place.client_id)
    path = f"/portal/scripts/{place.version_id}/rehearsal"
    assert (await theirs.get(path)).status_code == 200
    assert "お名前と" in await step(theirs, path, choices=["2"])
    other_id = await place.store.write(lambda tx: add_client(tx, "other", "ほか"))
    stranger = await place.web.browser(Role.CLIENT, other_id)
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.request("POST", path, json={})).status_code == 404
    # What they followed before is history.
    await place.store.write(lambda tx: publish(tx, place.script_id, PLUMBER, "次"))
    assert (await theirs.get(path)).status_code == 404


async def test_a_draft_that_leads_nowhere_is_told(place: Place) -> None:
    author = await place.web.browser(Role.SUPERVISOR)
    path = f"/scripts/{place.script_id}/rehearsal"
    await place.draft(PLUMBER.replace('to = "matter"', 'to = "nirgends"'))
    told = await author.get(path)
    assert told.status_code == 409
    assert "nirgends" in told.text
    await place.draft("[[nodes]\n")
    assert (await author.get(path)).status_code == 409
    assert (await author.get(f"/scripts/{'0' * 32}/rehearsal")).status_code == 404


GUIDED = """
[head]
free = true
regular = "welcome"
tone = "ゆっくり、やさしく。"
must_say = ["録音しております"]
promises = [{ what = "折返しのご連絡", shortest = 30, longest = 180 }]
forbidden = [{ words = "わかりかねます", instead = "担当が確かめます" }]
empathy = [{ feeling = "angry", words = "ご不便をおかけしております。" }]
objections = [{ when = "高い", answer = "資料でお確かめください。" }]
topics = [{ name = "料金", bound = "take", words = "担当よりご説明いたします" }]

[[nodes]]
kind = "must_say"
id = "hello"
title = "はじめに"
say = "この通話は録音しております。"
to = "price"

[[nodes]]
kind = "say"
id = "welcome"
title = "常連の方へ"
say = "いつもありがとうございます。"
to = "price"

[[nodes]]
kind = "inform"
id = "price"
title = "料金"
topic = "料金"
say = "料金のお話を承ります。"
to = "put_through"

[[nodes]]
kind = "hand_over"
id = "put_through"
title = "取次ぎ"
say = "おつなぎいたします。"
staff = "鈴木 一郎"
to = "end"
failed = "later"

[[nodes]]
kind = "promise"
id = "later"
title = "折返し"
say = "折り返しご連絡いたします。"
what = "折返しのご連絡"
minutes = 60
to = "end"
ask = [{ id = "by", label = "いつまでに", type = "datetime", purpose = "callback_by" }]

[[nodes]]
kind = "end"
id = "end"
title = "結び"
say = "失礼いたします。"
"""


@pytest.mark.req("L5", "B9", "B16", "B19", "A5", "A13")
async def test_a_rehearsal_shows_what_the_seat_shows(place: Place) -> None:
    await place.draft(GUIDED)
    author = await place.web.browser(Role.SUPERVISOR)
    path = f"/scripts/{place.script_id}/rehearsal"
    first = (await author.get(path)).text
    assert "一字一句、このまま言います" in first
    assert "言いました・次へ" in first
    assert "常連の方として始める" in first
    assert "ゆっくり、やさしく。" in first
    for aid in ("moods", "objections", "forbidden", "places"):
        assert f'data-aid="{aid}"' in first
        assert f'data-aid-of="{aid}"' in first
    assert "担当が確かめます" in first
    regular = await step(author, path, regular=True)
    assert 'data-node="welcome"' in regular
    told = await step(author, path, choices=["next"])
    assert "受け止めるだけにします" in told
    put = await step(author, path, choices=["next", "next"])
    assert "取次ぎ先" in put
    assert "つながりましたか" in put
    promised = await step(author, path, choices=["next", "next", "0"])
    # From now (10:00) half an hour to three hours.
    assert "11/24 10:30〜11/24 13:00 の時刻なら、お約束できます" in promised
    wants = ScriptSettings(terms=Terms(may_promise=False))
    await place.store.write(lambda tx: set_settings(tx, place.client_id, wants))
    assert "時刻をお約束しません" in await step(author, path, choices=["next", "next", "0"])
    # Moods and refusals are kept with the answers of the walk, as at the seat.
    angry = await step(author, path, choices=[], answers={"report.mood": "angry"})
    assert "ご不便をおかけしております" in angry
    refused = await step(author, path, choices=[], answers={"report.refused": "yes"})
    assert "資料でお確かめください" not in refused
    # The free mode goes straight to a node; what has to be said stays to be said.
    jumped = await step(author, path, regular=True, choices=[">end"])
    assert 'data-node="end"' in jumped
    assert "まだ言っていません" in jumped
    said = {"report.said": "録音しております"}
    assert "まだ言っていません" not in await step(
        author, path, regular=True, choices=[">end"], answers=said
    )
    keep = {"walk": {"choices": [">end"]}, "name": "飛ぶ"}
    kept = await author.request("POST", f"/scripts/{place.script_id}/examples", json=keep)
    assert (kept.status_code, "例にできません" in kept.text) == (422, True)


async def test_the_author_chooses_whose_seat_rings(place: Place) -> None:
    author = await place.web.browser(Role.SUPERVISOR)
    place.rung.free = [FreeSeat("b" * 32, "田中"), FreeSeat("a" * 32, "佐藤")]
    seats = (await author.get("/practice/seats")).json()["seats"]
    assert [one["name"] for one in seats] == ["佐藤", "田中"]
    path = f"/scripts/{place.script_id}/rehearsal/call"
    walk = {"choices": ["2"], "answers": {}}
    for operator in ("a" * 32, ""):
        rung = await author.request("POST", path, json={"walk": walk, "operator": operator})
        assert rung.status_code == 201
    assert place.rung.rung_for == ["a" * 32, None]
