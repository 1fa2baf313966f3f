"""Reports on their way, as stories: real SMTP and HTTP servers, real workers, a moved clock, both databases."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TypeVar
from urllib.parse import parse_qs

import pytest
from tests.asking import counted
from tests.delivery_story import Office, eventually, open_office, services, working
from tests.servers.http import HttpService, Reply
from tests.servers.smtp import Postman, hanging_server, smtp_server, words_of
from tests.servers.webhook import SECRET

from denwaban import access, delivery, people, reports
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.delivery import api
from denwaban.delivery.attempts import Came, begin, record
from denwaban.delivery.rows import deliveries
from denwaban.store import Store, Tx
from denwaban.work.rows import lease

T = TypeVar("T")


@pytest.fixture
async def postman() -> Postman:
    return Postman()


@pytest.fixture
async def office(store: Store, clock: MovedClock, postman: Postman) -> AsyncIterator[Office]:
    """鈴木 and 伊藤 have mail; the workers run."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(smtp_server(postman))
        settings = Settings(
            smtp_url=f"smtp://{server}?starttls=no", mail_from="denwaban@example.jp"
        )
        opened = await open_office(store, clock, settings)
        await opened.contact(opened.suzuki, "mail", to="suzuki@example.jp")
        await opened.contact(opened.ito, "mail", to="ito@example.jp")
        await stack.enter_async_context(working(opened))
        yield opened


@pytest.mark.req("A9", "D5", "C5")
async def test_unacknowledged_for_15_minutes_is_reminded_then_goes_to_the_substitute_then_is_seen(
    office: Office, postman: Postman
) -> None:
    report = await office.report()
    await office.settled()
    first = postman.to("suzuki@example.jp")[0]
    assert first["Subject"] == "【要折り返し】佐藤 花子様より"
    assert "給湯器から異音がする" in words_of(first)
    assert "11月24日(火) 15:00" in words_of(first)

    await office.pass_time(minutes=14)
    assert len(postman.mails) == 1
    await office.pass_time(minutes=1)
    assert [mail["Subject"] for mail in postman.to("suzuki@example.jp")][1:] == [
        "【再通知】【要折り返し】佐藤 花子様より"
    ]
    assert (await office.standing(report)).owner_id == office.suzuki

    await office.pass_time(minutes=15)
    assert postman.to("ito@example.jp")[0]["Subject"] == "【代理確認】【要折り返し】佐藤 花子様より"
    assert (await office.standing(report)).owner_id == office.ito

    await office.pass_time(minutes=15)
    assert len(postman.to("ito@example.jp")) == 2
    await office.pass_time(minutes=15)
    assert (await office.standing(report)).state is delivery.State.EXHAUSTED
    troubles = await office.store.read(delivery.troubles)
    assert [trouble.report_id for trouble in troubles] == [report.id]
    await office.pass_time(hours=24)
    assert len(postman.mails) == 4
    assert [kind for kind in await office.facts() if kind.startswith("report.")] == [
        "report.sent", "report.reminded", "report.escalated", "report.reminded", "report.unclaimed",
    ]  # fmt: skip

    # Late is better than never: whoever takes it now ends it.
    taken = await office.store.write(
        lambda tx: delivery.acknowledge(tx, report.id, office.suzuki, "portal")
    )
    assert taken.first
    assert (await office.standing(report)).owner_id == office.suzuki
    assert await office.store.read(delivery.troubles) == []


@pytest.mark.req("C5", "D3")
async def test_an_acknowledgement_ends_everything_and_a_second_one_tells_who_took_it(
    office: Office, postman: Postman
) -> None:
    report = await office.report()
    await office.settled()
    first = await office.store.write(
        lambda tx: delivery.acknowledge(tx, report.id, office.ito, "link")
    )
    office.clock.advance(timedelta(minutes=3))
    second = await office.store.write(
        lambda tx: delivery.acknowledge(tx, report.id, office.suzuki, "portal")
    )
    assert (first.first, second.first) == (True, False)
    assert (second.staff_name, second.at) == ("伊藤", first.at)
    await office.pass_time(hours=3)
    assert len(postman.mails) == 1
    owner = await office.store.read(lambda tx: reports.report(tx, report.id))
    assert owner is not None
    assert owner.in_charge_id == office.ito
    assert (await office.facts()).count("report.acknowledged") == 1


async def test_a_stranger_cannot_take_a_report(office: Office) -> None:
    report = await office.report()
    other = await open_office(office.store, office.clock, office.settings)
    with pytest.raises(delivery.NotTheirs):
        await office.store.write(
            lambda tx: delivery.acknowledge(tx, report.id, other.suzuki, "api")
        )
    with pytest.raises(delivery.NotTheirs):
        await office.store.write(lambda tx: delivery.acknowledge(tx, "0" * 32, office.ito, "api"))


@pytest.mark.req("C5")
async def test_a_mail_server_that_says_451_gets_the_same_mail_again(
    office: Office, postman: Postman
) -> None:
    postman.say("RCPT", "451 4.7.1 Greylisted", "451 4.7.1 Greylisted")
    report = await office.report()
    await office.settled()
    assert postman.mails == []
    mail = next(d for d in await office.deliveries(report) if d.channel == "mail")
    assert (mail.state, mail.tries) == ("pending", 1)
    assert "451" in (mail.error or "")
    await office.pass_time(seconds=5)
    await office.pass_time(seconds=15)
    assert len(postman.mails) == 1
    assert postman.mails[0]["Message-ID"] == f"<{mail.idempotency_key}@example.jp>"
    tries = await office.store.read(lambda tx: delivery.attempts_of(tx, mail.id))
    assert [attempt.result for attempt in tries] == ["retry", "retry", "sent"]


@pytest.mark.req("A9")
async def test_an_address_that_fails_for_good_goes_to_the_substitute_at_once(
    office: Office, postman: Postman
) -> None:
    postman.say("RCPT", "550 5.1.1 No such user")
    report = await office.report()
    await eventually(lambda: _arrived(postman, "ito@example.jp"))
    await office.settled()
    failed = next(d for d in await office.deliveries(report) if d.state == "failed")
    assert "アドレスを確かめて" in (failed.error or "")
    assert (await office.standing(report)).owner_id == office.ito
    kinds = await office.facts()
    assert kinds.index("delivery.failed") < kinds.index("report.escalated")


async def _arrived(postman: Postman, address: str) -> bool:
    return bool(postman.to(address))


async def test_when_nobody_can_be_reached_a_supervisor_sees_it_at_once(
    office: Office, postman: Postman
) -> None:
    postman.say("DATA", "554 5.7.1 Refused", "554 5.7.1 Refused")
    report = await office.report()
    await eventually(lambda: _is(office, report, delivery.State.EXHAUSTED))
    trouble = (await office.store.read(delivery.troubles))[0]
    assert any("554" in reason for reason in trouble.reasons)


async def _is(office: Office, report: reports.Report, state: delivery.State) -> bool:
    return (await office.standing(report)).state is state


@pytest.mark.req("A9")
async def test_somebody_away_is_told_but_the_substitute_is_told_at_once(
    office: Office, postman: Postman
) -> None:
    await office.store.write(
        lambda tx: people.set_presence(tx, office.suzuki, "away", None, "出張")
    )
    report = await office.report()
    await eventually(lambda: _arrived(postman, "ito@example.jp"))
    assert (await office.standing(report)).owner_id == office.ito


async def test_a_mail_server_that_hangs_holds_up_nothing_else(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denwaban.delivery.channels.mail.LONGEST", 0.3)
    _postman, slack, _chatwork, _webhook = services()
    async with hanging_server() as address, slack.running():
        settings = Settings(smtp_url=f"smtp://{address}?starttls=no")
        office = await open_office(store, clock, settings)
        await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
        await office.contact(office.suzuki, "slack", url=f"{slack.url}/services/T1/B1/good")
        async with working(office):
            report = await office.report()
            await eventually(lambda: _accepted(slack))
            await office.settled()
            mail = next(d for d in await office.deliveries(report) if d.channel == "mail")
            assert mail.state == "pending"
            assert "時間内に答えませんでした" in (mail.error or "")
            # The ladder goes on by time although the mail never left.
            await office.pass_time(minutes=15)
            await office.pass_time(minutes=15)
            assert (await office.standing(report)).owner_id == office.ito


async def _accepted(service: HttpService) -> bool:
    return bool(service.accepted)


@pytest.mark.req("C5", "C10")
async def test_every_channel_at_once_each_with_its_own_row(store: Store, clock: MovedClock) -> None:
    postman, slack, chatwork, webhook = services()
    async with (
        smtp_server(postman) as server,
        slack.running(),
        chatwork.running(),
        webhook.running(),
    ):
        settings = Settings(smtp_url=f"smtp://{server}?starttls=no")
        office = await open_office(store, clock, settings)
        await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
        await office.contact(office.suzuki, "slack", url=f"{slack.url}/services/T1/B1/good")
        await office.contact(office.suzuki, "chatwork", room="123", token="good-token")
        await office.contact(office.suzuki, "webhook", url=f"{webhook.url}/hook", secret=SECRET)
        async with working(office, f"{chatwork.url}/v2"):
            report = await office.report(
                note="[toall] <!channel>", answers=(("お控え", "4111 1111 1111 1111"),)
            )
            await office.settled()
            found = await office.deliveries(report)
            assert {(d.channel, d.state) for d in found} == {
                (name, "sent") for name in ("mail", "slack", "chatwork", "webhook", "portal")
            }
            written = json.dumps(json.loads(slack.accepted[0].body), ensure_ascii=False)
            assert "<!channel>" not in written
            body = parse_qs(chatwork.accepted[0].body)["body"][0]
            assert "[toall]" not in body
            text = words_of(postman.mails[0])
            for left in (written, body, text, webhook.accepted[0].body):
                assert "1111 1111 1111" not in left
                assert "給湯器から異音がする" in left
                assert re.search(r"http://127\.0\.0\.1:8420/a/[\w-]{43}", left)
            _check_signature(webhook.accepted[0].headers, webhook.accepted[0].body)
            key = next(d.idempotency_key for d in found if d.channel == "webhook")
            assert webhook.accepted[0].headers["webhook-id"] == key


def _check_signature(headers: dict[str, str], body: str) -> None:
    """By the scheme's own words: HMAC-SHA256 of `id.timestamp.body` with the base64-decoded secret."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"


async def test_a_webhook_is_tried_again_with_the_same_id_and_not_before_it_asked(
    store: Store, clock: MovedClock
) -> None:
    _postman, _slack, _chatwork, webhook = services()
    async with webhook.running():
        office = await open_office(store, clock, Settings())
        await office.contact(office.suzuki, "webhook", url=f"{webhook.url}/hook", secret=SECRET)
        webhook.replies.append(Reply(500))
        webhook.replies.append(Reply(429, headers={"retry-after": "240"}))
        async with working(office):
            await office.report()
            await office.settled()
            await office.pass_time(seconds=5)
            assert len(webhook.seen) == 2
            await office.pass_time(seconds=239)
            assert len(webhook.seen) == 2
            await office.pass_time(seconds=1)
            assert len(webhook.accepted) == 1
    assert len({request.headers["webhook-id"] for request in webhook.seen}) == 1


async def test_without_a_mail_server_the_portal_still_has_it_and_nobody_is_given_up(
    store: Store, clock: MovedClock
) -> None:
    office = await open_office(store, clock, Settings())
    await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
    async with working(office):
        report = await office.report()
        await office.settled()
        found = {d.channel: d for d in await office.deliveries(report)}
        assert found["portal"].state == "sent"
        assert found["mail"].state == "cancelled"
        assert "DENWABAN_SMTP_URL" in (found["mail"].error or "")
        assert (await office.standing(report)).owner_id == office.suzuki
    # Whoever runs denwaban reads which setting it is; the client's staff read words that they can use.
    for to_client, told in ((False, "(DENWABAN_SMTP_URL)。"), (True, "。")):
        story = await store.read(
            lambda tx, to=to_client: delivery.story_of(tx, report, to_client=to)  # type: ignore[misc]
        )
        attempts = [one.text for one in story if one.kind == "attempt"]
        assert attempts == [f"メールサーバーが設定されていません{told}"]
    client = access.Principal(office.suzuki_user, "鈴木", access.Role.CLIENT, office.client_id, "s")
    assert api.show(found["mail"], client).error == "メールサーバーが設定されていません。"


@pytest.mark.parametrize("many", [1, 12])
async def test_many_messages_ask_the_database_as_often_as_one(
    store: Store, clock: MovedClock, many: int
) -> None:
    office = await open_office(store, clock, Settings())
    await office.contact(office.suzuki, "mail", to="suzuki@example.jp")
    made = [await office.report() for _report in range(many)]
    ids = [
        one.id
        for report in made
        for one in await office.deliveries(report)
        if one.state == "pending"
    ]
    assert len(ids) == many
    # A client's key is asked for once in five minutes.
    assert await store.read(lambda tx: reports.report(tx, made[0].id)) == made[0]

    async def asks(verb: Callable[[Tx], T]) -> tuple[T, int]:
        def told(tx: Tx) -> tuple[T, int]:
            with counted(tx) as asked:
                found = verb(tx)
            return found, len(asked)

        return await store.write(told)

    leased, count = await asks(lambda tx: lease(tx, deliveries, 50, timedelta(minutes=1)))
    assert (sorted(leased), count) == (sorted(ids), 1)
    ready, count = await asks(lambda tx: begin(tx, ids, "https://d.example.jp"))
    assert count == 6
    came = [Came(one, delivery.Sent("受け取りました"), 0.5) for one in ready if one is not None]
    _nothing, count = await asks(lambda tx: record(tx, came))
    assert count == 4
    for report in made:
        mail = next(one for one in await office.deliveries(report) if one.channel == "mail")
        assert (mail.state, mail.tries, mail.sent_at) == ("sent", 1, clock.now())
    # A second answer to the same adds nothing.
    before = len(await office.facts())
    await store.write(lambda tx: record(tx, came))
    assert len(await office.facts()) == before


@pytest.mark.req("C6")
async def test_sending_twice_makes_one_ladder(office: Office, postman: Postman) -> None:
    report = await office.report()
    await office.store.write(lambda tx: delivery.send(tx, report, 15))
    await office.settled()
    assert len(postman.mails) == 1
