"""/api/v1 clients, staff and operators."""

import httpx
import pytest
from tests.web_fixtures import MakeWeb

from denwaban.access import Role
from denwaban.people import add_client, add_staff, api, client, remember_caller
from denwaban.store import Store


@pytest.mark.req("A2")
async def test_clients_are_added_changed_and_listed_page_by_page(make_web: MakeWeb) -> None:
    web = await make_web(api=api.routes)
    admin = await web.program(Role.ADMINISTRATOR)
    made = [
        (
            await admin.request("POST", "/api/v1/clients", json={"code": f"c{n}", "name": "店"})
        ).json()
        for n in range(3)
    ]
    assert made[0]["greeting"] == "お電話ありがとうございます。店でございます。"
    first = (await admin.get("/api/v1/clients?limit=2")).json()
    rest = (await admin.get(f"/api/v1/clients?limit=2&cursor={first['next']}")).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [item["id"] for item in made]
    assert rest["next"] is None


async def test_a_change_made_meanwhile_is_not_overwritten(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    admin = await web.program(Role.ADMINISTRATOR)
    made = (await admin.request("POST", "/api/v1/clients", json={"code": "a", "name": "甲"})).json()
    path, seen = f"/api/v1/clients/{made['id']}", made["updated_at"]
    one = await admin.request("PATCH", path, json={"name": "乙", "updated_at": seen})
    two = await admin.request("PATCH", path, json={"name": "丙", "updated_at": seen})
    assert (one.status_code, two.status_code) == (200, 409)
    kept = await store.read(lambda tx: client(tx, made["id"]))
    assert kept is not None
    assert kept.name == "乙"


async def test_another_clients_key_is_told_nothing(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    mine = await store.write(lambda tx: add_client(tx, "mine", "自社"))
    other = await store.write(lambda tx: add_client(tx, "other", "他社"))
    person = await store.write(lambda tx: add_staff(tx, other, "鈴木"))
    key = await web.program(Role.CLIENT, mine)
    for path in (f"clients/{other}", f"staff/{person}", f"staff?client_id={other}"):
        assert (await key.get(f"/api/v1/{path}")).status_code == 404, path
    assert [c["id"] for c in (await key.get("/api/v1/clients")).json()["items"]] == [mine]
    put = await key.request("PUT", f"/api/v1/staff/{person}/presence", json={"presence": "away"})
    assert put.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"code": "x", "name": "a\x00b"},
        {"code": "x", "name": ""},
        {"code": "x"},
        {"code": "日本", "name": "a"},
        {"code": "x", "name": "a" * 101},
        {"code": "x", "name": 1},
        {"code": "x", "name": "a", "unknown": 1},
        [],
        None,
    ],
)
async def test_what_does_not_fit_is_refused_and_not_repeated(
    make_web: MakeWeb, body: object
) -> None:
    web = await make_web(api=api.routes)
    admin = await web.program(Role.ADMINISTRATOR)
    answer = await admin.request("POST", "/api/v1/clients", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 400


@pytest.mark.req("B14")
async def test_a_regular_caller_is_marked_over_the_api(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    supervisor = await web.program(Role.SUPERVISOR)
    client_id = await store.write(lambda tx: add_client(tx, "a", "甲"))
    await store.write(lambda tx: remember_caller(tx, client_id, "+819011112222", "佐藤"))
    listed = (await supervisor.get(f"/api/v1/clients/{client_id}/callers")).json()["items"]
    assert [(one["name"], one["regular"]) for one in listed] == [("佐藤", False)]
    path = f"/api/v1/callers/{listed[0]['id']}"
    for regular in (True, False):
        answer = await supervisor.request("PATCH", path, json={"regular": regular})
        assert answer.json()["regular"] is regular
    nobody = await supervisor.request("PATCH", "/api/v1/callers/none", json={"regular": True})
    assert nobody.status_code == 404


async def test_a_body_of_other_types_is_refused(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    admin = await web.program(Role.ADMINISTRATOR)
    mine = await store.write(lambda tx: add_client(tx, "mine", "自社"))
    answer = await admin.request("PATCH", f"/api/v1/clients/{mine}", json={"recorded": 0})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "recorded"
    good = await admin.request("PATCH", f"/api/v1/clients/{mine}", json={"recorded": False})
    assert (good.status_code, good.json()["recorded"]) == (200, False)


async def test_persons_are_joined_parted_and_joined_again_over_the_api(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(api=api.routes)
    mine = await store.write(lambda tx: add_client(tx, "mine", "自社"))
    other = await store.write(lambda tx: add_client(tx, "other", "他社"))
    one, two, far = [
        (await store.write(lambda tx, it=it: remember_caller(tx, *it))).person_id  # type: ignore[misc]
        for it in (
            (mine, "+819012345678", "佐藤 花子", "さとう はなこ", ""),
            (mine, "+81312345678", "佐藤", "さとう", "佐藤商店"),
            (other, "+819012345678", "別の方", "", ""),
        )
    ]
    sv = await web.program(Role.SUPERVISOR)
    path = f"/api/v1/persons/{one}"

    async def post(what: str, **body: object) -> httpx.Response:
        return await sv.request("POST", f"{path}/{what}", json=body)

    assert (await post("merge", other_id=one)).status_code == 422
    assert (await post("merge", other_id=far)).status_code == 404
    seen = (await sv.get(path)).json()["version"]
    assert (await post("merge", other_id=two, version=seen + 1)).status_code == 409
    joined = (await post("merge", other_id=two, version=seen)).json()
    assert [way["value"] for way in joined["ways"]] == ["+819012345678", "+81312345678"]
    assert (joined["company"], joined["acts"][0]["kind"]) == ("佐藤商店", "merge")
    assert (await sv.get(f"/api/v1/persons/{two}")).json()["into_id"] == one
    assert (await post("merge", other_id=two)).status_code == 409
    (way,) = [way["id"] for way in joined["ways"] if way["value"] == "+81312345678"]
    parted = (await post("split", ways=[way], name="佐藤 太郎")).json()
    assert parted["other"]["name"] == "佐藤 太郎"
    assert [each["id"] for each in parted["other"]["ways"]] == [way]
    merged = parted["person"]["acts"][1]["id"]
    assert (await post(f"acts/{merged}/undo")).status_code == 409, "the split builds on it"
    last = parted["person"]["acts"][0]["id"]
    again = (await post(f"acts/{last}/undo")).json()
    assert len(again["ways"]) == 2
    assert (await sv.get(f"/api/v1/persons/{far}x")).status_code == 404
    client_key = await web.program(Role.CLIENT, mine)
    assert (await client_key.get(path)).status_code == 403
