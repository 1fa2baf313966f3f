"""Numbers, plans and limits for programs."""

from typing import Any

import pytest
from tests.some_people import a_client, an_operator
from tests.web_fixtures import Browser, MakeWeb

from denwaban.access import Role
from denwaban.lines import add_number, api, numbers_of, plan_of
from denwaban.store import Store, new_id

WINDOW = {"name": "昼", "days": 31, "opens": 540, "closes": 1080, "mode": "full"}


async def send(browser: Browser, method: str, path: str, body: Any = None) -> Any:
    return await browser.request(method, f"/api/v1{path}", json=body)


async def test_numbers(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    admin = await web.program(Role.ADMINISTRATOR)
    number = {"client_id": mine, "number": "03-1234-5678", "label": "代表"}
    made = await send(admin, "POST", "/numbers", number)
    assert made.status_code == 201
    assert made.json()["number"] == "+81312345678"
    for body, status in (
        (number, 422),
        ({**number, "client_id": other}, 422),
        ({**number, "client_id": new_id(), "number": "0312345679"}, 404),
        ({**number, "number": "110"}, 422),
        ({**number, "extra": 1}, 400),
    ):
        assert (await send(admin, "POST", "/numbers", body)).status_code == status
    for n in range(5):
        await store.write(lambda tx, n=n: add_number(tx, other, f"031234560{n}", ""))  # type: ignore[misc]
    client = await web.program(Role.CLIENT, other)
    first = (await client.get("/api/v1/numbers?limit=3")).json()
    rest = (await client.get(f"/api/v1/numbers?limit=3&cursor={first['next']}")).json()
    shown = [n["number"] for n in first["items"] + rest["items"]]
    assert shown == [f"+8131234560{n}" for n in range(5)]
    assert rest["next"] is None
    assert (await client.get(f"/api/v1/numbers?client_id={mine}")).status_code == 404
    path = f"/numbers/{made.json()['id']}"
    assert (await send(client, "DELETE", path)).status_code == 403
    assert (await send(admin, "DELETE", path)).status_code == 204
    assert (await send(admin, "DELETE", path)).status_code == 404
    assert await store.read(lambda tx: numbers_of(tx, mine)) == []


@pytest.mark.req("A10", "A11")
async def test_plans(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    admin = await web.program(Role.ADMINISTRATOR)
    night = {**WINDOW, "name": "夜", "opens": 1080, "closes": 1980, "mode": "first_response"}
    done = await send(admin, "PUT", f"/clients/{mine}/plan", {"windows": [WINDOW, night]})
    assert done.status_code == 200
    client = await web.program(Role.CLIENT, mine)
    assert (await client.get(f"/api/v1/clients/{mine}/plan")).json() == done.json()
    assert [w["name"] for w in done.json()["windows"]] == ["昼", "夜"]
    for windows, status in (
        ([{**WINDOW, "closes": 540}], 422),
        ([{**WINDOW, "name": " "}], 400),
        ([{**WINDOW, "days": 0}], 400),
        ([{**WINDOW, "mode": "x"}], 400),
        ([WINDOW] * 51, 400),
    ):
        body = {"windows": windows}
        assert (await send(admin, "PUT", f"/clients/{mine}/plan", body)).status_code == status
    assert len(await store.read(lambda tx: plan_of(tx, mine))) == 2
    for browser, client_id in ((client, other), (admin, new_id())):
        assert (await browser.get(f"/api/v1/clients/{client_id}/plan")).status_code == 404
    assert (await send(client, "PUT", f"/clients/{mine}/plan", {"windows": []})).status_code == 403
    missing = await send(admin, "PUT", f"/clients/{new_id()}/plan", {"windows": []})
    assert missing.status_code == 404


@pytest.mark.req("A6")
async def test_limits(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    admin = await web.program(Role.ADMINISTRATOR)
    path = f"/clients/{mine}/limits"
    for day, lines in (("2026-12-01", 5), ("2026-04-01", 2), ("2026-12-01", 4)):
        done = await send(admin, "PUT", f"{path}/{day}", {"lines": lines})
        assert done.status_code == 200
    client = await web.program(Role.CLIENT, mine)
    found = (await client.get(f"/api/v1{path}")).json()["items"]
    assert [(each["effective_from"], each["lines"]) for each in found] == [
        ("2026-04-01", 2),
        ("2026-12-01", 4),
    ]
    for day, lines, status in (("2026-12-01", 0, 400), ("2026-12-01", 1001, 400), ("x", 1, 404)):
        answer = await send(admin, "PUT", f"{path}/{day}", {"lines": lines})
        assert answer.status_code == status
    missing = await send(admin, "PUT", f"/clients/{new_id()}/limits/2026-12-01", {"lines": 1})
    assert missing.status_code == 404
    assert (await client.get(f"/api/v1/clients/{other}/limits")).status_code == 404
    assert (await send(client, "DELETE", f"{path}/2026-12-01")).status_code == 403
    assert (await send(admin, "DELETE", f"{path}/2026-12-01")).status_code == 204
    assert (await send(admin, "DELETE", f"{path}/2026-12-01")).status_code == 404


async def test_groups_and_lists_of_duty(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=api.routes)
    suzuki = await store.write(lambda tx: an_operator(tx, "suzuki"))
    sv = await web.program(Role.SUPERVISOR)
    made = await send(sv, "POST", "/operator-groups", {"name": "昼班", "operators": [suzuki]})
    assert made.status_code == 201
    group = made.json()
    assert group["operators"] == [suzuki]
    assert (await send(sv, "POST", "/operator-groups", {"name": "昼班"})).status_code == 422
    path = f"/operator-groups/{group['id']}"
    assert (await send(sv, "PUT", path, {"name": "昼の班"})).json()["operators"] == []
    assert (await send(sv, "PUT", "/operator-groups/nobody", {"name": "?"})).status_code == 404
    duty = {"name": "昼当番", "group_id": group["id"], "days": 31, "opens": 720, "closes": 780}
    listed = await send(sv, "POST", "/duty-lists", {**duty, "alone_seconds": 20})
    assert listed.status_code == 201
    assert (
        await send(sv, "POST", "/duty-lists", {**duty, "group_id": new_id()})
    ).status_code == 422
    assert (await send(sv, "POST", "/duty-lists", {**duty, "days": 0})).status_code == 400
    assert [one["name"] for one in (await send(sv, "GET", "/duty-lists")).json()["items"]] == [
        "昼当番"
    ]
    assert (await send(sv, "DELETE", path)).status_code == 409
    assert (await send(sv, "DELETE", f"/duty-lists/{listed.json()['id']}")).status_code == 204
    assert (await send(sv, "DELETE", f"/duty-lists/{listed.json()['id']}")).status_code == 404
    assert (await send(sv, "DELETE", path)).status_code == 204
    assert (await send(sv, "GET", "/operator-groups")).json() == {"items": []}
