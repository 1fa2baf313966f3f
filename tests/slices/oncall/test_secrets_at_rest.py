"""Tokens, signing keys and secret addresses are sealed wherever they are kept, and a removed contact's are gone everywhere."""

import sqlite3
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.delivery_story import Office, eventually, open_office, working

from denwaban import delivery, oncall, people
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import rows as delivery_rows
from denwaban.oncall import calendars
from denwaban.oncall.rows import calendars as calendar_rows
from denwaban.oncall.rows import contacts
from denwaban.people.rows import operators
from denwaban.store import Store, Tx
from denwaban.vault import Turnings

SECRETS = {
    "chatwork": ({"room": "123", "token": "TOKEN-HIDDEN"}, "TOKEN-HIDDEN"),
    "slack": (
        {"url": "https://hooks.slack.com/services/T1/B1/PATH-HIDDEN"},
        "PATH-HIDDEN",
    ),
    "webhook": (
        {"url": "https://example.jp/hook", "secret": "whsec_" + "QUJD" * 8},
        "QUJD",
    ),
}


@pytest.fixture
async def office(store: Store, clock: MovedClock) -> Office:
    return await open_office(store, clock, Settings())


def everything(tx: Tx) -> str:
    """All that contacts, deliveries, ladders, calendars and operators hold."""
    tables = (
        contacts,
        delivery_rows.deliveries,
        delivery_rows.escalations,
        calendar_rows,
        operators,
    )
    return "\n".join(str(dict(row)) for table in tables for row in tx.all(select(table)))


async def addresses(office: Office, report_id: str) -> dict[str, Any]:
    """channel → what a sender is given, or the reason why there is nothing to send to."""

    def begin(tx: Tx) -> dict[str, Any]:
        table = delivery_rows.deliveries
        ids = [
            row["id"]
            for row in tx.all(
                select(table.c.id).where(table.c.report_id == report_id, table.c.state == "pending")
            )
        ]
        made = delivery.attempts.begin(tx, ids, "https://denwaban.test")
        return {one.channel: one.lost or one.message.address for one in made if one is not None}

    return await office.store.write(begin)


async def test_no_secret_is_to_be_found_in_the_database_and_every_sender_gets_it(
    office: Office, database_url: str
) -> None:
    for channel, (address, _hidden) in SECRETS.items():
        await office.contact(office.suzuki, channel, **address)
    report = await office.report()
    url = "https://calendar.example/feed/CALENDAR-HIDDEN.ics"
    made = await office.store.write(
        lambda tx: calendars.add_feed(tx, office.client_id, office.suzuki, url)
    )
    operator = await office.store.read(lambda tx: people.operator(tx, office.operator_id))
    assert operator is not None
    held = await office.store.read(everything)
    hidden = [hidden for _address, hidden in SECRETS.values()]
    for secret in (*hidden, "CALENDAR-HIDDEN", operator.sip_password):
        assert secret not in held
    assert await addresses(office, report.id) == {
        channel: address for channel, (address, _hidden) in SECRETS.items()
    }
    shown = await office.store.read(lambda tx: calendars.calendar(tx, made))
    assert shown is not None
    assert shown.shown == "calendar.example/…"
    if database_url.startswith("sqlite"):
        # Nor on the disk, in the file or what is still to be written into it.
        base = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.close()
        with open(database_url.removeprefix("sqlite:///"), "rb") as file:  # noqa: ASYNC230
            content = file.read()
        assert not any(secret.encode() in content for secret in hidden)


async def test_what_was_removed_can_be_sent_nowhere_and_the_ladder_goes_on(
    office: Office,
) -> None:
    await office.contact(office.suzuki, "slack", **SECRETS["slack"][0])
    report = await office.report()
    (one,) = await office.store.read(lambda tx: oncall.every_contact_of(tx, office.suzuki))
    await office.store.write(lambda tx: oncall.remove_contact(tx, one.id))
    async with working(office):
        await eventually(lambda: failed(office, report.id))
    told = {one.channel: one for one in await office.deliveries(report)}
    assert told["slack"].error == "この届け先は外されました。"
    assert told["slack"].shown == "hooks.slack.com"
    assert "delivery.failed" in await office.facts()


async def failed(office: Office, report_id: str) -> bool:
    found = await office.store.read(lambda tx: delivery.deliveries_of(tx, report_id))
    return any(one.state == "failed" for one in found)


async def test_an_unchanged_secret_stays_as_it_is_and_twice_the_same_is_refused(
    office: Office,
) -> None:
    await office.contact(office.suzuki, "chatwork", room="1", token="T")
    (before,) = await office.store.read(lambda tx: oncall.every_contact_of(tx, office.suzuki))
    with pytest.raises(oncall.BadAddress):
        await office.contact(office.suzuki, "chatwork", room="1", token="T")
    await office.store.write(lambda tx: oncall.change_contact(tx, before.id, address={"room": "2"}))
    (after,) = await office.store.read(lambda tx: oncall.every_contact_of(tx, office.suzuki))
    assert (after.address["room"], after.address["token"]) == ("2", before.address["token"])


async def test_rows_of_an_older_version_are_sealed_once(office: Office) -> None:
    """As they are found after an update: contacts, an open ladder, what was sent, a contact that is no more."""
    for channel, (address, _hidden) in SECRETS.items():
        await office.contact(office.suzuki, channel, **address)
    sent, waiting = await office.report(), await office.report()
    url = "https://calendar.example/feed/CALENDAR-HIDDEN.ics"
    await office.store.write(
        lambda tx: calendars.add_feed(tx, office.client_id, office.suzuki, url)
    )
    await office.store.write(lambda tx: older(tx, sent.id))
    assert "TOKEN-HIDDEN" in await office.store.read(everything)
    (gone,) = [
        one
        for one in await office.store.read(lambda tx: oncall.every_contact_of(tx, office.suzuki))
        if one.channel == "slack"
    ]
    await office.store.write(lambda tx: oncall.remove_contact(tx, gone.id))
    await Turnings(office.store, (*people.turnings, *oncall.turnings, *delivery.turnings)).run()
    held = await office.store.read(everything)
    for secret in (
        *(hidden for _address, hidden in SECRETS.values()),
        "CALENDAR-HIDDEN",
        "old-sip",
    ):
        assert secret not in held
    # Nothing that was on its way is lost, also not what goes to a contact that was removed before.
    assert await addresses(office, waiting.id) == {
        channel: address for channel, (address, _hidden) in SECRETS.items()
    }
    operator = await office.store.read(lambda tx: people.operator(tx, office.operator_id))
    assert operator is not None
    assert operator.sip_password == "old-sip"
    chat = {
        one.channel: one
        for one in await office.store.read(lambda tx: oncall.every_contact_of(tx, office.suzuki))
    }["chatwork"]
    told = {one.channel: one for one in await office.deliveries(waiting)}
    assert told["chatwork"].address == chat.address, "copies of one address"
    done = {one.channel: one.address for one in await office.deliveries(sent)}
    assert done["slack"] == {"host": "hooks.slack.com"}, (
        "what was sent by a contact that is gone needs no secret"
    )
    # Removing a contact closes the old copies too.
    await office.store.write(lambda tx: oncall.remove_contact(tx, chat.id))
    again = await addresses(office, waiting.id)
    assert isinstance(again["chatwork"], delivery.Failed)


def older(tx: Tx, sent_id: str) -> None:
    """Puts the rows as an older version wrote them; the first report has been sent and is closed."""
    plain = {channel: address for channel, (address, _hidden) in SECRETS.items()}
    for channel, address in plain.items():
        tx.execute(update(contacts).where(contacts.c.channel == channel).values(address=address))
        table = delivery_rows.deliveries
        tx.execute(update(table).where(table.c.channel == channel).values(address=address))
    table = delivery_rows.deliveries
    tx.execute(update(table).where(table.c.report_id == sent_id).values(state="sent", due_at=None))
    ladders = delivery_rows.escalations
    for row in tx.all(select(ladders.c.id, ladders.c.ladder)):
        rungs = [
            {
                **rung,
                "targets": [
                    [channel, plain.get(channel, address), *rest]
                    for channel, address, *rest in rung["targets"]
                ],
            }
            for rung in row["ladder"]["rungs"]
        ]
        tx.execute(
            update(ladders)
            .where(ladders.c.id == row["id"])
            .values(
                ladder={**row["ladder"], "rungs": rungs},
                closed_at=tx.now if row["id"] == sent_id else None,
            )
        )
    tx.execute(
        update(calendar_rows).values(url="https://calendar.example/feed/CALENDAR-HIDDEN.ics")
    )
    tx.execute(update(operators).values(sip_password="old-sip", sip_sealed=None))
