"""Entries for programs."""

from typing import Any

import pytest
from tests.some_people import a_client
from tests.web_fixtures import Browser, MakeWeb

from denwaban.access import Role
from denwaban.knowledge import api
from denwaban.store import Store, new_id


async def send(browser: Browser, method: str, path: str, body: Any = None) -> Any:
    return await browser.request(method, f"/api/v1{path}", json=body)


async def test_faqs(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    client = await web.program(Role.CLIENT, mine)
    stranger = await web.program(Role.CLIENT, other)
    operator = await web.program(Role.OPERATOR)
    body = {"client_id": mine, "question": "解約したい", "answer": "画面から承ります。"}
    made = await send(client, "POST", "/faqs", {**body, "wordings": "退会", "bound": "take"})
    assert made.status_code == 201
    entry = made.json()
    assert (entry["bound"], entry["restricted"], entry["valid_from"]) == ("take", False, None)
    for wrong, status in (
        ({**body, "question": " "}, 400),
        ({**body, "answer": "は" * 401}, 400),
        ({**body, "bound": "x"}, 400),
        ({**body, "extra": 1}, 400),
        ({**body, "valid_from": "2026-12-02", "valid_until": "2026-12-01"}, 422),
        ({**body, "client_id": other}, 404),
    ):
        assert (await send(client, "POST", "/faqs", wrong)).status_code == status, wrong
    admin = await web.program(Role.ADMINISTRATOR)
    missing = await send(admin, "POST", "/faqs", {**body, "client_id": new_id()})
    assert missing.status_code == 404
    path = f"/faqs/{entry['id']}"
    assert (await send(operator, "PATCH", path, {"answer": "x"})).status_code == 403
    for method, json in (("GET", None), ("PATCH", {"answer": "x"}), ("DELETE", None)):
        assert (await send(stranger, method, path, json)).status_code == 404
    assert (await send(stranger, "POST", f"{path}/restore", {})).status_code == 404
    done = await send(client, "PATCH", path, {"answer": "お電話で。", "valid_until": "2026-12-01"})
    assert done.json()["answer"] == "お電話で。"
    assert done.json()["wordings"] == "退会"
    late = {"answer": "遅れて", "updated_at": entry["updated_at"]}
    assert (await send(client, "PATCH", path, late)).status_code == 409
    cleared = await send(client, "PATCH", path, {"valid_until": None})
    assert cleared.json()["valid_until"] is None
    assert (await send(client, "DELETE", path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await send(client, method, path)).status_code == 404
    assert (await send(client, "PATCH", path, {"answer": "x"})).status_code == 404
    assert (await client.get("/api/v1/faqs")).json()["items"] == []
    assert (await send(client, "POST", f"{path}/restore", {})).status_code == 200
    assert (await client.get(f"/api/v1{path}")).json()["answer"] == "お電話で。"


@pytest.mark.req("A13", "B3")
async def test_the_search_shows_each_reader_what_is_theirs(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    admin = await web.program(Role.ADMINISTRATOR)
    secret = {"question": "請求額を知りたい", "answer": "3,200円です。", "restricted": True}
    for client_id in (mine, other):
        body = {"client_id": client_id, **secret}
        assert (await send(admin, "POST", "/faqs", body)).status_code == 201
    operator = await web.program(Role.OPERATOR)
    client = await web.program(Role.CLIENT, mine)
    for reader, count in ((operator, 2), (client, 1), (admin, 2)):
        found = await send(reader, "POST", "/faqs/search", {"text": "ｾｲ求額"})
        assert found.status_code == 200
        found = (await send(reader, "POST", "/faqs/search", {"text": "請求"})).json()["items"]
        assert len(found) == count
        assert all(item["answer"] is None for item in found)
    assert (
        await send(client, "POST", "/faqs/search", {"text": "請求", "client_id": other})
    ).status_code == 404
    [own] = (
        await send(operator, "POST", "/faqs/search", {"text": "請求", "client_id": mine})
    ).json()["items"]
    assert (await operator.get(f"/api/v1/faqs/{own['id']}")).json()["answer"] is None
    assert (await client.get(f"/api/v1/faqs/{own['id']}")).json()["answer"] == "3,200円です。"
    listed = (await operator.get(f"/api/v1/faqs?client_id={mine}")).json()
    assert [item["answer"] for item in listed["items"]] == [None]
    assert (await client.get(f"/api/v1/faqs?client_id={other}")).status_code == 404
    page = (await admin.get("/api/v1/faqs?limit=1")).json()
    rest = (await admin.get(f"/api/v1/faqs?limit=1&cursor={page['next']}")).json()
    assert [item["client_id"] for item in page["items"] + rest["items"]] == [mine, other]
    assert rest["next"] is None
