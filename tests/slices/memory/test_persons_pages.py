"""The screens of callers: the list, one of them, joining and parting."""

from datetime import timedelta

import pytest
from tests.some_people import a_client
from tests.web_fixtures import MakeWeb

from denwaban.access import Role
from denwaban.calls import Outcome, begin, ended
from denwaban.clock import MovedClock
from denwaban.memory import pages
from denwaban.people import remember_caller
from denwaban.people.persons import newest, person, person_by_number, take_up, ways_of
from denwaban.people.persons.rows import index, persons
from denwaban.store import Store, Tx


def some(tx: Tx) -> dict[str, str]:
    client = a_client(tx)
    ids = {"client": client}
    for name, number, said, kana in (
        ("mobile", "+819012345678", "佐藤 花子", "さとう はなこ"),
        ("home", "+81355555678", "佐藤花子", "サトー ハナコ"),
        ("other", "+81699990001", "田中 次郎", "たなか じろう"),
    ):
        remember_caller(tx, client, number, said, kana)
        found = person_by_number(tx, client, number)
        assert found is not None
        ids[name] = found.id
    call = begin(tx, client_id=client, dialled="+81355550101", caller="+81355555678")
    ended(tx, call.id, Outcome.ABANDONED)
    return ids


@pytest.mark.req("A2")
async def test_two_become_one_and_two_again(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=pages.routes)
    ids = await store.write(some)
    browser = await web.browser(Role.OPERATOR)
    listed = (await browser.get("/persons")).text
    for shown in ("同じ方かもしれません", "田中 次郎", "03-5555-5678"):
        assert shown in listed, shown
    card = (await browser.get(f"/persons/{ids['mobile']}")).text
    assert "同じ方です・まとめる" in card
    form = {"other": ids["home"], "seen": "1", "seen_other": "1"}
    done = await browser.post(f"/persons/{ids['mobile']}/merge", form)
    assert done.headers["location"] == f"/persons/{ids['mobile']}?done=merged"
    card = (await browser.get(done.headers["location"])).text
    for shown in (
        "ひとりのお客様にまとめました",
        "03-5555-5678",
        "お待ちの間に切れました",
        "元に戻す",
    ):
        assert shown in card, shown
    # Whoever has the old page is told, in a sentence.
    late = await browser.post(f"/persons/{ids['other']}/merge", {"other": ids["home"], "seen": "1"})
    assert late.status_code == 409
    assert "ほかの方が先に、このお客様を統合しました" in late.text
    stale = await browser.post(f"/persons/{ids['mobile']}", {"name": "鈴木", "seen": "1"})
    assert stale.status_code == 409
    assert 'value="鈴木"' in stale.text
    # Old addresses lead on.
    gone = await browser.get(f"/persons/{ids['home']}")
    assert gone.headers["location"] == f"/persons/{ids['mobile']}"
    [act] = [part.split('"')[0] for part in card.split('name="act" value="')[1:]]
    back = await browser.post(f"/persons/{ids['mobile']}/undo", {"act": act})
    assert back.headers["location"].endswith("?done=undone")
    again = (await browser.get(f"/persons/{ids['home']}")).text
    assert "佐藤花子" in again
    apart = await browser.post(f"/persons/{ids['mobile']}/apart", {"other": ids["home"]})
    assert apart.status_code == 303
    assert "同じ方かもしれません" not in (await browser.get("/persons")).text


async def test_a_number_is_parted_and_names_are_mended(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=pages.routes)
    ids = await store.write(some)
    browser = await web.browser(Role.SUPERVISOR)
    path = f"/persons/{ids['mobile']}"
    await browser.post(f"{path}/merge", {"other": ids["home"]})
    ways = await store.read(lambda tx: ways_of(tx, ids["mobile"]))
    way = next(one for one in ways if one.value == "+81355555678")
    refused = await browser.post(f"{path}/split", {"name": "佐藤 太郎"})
    assert "分ける番号か電話を選んでください" in refused.text
    await browser.post(
        f"{path}/split", {"ways": way.id, "name": "佐藤 太郎", "kana": "さとう たろう"}
    )
    taro = await store.read(lambda tx: person_by_number(tx, ids["client"], way.value))
    assert taro is not None
    assert taro.name == "佐藤 太郎"
    assert "から分かれました" in (await browser.get(f"/persons/{taro.id}")).text
    seen = (await store.read(lambda tx: person(tx, taro.id))).version  # type: ignore[union-attr]
    mended = {
        "name": "佐藤 太朗",
        "kana": "さとう たろう",
        "company": "佐藤商店",
        "seen": str(seen),
    }
    assert (await browser.post(f"/persons/{taro.id}", mended)).status_code == 303
    await browser.post(f"/persons/{taro.id}/mail", {"mail": "Taro@example.jp"})
    await browser.post(f"/persons/{taro.id}/regular", {"on": "true"})
    card = (await browser.get(f"/persons/{taro.id}")).text
    for shown in (
        "佐藤 太朗",
        "佐藤商店",
        "taro@example.jp",
        "常連から外す",
        "以前のお名前",
        "佐藤 太郎",
    ):
        assert shown in card, shown
    wrong = await browser.post(f"/persons/{taro.id}/mail", {"mail": "taro"})
    assert "メールアドレスの形が違うようです" in wrong.text


@pytest.mark.req("A2")
async def test_persons_and_calls_are_found_and_no_address_tells_whom(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=pages.routes)
    ids = await store.write(some)
    browser = await web.browser(Role.OPERATOR)
    found = await browser.post("/persons/search", {"text": "５６７８", "client": "yamada"})
    assert found.status_code == 200
    assert found.text.count("佐藤") >= 2
    assert "お待ちの間に切れました" in found.text
    assert "田中" in (await browser.post("/persons/search", {"text": "たなが"})).text
    nothing = await browser.post("/persons/search", {"text": "ない言葉"})
    assert "見つかりませんでした" in nothing.text
    others = await browser.post(f"/persons/{ids['mobile']}/find", {"text": "たなか"})
    assert "同じ方です・まとめる" in others.text
    assert (await browser.get("/persons/none")).status_code == 404
    assert (await browser.get(f"/persons?cursor={'x' * 9}")).status_code == 404


async def test_the_list_goes_on_page_by_page(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    web = await make_web(pages=pages.routes)

    def many(tx: Tx) -> str:
        client = a_client(tx)
        a_client(tx, "yamada2")
        for n in range(45):
            later = tx.at(tx.now + timedelta(minutes=n % 7))
            remember_caller(later, client, f"+8190111100{n:02}", f"客{n:02}")
        return client

    assert await store.write(many)
    browser = await web.browser(Role.OPERATOR)
    first = (await browser.get("/persons?client=yamada")).text
    more = first.split('href="/persons?client=')[1].split('"')[0]
    rest = (await browser.get(f"/persons?client={more}".replace("&amp;", "&"))).text
    assert "見つかりません" in (await browser.get("/persons?client=nowhere")).text
    seen = [n for n in range(45) for page in (first, rest) if f">客{n:02}<" in page]
    assert seen == list(range(45))


async def test_persons_of_an_older_version_are_taken_up(store: Store) -> None:
    ids = await store.write(some)

    def as_after_the_migration(tx: Tx) -> int:
        tx.execute(persons.update().values(sound=None, name_key="", company_key=""))
        tx.execute(index.texts.delete())
        return take_up(tx)

    assert await store.write(as_after_the_migration) == 3
    assert await store.write(take_up) == 0
    everybody = await store.read(lambda tx: newest(tx, ids["client"]))
    assert {one.id for one in everybody} == {ids["mobile"], ids["home"], ids["other"]}
