"""The app shell: who gets in, what every answer carries, what a wrong request gets."""

from tests.web_fixtures import MakeWeb

from denwaban.access import Role


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
