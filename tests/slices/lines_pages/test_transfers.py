"""The table of conditions for transfers, on its page and for programs."""

import pytest
from tests.some_people import a_client
from tests.web_fixtures import MakeWeb

from denwaban.access import Role
from denwaban.lines import Say, transfers_of
from denwaban.lines.transfer import api, pages
from denwaban.people import add_staff
from denwaban.store import Store

ROWS = {
    "rows": "2",
    "then-0": "never",
    "staff-0": "",
    "words-0": "営業、 勧誘",
    "urgency-0": "",
    "days-0": "255",
    "opens-0": "00:00",
    "closes-0": "24:00",
    "note-0": "営業のお電話はつなぎません",
    "then-1": "ask",
    "urgency-1": "",
    "days-1": "31",
    "opens-1": "09:00",
    "closes-1": "18:00",
}


@pytest.mark.req("A12")
async def test_conditions_are_set_on_the_page_and_by_programs(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(pages=pages.routes, api=api.routes)
    client = await store.write(lambda tx: a_client(tx, "yamada"))
    other = await store.write(lambda tx: a_client(tx, "other"))
    ito = await store.write(lambda tx: add_staff(tx, client, "伊藤 大輔", "いとう だいすけ"))
    admin = await web.browser(Role.ADMINISTRATOR)
    path = f"/clients/{client}/transfers"
    assert "条件はありません" in (await admin.get(path)).text
    added = await admin.post(path, {"rows": "0", "do": "add"})
    assert "まだ保存していません" in added.text
    wrong = await admin.post(path, {**ROWS, "staff-1": "nobody"})
    assert wrong.status_code == 422
    assert "担当の方が名簿にいません" in wrong.text
    assert (await admin.post(path, {**ROWS, "staff-1": ito})).status_code == 303
    one, two = await store.read(lambda tx: transfers_of(tx, client))
    assert (one.then, one.words, one.staff_id) == (Say.NEVER, ("営業", "勧誘"), "")
    assert (two.then, two.staff_id, two.days) == (Say.ASK, ito, 31)
    # Who has seen an older state does not write over the newer one.
    late = await admin.post(path, {"rows": "0"})
    assert late.status_code == 409
    sv = await web.browser(Role.SUPERVISOR)
    shown = await sv.get(path)
    assert "営業、勧誘" in shown.text
    assert "条件を保存する" not in shown.text
    assert (await sv.post(path, ROWS)).status_code == 403
    program = await web.program(Role.ADMINISTRATOR)
    at = f"/api/v1/clients/{client}/transfers"
    now = (await program.get(at)).json()
    assert [each["then"] for each in now["conditions"]] == ["never", "ask"]
    put = await program.request(
        "PUT", at, json={"conditions": [{"then": "allow", "staff_id": ito}]}
    )
    assert put.json() == {"conditions": [{"then": "allow", "staff_id": ito}]}
    bad = await program.request(
        "PUT", at, json={"conditions": [{"then": "allow", "staff_id": "nobody"}]}
    )
    assert bad.status_code == 422
    theirs = await web.program(Role.CLIENT, other)
    assert (await theirs.get(at)).status_code in (403, 404)
