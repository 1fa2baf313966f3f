"""The administrator's pages."""

import re
from datetime import timedelta

import pytest
from tests.web_fixtures import MakeWeb, add_account

from denwaban.access import Role, list_users, sign_in
from denwaban.clock import MovedClock
from denwaban.people import (
    Presence,
    add_client,
    add_staff,
    client,
    clients,
    operators,
    staff_member,
    staff_of,
)
from denwaban.people.pages import routes
from denwaban.store import Store, Tx

SECRET = re.compile(r'class="secret" id="secret-\d">([^<]+)<')


async def test_a_client_is_added_and_shown(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    made = await admin.post(
        "/clients", {"code": "yamada", "name": "山田設備", "kana": "やまだせつび", "policy": "<b>"}
    )
    assert made.status_code == 303
    shown = await admin.get(made.headers["location"])
    assert "お電話ありがとうございます。山田設備でございます。" in shown.text
    assert "&lt;b&gt;" in shown.text
    again = await admin.post("/clients", {"code": "yamada", "name": "別"})
    assert again.status_code == 422
    assert "この顧客コードは使われています" in again.text
    operator = await web.browser(Role.OPERATOR)
    assert (await operator.get(made.headers["location"])).status_code == 200
    assert (await operator.post("/clients", {"code": "b", "name": "b"})).status_code == 403


async def test_a_client_may_want_no_recordings(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    client_id = await store.write(lambda tx: add_client(tx, "a", "甲"))
    path = f"/clients/{client_id}"
    assert "お話は録音しています" in (await admin.get(path)).text
    assert (await admin.post(f"{path}/recorded", {"recorded": "false"})).status_code == 303
    assert "録音していません" in (await admin.get(path)).text
    supervisor = await web.browser(Role.SUPERVISOR)
    refused = await supervisor.post(f"{path}/recorded", {"recorded": "true"})
    assert refused.status_code == 403
    assert (await admin.post(f"{path}/recorded", {"recorded": "true"})).status_code == 303
    kept = await store.read(lambda tx: client(tx, client_id))
    assert kept is not None
    assert kept.recorded


async def test_two_administrators_do_not_overwrite_each_other(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    client_id = await store.write(lambda tx: add_client(tx, "a", "甲"))
    path = f"/clients/{client_id}"
    found = re.search(r'name="seen" value="([^"]+)"', (await admin.get(path)).text)
    assert found is not None
    form = {"name": "乙", "greeting": "はい", "seen": found[1].replace("&#43;", "+")}
    assert (await admin.post(path, form)).status_code == 303
    late = await admin.post(path, {**form, "name": "丙"})
    assert late.status_code == 409
    assert "ほかの方が先に変更しました" in late.text
    assert "丙" in late.text
    kept = await store.read(lambda tx: client(tx, client_id))
    assert kept is not None
    assert kept.name == "乙"


@pytest.mark.req("A9")
async def test_staff_without_a_substitute_is_pointed_out(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    client_id = await store.write(lambda tx: add_client(tx, "a", "甲"))
    suzuki = await store.write(lambda tx: add_staff(tx, client_id, "鈴木"))
    assert "代替確認者がいません" in (await admin.get(f"/clients/{client_id}")).text
    await admin.post(f"/clients/{client_id}/staff", {"name": "伊藤", "substitute_id": suzuki})
    ito = next(p for p in await store.read(lambda tx: staff_of(tx, client_id)) if p.name == "伊藤")
    assert ito.substitute_id == suzuki
    assert "代替確認者がいません" not in (await admin.get(f"/staff/{ito.id}")).text
    # Somebody who leaves is nobody's substitute any more.
    assert (await admin.post(f"/staff/{suzuki}/leave")).status_code == 303
    assert "代替確認者がいません" in (await admin.get(f"/staff/{ito.id}")).text


@pytest.mark.req("A7")
async def test_presence_runs_out_by_itself(
    make_web: MakeWeb, store: Store, clock: MovedClock
) -> None:
    web = await make_web(pages=routes)
    supervisor = await web.browser(Role.SUPERVISOR)
    client_id = await store.write(lambda tx: add_client(tx, "a", "甲"))
    person = await store.write(lambda tx: add_staff(tx, client_id, "鈴木"))
    sent = await supervisor.post(
        f"/staff/{person}/presence",
        {"presence": "away", "until": "2026-11-24T11:00", "note": "外出"},
    )
    assert sent.status_code == 303
    found = await store.read(lambda tx: staff_member(tx, person))
    assert found is not None
    assert found.presence_at(clock.now()) is Presence.AWAY
    assert found.presence_at(clock.now() + timedelta(hours=1)) is Presence.PRESENT
    past = await supervisor.post(
        f"/staff/{person}/presence", {"presence": "away", "until": "2026-11-24T09:00"}
    )
    assert past.status_code == 422


async def test_passwords_of_a_new_operator_are_shown_once(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    made = await admin.post("/operators", {"name": "田中", "login": "Tanaka"})
    login, password, _host, seat, sip = SECRET.findall(made.text)
    (operator,) = await store.read(operators)
    assert (seat, sip) == (operator.seat, operator.sip_password)
    _token, who = await sign_in(store, login, password, "203.0.113.1")
    assert who.role is Role.OPERATOR
    shown = await admin.get(f"/operators/{operator.id}")
    assert sip not in shown.text
    assert password not in shown.text
    taken = await admin.post("/operators", {"name": "別", "login": "tanaka"})
    assert taken.status_code == 422
    assert len(await store.read(operators)) == 1


async def test_an_api_key_is_shown_once_and_stops_when_revoked(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    made = await admin.post("/keys", {"name": "連携", "role": "supervisor"})
    (secret,) = SECRET.findall(made.text)
    program = await web.anonymous()
    program.client.headers["Authorization"] = f"Bearer {secret}"
    assert (await program.get("/clients")).status_code == 200
    listed = await admin.get("/keys")
    assert secret not in listed.text
    found = re.search(r'action="(/keys/[0-9a-f]{32}/revoke)"', listed.text)
    assert found is not None
    await admin.post(found[1])
    assert (await program.get("/clients")).status_code == 303


async def test_every_page_opens(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    client_id = await store.write(lambda tx: add_client(tx, "a", "甲"))
    person = await store.write(lambda tx: add_staff(tx, client_id, "鈴木"))
    for path in (
        "/clients",
        "/clients?q=甲",
        "/clients?q=%25",
        "/clients/new",
        f"/clients/{client_id}",
        f"/clients/{client_id}/staff/new",
        f"/staff/{person}",
        "/operators",
        "/users",
        f"/users/{admin.user_id}",
        "/keys",
        "/import",
        "/import?kind=staff",
        "/account",
    ):
        for language in ("ja", "en"):
            answer = await admin.get(path, headers={"Accept-Language": language})
            assert answer.status_code == 200, path
            assert f'lang="{language}"' in answer.text


async def test_a_staff_account_is_made_and_closed_with_the_person(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    client_id = await store.write(lambda tx: add_client(tx, "a", "甲"))
    person = await store.write(lambda tx: add_staff(tx, client_id, "鈴木"))
    made = await admin.post(f"/staff/{person}/account", {"login": "suzuki"})
    login, password = SECRET.findall(made.text)
    _token, who = await sign_in(store, login, password, "203.0.113.1")
    assert (who.role, who.client_id) == (Role.CLIENT, client_id)
    await admin.post(f"/staff/{person}/leave")
    with pytest.raises(Exception, match="サインイン名かパスワード"):
        await sign_in(store, login, password, "203.0.113.1")


async def test_a_csv_is_looked_at_first_and_then_taken_whole_or_not_at_all(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    good = "顧客コード,会社名,ふりがな\nyamada,山田設備,やまだせつび\nsato,佐藤歯科,さとう\n"
    looked = await admin.post(
        "/import", {"kind": "clients"}, files={"file": ("顧客.csv", good.encode("cp932"))}
    )
    assert looked.status_code == 200
    assert "追加 2件" in looked.text
    assert await store.read(clients) == []
    taken = await admin.post(
        "/import",
        {"kind": "clients", "text": good, "sure": "true"},
        files={"x": ("", b"")},
    )
    assert taken.status_code == 200, taken.text
    assert {c.name for c in await store.read(clients)} == {"山田設備", "佐藤歯科"}
    bad = good + "bad code,だめ,\nnew,新しい,\n"
    refused = await admin.post(
        "/import", {"kind": "clients", "text": bad, "sure": "true"}, files={"x": ("", b"")}
    )
    assert refused.status_code == 422
    assert len(await store.read(clients)) == 2


@pytest.mark.parametrize("text", ["", "顧客コード\n", '顧客コード,会社名\n"あ,い\n', "a,b\n1,2\n"])
async def test_a_broken_csv_gets_a_sentence(make_web: MakeWeb, text: str) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    answer = await admin.post(
        "/import", {"kind": "clients"}, files={"file": ("x.csv", text.encode())}
    )
    assert answer.status_code == 422
    assert 'class="notice danger"' in answer.text


async def test_accounts_and_keys_name_their_client_by_code_or_part_of_its_name(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    ids = {
        code: await store.write(lambda tx, code=code, name=name: add_client(tx, code, name))  # type: ignore[misc]
        for code, name in (("yamada", "山田設備"), ("yamadas", "山田歯科"), ("sato", "佐藤"))
    }

    async def made(login: str, client: str) -> str | None:
        form = {"name": "人", "login": login, "role": "client", "client": client}
        answer = await admin.post("/users", form)
        if answer.status_code == 422:
            told: list[str] = re.findall(r'notice danger" role="alert">([^<]+)<', answer.text)
            return told[0]
        (user,) = [u for u in await store.read(list_users) if u.login == login]
        return user.client_id

    assert await made("a1", "yamada") == ids["yamada"]
    assert await made("a2", "歯科") == ids["yamadas"]
    assert await made("a3", "佐藤") == ids["sato"]
    unclear = await made("a4", "山田")
    assert unclear is not None
    assert "山田設備(yamada)" in unclear
    assert "複数あります" in unclear
    assert "見つかりません" in str(await made("a4", "どこか"))
    found = (await admin.get("/users?q=A2")).text
    assert (">a2<" in found, ">a1<" in found, "山田歯科" in found) == (True, False, True)
    key = {"name": "連携", "role": "client", "client": "sato"}
    assert "佐藤" in (await admin.post("/keys", key)).text
    assert "連携" in (await admin.get("/keys?q=連")).text
    assert "見つかりませんでした" in (await admin.get("/keys?q=ない")).text


async def test_accounts_are_listed_page_by_page(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=routes)
    admin = await web.browser(Role.ADMINISTRATOR)

    def many(tx: Tx) -> None:
        for n in range(120):
            add_account(tx, Role.SUPERVISOR, login=f"a{n:03}")

    await store.write(many)
    first = (await admin.get("/users")).text
    assert (">a099<" in first, ">a100<" in first) == (True, False)
    more = re.search(r'href="(/users\?[^"]*cursor[^"]*)"', first)
    assert more is not None
    assert ">a100<" in (await admin.get(more[1].replace("&amp;", "&"))).text
