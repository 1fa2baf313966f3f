"""What is sealed and cannot be opened fails alone: the program goes on, and the rest is served."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import delete, select, update
from tests.delivery_story import DRAFT, Office, eventually, open_office

from denwaban import delivery, memory, promises, reports
from denwaban.calls import Outcome, answered, begin, ended
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery.board import board
from denwaban.journal import Journal
from denwaban.main.program import Program
from denwaban.main.sealing import TURNINGS
from denwaban.memory.queries import calls_shown
from denwaban.memory.rows import index
from denwaban.portal.views import inbox
from denwaban.promises.rows import promises as promise_rows
from denwaban.reports import Report, Status
from denwaban.reports.rows import reports as report_rows
from denwaban.store import Store, Tx
from denwaban.vault import UNOPENED, Tampered, Turning, Turnings


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


def told(office: Office, what_for: str) -> Callable[[Tx], Report]:
    """A call whose report was sent, with the promise it holds."""

    def verb(tx: Tx) -> Report:
        call = begin(tx, client_id=office.client_id, dialled="+81312345678", caller="+819012345678")
        call = answered(tx, call.id, office.operator_id)
        ended(tx, call.id, Outcome.ANSWERED, None)
        draft = replace(DRAFT, what_for=what_for)
        made = reports.accept(
            tx, office.client_id, call.id, office.operator_id, office.suzuki, draft, False
        )
        delivery.send(tx, made, 15)
        promises.make(tx, made)
        memory.keep(tx, made)
        return made

    return verb


def swap(tx: Tx, column: Any, at: Any, of: str, by: str) -> None:
    """Puts the sealed text of the row `by` into the row `of`, where it does not open."""
    other = tx.scalar(select(column).where(at == by))
    tx.execute(update(column.table).where(at == of).values({column.name: other}))


async def test_the_program_goes_on_and_serves_what_opens(store: Store, office: Office) -> None:
    texts = index.texts.c
    # Without an index yet; of an older folding; with words about a promise.
    bad, good = [await store.write(told(office, one)) for one in ("盥が割れた", "甕が割れた")]
    old_bad, old_good = [await store.write(told(office, one)) for one in ("鷺が来た", "鴨が来た")]
    unkept, kept = [await store.write(told(office, one)) for one in ("笛を頼む", "琴を頼む")]

    def spoil(tx: Tx) -> None:
        swap(tx, report_rows.c.sealed, report_rows.c.id, bad.id, good.id)
        tx.execute(delete(index.texts).where(texts.ref.in_([bad.call_id, good.call_id])))
        swap(tx, texts.title, texts.ref, str(old_bad.call_id), str(old_good.call_id))
        tx.execute(update(index.texts).values(folding=0))
        swap(tx, promise_rows.c.what, promise_rows.c.report_id, unkept.id, kept.id)
        done = Status.DONE, office.suzuki_user, "お電話しました"
        reports.set_status(tx, unkept.id, *done)
        reports.set_status(tx, kept.id, *done)

    await store.write(spoil)

    def broken(tx: Tx, after: str) -> str | None:
        raise Tampered("a place")

    journal = Journal(store)
    parts = (
        journal,
        Turnings(store, (Turning("broken", broken), *TURNINGS)),
        promises.Evidence(store, journal),
        memory.Indexing(store),
    )
    running = asyncio.create_task(Program(cast(Any, None), store, parts, ()).run())

    async def found(word: str) -> list[str]:
        hits = await store.read(lambda tx: memory.find_calls(tx, word, office.client_id))
        return [one.past.call_id for one in hits]

    async def promise_kept(report: Report) -> bool:
        promise = await store.read(lambda tx: promises.promise_of_report(tx, report.id))
        return promise is not None and promise.kept_at is not None

    async def served() -> bool:
        if running.done():
            running.result()
        return (
            await found("甕が") == [good.call_id]
            and await found("鴨が") == [old_good.call_id]
            and await promise_kept(kept)
        )

    try:
        await eventually(served)
        # What is heard while it runs, the one that does not open first.
        later = await store.write(told(office, "鈴を頼む"))
        for one in (unkept, later):
            await store.write(
                lambda tx, one=one: reports.set_status(  # type: ignore[misc]
                    tx, one.id, Status.DONE, office.suzuki_user, "またお電話しました"
                )
            )

        async def heard() -> bool:
            if running.done():
                running.result()
            return await promise_kept(later)

        await eventually(heard)
        assert not running.done()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert await found("来た") == [old_good.call_id], "what cannot be opened is not found"


async def test_a_list_shows_the_others(store: Store, office: Office) -> None:
    bad, good = [await store.write(told(office, one)) for one in ("盥が割れた", "甕が割れた")]
    await store.write(lambda tx: swap(tx, report_rows.c.sealed, report_rows.c.id, bad.id, good.id))
    listed = await store.read(lambda tx: reports.reports(tx, office.client_id))
    assert [one.id for one in listed] == [good.id, bad.id]
    assert listed[0] == good
    assert (listed[1].subject, listed[1].closed) == (UNOPENED, True)
    assert listed[1].draft.who == UNOPENED
    past = await store.read(lambda tx: calls_shown(tx, [str(one.call_id) for one in (bad, good)]))
    assert [one.past.what_for for one in past.values()].count("甕が割れた") == 1
    assert len(past) == 2
    shown = await store.read(board)
    assert {one.subject for one in shown.items} == {good.subject, listed[1].subject}
    portal = await store.read(lambda tx: inbox(tx, office.client_id, office.suzuki_user))
    assert {one.report.id for one in portal.untaken} == {good.id, bad.id}
    with pytest.raises(Tampered):
        await store.read(lambda tx: reports.reports_by_ids(tx, [bad.id]))


async def test_one_client_never_finds_anothers_although_their_hashes_are_equal(
    store: Store, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denwaban.vault.index.Hidden.hider", lambda _self, _tx: lambda _token: "a")
    call = await store.write(told(office, "甕が割れた"))

    async def refs(client_id: str | None) -> list[str]:
        found = await store.read(lambda tx: index.find(tx, ["甕が"], client_id=client_id))
        return [one.ref for one in found]

    assert await refs("0" * 32) == []
    assert await refs(office.client_id) == [call.call_id]
    assert await refs(None) == [call.call_id]
