"""Who has a draft open: noted rarely, forgotten when the page is lost, told to nobody who may not write."""

from datetime import timedelta

import pytest
from tests.seat_story import PLUMBER
from tests.some_people import a_client
from tests.web_fixtures import MakeWeb, add_account

from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.scripts import NoSuchScript, delete_draft, new_script, pages, save_draft
from denwaban.scripts.presence import LOST, company, gone, here
from denwaban.store import Store, Tx, new_id


async def test_who_is_there_and_who_is_gone(store: Store, clock: MovedClock) -> None:
    def begin(tx: Tx) -> tuple[str, str, str]:
        script = new_script(tx, a_client(tx), "受付", PLUMBER, None)
        return script, add_account(tx, Role.SUPERVISOR), add_account(tx, Role.ADMINISTRATOR)

    script, me, other = await store.write(begin)
    mine, theirs = new_id(), new_id()
    seen = await store.read(lambda tx: company(tx, script, mine, me))
    assert (seen.names, seen.elsewhere, seen.due) == ((), False, True)
    await store.write(lambda tx: here(tx, script, mine, me))
    await store.write(lambda tx: here(tx, script, theirs, other))
    seen = await store.read(lambda tx: company(tx, script, mine, me))
    assert (seen.names, seen.elsewhere, seen.due) == (("テスト administrator",), False, False)
    assert (await store.read(lambda tx: company(tx, script, theirs, me))).elsewhere
    # Nobody takes another's page away.
    await store.write(lambda tx: gone(tx, theirs, me))
    assert (await store.read(lambda tx: company(tx, script, mine, me))).names
    await store.write(lambda tx: gone(tx, theirs, other))
    assert (await store.read(lambda tx: company(tx, script, mine, me))).names == ()
    await store.write(lambda tx: here(tx, script, theirs, other))
    clock.advance(LOST - timedelta(seconds=1))
    assert (await store.read(lambda tx: company(tx, script, mine, me))).names
    clock.advance(timedelta(seconds=1))
    seen = await store.read(lambda tx: company(tx, script, mine, me))
    assert (seen.names, seen.due) == ((), True)
    # A script without any version goes with its draft, whoever looks at it.
    draft = seen.draft
    assert draft is not None
    assert not await store.write(lambda tx: delete_draft(tx, script, draft.id))
    with pytest.raises(NoSuchScript):
        await store.read(lambda tx: company(tx, script, mine, me))


async def test_the_page_is_told_what_another_saved(store: Store, make_web: MakeWeb) -> None:
    script = await store.write(
        lambda tx: new_script(tx, a_client(tx), "受付", PLUMBER, add_account(tx, Role.SUPERVISOR))
    )
    web = await make_web(pages=pages.routes)
    browser = await web.browser(Role.SUPERVISOR)
    path, page = f"/scripts/{script}/present", new_id()
    first = (await browser.request("POST", path, json={"page": page})).json()
    assert first["text"] == PLUMBER
    again = {"page": page, "draft": first["draft"]}
    assert "text" not in (await browser.request("POST", path, json=again)).json()
    text = PLUMBER + "\n# 別の人\n"
    await store.write(
        lambda tx: save_draft(tx, script, text, first["draft"], add_account(tx, Role.SUPERVISOR))
    )
    news = (await browser.request("POST", path, json=again)).json()
    assert (news["text"], news["by"]) == (text, "テスト supervisor")
    assert (await browser.request("POST", path, json={"page": "x"})).status_code == 400
    assert (
        await browser.request("POST", f"/scripts/{script}/leave", json={"page": page})
    ).is_success
    operator = await web.browser(Role.OPERATOR)
    assert (await operator.request("POST", path, json=again)).status_code == 403
