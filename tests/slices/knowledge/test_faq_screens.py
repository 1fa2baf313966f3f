"""The pages of the FAQ in a real Chromium: nothing sticks out, and axe is content."""

import os
from pathlib import Path

import pytest
from tests.screens import serving, violations
from tests.seat_browser import chromium
from tests.some_people import a_client
from tests.web_fixtures import MakeWeb, add_account

from denwaban.access import Role, open_session, user
from denwaban.knowledge import Author, Bound, Content, add_faq, change_faq, pages
from denwaban.store import Store, Tx

pytestmark = pytest.mark.browser
ME = Author(None, "渡辺 真理")
SHOTS = os.environ.get("DENWABAN_TEST_SHOTS", "")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what happens in the browser."""
    return f"sqlite:///{tmp_path / 'test.db'}"


def some(tx: Tx, client_id: str) -> str:
    faq_id = add_faq(tx, client_id, Content("解約したい", "画面から。", "退会、やめたい"), ME)
    told = "解約は、ご契約者様からのお申し出で承ります。担当の者から書類をお送りいたします。"
    change_faq(tx, faq_id, Content("解約したい", told, "退会", Bound.TAKE, restricted=True), ME)
    for n in range(12):
        add_faq(tx, client_id, Content(f"よくあるご質問その{n}", told), ME)
    return faq_id


@pytest.mark.parametrize("width", [1366, 390])
async def test_the_pages_fit_and_are_clean(make_web: MakeWeb, store: Store, width: int) -> None:
    web = await make_web(pages=pages.routes, menu=pages.menu)
    client_id = await store.write(lambda tx: a_client(tx, "yamada"))
    empty_id = await store.write(lambda tx: a_client(tx, "empty"))
    faq_id = await store.write(lambda tx: some(tx, client_id))

    def enter(tx: Tx) -> str:
        found = user(tx, add_account(tx, Role.SUPERVISOR))
        assert found is not None
        return open_session(tx, found, "test")[0]

    token = await store.write(enter)
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        context = await browser.new_context(
            viewport={"width": width, "height": 768}, locale="ja-JP", reduced_motion="reduce"
        )
        await context.add_cookies([{"name": "denwaban", "value": token, "url": url}])
        page = await context.new_page()
        base = f"{url}/clients/{client_id}/faqs"
        for name, path in (
            ("empty", f"{url}/clients/{empty_id}/faqs"),
            ("list", base),
            ("new", f"{base}/new"),
            ("entry", f"{base}/{faq_id}"),
            ("import", f"{base}/import"),
        ):
            await page.goto(path)
            if SHOTS:
                await page.screenshot(path=f"{SHOTS}/faq-{name}-{width}.png", full_page=True)
            wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not wide, f"{name} scrolls sideways"
            assert await violations(page) == [], name
