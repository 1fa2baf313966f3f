"""Scripts for programs: list, draft with its tag, lint, publish; whose they are. And files on the pages."""

from typing import Any

import pytest
from tests.seat_story import PLUMBER
from tests.some_people import a_client
from tests.web_fixtures import Browser, MakeWeb

from denwaban.access import Role
from denwaban.scripts import ScriptSettings, add_script, draft_of, set_settings
from denwaban.scripts import pages as script_pages
from denwaban.scripts.api import routes
from denwaban.store import Store, new_id

OTHER = PLUMBER.replace("お困りでしょうか", "お困りですか")
THIRD = PLUMBER.replace("お困りでしょうか", "お悩みでしょうか")


async def send(browser: Browser, method: str, path: str, body: Any = None, tag: str = "") -> Any:
    headers = {"If-Match": f'"{tag}"'} if tag else {}
    return await browser.request(method, f"/api/v1{path}", json=body, headers=headers)


@pytest.mark.req("B18")
async def test_a_program_writes_and_publishes(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(api=routes)
    mine, other = await store.write(lambda tx: (a_client(tx, "mine"), a_client(tx, "other")))
    author = await web.program(Role.SUPERVISOR)
    new = {"client_id": mine, "name": "緊急受付", "text": PLUMBER}
    made = await send(author, "POST", "/scripts", new)
    assert made.status_code == 201
    script = f"/scripts/{made.json()['id']}"
    assert (await send(author, "POST", "/scripts", new)).status_code == 422  # the name is taken
    assert (
        await send(author, "POST", "/scripts", {**new, "client_id": new_id()})
    ).status_code == 404
    draft = await author.get(f"/api/v1{script}/draft")
    tag = draft.json()["draft"]
    assert draft.headers["etag"] == f'"{tag}"'
    assert draft.json()["text"] == PLUMBER
    saved = await send(author, "PUT", f"{script}/draft", {"text": OTHER}, tag)
    assert saved.status_code == 200
    clash = await send(author, "PUT", f"{script}/draft", {"text": THIRD}, tag)
    assert clash.status_code == 409
    assert (await author.get(f"/api/v1{script}/draft")).json()["text"] == OTHER
    found = await send(author, "POST", f"{script}/lint", {"text": "[[nodes"})
    assert found.json()["findings"][0]["level"] == "error"
    assert found.json()["findings"][0]["line"] == 1
    warned = (await send(author, "POST", f"{script}/lint", {})).json()["findings"]
    why = {one["key"]: "お客様のご希望" for one in warned}
    publish = {"draft": saved.json()["draft"], "reason": "はじめて", "warnings": why}
    late = await send(author, "POST", f"{script}/publish", {**publish, "draft": tag})
    assert late.status_code == 409
    done = await send(author, "POST", f"{script}/publish", publish)
    assert (done.status_code, done.json()["state"], done.json()["version"]) == (200, "published", 1)
    assert (await author.get(f"/api/v1{script}/draft")).status_code == 404
    theirs = await web.program(Role.CLIENT, mine)
    assert (await theirs.get(f"/api/v1{script}")).json()["version"] == 1
    version = (await theirs.get(f"/api/v1{script}/versions")).json()[0]["id"]
    assert (await theirs.get(f"/api/v1/scripts/versions/{version}")).json()["text"] == OTHER
    assert (await send(theirs, "PUT", f"{script}/draft", {"text": "x"})).status_code == 403
    stranger = await web.program(Role.CLIENT, other)
    for path in (script, f"{script}/versions", f"/scripts/versions/{version}"):
        assert (await stranger.get(f"/api/v1{path}")).status_code == 404
    assert (await stranger.get("/api/v1/scripts")).json()["items"] == []
    assert len((await theirs.get("/api/v1/scripts")).json()["items"]) == 1


async def test_publishing_waits_for_the_client_where_it_wants_that(
    make_web: MakeWeb, store: Store
) -> None:
    web = await make_web(api=routes)
    mine = await store.write(a_client)
    await store.write(lambda tx: set_settings(tx, mine, ScriptSettings(approval=True)))
    script_id = await store.write(lambda tx: add_script(tx, mine, "緊急受付", PLUMBER, "x"))
    author = await web.program(Role.ADMINISTRATOR)
    saved = await send(author, "PUT", f"/scripts/{script_id}/draft", {"text": OTHER})
    warned = (await send(author, "POST", f"/scripts/{script_id}/lint", {})).json()["findings"]
    body = {
        "draft": saved.json()["draft"],
        "reason": "短く",
        "warnings": {one["key"]: "x" for one in warned},
    }
    done = await send(author, "POST", f"/scripts/{script_id}/publish", body)
    assert done.json()["state"] == "in_review"


async def test_files_of_any_encoding_or_none(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=script_pages.routes)
    mine = await store.write(a_client)
    script_id = await store.write(lambda tx: add_script(tx, mine, "緊急/受付", PLUMBER, "x"))
    author = await web.browser(Role.SUPERVISOR)
    page = f"/scripts/{script_id}"
    for encoding in ("utf-8-sig", "cp932", "euc_jp"):
        text = f"# {encoding} から\n{OTHER}"
        files = {"file": ("a.toml", text.encode(encoding), "text/plain")}
        base = await store.read(lambda tx: draft_of(tx, script_id))
        done = await author.request(
            "POST", f"{page}/file", files=files, data={"base": base.id if base else ""}
        )
        assert done.status_code == 303, done.text
        kept = await store.read(lambda tx: draft_of(tx, script_id))
        assert kept is not None
        assert kept.text == text
    for junk in (b"\xff\xfe\xff", b"\x89PNG\r\n\x1a\n\x00\x00\x81\xff", b""):
        files = {"file": ("a.toml", junk, "text/plain")}
        wrong = await author.request("POST", f"{page}/file", files=files, data={"base": ""})
        assert wrong.status_code == 422, junk
        assert 'role="alert"' in wrong.text
    out = await author.get(f"{page}/file?which=published")
    assert out.text == PLUMBER
    assert "attachment" in out.headers["content-disposition"]
    assert "/" not in out.headers["content-disposition"].partition("''")[2]


async def test_a_new_script_from_the_library_or_by_copying(make_web: MakeWeb, store: Store) -> None:
    web = await make_web(pages=script_pages.routes)
    mine = await store.write(a_client)
    old = await store.write(lambda tx: add_script(tx, mine, "緊急受付", PLUMBER, "x"))
    author = await web.browser(Role.SUPERVISOR)
    for name, source, within in (
        ("写し", old, 'id = "leak"'),
        ("歯科", "library:clinic", "[[nodes]]"),
        ("白紙", "blank", "[[nodes]]"),
    ):
        form = {"client_id": mine, "name": name, "source": source}
        done = await author.request("POST", "/scripts", files={"file": ("", b"")}, data=form)
        assert done.status_code == 303, done.text
        made = done.headers["location"].split("/")[2]
        draft = await store.read(lambda tx, made=made: draft_of(tx, made))  # type: ignore[misc]
        assert draft is not None
        assert within in draft.text
    for form in (
        {"client_id": "", "name": "x", "source": "blank"},
        {"client_id": mine, "name": "緊急受付", "source": "blank"},
        {"client_id": mine, "name": "x", "source": new_id()},
        {"client_id": mine, "name": "x", "source": "file"},
    ):
        wrong = await author.request("POST", "/scripts", files={"file": ("", b"")}, data=form)
        assert wrong.status_code == 422, form


@pytest.mark.parametrize(
    ("language", "told", "mend"),
    [("en", 'no "too" here', "Did you mean"), ("ja", "「too」という項目", "ではありませんか")],
)
async def test_what_is_broken_is_told_in_the_readers_language(
    make_web: MakeWeb, store: Store, language: str, told: str, mend: str
) -> None:
    web = await make_web(pages=script_pages.routes, api=routes)
    script_id = await store.write(
        lambda tx: add_script(tx, a_client(tx), "受付", PLUMBER, "はじめ")
    )
    author = await web.browser(Role.SUPERVISOR)
    author.client.headers["Accept-Language"] = language
    wrong = PLUMBER.replace('\nto = "who"', '\ntoo = "who"', 1)
    asked = {"text": wrong, "line": 1}
    page = (await author.request("POST", f"/scripts/{script_id}/check", json=asked)).json()
    assert mend in page["findings"]
    [found] = [
        one
        for one in (
            await author.request("POST", f"/api/v1/scripts/{script_id}/lint", json={"text": wrong})
        ).json()["findings"]
        if mend in one["mend"]
    ]
    assert told in found["message"]
    assert found["line"] == wrong.splitlines().index('too = "who"') + 1
