"""A promise is closed by what was done: a talk (test_callback.py), a mail, a note; on both databases."""

import asyncio
from contextlib import suppress

import pytest
from tests.delivery_story import Office, eventually, open_office

from denwaban import delivery, promises, reports
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.journal import Journal
from denwaban.promises.evidence import says_done
from denwaban.reports import Report, Status
from denwaban.store import Store, Tx


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("15時に電話し、修理日をお伝えしました。", True),
        ("折り返しました", True),
        ("先ほどお客様へご連絡いたしました。\n鈴木", True),
        ("対応済みです", True),
        ("承知しました", False),
        ("引き受けます", False),
        ("電話しましたが、ご不在でした。", False),
        ("電話しました。つながらないので、かけ直します。", False),
        ("明日ご連絡したと伝えてもらえますか", False),
        ("対応しましたか?", False),
        ("", False),
    ],
)
def test_which_words_say_that_it_is_done(text: str, done: bool) -> None:
    assert says_done(text) is done


async def taken(office: Office) -> Report:
    report = await office.report()
    await office.store.write(lambda tx: delivery.acknowledge(tx, report.id, office.suzuki, "link"))
    return report


async def promise_of(office: Office, report: Report) -> promises.Promise:
    found = await office.store.read(lambda tx: promises.promise_of_report(tx, report.id))
    assert found is not None
    return found


@pytest.mark.req("D2", "D4")
async def test_a_mail_of_whoever_took_it_and_a_note_keep_promises(office: Office) -> None:
    store = office.store
    by_mail, by_note, before = await taken(office), await taken(office), await taken(office)

    def earlier(tx: Tx) -> None:
        # Written while no program ran.
        reports.set_status(tx, before.id, Status.DONE, office.suzuki_user, "お話ししました")

    await store.write(earlier)
    journal = Journal(store)
    parts = [
        asyncio.create_task(part.run()) for part in (journal, promises.Evidence(store, journal))
    ]
    try:

        async def first() -> bool:
            return (await promise_of(office, before)).kept_at is not None

        await eventually(first)

        def write(tx: Tx) -> None:
            # Neither somebody else, nor who has not reached the caller yet, nor a word on the portal.
            delivery.comment(tx, by_mail.id, office.ito, "お電話しました", "mail")
            delivery.comment(tx, by_mail.id, office.suzuki, "電話しましたがご不在でした", "mail")
            delivery.comment(tx, by_mail.id, office.suzuki, "昨日お電話しました", "portal")
            reports.set_status(tx, by_note.id, Status.DONE, office.suzuki_user)

        await store.write(write)
        await store.write(
            lambda tx: reports.set_status(
                tx, by_note.id, Status.DONE, office.suzuki_user, "15時に修理日をお伝えした"
            )
        )

        async def noted() -> bool:
            return (await promise_of(office, by_note)).kept_at is not None

        await eventually(noted)
        assert (await promise_of(office, by_mail)).kept_at is None
        await store.write(
            lambda tx: delivery.comment(
                tx, by_mail.id, office.suzuki, "先ほど電話し、修理日をお伝えしました。", "mail"
            )
        )

        async def mailed() -> bool:
            return (await promise_of(office, by_mail)).kept_at is not None

        await eventually(mailed)
    finally:
        for part in parts:
            part.cancel()
            with suppress(asyncio.CancelledError):
                await part
    kept = await promise_of(office, by_mail)
    assert kept.evidence == "メールの返信: 先ほど電話し、修理日をお伝えしました。"
    assert kept.kept_by_user_id == office.suzuki_user
    assert (await promise_of(office, by_note)).evidence == "15時に修理日をお伝えした"
    after = await store.read(lambda tx: reports.report(tx, by_mail.id))
    assert after is not None
    assert after.status is Status.DONE
    assert (await office.facts()).count("promise.kept") == 3
