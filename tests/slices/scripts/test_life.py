"""The life of a script on both databases: drafts, review, approval, publishing, rollback, reading."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.seat_story import PLUMBER
from tests.some_people import a_client, an_operator
from tests.web_fixtures import MakeWeb

import denwaban.calls
from denwaban.access import Role
from denwaban.clock import MovedClock
from denwaban.journal import after
from denwaban.people import add_staff, leave_staff
from denwaban.scripts import (
    Contradiction,
    HasErrors,
    Kept,
    NeedsReasons,
    NoSuchScript,
    NotNow,
    ScriptError,
    ScriptSettings,
    State,
    add_script,
    approve,
    confirm,
    decide,
    delete_draft,
    document_of,
    draft_of,
    duty,
    findings,
    give_back,
    go,
    names_of,
    new_script,
    news_for,
    publish,
    published,
    read,
    readers,
    release,
    rename_script,
    roll_back,
    run_of_call,
    save_draft,
    set_settings,
    start_run,
    submit,
    to_read,
    unread,
    version,
    versions_of,
    withdraw,
)
from denwaban.scripts.drafts import asides_of
from denwaban.scripts.pages import walked
from denwaban.scripts.rows import script_versions
from denwaban.store import Store, Tx
from denwaban.work import Worker, overdue

HOUR = timedelta(hours=1)
OTHER = PLUMBER.replace("お困りでしょうか", "お困りですか")
THIRD = PLUMBER.replace("お困りでしょうか", "お悩みでしょうか")


def a_script(tx: Tx) -> tuple[str, str]:
    client_id = a_client(tx)
    return client_id, add_script(tx, client_id, "緊急受付", PLUMBER, "はじめ")


def drafted(tx: Tx, script_id: str, text: str) -> str:
    now = draft_of(tx, script_id)
    done = save_draft(tx, script_id, text, now.id if now else None, None)
    assert isinstance(done, Kept)
    return done.draft.id


def submitted(tx: Tx, script_id: str, text: str) -> str:
    """A version in review; every warning has a reason."""
    draft = drafted(tx, script_id, text)
    why = {one.key: "お客様のご希望" for one in findings(tx, script_id, text)[1]}
    return submit(tx, script_id, draft, reason="短く", background="長いと言われた", warnings=why).id


async def kinds(store: Store, prefix: str = "script.") -> list[str]:
    entries = await store.read(lambda tx: after(tx, 0))
    return [entry.fact.kind for entry in entries if entry.fact.kind.startswith(prefix)]


@pytest.mark.req("B8", "B18")
async def test_from_draft_to_published_and_one_step_back(store: Store) -> None:
    client_id, script_id = await store.write(a_script)
    version_id = await store.write(lambda tx: submitted(tx, script_id, OTHER))
    assert await store.read(lambda tx: draft_of(tx, script_id)) is None
    made = await store.read(lambda tx: version(tx, version_id))
    assert (made.number, made.state, made.background) == (2, State.IN_REVIEW, "長いと言われた")
    # Calls follow the old one until it is published.
    assert (await store.read(lambda tx: published(tx, script_id))) == read(PLUMBER)
    made = await store.write(lambda tx: release(tx, version_id, None))
    assert made.state is State.PUBLISHED
    assert (await store.read(lambda tx: published(tx, script_id))) == read(OTHER)
    first = (await store.read(lambda tx: versions_of(tx, script_id)))[-1]
    back = await store.write(lambda tx: roll_back(tx, first.id, None))
    assert (back.number, back.of_version, back.state) == (3, 1, State.PUBLISHED)
    assert (await store.read(lambda tx: document_of(tx, back.id)))[1] == PLUMBER
    assert (await store.read(lambda tx: published(tx, script_id))) == read(PLUMBER)
    with pytest.raises(NotNow):
        await store.write(lambda tx: roll_back(tx, back.id, None))
    assert await kinds(store) == [
        "script.added",
        "script.published",
        "script.submitted",
        "script.published",
        "script.published",
    ]
    assert client_id


async def test_a_published_version_never_changes(store: Store) -> None:
    _client, script_id = await store.write(a_script)

    def words(tx: Tx) -> dict[str, tuple[object, ...]]:
        rows = tx.all(select(script_versions).where(script_versions.c.published_at.is_not(None)))
        return {row["id"]: tuple(row.values()) for row in rows}

    before = await store.read(words)
    first = next(iter(before))
    for act in (
        lambda tx: withdraw(tx, first, None),
        lambda tx: approve(tx, first, None),
        lambda tx: give_back(tx, first, None, "だめ"),
        lambda tx: release(tx, first, None),
        lambda tx: roll_back(tx, first, None),
    ):
        with pytest.raises(NotNow):
            await store.write(act)
    version_id = await store.write(lambda tx: submitted(tx, script_id, OTHER))
    await store.write(lambda tx: release(tx, version_id, None))
    await store.write(lambda tx: roll_back(tx, first, None))
    await store.write(lambda tx: publish(tx, script_id, THIRD, "もう一度"))
    after_all = await store.read(words)
    assert {key: after_all[key] for key in before} == before
    assert len(after_all) == 4


async def test_what_lint_says_keeps_it_from_calls(store: Store) -> None:
    client_id, script_id = await store.write(a_script)
    bad = OTHER.replace('to = "leak"', 'to = "nowhere"')
    draft = await store.write(lambda tx: drafted(tx, script_id, bad))
    with pytest.raises(HasErrors) as errors:
        await store.write(lambda tx: submit(tx, script_id, draft, reason="x"))
    assert all(one.level == "error" for one in errors.value.findings)
    # A warning needs a word, and the word is kept.
    evasive = OTHER.replace("到着時刻の約束は", "わかりかねます、到着時刻の約束は").replace(
        "水はいまも広がっておりますか", "私どもではわかりかねますが、水はいまも広がっておりますか"
    )
    draft = await store.write(lambda tx: drafted(tx, script_id, evasive))
    said = (await store.read(lambda tx: findings(tx, script_id, evasive)))[1]
    assert said
    assert {one.level for one in said} == {"warning"}
    with pytest.raises(NeedsReasons):
        await store.write(lambda tx: submit(tx, script_id, draft, reason="x"))
    with pytest.raises(ScriptError):
        await store.write(lambda tx: submit(tx, script_id, draft, reason="  "))
    why = {one.key: "先方の言葉です" for one in said}
    made = await store.write(lambda tx: submit(tx, script_id, draft, reason="x", warnings=why))
    kept = await store.read(lambda tx: version(tx, made.id))
    assert {one.reason for one in kept.warnings} == {"先方の言葉です"}
    assert client_id


@pytest.mark.req("B8")
async def test_the_client_approves_or_sends_back(store: Store) -> None:
    client_id, script_id = await store.write(a_script)
    await store.write(lambda tx: set_settings(tx, client_id, ScriptSettings(approval=True)))
    one = await store.write(lambda tx: submitted(tx, script_id, OTHER))
    with pytest.raises(NotNow):
        await store.write(lambda tx: release(tx, one, None))
    with pytest.raises(ScriptError):
        await store.write(lambda tx: give_back(tx, one, None, " "))
    returned = await store.write(lambda tx: give_back(tx, one, None, "敬語に"))
    assert (returned.state, returned.decision) == (State.RETURNED, "敬語に")
    two = await store.write(lambda tx: submitted(tx, script_id, THIRD))
    # A newer one takes the place of what is under way.
    three = await store.write(lambda tx: submitted(tx, script_id, OTHER))
    assert (await store.read(lambda tx: version(tx, two))).state is State.WITHDRAWN
    for _ in range(2):
        approved = await store.write(lambda tx: approve(tx, three, None, "どうぞ"))
    assert approved.may_publish
    assert (await store.write(lambda tx: release(tx, three, None))).state is State.PUBLISHED


async def test_publishing_at_a_date_happens_once_and_survives_a_crash(
    store: Store, clock: MovedClock
) -> None:
    client_id, script_id = await store.write(a_script)
    version_id = await store.write(lambda tx: submitted(tx, script_id, OTHER))
    with pytest.raises(ScriptError):
        await store.write(lambda tx: release(tx, version_id, None, clock.now()))
    at = clock.now() + HOUR
    await store.write(lambda tx: release(tx, version_id, None, at))
    work = duty(store)
    await work.do(version_id)  # too early: nothing happens
    assert (await store.read(lambda tx: version(tx, version_id))).state is State.SCHEDULED
    clock.advance(2 * HOUR)
    late = await store.read(lambda tx: overdue(tx, work))
    assert late.rows == 1
    worker = asyncio.create_task(Worker(store, clock, work).run())

    async def state() -> State:
        return (await store.read(lambda tx: version(tx, version_id))).state

    async with asyncio.timeout(20):
        while await state() is not State.PUBLISHED:
            await asyncio.sleep(0.01)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    # A worker that died after it had been done comes back: once is enough.
    await work.do(version_id)
    assert (await kinds(store)).count("script.published") == 2
    assert (await store.read(lambda tx: overdue(tx, work))).rows == 0
    assert client_id


async def test_a_date_that_finds_errors_holds_the_version(store: Store, clock: MovedClock) -> None:
    client_id, script_id = await store.write(a_script)
    staff_id = await store.write(lambda tx: add_staff(tx, client_id, "石川 直樹", "", "工事"))
    text = OTHER.replace("担当が拝見して", "石川 直樹が拝見して")
    version_id = await store.write(lambda tx: submitted(tx, script_id, text))
    await store.write(lambda tx: release(tx, version_id, None, clock.now() + HOUR))
    await store.write(lambda tx: leave_staff(tx, staff_id))
    said = (await store.read(lambda tx: findings(tx, script_id, text)))[1]
    clock.advance(2 * HOUR)
    await duty(store).do(version_id)
    state = (await store.read(lambda tx: version(tx, version_id))).state
    held = any(one.level == "error" for one in said)
    assert state is (State.HELD if held else State.PUBLISHED)


async def test_two_authors_lose_nothing(store: Store) -> None:
    client_id = await store.write(a_client)
    script_id = await store.write(lambda tx: new_script(tx, client_id, "台本", "a\nb\nc\n", None))
    begun = await store.read(lambda tx: draft_of(tx, script_id))
    assert begun is not None
    base = begun.id
    one = await store.write(lambda tx: save_draft(tx, script_id, "A\nb\nc\n", base, None))
    assert isinstance(one, Kept)
    two = await store.write(lambda tx: save_draft(tx, script_id, "a\nb\nC\n", base, None))
    assert isinstance(two, Kept)
    assert (two.merged, two.draft.text) == (True, "A\nb\nC\n")
    # Who typed on while it was merged goes on from what was sent.
    on = await store.write(lambda tx: save_draft(tx, script_id, "a\nb\nC!\n", two.sent_id, None))
    assert isinstance(on, Kept)
    assert on.draft.text == "A\nb\nC!\n"
    clash = await store.write(lambda tx: save_draft(tx, script_id, "X\nb\nc\n", base, None))
    assert isinstance(clash, Contradiction)
    assert (clash.aside.text, clash.draft.text) == ("X\nb\nc\n", "A\nb\nC!\n")
    assert [a.text for a in await store.read(lambda tx: asides_of(tx, script_id))] == ["X\nb\nc\n"]
    chosen = await store.write(
        lambda tx: decide(tx, script_id, clash.aside.id, "XA\nb\nC!\n", on.draft.id, None)
    )
    assert isinstance(chosen, Kept)
    assert await store.read(lambda tx: asides_of(tx, script_id)) == []
    with pytest.raises(ScriptError):
        await store.write(lambda tx: delete_draft(tx, script_id, base))
    assert await store.write(lambda tx: delete_draft(tx, script_id, chosen.draft.id)) is False
    with pytest.raises(NoSuchScript):
        await store.read(lambda tx: draft_of(tx, script_id))


async def test_a_draft_is_kept_as_it_was_written(store: Store) -> None:
    client_id, script_id = await store.write(a_script)
    text = "# なぜこう聞くか: 2025年の事故から\r\n" + OTHER + "\n\n# 終わり"
    draft = await store.write(lambda tx: drafted(tx, script_id, text))
    why = {one.key: "x" for one in (await store.read(lambda tx: findings(tx, script_id, text)))[1]}
    made = await store.write(
        lambda tx: submit(tx, script_id, draft, reason="コメント", warnings=why)
    )
    await store.write(lambda tx: release(tx, made.id, None))
    assert (await store.read(lambda tx: document_of(tx, made.id)))[1] == text.replace("\r", "")
    await store.write(lambda tx: rename_script(tx, script_id, "水漏れ"))
    assert await store.read(lambda tx: names_of(tx, client_id)) == {script_id: "水漏れ"}


@pytest.mark.req("B8")
async def test_every_operator_reads_what_changed(store: Store, clock: MovedClock) -> None:
    client_id, script_id = await store.write(a_script)
    tanaka, sato = await store.write(
        lambda tx: (an_operator(tx, "tanaka"), an_operator(tx, "sato"))
    )
    assert await store.read(unread) == []  # a first version changes nothing that anybody knows
    clock.advance(HOUR)
    await store.write(lambda tx: publish(tx, script_id, OTHER, "短く"))
    clock.advance(HOUR)
    await store.write(lambda tx: an_operator(tx, "new"))  # begins with it
    waiting = await store.read(unread)
    assert [(one.client_id, one.operators) for one in waiting] == [
        (client_id, frozenset({tanaka, sato}))
    ]
    assert waiting[0].after == clock.now() + 23 * HOUR
    news = await store.read(lambda tx: news_for(tx, tanaka))
    assert news is not None
    assert (news.what.reason, news.left) == ("短く", 0)
    assert [(part.before != "", part.after != "") for part in news.changes[0].parts] == [
        (True, True)
    ]
    version_id = news.what.version_id
    for _ in range(2):
        await store.write(lambda tx: confirm(tx, version_id, tanaka))
    assert await store.read(lambda tx: to_read(tx, tanaka)) == []
    people = await store.read(lambda tx: readers(tx, version_id))
    assert [(one.name, one.at is not None) for one in people] == [("sato", False), ("tanaka", True)]
    # Who skipped one version sees both its changes with the next.
    await store.write(lambda tx: publish(tx, script_id, THIRD, "もう一度"))
    for_sato = (await store.read(lambda tx: to_read(tx, sato)))[0]
    for_tanaka = (await store.read(lambda tx: to_read(tx, tanaka)))[0]
    assert for_tanaka.since_id == version_id
    assert (for_sato.version, for_sato.since_id) == (3, version_id)
    with pytest.raises(NoSuchScript):
        await store.write(lambda tx: confirm(tx, script_id, tanaka))


async def test_an_old_call_is_shown_by_its_own_version(store: Store, make_web: MakeWeb) -> None:
    client_id, script_id = await store.write(a_script)
    call = await store.write(
        lambda tx: denwaban.calls.begin(
            tx, client_id=client_id, dialled="+81355550101", caller="", script_id=script_id
        )
    )
    run = await store.write(lambda tx: start_run(tx, call))
    await store.write(lambda tx: go(tx, run.id, "2"))
    gone = PLUMBER.replace('id = "danger"', 'id = "risk"').replace("安全の確認", "危険の確認")
    await store.write(lambda tx: publish(tx, script_id, gone, "名前"))
    later = await store.read(lambda tx: run_of_call(tx, call.id))
    assert later is not None
    assert [node.title for node in later.walked] == ["安全の確認", "お名前・連絡先"]
    web = await make_web(pages=walked.routes)
    supervisor = await web.browser(Role.SUPERVISOR)
    page = await supervisor.get(f"/calls/{call.id}/script")
    assert "安全の確認" in page.text
    assert "→ ない" in page.text
    assert "危険の確認" not in page.text
    assert (await supervisor.get(f"/calls/{script_id}/script")).status_code == 404
