"""Tasks that go through many rows: one that cannot be opened is left out, the others are done, and nothing of it is lost."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select, update
from tests.delivery_story import eventually, open_office, working
from tests.keys import lend_keys
from tests.recording_story import Shelf
from tests.retention_story import NUMBER, OTHER, Files
from tests.servers.smtp import Postman, smtp_server, words_of
from tests.summary_story import days, put_summary

from denwaban import delivery, promises, reports, retention
from denwaban.callback.acts import CannotCallBack, ready
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import plans
from denwaban.delivery.inbound.keeping import Kept, keep
from denwaban.delivery.inbound.rows import inbound
from denwaban.delivery.rows import report_talk
from denwaban.people.persons.rows import persons
from denwaban.promises.evidence import catch_up
from denwaban.reports.rows import reports as report_rows
from denwaban.retention.export import pack
from denwaban.store import Store, Tx, new_id
from denwaban.summaries.rows import summaries
from denwaban.vault import UNOPENED, Turnings
from denwaban.vault.rows import vault_keys, vault_turnings


def turn(table: Table, column: str, row_id: str) -> Callable[[Tx], None]:
    """Alters what is sealed there; twice, and it is what it was."""

    def verb(tx: Tx) -> None:
        mine = table.c.id == row_id
        kept = tx.scalar(select(table.c[column]).where(mine))
        tx.execute(update(table).where(mine).values({column: kept[:17] + kept[17:][::-1]}))

    return verb


async def test_a_message_that_cannot_be_made_keeps_nobody_elses_back(
    store: Store, clock: MovedClock
) -> None:
    postman = Postman()
    async with smtp_server(postman) as server:
        settings = Settings(smtp_url=f"smtp://{server}?starttls=no", mail_from="d@example.jp")
        office = await open_office(store, clock, settings)
        await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
        await store.write(lambda tx: plans.set_digest(tx, office.client_id, [11 * 60]))
        calm: dict[str, Any] = {"callback_needed": False, "callback_by": None, "done": "ご案内"}
        made = [
            await office.report(who=name, what_for=f"{name}の用件", **calm)
            for name in ("青木", "石井", "上田")
        ]
        bad = made[0]
        await store.write(turn(report_rows, "sealed", bad.id))
        await store.write(
            lambda tx: keep(tx, [Kept("mail", new_id(), _letter()), Kept("mail", "k", _letter())])
        )
        [first, *_] = await store.read(lambda tx: tx.all(select(inbound).order_by(inbound.c.id)))
        await store.write(turn(inbound, "payload", first["id"]))

        async def left_are(ids: list[str]) -> bool:
            waiting = select(inbound.c.id).where(inbound.c.due_at.is_not(None))
            return [row["id"] for row in await store.read(lambda tx: tx.all(waiting))] == ids

        async with working(office):
            clock.advance(timedelta(hours=1))
            await eventually(lambda: _true(postman.mails))
            assert postman.mails[0]["Subject"] == "【受電報告】2件のまとめ"
            text = words_of(postman.mails[0])
            assert [f"{name}の用件" in text for name in ("青木", "石井", "上田")] == [False, True, True]  # fmt: skip
            await eventually(lambda: left_are([first["id"]]))
            mine = next(one for one in await office.deliveries(bad) if one.channel == "mail")
            assert (mine.state, mine.tries) == ("pending", 0)
            # With what it was sealed with, it goes.
            await store.write(turn(report_rows, "sealed", bad.id))
            await store.write(turn(inbound, "payload", first["id"]))
            clock.advance(timedelta(seconds=91))
            await eventually(lambda: _true(len(postman.mails) == 2))
            assert "青木の用件" in words_of(postman.mails[1])
            await eventually(lambda: left_are([]))


def _letter() -> dict[str, object]:
    return {"tokens": [], "keys": [], "sort": "nothing", "text": "はい"}


async def _true(found: object) -> object:
    return found


@pytest.fixture
async def files(store: Store, clock: MovedClock, tmp_path: Path) -> Files:
    office = await open_office(store, clock, Settings())
    return Files(office, Shelf(store, clock, tmp_path))


async def test_an_erasure_that_needs_what_cannot_be_opened_waits_alone(
    files: Files, clock: MovedClock
) -> None:
    office, store = files.office, files.store
    _call, told = await files.talk()
    clock.advance(timedelta(days=2))
    summary = await store.write(
        lambda tx: put_summary(tx, office.client_id, days("2026-11-24", "2026-11-24"), 3)
    )
    clock.advance(timedelta(days=2))
    closed_call, closed = await files.talk(OTHER)
    clock.advance(timedelta(days=40))
    # Somebody is still to be dealt with, and cannot be told apart from those whose time is over.
    _call, open_one = await files.talk("+819055556666", done=False)
    for at in ((summaries, "calls", summary), (report_rows, "sealed", closed)):
        await store.write(turn(*at))
    await store.write(turn(report_rows, "sealed", open_one))
    await files.set(reports=1, callers=1)
    await files.night()
    rows = {row["id"]: row for row in await files.all_of(report_rows)}
    assert rows[told]["erased_at"] is None, "the summary has words of it"
    assert rows[closed]["erased_at"] is not None, "nothing has to be opened for that"
    assert len([row for row in await files.all_of(persons) if row["into_id"] is None]) == 3
    assert (await files.all_of(retention.rows.retention_terms))[0]["due_at"] > clock.now()

    await store.write(turn(summaries, "calls", summary))
    await store.write(turn(report_rows, "sealed", open_one))
    await files.night()
    rows = {row["id"]: row for row in await files.all_of(report_rows)}
    assert rows[told]["erased_at"] is not None
    assert rows[open_one]["erased_at"] is None
    assert len(await files.all_of(persons)) == 1


async def test_what_a_caller_asks_for_says_what_could_not_be_opened(files: Files) -> None:
    (call, report), (other, _second) = [await files.talk() for _ in range(2)]
    for one in (call, other):
        os.utime(files.shelf.plain(one), (0, 0))  # the engine has closed it long ago
        await files.shelf.keeper.do(one)
    sealed = files.shelf.kept(call)
    content = bytearray(sealed.read_bytes())
    content[-1] ^= 1
    sealed.write_bytes(content)
    await files.store.write(turn(report_rows, "sealed", report))
    pieces = await pack(files.store, files.shelf.recordings, files.office.client_id, NUMBER, None)
    file = io.BytesIO(b"".join([piece async for piece in pieces]))
    with zipfile.ZipFile(file) as archive:
        document = json.loads(archive.read("data.json"))
        names = archive.namelist()
    assert document["not_opened"] == [f"reports/{report}", f"recordings/{call}.wav"]
    assert [one["subject"] for one in document["reports"]].count(
        "【保存された内容を開けません】"
    ) == 1
    assert f"recordings/{other}.wav" in names


async def test_people_go_on_with_a_report_that_cannot_be_opened(
    store: Store, clock: MovedClock
) -> None:
    office = await open_office(store, clock, Settings())
    bad, good = [await office.report(what_for=one) for one in ("盥が割れた", "甕が割れた")]
    for one in (bad, good):
        await store.write(
            lambda tx, one=one: delivery.comment(
                tx, one.id, office.suzuki, "お電話しました", "mail"
            )  # type: ignore[misc]
        )
    await store.write(turn(report_rows, "sealed", bad.id))

    closed = await store.read(lambda tx: reports.report(tx, bad.id))
    assert closed is not None
    told = dict(reports.lines_of(closed, signed_in=True))
    # Nothing is said of who called that is not known: not that they withheld their number either.
    assert {told[name] for name in ("どなたから", "電話番号", "ご用件")} == {UNOPENED}
    assert told["緊急性"] == "通常"
    with pytest.raises(CannotCallBack, match="開けない"):
        await store.read(lambda tx: ready(tx, bad.id, office.suzuki_user, abroad=False))
    taken = await store.write(lambda tx: delivery.acknowledge(tx, bad.id, office.suzuki, "portal"))
    assert taken.first
    await store.write(lambda tx: delivery.acknowledge(tx, good.id, office.suzuki, "portal"))
    # What was said of it cannot be opened: no evidence, and no evidence of the other is lost by it.
    [said] = await store.read(
        lambda tx: tx.all(select(report_talk).where(report_talk.c.report_id == bad.id))
    )
    await store.write(turn(report_talk, "text", said["id"]))
    await store.write(catch_up)
    held = await store.read(
        lambda tx: [promises.promise_of_report(tx, one.id) for one in (bad, good)]
    )
    assert [one is not None and one.kept_at is not None for one in held] == [False, True]
    await store.write(
        lambda tx: reports.set_status(tx, bad.id, reports.Status.DONE, None, "済みました")
    )
    await store.write(turn(report_rows, "sealed", bad.id))
    found = await store.read(lambda tx: reports.report(tx, bad.id))
    assert found is not None
    assert (found.draft, found.status) == (bad.draft, reports.Status.DONE)


async def test_what_is_sealed_later_is_sealed_but_for_whose_key_is_gone(
    store: Store, clock: MovedClock
) -> None:
    offices = [await open_office(store, clock, Settings()) for _ in range(2)]
    made = [await one.report() for one in offices]
    for one, office in zip(made, offices, strict=True):
        await store.write(
            lambda tx, one=one, to=office.suzuki: delivery.comment(tx, one.id, to, "話", "board")  # type: ignore[misc]
        )
    await store.write(lambda tx: tx.execute(update(report_talk).values(text="平文")) and None)
    mine = (vault_keys.c.owner == offices[0].client_id) & (vault_keys.c.purpose == "seal")
    await store.write(
        lambda tx: tx.execute(update(vault_keys).where(mine).values(master="0" * 16)) and None
    )
    lend_keys(store)

    async def plain() -> list[str]:
        rows = await store.read(lambda tx: tx.all(select(report_talk)))
        return [row["report_id"] for row in rows if row["text"] == "平文"]

    await Turnings(store, delivery.turnings).run()
    assert await plain() == [made[0].id]
    [row] = await store.read(
        lambda tx: tx.all(select(vault_turnings).where(vault_turnings.c.name == "report_talk.text"))
    )
    assert row["done_at"] is None, "the next start looks again"
