"""The app shell: who gets in, what every answer carries, what a wrong request gets."""

import pytest
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from sqlalchemy import text
from tests.browsers import chromium
from tests.screens import seated, serving
from tests.web_fixtures import MakeWeb

from denwaban.access import Role, add_user, hash_password
from denwaban.people import api
from denwaban.store import Store
from denwaban.web import Unguarded, public, static


async def test_pages_send_strangers_to_sign_in(make_web: MakeWeb) -> None:
    web = await make_web()
    stranger = await web.anonymous()
    answer = await stranger.get("/account")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/account"


async def test_somebody_signed_in_sees_the_page_with_safe_headers(make_web: MakeWeb) -> None:
    web = await make_web()
    operator = await web.browser(Role.OPERATOR)
    answer = await operator.get("/account")
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_signing_in_and_out(make_web: MakeWeb, store: Store) -> None:
    web = await make_web()
    hashed = await hash_password("a good password")
    await store.write(lambda tx: add_user(tx, "tanaka", hashed, Role.OPERATOR, "田中"))
    stranger = await web.anonymous()
    wrong = await stranger.post("/sign-in", {"login": "tanaka", "password": "wrong"})
    assert wrong.status_code == 422
    assert "サインイン名かパスワードが違います" in wrong.text
    entered = await stranger.post(
        "/sign-in", {"login": "tanaka", "password": "a good password", "next": "//evil.example"}
    )
    assert entered.status_code == 303
    assert entered.headers["location"] == "/account"
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    stranger.user_id = "signed in"
    assert (await stranger.post("/sign-out")).status_code == 303
    assert (await stranger.get("/account")).status_code == 303


async def test_a_password_change_ends_the_other_sessions(make_web: MakeWeb, store: Store) -> None:
    web = await make_web()
    hashed = await hash_password("a good password")
    user_id = await store.write(lambda tx: add_user(tx, "tanaka", hashed, Role.OPERATOR, "田中"))
    one = await web.browser(Role.OPERATOR, user_id=user_id)
    two = await web.browser(Role.OPERATOR, user_id=user_id)
    wrong = await one.post("/account/password", {"now": "no", "new": "another password"})
    assert wrong.status_code == 422
    changed = await one.post(
        "/account/password", {"now": "a good password", "new": "another password"}
    )
    assert changed.status_code == 303
    assert (await two.get("/account")).status_code == 303
    assert (await one.get("/account")).status_code == 200


async def test_unsafe_requests_need_the_form_token(make_web: MakeWeb) -> None:
    web = await make_web(api=api.routes)
    admin = await web.browser(Role.ADMINISTRATOR)
    body = {"code": "a", "name": "甲"}
    for headers in ({}, {"X-CSRF-Token": "0" * 64}):
        bare = await admin.client.post("/api/v1/clients", json=body, headers=headers)
        assert bare.status_code == 403
        assert (await admin.client.post("/sign-out", headers=headers)).status_code == 403
    made = await admin.request("POST", "/api/v1/clients", json=body)
    assert made.status_code == 201
    other_site = await admin.request(
        "POST", "/account/sessions/end", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert other_site.status_code == 403
    other_origin = await admin.request(
        "POST", "/account/sessions/end", headers={"Origin": "https://evil.example"}
    )
    assert other_origin.status_code == 403


async def test_keys_need_no_form_token_and_never_fall_back_on_a_cookie(make_web: MakeWeb) -> None:
    web = await make_web(api=api.routes)
    program = await web.program(Role.ADMINISTRATOR)
    made = await program.client.post("/api/v1/clients", json={"code": "a", "name": "甲"})
    assert made.status_code == 201
    admin = await web.browser(Role.ADMINISTRATOR)
    for given in (
        "Bearer dwb_wrong",
        "Bearer",
        "Basic eDp5",
        "Bearer \u3042".encode().decode("latin-1"),
    ):
        refused = await admin.get(
            "/api/v1/clients", headers={"Authorization": given.encode("latin-1")}
        )
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/%00", 400),
        ("GET", "/clients?q=%00", 400),
        ("GET", "/\u3042", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/api/v1/clients", 405),
        ("TRACE", "/api/v1/clients", 405),
        ("BREW", "/account", 405),
        ("GET", "/static/../main.py", 404),
        ("GET", "/static/web/../../config.py", 404),
        ("GET", "/api/v1/clients?limit=0", 400),
        ("GET", "/api/v1/clients?limit=" + "9" * 400, 400),
        ("GET", "/api/v1/clients?cursor=%ff", 404),
        ("GET", "/api/v1/clients/1", 404),
        ("GET", "/api/v1/clients/" + "0" * 32, 404),
    ],
)
async def test_odd_requests_get_a_polite_answer(
    make_web: MakeWeb, method: str, path: str, status: int
) -> None:
    web = await make_web(api=api.routes)
    program = await web.program(Role.ADMINISTRATOR)
    answer = await program.client.request(method, path)
    assert answer.status_code == status
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    if path.startswith("/api"):
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"code":"a","name":"\\ud800"}', "application/json", 400),
        (b'{"code":"a","name":"a"}', "text/plain", 415),
        (b"code=a&name=b", "application/x-www-form-urlencoded", 415),
        (b"[" * 100_000, "application/json", 400),
        (b" " * 5_000_001, "application/json", 413),
    ],
)
async def test_odd_bodies_get_a_polite_answer(
    make_web: MakeWeb, content: bytes, kind: str, status: int
) -> None:
    web = await make_web(api=api.routes)
    program = await web.program(Role.ADMINISTRATOR)
    answer = await program.client.post(
        "/api/v1/clients", content=content, headers={"Content-Type": kind}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_number_of_thousands_of_digits_is_the_senders_doing(make_web: MakeWeb) -> None:
    @get("/number", guards=[public])
    async def number(typed: FromQuery[str]) -> str:
        return str(int(typed))

    web = await make_web(pages=[number])
    stranger = await web.anonymous()
    assert (await stranger.get(f"/number?typed={'9' * 5000}")).status_code == 400
    assert (await stranger.get("/number?typed=x")).status_code == 500


async def test_what_no_database_can_hold_is_the_senders_doing(
    store: Store, make_web: MakeWeb
) -> None:
    @get("/kept", guards=[public])
    async def kept(store: NamedDependency[Store]) -> str:
        asked = text("SELECT CAST(:it AS TEXT) AS it")
        return await store.write(lambda tx: str(len(tx.scalar(asked.bindparams(it="\x00")))))

    stranger = await (await make_web(pages=[kept])).anonymous()
    can = store.engine.dialect.name == "sqlite"
    assert (await stranger.get("/kept")).status_code == (200 if can else 400)


async def test_health_turns_red_with_reasons(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(engine=lambda: "away")
    admin = await web.browser(Role.ADMINISTRATOR)
    ready = await admin.get("/health")
    assert ready.status_code == 503
    assert ready.json() == {"live": True, "ready": False, "reasons": ["engine: away"]}
    stranger = await web.anonymous()
    assert (await stranger.get("/health")).json() == {"live": True, "ready": False}
    assert (await stranger.get("/metrics")).status_code == 404
    assert (await stranger.get("/health/live")).status_code == 200
    metrics = await admin.get("/metrics")
    assert "denwaban_ready 0.0" in metrics.text


async def test_a_handler_that_forgets_who_may_use_it_stops_the_start(make_web: MakeWeb) -> None:
    @get("/open")
    async def forgotten() -> str:
        return "x"

    with pytest.raises(Unguarded, match="/open"):
        await make_web(pages=[forgotten])


async def test_static_files_are_cached_by_content(make_web: MakeWeb) -> None:
    web = await make_web()
    stranger = await web.anonymous()
    address = static("web/base.css")
    answer = await stranger.get(address)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    again = await stranger.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_the_language_is_switched(make_web: MakeWeb) -> None:
    web = await make_web()
    stranger = await web.anonymous()
    assert "サインイン" in (await stranger.get("/sign-in")).text
    switched = await stranger.post("/language", {"language": "en", "next": "/sign-in"})
    assert switched.headers["location"] == "/sign-in"
    assert "<h1>Sign in</h1>" in (await stranger.get("/sign-in")).text


async def test_who_wants_no_motion_sees_the_other_scheme_at_once(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web()
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, store, url, None)
        await page.goto(f"{url}/sign-in")
        await page.emulate_media(color_scheme="dark")
        # A transition "of no length" would answer with the colours of daylight here, parent after child.
        colours = "getComputedStyle(document.querySelector('label')).color"
        assert await page.evaluate(colours) == "rgb(231, 234, 232)"
