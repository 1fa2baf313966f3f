"""The form, the rules and their tester in a real Chromium, full of content: clean for axe, nothing sticks out."""

from pathlib import Path

import msgspec
import pytest
from tests.browsers import chromium
from tests.delivery_story import open_office
from tests.screens import WIDE_DARK, look, seated, serving
from tests.web_fixtures import MakeWeb, add_account

from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.reports import DEFAULT_FORM, FormField, Rule, Rules, pages, set_form, set_rules
from denwaban.store import Store, Tx

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough for what is seen."""
    return f"sqlite:///{tmp_path / 'test.db'}"


async def test_form_rules_and_tester(
    store: Store,
    clock: MovedClock,
    make_web: MakeWeb,
) -> None:
    office = await open_office(store, clock, Settings())
    web = await make_web(pages=pages.routes)

    def furnish(tx: Tx) -> str:
        own = (
            FormField("x_card", "診察券番号", "分からなければ生年月日", secret=True),
            FormField("x_visit", "初診・再診", required=True, choices=("初診", "再診")),
        )
        form = msgspec.structs.replace(DEFAULT_FORM, fields=(*DEFAULT_FORM.fields, *own))
        set_form(tx, office.client_id, form, None)
        rules = (
            Rule("急ぎは全員確認", urgencies=("emergency",), everyone=True, minutes=15),
            Rule("営業関連は伊藤さん", words=("見積", "値引き"), staff_id=office.ito, minutes=180),
            Rule("ご契約のお客様", caller="regular", opens=540, closes=1080, urgency="soon"),
        )
        set_rules(tx, office.client_id, Rules(rules), None)
        return add_account(tx, Role.SUPERVISOR)

    user = await store.write(furnish)
    async with serving(web.app, lifespan="off") as url, chromium() as browser:
        page = await seated(browser, store, url, user)
        await page.goto(f"{url}/clients/{office.client_id}/report-form")
        await look(page, "report_form", WIDE_DARK)
        await page.get_by_role("button", name="項目を足す").click()
        await page.get_by_text("まだ保存していません").wait_for()
        await page.get_by_role("button", name="様式を保存する").click()
        await page.get_by_text("項目の名前を入れてください。").first.wait_for()
        await look(page, "report_form_wrong", WIDE_DARK)
        await page.goto(f"{url}/clients/{office.client_id}/report-rules")
        await page.fill("#f-text", "見積もりをお願いしたい")
        await page.get_by_role("button", name="どの決まりになるか見る").click()
        await page.get_by_text("「営業関連は伊藤さん」が当てはまります").wait_for()
        await look(page, "report_rules", WIDE_DARK)
